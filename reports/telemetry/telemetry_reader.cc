#include "reports/telemetry/telemetry_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <exception>
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

// The field that is being read, as a path: "tokens.input". A reader of a nested field adds its step for that time.
class Step {
 public:
  Step(std::string& path, std::string_view key) : path_(path), length_(path.size()) {
    if (!path_.empty()) path_ += '.';
    path_ += key;
  }
  // A path that led to an error stays, because the error names it.
  ~Step() {
    if (std::uncaught_exceptions() == 0) path_.resize(length_);
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  std::string& path_;
  std::size_t length_;
};

// The text of a value, short.
std::string excerpt_of(std::string_view token) {
  constexpr std::size_t kMost = 40;
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  if (token.size() <= kMost) return std::string{token};
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(token[end]) & 0xC0U) == 0x80U) --end;
  return std::string{token.substr(0, end)} + "...";
}

std::string found(ondemand::value& value) {
  switch (ondemand::json_type(value.type())) {
    case ondemand::json_type::array:
      return "a list";
    case ondemand::json_type::object:
      return "an object";
    case ondemand::json_type::number:
      return "the number " + excerpt_of(value.raw_json_token());
    case ondemand::json_type::string:
      return "the text " + excerpt_of(value.raw_json_token());
    case ondemand::json_type::boolean:
    case ondemand::json_type::null:
      break;
  }
  return excerpt_of(value.raw_json_token());
}

// Refuses a value of another type: it names what was found and what is read.
void require(ondemand::value& value, ondemand::json_type type, const char* wanted) {
  if (ondemand::json_type(value.type()) == type) return;
  throw NoRecord{"is " + found(value) + ", and " + wanted + " is read"};
}

std::string text_of(ondemand::value value, const char* wanted = "a text") {
  require(value, ondemand::json_type::string, wanted);
  return std::string(std::string_view(value.get_string()));
}

// A text that reports and fitted scenarios print.
std::string name_of(ondemand::value value, const char* wanted = "a text") {
  std::string name = text_of(value, wanted);
  if (const auto problem = problem_with_name(name)) throw NoRecord{*problem + ": \"" + visible_text(name) + '"'};
  return name;
}

// What programs say of themselves may have lines and colours; they are spelled out, and the record stays.
std::optional<std::string> message_or_null(ondemand::value value) {
  if (bool(value.is_null())) return std::nullopt;
  return visible_text(text_of(value, "a text or null"));
}

std::optional<std::string> name_or_null(ondemand::value value) {
  if (bool(value.is_null())) return std::nullopt;
  return name_of(value, "a text or null");
}

bool flag_of(ondemand::value value) {
  require(value, ondemand::json_type::boolean, "true or false");
  return bool(value.get_bool());
}

// A number in units of 10^-decimals, read from its digits: a double would lose some of them.
std::int64_t number_of(ondemand::value value, int decimals) {
  require(value, ondemand::json_type::number, "a number");
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  auto number = parse_decimal(token, decimals);
  if (decimals == 0) {  // 12.0 is whole, 12.5 is not, and no rounding hides it
    const auto thousandths = parse_decimal(token, 3);
    if (!thousandths || *thousandths % 1000 != 0) number.reset();
  }
  if (!number) {
    const std::string_view kind = decimals == 0 ? "whole number" : "number";
    throw NoRecord{fmt::format("is {}, and a {} within the range is read", excerpt_of(token), kind)};
  }
  if (*number < 0) throw NoRecord{"is " + excerpt_of(token) + ", which is negative"};
  return *number;
}

std::optional<std::int64_t> number_or_null(ondemand::value value, int decimals) {
  if (bool(value.is_null())) return std::nullopt;
  return number_of(value, decimals);
}

WallTime timestamp_of(ondemand::value value) {
  const std::string written = text_of(value, "an ISO 8601 time such as \"2026-01-20T10:00:00Z\"");
  std::string text = written;
  if (text.ends_with("+00:00")) text.resize(text.size() - 6);
  if (!text.ends_with('Z')) text += 'Z';  // the seed's timestamps name no zone; they are UTC
  const auto wall = parse_iso8601(text);
  if (!wall) {
    throw NoRecord{"is \"" + excerpt_of(written) +
                   "\", which is no ISO 8601 timestamp in UTC such as \"2026-01-20T10:00:00Z\""};
  }
  return *wall;
}

void read_tokens(ondemand::object tokens, TelemetryRecord& record, std::string& at) {
  std::optional<std::int64_t> total;
  for (auto field : tokens) {
    const std::string_view key = field.unescaped_key();
    const Step step{at, key};
    if (key == "input") record.input = Tokens{number_of(field.value(), 0)};
    if (key == "output") record.output = Tokens{number_of(field.value(), 0)};
    if (key == "total") total = number_of(field.value(), 0);
    if (key == "cached_input") record.kinds.cached_input = Tokens{number_of(field.value(), 0)};
    if (key == "cache_write") record.kinds.cache_write = Tokens{number_of(field.value(), 0)};
    if (key == "reasoning") record.kinds.reasoning = Tokens{number_of(field.value(), 0)};
  }
  record.total = total ? Tokens{*total} : record.input + record.output;
}

void read_metadata(ondemand::object metadata, TelemetryRecord& record, std::string& at) {
  for (auto field : metadata) {
    const std::string_view key = field.unescaped_key();
    const Step step{at, key};
    if (key == "feature_version") record.feature_version = name_or_null(field.value());
    if (key == "prompt_version") record.prompt_version = name_or_null(field.value());
    if (key == "experiment_id") record.experiment_id = name_or_null(field.value());
    if (key == "variant_id") record.variant_id = name_or_null(field.value());
  }
}

