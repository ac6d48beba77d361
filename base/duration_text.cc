#include "base/duration_text.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "base/exact_decimal.h"

namespace windtunnel::inline base {

std::string duration_text(Duration duration) {
  using namespace std::chrono_literals;
  constexpr std::array<std::pair<Duration, const char*>, 7> kUnits{
      {{24h, "d"}, {1h, "h"}, {1min, "m"}, {1s, "s"}, {1ms, "ms"}, {1us, "us"}, {1ns, "ns"}}};
  if (duration == 0ns) return "0s";
  for (const auto& [unit, name] : kUnits) {
    if (duration % unit == 0ns) return std::to_string(duration / unit) + name;
  }
  fail_check("every duration is a whole number of nanoseconds", __FILE__, __LINE__);
}

std::string span_text(Duration span) {
  using namespace std::chrono_literals;
  constexpr std::array<std::pair<Duration, const char*>, 3> kUnits{{{24h, "d"}, {1h, "h"}, {1min, "m"}}};
  if (span < 0ns) return "-" + span_text(-span);
  std::string text;
  for (const auto& [unit, name] : kUnits) {
    if (span >= unit) text += std::to_string(span / unit) + name;
    span %= unit;
  }
  if (span > 0ns || text.empty()) text += exact_decimal(span.count(), kSecondDecimals) + "s";
  return text;
}

std::string duration_words(Duration duration) {
  using namespace std::chrono_literals;
  constexpr std::array<std::pair<Duration, const char*>, 5> kUnits{
      {{24h, "d"}, {1h, "h"}, {1min, "min"}, {1s, "s"}, {1ms, "ms"}}};
  std::string words;
  int units = 0;
  for (const auto& [unit, name] : kUnits) {
    if (units == 2 || (units == 0 && duration < unit)) continue;
    ++units;
    if (duration < unit) continue;
    words += (words.empty() ? "" : " ") + std::to_string(duration / unit) + " " + name;
    duration %= unit;
  }
  return words.empty() ? "0 s" : words;
}

}  // namespace windtunnel::inline base
