#include "reports/logs/log_values.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/calendar.h"
#include "base/exact_decimal.h"

namespace windtunnel::reports {
namespace {

constexpr std::size_t kDateLength = 10;      // 2026-01-20
constexpr std::size_t kDateTimeLength = 19;  // 2026-01-20T10:00:00

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

std::optional<std::int64_t> two_digits(std::string_view text) {
  if (text.size() != 2 || !is_digit(text[0]) || !is_digit(text[1])) return std::nullopt;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

// "+02:00", "+0200", "-05", "Z", " UTC" or nothing, as a duration east of UTC.
std::optional<Duration> zone_of(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z" || text == " UTC" || text == "UTC") return Duration{0};
  if (text.front() == ' ') text.remove_prefix(1);
  if (text.size() < 3 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const std::int64_t sign = text.front() == '-' ? -1 : 1;
  const auto hours = two_digits(text.substr(1, 2));
  std::string_view rest = text.substr(3);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  const auto minutes = rest.empty() ? std::optional<std::int64_t>{0} : two_digits(rest);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours{*hours} + std::chrono::minutes{*minutes});
}

std::optional<WallTime> number_time(std::string_view text) {
  const auto whole = parse_decimal(text.substr(0, text.find_first_of(".eE")), 0);
  if (!whole || *whole < 0) return std::nullopt;
  constexpr std::int64_t kSeconds = 100'000'000'000;  // the year 5138 in seconds, 1973 in milliseconds
  int decimals = 9;
  for (std::int64_t most = kSeconds; decimals > 0 && *whole >= most; most *= 1000) {
    decimals -= 3;
    if (most > INT64_MAX / 1000) break;
  }
  const auto ns = parse_decimal(text, decimals);
  if (!ns) return std::nullopt;
  return WallTime{Duration{*ns}};
}

std::string lower_of(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? char(letter - 'A' + 'a') : letter;
  });
  return lower;
}

}  // namespace

std::optional<WallTime> log_time(std::string_view text) {
  if (text.size() < kDateLength || text[4] != '-') return number_time(text);
  if (text.size() == kDateLength) return parse_iso8601(text);
  if (text.size() < kDateTimeLength || (text[kDateLength] != 'T' && text[kDateLength] != ' ')) return std::nullopt;
  std::size_t end = kDateTimeLength;
  if (end < text.size() && text[end] == '.') {
    ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
  }
  const auto zone = zone_of(text.substr(end));
  if (!zone) return std::nullopt;
  constexpr std::size_t kFractionMost = 10;  // the point and nine digits
  std::string utc{text.substr(0, std::min(end, kDateTimeLength + kFractionMost))};
  utc[kDateLength] = 'T';
  utc += 'Z';
  const auto wall = parse_iso8601(utc);
  if (!wall) return std::nullopt;
  return *wall - *zone;
}

std::optional<std::int64_t> log_decimal(std::string_view text, int decimals) { return parse_decimal(text, decimals); }

std::optional<std::int64_t> log_count(std::string_view text) {
  const auto thousandths = parse_decimal(text, 3);
  if (!thousandths || *thousandths % 1000 != 0) return std::nullopt;
  return *thousandths / 1000;
}

std::optional<bool> log_word(std::string_view text) {
  constexpr std::array<std::string_view, 12> kYes{"true", "yes",     "1",     "success", "succeeded", "ok",
                                                  "hit",  "default", "debug", "warning", "completed", "semantic hit"};
  constexpr std::array<std::string_view, 13> kNo{"semantic miss", "refresh", "refreshed", "false", "no",   "0",
                                                 "failure",       "failed",  "fail",      "error", "miss", "disabled",
                                                 "cancelled"};
  const std::string word = lower_of(text);
  if (std::ranges::find(kYes, word) != kYes.end()) return true;
  if (std::ranges::find(kNo, word) != kNo.end()) return false;
  return std::nullopt;
}

std::optional<bool> log_span_status(std::string_view text) {
  std::string word = lower_of(text);
  if (word.starts_with("status_code_")) word.erase(0, 12);
  if (word.starts_with("statuscode.")) word.erase(0, 11);
  if (word == "2" || word == "error") return false;
  if (word == "0" || word == "1" || word == "ok" || word == "unset") return true;
  return std::nullopt;
}

}  // namespace windtunnel::reports
