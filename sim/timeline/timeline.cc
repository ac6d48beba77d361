#include "sim/timeline/timeline.h"

#include <algorithm>

#include "monitor/record.h"

namespace windtunnel::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Duration, 31> kRoundWidths{1ms, 2ms, 5ms, 10ms, 20ms, 50ms, 100ms,   200ms,    500ms,    1s,    2s,
                                                5s,  10s, 15s, 30s,  1min, 2min, 5min,    10min,    15min,    30min, 1h,
                                                2h,  3h,  6h,  12h,  24h,  48h,  24h * 7, 24h * 30, 24h * 365};

constexpr std::int64_t kRequestsPerView = 60;
constexpr std::int64_t kViewsLeast = 120;

std::int64_t parts(Duration whole, Duration part) { return (whole.count() + part.count() - 1) / part.count(); }

// The least round width with at most `most` of them in `whole`.
Duration round_width(Duration whole, std::int64_t most) {
  for (const Duration width : kRoundWidths) {
    if (parts(whole, width) <= most) return width;
  }
  return kRoundWidths.back();
}

// How long a request that arrived last may still take; as long as the run where nothing bounds it.
Duration tail_of(const monitor::ProviderCallConfig& call, std::size_t providers, Duration run) {
  if (call.deadline) return *call.deadline;
  if (call.timeout == monitor::kNoTimeout) return run;
  const auto attempts = static_cast<std::int64_t>(providers) * call.retry.max_attempts;
  return (call.timeout + call.retry.cap) * std::min<std::int64_t>(attempts, monitor::kAttemptsMax);
}

// Roughly, for the width of a view only.
double expected_requests(const WorkloadSpec& load, Duration run) {
  const Duration length = std::min(load.duration.value_or(run), run);
  const auto expected = [&](const auto& entry) {
    return entry.expected_requests(load.rate, length, load.requests.size());
  };
  return std::visit(expected, load.executor);
}

std::size_t view_steps_of(const Scenario& scenario, Duration run, Duration whole, Duration step) {
  double requests = 0;
  for (const WorkloadSpec& load : scenario.workloads) requests += expected_requests(load, run);
  const auto views = static_cast<std::int64_t>(std::min(requests / static_cast<double>(kRequestsPerView), 1e9));
  const Duration wanted = run / std::max(views, kViewsLeast);
  for (const Duration width : kRoundWidths) {
    if (width < wanted || width < step || width % step != Duration{0}) continue;
    if (parts(whole, width) <= static_cast<std::int64_t>(kStepsByChoice)) return static_cast<std::size_t>(width / step);
  }
  return static_cast<std::size_t>(parts(whole, step * static_cast<std::int64_t>(kStepsByChoice)));
}

}  // namespace

TimelineWidths timeline_widths(const Scenario& scenario, std::optional<Duration> until, std::optional<Duration> step) {
  const Duration run = std::max(std::min(until.value_or(scenario.duration), scenario.duration), Duration{1});
  const Duration whole = run + tail_of(scenario.monitor.provider_call, scenario.providers.size(), run);
  TimelineWidths widths{.step = step.value_or(Duration{0}), .steps_max = step ? kStepsMax : kStepsByChoice};
  if (!step) {
    widths.step = std::max(round_width(whole, static_cast<std::int64_t>(kStepsByChoice)),
                           std::min<Duration>(1s, round_width(run, 100)));
  }
  while (parts(whole, widths.step) > static_cast<std::int64_t>(kStepsMax)) widths.step *= 2;
  widths.view_steps = view_steps_of(scenario, run, whole, widths.step);
  return widths;
}

}  // namespace windtunnel::sim