TelemetryAttempt attempt_of(ondemand::object object, std::string& at) {
  TelemetryAttempt attempt;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    const Step step{at, key};
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

ondemand::object object_of(ondemand::value value) {
  require(value, ondemand::json_type::object, "an object");
  return value.get_object();
}

TelemetryCall call_of(ondemand::object object, std::string& at) {
  TelemetryCall call;
  const auto time_of = [](ondemand::value value) {
    const auto ns = number_or_null(value, kMillisecondDecimals);
    return ns ? std::optional{Duration{*ns}} : std::nullopt;
  };
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    const Step step{at, key};
    if (key == "start_ms") call.start = time_of(field.value());
    if (key == "answer_id") call.answer_id = message_or_null(field.value());
    if (key == "retry_after_ms") call.retry_after = time_of(field.value());
  }
  return call;
}

TelemetryAlert alert_of(ondemand::object object, std::string& at) {
  TelemetryAlert alert;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    const Step step{at, key};
    if (key == "window") alert.window = name_of(field.value());
    if (key == "begin") alert.begin = timestamp_of(field.value());
    if (key == "share") alert.share = Millionths{number_of(field.value(), 6)};
    if (key == "spent_usd") alert.spent = Usd::from_picos(number_of(field.value(), kDollarDecimals));
    if (key == "by_refusal") alert.by_refusal = flag_of(field.value());
  }
  return alert;
}

template <class Entry, class Read>
void read_list(ondemand::value value, std::vector<Entry>& list, std::string& at, Read read) {
  require(value, ondemand::json_type::array, "a list");
  for (auto entry : value.get_array()) list.push_back(read(object_of(entry.value()), at));
}

void read_addition(std::string_view key, ondemand::value value, TelemetryRecord& record, std::string& at) {
  if (key == "outcome") record.outcome = name_of(value);
  if (key == "cache_hit") record.cache_hit = flag_of(value);
  if (key == "ttft_ms") {
    if (const auto ns = number_or_null(value, kMillisecondDecimals)) record.time_to_first_token = Duration{*ns};
  }
  if (key == "user") record.user = name_or_null(value);
  if (key == "attempts") read_list(value, record.attempts, at, attempt_of);
  if (key == "calls") read_list(value, record.calls, at, call_of);
  if (key == "alerts") read_list(value, record.alerts, at, alert_of);
}

void read_field(std::string_view key, ondemand::value value, TelemetryRecord& record, std::string& at) {
  const Step step{at, key};
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
    read_tokens(object_of(value), record, at);
  } else if (key == "cost_usd") {
    record.cost = Usd::from_picos(number_of(value, kDollarDecimals));
  } else if (key == "success") {
    record.success = flag_of(value);
  } else if (key == "error") {
    record.error = message_or_null(value);
  } else if (key == "circuit_breaker_state") {
    record.circuit_breaker_state = name_or_null(value);
  } else if (key == "metadata") {
    read_metadata(object_of(value), record, at);
  } else if (key == "prompt_length") {
    record.prompt_length = number_of(value, 0);
  } else if (key == "response_length") {
    record.response_length = number_of(value, 0);
  } else {
    read_addition(key, value, record, at);
  }
}

}  // namespace

struct TelemetryReader::State {
  explicit State(std::unique_ptr<ByteSource> bytes) : source(std::move(bytes)) {}

  // Why the line is no record; nothing: it is one.
  std::optional<std::string> read(std::string_view line, TelemetryRecord& record) {
    std::string at;  // the field that is being read
    try {
      bool has_timestamp = false, has_tokens = false;
      ondemand::document document = parser.iterate(line.data(), line.size(), line.size() + LineSource::kPadding);
      if (ondemand::json_type(document.type()) != ondemand::json_type::object) return not_an_object(line);
      for (auto field : document.get_object()) {
        const std::string key{std::string_view(field.unescaped_key())};
        has_timestamp = has_timestamp || key == "timestamp";
        has_tokens = has_tokens || key == "tokens";
        read_field(key, field.value(), record, at);
      }
      if (document.current_location().error() == simdjson::SUCCESS) return "something follows the object";
      if (!has_timestamp || !has_tokens) return "it has no " + std::string(has_timestamp ? "tokens" : "timestamp");
      return std::nullopt;
    } catch (const NoRecord& no_record) {
      return at + " " + no_record.why;
    } catch (const simdjson::simdjson_error& error) {
      if (at.empty() && line.find_first_not_of(" \t") != line.find('{')) return not_an_object(line);
      return (at.empty() ? "it is no JSON: " : at + ": ") + error.what();
    }
  }

  static std::string not_an_object(std::string_view line) {
    return "it is no JSON object, but " + excerpt_of(line.substr(line.find_first_not_of(" \t")));
  }

  void note(std::uint64_t line, const std::string& why) {
    if (++bad_count <= kBadLinesKept) bad_lines.push_back({line, visible_text(why)});
  }

  LineSource source;
  ondemand::parser parser;
  std::vector<BadLine> bad_lines;
  std::uint64_t bad_count = 0;
  bool at_end = false;
};

TelemetryReader::TelemetryReader(const std::string& path) : TelemetryReader(std::make_unique<ByteSource>(path)) {}
TelemetryReader::TelemetryReader(std::unique_ptr<ByteSource> bytes)
    : state_(std::make_unique<State>(std::move(bytes))) {}
TelemetryReader::~TelemetryReader() = default;

bool TelemetryReader::next(TelemetryRecord& record) {
  while (const auto line = state_->source.next()) {
    if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
    record = TelemetryRecord{};
    auto why = state_->read(*line, record);
    if (!why) return true;
    state_->note(state_->source.line(), *why);
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
