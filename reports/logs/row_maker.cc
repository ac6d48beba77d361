#include "reports/logs/row_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "reports/logs/log_values.h"

namespace windtunnel::reports {
namespace {

constexpr int kCentDecimals = kDollarDecimals - 2;
// Programs that have no value write these words instead of it.
constexpr std::array<std::string_view, 5> kNothing{"None", "null", "nan", "NaN", "NULL"};

// The value of one rule in the unit of its field: nanoseconds, pico-dollars, tokens, 1 and 0.
std::optional<std::int64_t> number_of(LogUnit unit, std::string_view text) {
  const auto flag = [](std::optional<bool> word) {
    return word ? std::optional<std::int64_t>{*word ? 1 : 0} : std::nullopt;
  };
  switch (unit) {
    case LogUnit::time: {
      const auto wall = log_time(text);
      return wall ? std::optional<std::int64_t>{wall->time_since_epoch().count()} : std::nullopt;
    }
    case LogUnit::seconds:
      return log_decimal(text, kSecondDecimals);
    case LogUnit::milliseconds:
      return log_decimal(text, kMillisecondDecimals);
    case LogUnit::count:
      return log_count(text);
    case LogUnit::dollars:
      return log_decimal(text, kDollarDecimals);
    case LogUnit::cents:
      return log_decimal(text, kCentDecimals);
    case LogUnit::word:
      return flag(log_word(text));
    case LogUnit::span_status:
      return flag(log_span_status(text));
    case LogUnit::tier:
      return text == "batch" ? 1 : 0;
    case LogUnit::reference:
      return text.find_first_not_of("0-") == std::string_view::npos ? 0 : 1;
    case LogUnit::finish:
      return text == "error" ? 0 : 1;
    case LogUnit::text:
      break;
  }
  return std::nullopt;
}

const char* wanted_of(LogUnit unit) {
  switch (unit) {
    case LogUnit::time:
      return "a time such as 2026-01-20T10:00:00Z, or seconds or milliseconds since 1970";
    case LogUnit::seconds:
      return "a number of seconds";
    case LogUnit::milliseconds:
      return "a number of milliseconds";
    case LogUnit::count:
      return "a whole number";
    case LogUnit::dollars:
      return "a number of dollars";
    case LogUnit::cents:
      return "a number of cents";
    case LogUnit::word:
      return "true or false, success or failure, hit or miss";
    case LogUnit::span_status:
      return "the status of a span";
    case LogUnit::tier:
      return "a tier of service";
    case LogUnit::reference:
      return "the id of a record";
    case LogUnit::finish:
      return "why the answer ended";
    case LogUnit::text:
      break;
  }
  return "a text";
}

// The field of the row that a rule with a number fills in.
void set_number(LogRow& row, LogField field, std::int64_t value, bool adds) {
  const auto tokens = [&](std::optional<Tokens>& into) { into = Tokens{value} + (adds && into ? *into : Tokens{}); };
  switch (field) {
    case LogField::begin:
      row.begin = WallTime{Duration{value}};
      break;
    case LogField::end:
      row.end = WallTime{Duration{value}};
      break;
    case LogField::latency:
      row.latency = Duration{value};
      break;
    case LogField::first_token_at:  // of the arrival, which is known when all rules have been applied
    case LogField::time_to_first_token:
      row.time_to_first_token = Duration{value};
      break;
    case LogField::input:
      return tokens(row.input);
    case LogField::output:
      return tokens(row.output);
    case LogField::total:
      return tokens(row.total);
    case LogField::cached:
      return tokens(row.cached);
    case LogField::cache_written:
      return tokens(row.cache_written);
    case LogField::cache_written_1h:
      return tokens(row.cache_written_1h);
    case LogField::reasoning:
      return tokens(row.reasoning);
    case LogField::cost:
      row.cost = Usd::from_picos(value) + (adds && row.cost ? *row.cost : Usd{});
      break;
    case LogField::answered:
      row.answered = value != 0;
      break;
    case LogField::status:
      row.status = static_cast<int>(value);
      break;
    case LogField::cache_hit:
      row.cache_hit = value != 0;
      break;
    case LogField::cancelled:
      row.is_cancelled = value != 0;
      break;
    case LogField::batch:
    case LogField::tier:
      row.is_batch = row.is_batch || value != 0;
      break;
    case LogField::requests:
      row.requests = value;
      break;
    case LogField::id:
    case LogField::trace:
    case LogField::provider:
    case LogField::model:
    case LogField::user:
    case LogField::team:
    case LogField::route:
    case LogField::deployment:
    case LogField::address:
    case LogField::key:
    case LogField::holder:
    case LogField::failure:
    case LogField::error:
    case LogField::kind:
      break;
  }
}

std::string* text_field(LogRow& row, LogField field) {
  constexpr std::array<std::pair<LogField, std::string LogRow::*>, 11> kTexts{
      {{LogField::id, &LogRow::id},
       {LogField::trace, &LogRow::trace},
       {LogField::provider, &LogRow::provider},
       {LogField::model, &LogRow::model},
       {LogField::user, &LogRow::user},
       {LogField::team, &LogRow::team},
       {LogField::route, &LogRow::route},
       {LogField::deployment, &LogRow::deployment},
       {LogField::address, &LogRow::address},
       {LogField::key, &LogRow::key},
       {LogField::holder, &LogRow::holder}}};
  for (const auto& [text, member] : kTexts) {
    if (text == field) return &(row.*member);
  }
  return nullptr;
}

// Tiers at the price of all others.
constexpr std::array<std::string_view, 5> kPlainTiers{"standard", "default", "auto", "on_demand", "batch"};

bool is_optional_number(LogField field) { return field == LogField::status; }

std::optional<std::string> problem_with_times(LogRow& row, std::optional<WallTime> first_token_at) {
  if (row.begin && row.end && !row.is_bucket) {
    if (*row.end < *row.begin) return "it ends before it begins";
    if (!row.latency) row.latency = *row.end - *row.begin;
  }
  if (!row.begin && row.end && row.latency) row.begin = *row.end - *row.latency;
  if (!row.begin && row.end) row.begin = row.end;
  if (!row.begin) return "it has no time";
  if (first_token_at) {
    // Programs that do not stream write the end for the first token.
    const bool streamed =
        *first_token_at > *row.begin && !(row.latency && *first_token_at - *row.begin >= *row.latency);
    row.time_to_first_token = streamed ? std::optional{*first_token_at - *row.begin} : std::nullopt;
  }
  if (row.time_to_first_token && row.time_to_first_token->count() == 0) row.time_to_first_token.reset();
  return std::nullopt;
}

// What the log leaves out because the rest determines it: an embedding has no output, and a sum has two parts.
void complete_tokens(LogRow& row, bool is_embedding) {
  if (is_embedding && !row.output) row.output = Tokens{};
  if (!row.total) return;
  // The sum is of no more use then, and would only agree with itself.
  if (row.input && !row.output && *row.total >= *row.input) {
    row.output = *std::exchange(row.total, std::nullopt) - *row.input;
  } else if (row.output && !row.input && *row.total >= *row.output) {
    row.input = *std::exchange(row.total, std::nullopt) - *row.output;
  }
}

// Input tokens without those of a cache show as such where the cache has more, or where a sum has both.
void join_kinds(LogRow& row) {
  const Tokens kinds = row.cached.value_or(Tokens{}) + row.cache_written.value_or(Tokens{});
  if (!row.input || kinds == Tokens{}) return;
  const bool has_both = row.total && row.output && *row.total == *row.input + kinds + *row.output;
  if (kinds > *row.input || has_both) *row.input = *row.input + kinds;
}

std::optional<std::string> problem_with_numbers(const LogRow& row) {
  constexpr Duration kLongest = std::chrono::hours{24 * 30};
  for (const auto& tokens : {row.input, row.output, row.cached, row.cache_written, row.reasoning}) {
    if (tokens && *tokens < Tokens{}) return "its tokens are negative";
    if (tokens && !row.is_bucket && *tokens > kTokensMax) return "tokens: more than a request may have";
  }
  if (row.cost && *row.cost < Usd{}) return "its cost is negative";
  if (row.requests && *row.requests < 0) return "its number of requests is negative";
  for (const auto& time : {row.latency, row.time_to_first_token}) {
    if (time && *time < Duration{0}) return "its duration is negative";
    if (time && *time > kLongest) return "its duration is longer than 30 days";
  }
  if (row.cached && row.input && *row.cached > *row.input) return "more of its input tokens are cached than it has";
  return std::nullopt;
}

}  // namespace

std::vector<std::string_view> RowMaker::paths() const {
  std::vector<std::string_view> paths;
  for (const LogRule& rule : format_.rules) paths.push_back(rule.path);
  for (const auto& mark : format_.marks) paths.insert(paths.end(), mark.begin(), mark.end());
  return paths;
}

bool RowMaker::is_marked(std::span<const LogValue> values) const {
  std::size_t at = format_.rules.size();
  bool is_marked = false;
  for (const auto& mark : format_.marks) {
    is_marked = is_marked || std::ranges::all_of(values.subspan(at, mark.size()), &LogValue::is_present);
    at += mark.size();
  }
  return is_marked;
}

bool RowMaker::is_other(std::span<const LogValue> values) const {
  if (format_.kinds.empty()) return false;
  bool has_model = false;
  for (std::size_t i = 0; i < format_.rules.size(); ++i) {
    if (!values[i].text) continue;
    if (format_.rules[i].field == LogField::model) has_model = true;
    if (format_.rules[i].field != LogField::kind) continue;
    return std::ranges::find(format_.kinds, *values[i].text) == format_.kinds.end();
  }
  return !has_model;
}

std::optional<std::string> RowMaker::make(std::span<const LogValue> values, LogRow& row) const {
  row = LogRow{};
  row.is_bucket = format_.is_bucketed;
  row.provider = format_.provider;
  std::uint64_t set = 0;
  std::optional<WallTime> first_token_at;
  bool is_embedding = false;
  std::string_view answered_at;  // the path
  std::string_view status_at;
  for (std::size_t i = 0; i < format_.rules.size(); ++i) {
    const LogRule& rule = format_.rules[i];
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(rule.field);
    if (!values[i].text || (!rule.adds && (set & bit) != 0)) continue;
    const std::string& text = *values[i].text;
    if (std::ranges::find(kNothing, text) != kNothing.end()) continue;
    if (rule.unit == LogUnit::text) {
      std::string* into = text_field(row, rule.field);
      if (into != nullptr) *into = visible_text(text);
      if (rule.field == LogField::kind) is_embedding = text == "embeddings" || text == "EMBEDDING";
      if (rule.field == LogField::failure) {
        row.answered = false;
        answered_at = rule.path;
      }
      if (rule.field == LogField::failure || rule.field == LogField::error) {
        row.error += (row.error.empty() ? "" : ": ") + visible_text(text);
      }
      set |= bit;
      continue;
    }
    const auto value = number_of(rule.unit, text);
    if (!value && is_optional_number(rule.field)) continue;
    if (!value)
      return fmt::format("{} is {}, and {} is read", rule.path, visible_text(text.substr(0, 40)), wanted_of(rule.unit));
    // Nothing of a kind is no count of all kinds.
    const bool counts_all = rule.field == LogField::input || rule.field == LogField::output;
    if (rule.adds && counts_all && *value == 0) continue;
    set_number(row, rule.field, *value, rule.adds && (set & bit) != 0);
    if (rule.field == LogField::answered && (set & bit) == 0) answered_at = rule.path;
    if (rule.field == LogField::status) status_at = rule.path;
    if (rule.field == LogField::tier && std::ranges::find(kPlainTiers, text) == kPlainTiers.end()) {
      row.tier = visible_text(text);
    }
    if (rule.field == LogField::first_token_at) first_token_at = WallTime{Duration{*value}};
    set |= bit;
  }
  if (auto problem = problem_with_times(row, first_token_at)) return problem;
  if (format_.may_have_kinds_apart) join_kinds(row);
  complete_tokens(row, is_embedding);
  if (row.provider.empty()) {
    row.provider = row.model.empty() ? "log" : row.model;
    row.names_provider = false;
  }
  row.tells_end_once = answered_at.empty() || status_at.empty() || answered_at == status_at;
  if (!row.answered && row.status) row.answered = *row.status >= 200 && *row.status < 300;
  if (!row.answered && format_.is_answered_unless_failed) row.answered = true;
  return problem_with_numbers(row);
}

}  // namespace windtunnel::reports
