// Any CSV or JSON file, by the names that --columns gives to its columns or paths.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "reports/logs/formats/log_formats.h"

namespace windtunnel::reports {
namespace {

struct ColumnWord {
  std::string_view word;
  LogField field;
  LogUnit unit;
};

constexpr std::array<ColumnWord, 25> kWords{{
    {"time", LogField::begin, LogUnit::time},
    {"end", LogField::end, LogUnit::time},
    {"latency_ms", LogField::latency, LogUnit::milliseconds},
    {"latency_s", LogField::latency, LogUnit::seconds},
    {"first_token", LogField::first_token_at, LogUnit::time},
    {"ttft_ms", LogField::time_to_first_token, LogUnit::milliseconds},
    {"ttft_s", LogField::time_to_first_token, LogUnit::seconds},
    {"id", LogField::id, LogUnit::text},
    {"provider", LogField::provider, LogUnit::text},
    {"model", LogField::model, LogUnit::text},
    {"user", LogField::user, LogUnit::text},
    {"team", LogField::team, LogUnit::text},
    {"input", LogField::input, LogUnit::count},
    {"output", LogField::output, LogUnit::count},
    {"cached", LogField::cached, LogUnit::count},
    {"cache_written", LogField::cache_written, LogUnit::count},
    {"reasoning", LogField::reasoning, LogUnit::count},
    {"cost_usd", LogField::cost, LogUnit::dollars},
    {"cost_cents", LogField::cost, LogUnit::cents},
    {"success", LogField::answered, LogUnit::word},
    {"error", LogField::failure, LogUnit::text},
    {"status", LogField::status, LogUnit::count},
    {"cache_hit", LogField::cache_hit, LogUnit::word},
    {"batch", LogField::batch, LogUnit::word},
    {"requests", LogField::requests, LogUnit::count},
}};

std::string all_words() {
  std::string text;
  for (const ColumnWord& word : kWords) text += (text.empty() ? "" : ", ") + std::string(word.word);
  return text;
}

LogRule rule_of(std::string_view entry) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string_view::npos || equals + 1 == entry.size()) {
    throw std::invalid_argument(fmt::format("\"{}\" is not FIELD=COLUMN", entry));
  }
  const std::string_view name = entry.substr(0, equals);
  const auto word = std::ranges::find(kWords, name, &ColumnWord::word);
  if (word == kWords.end()) {
    throw std::invalid_argument(fmt::format("no field is named \"{}\"; fields are {}", name, all_words()));
  }
  return {.field = word->field, .path = entry.substr(equals + 1), .unit = word->unit};
}

}  // namespace

LogFormat columns_format(const std::string& columns) {
  LogFormat format{
      .name = "csv", .title = "the columns of --columns", .lacks = "has what --columns names, and no more"};
  std::string_view rest = columns;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    format.rules.push_back(rule_of(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  const auto names = [&](LogField field) {
    return std::ranges::find(format.rules, field, &LogRule::field) != format.rules.end();
  };
  if (!names(LogField::begin) && !names(LogField::end)) {
    throw std::invalid_argument("a column must be the time: time=COLUMN or end=COLUMN");
  }
  format.is_bucketed = names(LogField::requests);
  return format;
}

}  // namespace windtunnel::reports
