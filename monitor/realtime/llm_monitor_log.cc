#include "monitor/realtime/llm_monitor_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/calendar.h"
#include "base/stable_hash.h"

namespace windtunnel::monitor {
namespace {

// The length of the well-formed UTF-8 sequence that `text` begins with; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

void append_escape(std::string& out, char symbol) {
  constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetter = "\"\\bfnrt";
  if (const std::size_t place = kPlain.find(symbol); place != std::string_view::npos) {
    out += '\\';
    out += kLetter[place];
  } else if (static_cast<unsigned char>(symbol) < 0x20) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(symbol));
  } else {
    out += symbol;
  }
}

std::string quoted_or_null(std::string_view text) {
  if (text.empty()) return "null";
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) out += "\xef\xbf\xbd";
    if (length == 1) append_escape(out, text.front());
    if (length > 1) out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

// value / 10^places, exactly and as short as it can be; value >= 0.
std::string shortest_decimal(std::int64_t value, std::int64_t unit, int places) {
  check(value >= 0, "a time or a cost is not negative");
  std::string text = fmt::format("{}", value / unit);
  if (value % unit == 0) return text;
  text += fmt::format(".{:0{}}", value % unit, places);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string milliseconds_text(Duration duration) { return shortest_decimal(duration.count(), 1'000'000, 6); }
std::string dollars_text(Usd money) { return shortest_decimal(money.picos(), 1'000'000'000'000, 12); }

std::string state_word(const Record& record) {
  if (record.attempt_count == 0) return "null";
  return fmt::format("\"{}\"", name_of(record.breaker));
}

std::string attempts_text(const Record& record, std::span<const ProviderConfig> providers) {
  std::string out;
  for (const Attempt& attempt : record.attempts()) {
    if (!out.empty()) out += ',';
    fmt::format_to(std::back_inserter(out), R"({{"provider":{},"outcome":"{}","latency_ms":{},"cost_usd":{}}})",
                   quoted_or_null(providers[index_of(attempt.provider)].name), name_of(attempt.kind),
                   milliseconds_text(attempt.latency), attempt.usage_known ? dollars_text(attempt.cost) : "null");
  }
  return out;
}

// Only a file can: nothing is read from a pipe or a device.
bool ends_within_a_line(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (file.tellg() <= std::streamoff{0}) return false;
  file.seekg(-1, std::ios::end);
  return file.get() != '\n';
}

}  // namespace

std::string telemetry_line(const Record& record, const RecordTexts& texts) {
  const Attempt* last = record.last_attempt();
  const ProviderConfig* called = last == nullptr ? nullptr : &texts.providers[index_of(last->provider)];
  const char* error = error_word_of(record);
  const bool hit = record.outcome == Outcome::cache_hit || record.outcome == Outcome::stale_hit;

  std::string out;
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"timestamp":"{}","request_id":"{}","provider":{},"model":{},"latency_ms":{})",
                 iso8601(texts.timestamp), texts.request_id, called == nullptr ? "null" : quoted_or_null(called->name),
                 called == nullptr ? "null" : quoted_or_null(called->model), milliseconds_text(record.latency()));
  fmt::format_to(to, R"(,"tokens":{{"input":{},"output":{},"total":{}}},"cost_usd":{},"success":{},"error":{})",
                 record.input.count(), record.output.count(), (record.input + record.output).count(),
                 dollars_text(record.confirmed_cost()), error == nullptr,
                 error == nullptr ? "null" : quoted_or_null(error));
  fmt::format_to(to, R"(,"circuit_breaker_state":{},"metadata":{{"feature_version":{},"prompt_version":{})",
                 state_word(record), quoted_or_null(texts.feature_version), quoted_or_null(texts.prompt_version));
  fmt::format_to(to, R"(,"experiment_id":{},"variant_id":{}}},"prompt_length":{},"response_length":{})",
                 quoted_or_null(texts.experiment_id), quoted_or_null(texts.variant_id), record.request.prompt_length,
                 record.response_length);
  fmt::format_to(to, R"(,"outcome":"{}","cache_hit":{},"ttft_ms":{},"user":{},"attempts":[{}]}})",
                 name_of(record.outcome), hit,
                 record.outcome == Outcome::served ? milliseconds_text(record.time_to_first_token) : "null",
                 quoted_or_null(texts.user), attempts_text(record, texts.providers));
  out += '\n';
  return out;
}

std::string uuid_of(std::uint64_t seed, RequestId id) {
  const std::uint64_t first = stable_hash(number_of(id), stable_hash(seed, 0));
  const std::uint64_t second = stable_hash(number_of(id), stable_hash(seed, 1));
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", first >> 32, first >> 16 & 0xffff, first & 0xfff,
                     (second >> 48 & 0x3fff) | 0x8000, second & 0xffff'ffff'ffff);
}

const char* error_word_of(const Record& record) {
  if (is_answered(record.outcome)) return nullptr;
  const Attempt* last = record.last_attempt();
  return record.outcome == Outcome::failed && last != nullptr ? name_of(last->kind) : name_of(record.outcome);
}

TelemetryLog::TelemetryLog(const std::string& path) : path_(path) {
  if (path.empty()) return;
  torn_ = ends_within_a_line(path);
  file_.reset(std::fopen(path.c_str(), "ab"));
  if (file_ == nullptr) {
    error_ = fmt::format("{}: cannot be opened: {}", path, std::strerror(errno));
    return;
  }
  // Unbuffered: a line is in the file when its request has ended, and lines of several processes do not mix.
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);
}

void TelemetryLog::write(const std::string& line) {
  if (file_ == nullptr) return;
  const std::lock_guard lock{write_mutex_};
  const std::string text = torn_ ? '\n' + line : line;
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), file_.get());
  if (written > 0) torn_ = text[written - 1] != '\n';
  if (written < text.size()) lose_line(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
}

void TelemetryLog::lose_line(std::string why) {
  const std::lock_guard lock{account_mutex_};
  ++lines_lost_;
  if (!error_) error_ = std::move(why);
}

std::optional<std::string> TelemetryLog::error() const {
  const std::lock_guard lock{account_mutex_};
  return error_;
}

std::int64_t TelemetryLog::lines_lost() const {
  const std::lock_guard lock{account_mutex_};
  return lines_lost_;
}

}  // namespace windtunnel::monitor
