#include "reports/prometheus/scrape_times.h"

#include <algorithm>

#include "base/exact_decimal.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;

constexpr std::int64_t kMillisecond = 1'000'000;

}  // namespace

Duration interval_at_least(const Timeline& timeline, Duration least) {
  const std::int64_t step = timeline.step.count();
  const std::int64_t steps = std::max<std::int64_t>(1, (least.count() + step - 1) / step);
  for (std::int64_t i = steps;; ++i) {
    if (i * step % kMillisecond == 0) return Duration{i * step};
  }
}

std::optional<std::string> interval_problem(const Timeline& timeline, Duration interval) {
  if (interval <= Duration{0}) return "is not above 0";
  if (interval.count() % kMillisecond != 0)
    return "is no whole number of milliseconds, which is all that Prometheus tells";
  if (interval % timeline.step == Duration{0}) return std::nullopt;
  return "is no multiple of the run's steps of " + exact_decimal(timeline.step.count(), kSecondDecimals) +
         "s (windtunnel run --timeline-step makes them finer)";
}

Scrapes scrapes_of(const Timeline& timeline, Duration interval) {
  const auto steps = static_cast<std::size_t>(interval / timeline.step);
  return {.start = timeline.start, .interval = interval, .count = (timeline.steps + steps - 1) / steps + 1};
}

}  // namespace windtunnel::reports
