#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/studies/fit_parts.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

constexpr int kRounds = 4;
constexpr double kRunRequestsMax = 1e6;
constexpr double kHitsMax = 0.99;  // beyond, the ttl has no end

double odds(double share) { return share / (1 - share); }

// The share of hits in the scenario's own run from an empty cache.
double hits_of(const Scenario& scenario, Duration until) {
  const RunResult result = run(scenario, {.until = until});
  const monitor::RequestMetrics& all = result.pipeline.metrics().all();
  const auto lookups = static_cast<double>(all.requests() - all.refused());
  return static_cast<double>(all.count(monitor::Outcome::cache_hit)) / std::max(1.0, lookups);
}

}  // namespace

// With equally popular prompts that each come at a rate r, a share r ttl / (1 + r ttl) of the requests are hits: one
// miss starts the ttl, in which r ttl hits follow. The cold start, the profile of the day and failed calls bend that,
// so the ttl is set right by the scenario's own runs: the odds of a hit are nearly proportional to it.
void fit_hits(Fit& fit, std::int64_t hits, std::int64_t lookups) {
  if (lookups == 0) return;
  const Estimate share = estimate_share(static_cast<std::size_t>(hits), static_cast<std::size_t>(lookups));
  fit.parameters.push_back({"hit_rate", "share", share, lookups});
  if (hits == 0) return;
  Scenario& scenario = fit.scenario;
  WorkloadSpec& workload = scenario.workloads.front();
  const double a_day = static_cast<double>(workload.rate.count.value) / 1e6;
  const double wanted = std::min(share.value, kHitsMax);
  const double prompts = std::clamp(std::round(a_day), 1e3, 1e5);
  const double day = static_cast<double>(workload.rate.unit.count());
  double ttl = odds(wanted) * prompts / a_day * day;
  const double horizon = std::min(static_cast<double>(scenario.duration.count()), kRunRequestsMax / a_day * day);

  workload.prompts.count = static_cast<std::int64_t>(prompts);
  scenario.monitor.cache.enabled = true;
  scenario.monitor.cache.capacity = static_cast<std::size_t>(prompts);
  // What the budget refuses is no lookup.
  Scenario trial = scenario;
  trial.monitor.cost_limiter.monthly.reset();
  for (int round = 0; round <= kRounds; ++round) {
    const double longest = static_cast<double>(std::chrono::nanoseconds{std::chrono::hours{24 * 365}}.count());
    ttl = std::clamp(ttl, 1e6, longest);
    const double step = ttl < 1e12 ? 1e6 : 1e9;  // whole milliseconds or seconds
    scenario.monitor.cache.ttl = Duration{std::llround(std::round(ttl / step) * step)};
    if (round == kRounds) break;
    trial.monitor.cache.ttl = scenario.monitor.cache.ttl;
    const double got = std::clamp(hits_of(trial, Duration{std::llround(horizon)}), 1e-6, 1 - 1e-6);
    ttl *= odds(wanted) / odds(got);
  }
  fit.notes.push_back(fmt::format("hits are modelled as {:.0f} equally popular prompts and a ttl of {:.0f} s", prompts,
                                  static_cast<double>(scenario.monitor.cache.ttl.count()) / 1e9));
}

}  // namespace windtunnel::sim
