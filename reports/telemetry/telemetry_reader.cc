#include "reports/telemetry/telemetry_reader.h"

#include <simdjson.h>

#include <string_view>
#include <utility>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "reports/files/line_source.h"

namespace windtunnel::reports {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(LineSource::kPadding >= simdjson::SIMDJSON_PADDING, "the parser reads that far behind a line");

// Why a line is no record.
struct NoRecord {
  std::string why;
};

std::string text_of(ondemand::value value) { return std::string(std::string_view(value.get_string())); }

// A text that reports and fitted scenarios print.
std::string name_of(ondemand::value value) {
  std::string name = text_of(value);
  if (const auto problem = problem_with_name(name)) throw NoRecord{*problem + ": \"" + visible_text(name) + '"'};
  return name;
}

std::optional<std::string> name_or_null(ondemand::value value) {
  if (bool(value.is_null())) return std::nullopt;
  return name_of(value);
}

// A number in units of 10^-decimals, read from its digits: a double would lose some of them.
std::int64_t number_of(ondemand::value value, int decimals) {
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  const auto number = parse_decimal(token, decimals);
  if (!number) throw NoRecord{"is no number within the range"};
  if (*number < 0) throw NoRecord{"is negative"};
  return *number;
}

std::optional<std::int64_t> number_or_null(ondemand::value value, int decimals) {
  if (bool(value.is_null())) return std::nullopt;
  return number_of(value, decimals);
}

WallTime timestamp_of(ondemand::value value) {
  std::string text = text_of(value);
  if (text.ends_with("+00:00")) text.resize(text.size() - 6);
  if (!text.ends_with('Z')) text += 'Z';  // the seed's timestamps name no zone; they are UTC
  const auto wall = parse_iso8601(text);
  if (!wall) throw NoRecord{"is no ISO 8601 timestamp in UTC"};
  return *wall;
}

void read_tokens(ondemand::object tokens, TelemetryRecord& record) {
  std::optional<std::int64_t> total;
  for (auto field : tokens) {
    const std::string_view key = field.unescaped_key();
    if (key == "input") record.input = Tokens{number_of(field.value(), 0)};
    if (key == "output") record.output = Tokens{number_of(field.value(), 0)};
    if (key == "total") total = number_of(field.value(), 0);
  }
  record.total = total ? Tokens{*total} : record.input + record.output;
}

void read_metadata(ondemand::object metadata, TelemetryRecord& record) {
  for (auto field : metadata) {
    const std::string_view key = field.unescaped_key();
    if (key == "feature_version") record.feature_version = name_or_null(field.value());
    if (key == "prompt_version") record.prompt_version = name_or_null(field.value());
    if (key == "experiment_id") record.experiment_id = name_or_null(field.value());
    if (key == "variant_id") record.variant_id = name_or_null(field.value());
  }
}

TelemetryAttempt attempt_of(ondemand::object object) {
  TelemetryAttempt attempt;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    if (key == "provider") attempt.provider = name_of(field.value());
    if (key == "outcome") attempt.outcome = name_of(field.value());
    if (key == "latency_ms") attempt.latency = Duration{number_of(field.value(), kMillisecondDecimals)};
    if (key == "cost_usd") {
      if (const auto picos = number_or_null(field.value(), kDollarDecimals)) {
        attempt.cost = Usd::from_picos(*picos);
      }
    }
  }
  return attempt;
}

void read_addition(std::string_view key, ondemand::value value, TelemetryRecord& record) {
  if (key == "outcome") record.outcome = name_of(value);
  if (key == "cache_hit") record.cache_hit = bool(value.get_bool());
  if (key == "ttft_ms") {
    if (const auto ns = number_or_null(value, kMillisecondDecimals)) record.time_to_first_token = Duration{*ns};
  }
  if (key == "user") record.user = name_or_null(value);
  if (key == "attempts") {
    for (auto attempt : value.get_array()) record.attempts.push_back(attempt_of(attempt.get_object()));
  }
}

void read_field(std::string_view key, ondemand::value value, TelemetryRecord& record) {
  if (key == "timestamp") {
    record.timestamp = timestamp_of(value);
  } else if (key == "request_id") {
    record.request_id = name_of(value);
  } else if (key == "provider") {
    record.provider = name_or_null(value);
  } else if (key == "model") {
    record.model = name_or_null(value);
  } else if (key == "latency_ms") {
    record.latency = Duration{number_of(value, kMillisecondDecimals)};
  } else if (key == "tokens") {
    read_tokens(value.get_object(), record);
  } else if (key == "cost_usd") {
    record.cost = Usd::from_picos(number_of(value, kDollarDecimals));
  } else if (key == "success") {
    record.success = bool(value.get_bool());
  } else if (key == "error") {
    record.error = name_or_null(value);
  } else if (key == "circuit_breaker_state") {
    record.circuit_breaker_state = name_or_null(value);
  } else if (key == "metadata") {
    read_metadata(value.get_object(), record);
  } else if (key == "prompt_length") {
    record.prompt_length = number_of(value, 0);
  } else if (key == "response_length") {
    record.response_length = number_of(value, 0);
  } else {
    read_addition(key, value, record);
  }
}

}  // namespace

struct TelemetryReader::State {
  explicit State(const std::string& path) : source(path) {}

  // Why the line is no record; nothing: it is one.
  std::optional<std::string> read(std::string_view line, TelemetryRecord& record) {
    std::string at;  // the field that is being read
    try {
      bool has_timestamp = false, has_tokens = false;
      ondemand::document document = parser.iterate(line.data(), line.size(), line.size() + LineSource::kPadding);
      for (auto field : document.get_object()) {
        at = visible_text(std::string_view(field.unescaped_key()));
        has_timestamp = has_timestamp || at == "timestamp";
        has_tokens = has_tokens || at == "tokens";
        read_field(at, field.value(), record);
      }
      at.clear();
      if (document.current_location().error() == simdjson::SUCCESS) return "something follows the object";
      if (!has_timestamp || !has_tokens) return "it has no " + std::string(has_timestamp ? "tokens" : "timestamp");
      return std::nullopt;
    } catch (const NoRecord& no_record) {
      return at + " " + no_record.why;
    } catch (const simdjson::simdjson_error& error) {
      return (at.empty() ? "" : at + ": ") + error.what();
    }
  }

  void note(std::uint64_t line, std::string why) {
    if (++bad_count <= kBadLinesKept) bad_lines.push_back({line, std::move(why)});
  }

  LineSource source;
  ondemand::parser parser;
  std::vector<BadLine> bad_lines;
  std::uint64_t bad_count = 0;
  bool at_end = false;
};

TelemetryReader::TelemetryReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
TelemetryReader::~TelemetryReader() = default;

bool TelemetryReader::next(TelemetryRecord& record) {
  while (const auto line = state_->source.next()) {
    if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
    record = TelemetryRecord{};
    auto why = state_->read(*line, record);
    if (!why) return true;
    state_->note(state_->source.line(), std::move(*why));
  }
  if (!state_->at_end && state_->source.cut_short()) {
    state_->note(state_->source.line() + 1, "the compressed file stops in the middle");
  }
  state_->at_end = true;
  return false;
}

std::uint64_t TelemetryReader::line() const { return state_->source.line(); }
std::uint64_t TelemetryReader::bad_count() const { return state_->bad_count; }
std::span<const BadLine> TelemetryReader::bad_lines() const { return state_->bad_lines; }

}  // namespace windtunnel::reports
