#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/fit/fit_estimates.h"
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

using Days = std::map<std::int64_t, Fitter::Lookups>;

// Over all requests, or over whole days if there are enough of them: hits of one day are not independent.
Estimate share_of_hits(const Days& by_day) {
  Fitter::Lookups sum;
  std::vector<std::int64_t> hits;
  std::vector<std::int64_t> lookups;
  for (const auto& [day, one] : by_day) {
    sum.all += one.all;
    sum.hits += one.hits;
    hits.push_back(one.hits);
    lookups.push_back(one.all);
  }
  const auto by_days = by_day.size() >= kDaysForStudent ? estimate_ratio(hits, lookups) : std::nullopt;
  return by_days ? *by_days : estimate_share(static_cast<std::size_t>(sum.hits), static_cast<std::size_t>(sum.all));
}

// The odds of a hit go with 1 / count, so that a deviation of d in its share p is one of d / (p (1 - p)) in log(count).
// By days that differ by s beyond chance, the mean of n is sqrt(1 / n) s off theirs, and that of the 30 to come
// sqrt(1 / 30) s.
void fit_uncertainty(Fit& fit, const Days& by_day) {
  const auto n = static_cast<double>(by_day.size());
  double all = 0;
  double hits = 0;
  for (const auto& [day, one] : by_day) {
    all += static_cast<double>(one.all);
    hits += static_cast<double>(one.hits);
  }
  const double share = hits / all;
  double squares = 0;  // of the days' standardized deviations: chi-square if only chance is at work
  for (const auto& [day, one] : by_day) {
    const double expected = share * static_cast<double>(one.all);
    if (expected <= 0 || share >= 1) return;
    squares += (static_cast<double>(one.hits) - expected) * (static_cast<double>(one.hits) - expected) /
               (expected * (1 - share));
  }
  const double dispersion = squares / (n - 1);
  // About the 99 % point of a chi-square over its degrees of freedom.
  if (dispersion <= 1 + 2.33 * std::sqrt(2 / (n - 1))) {
    fit.notes.push_back(fmt::format("the hit rates of {} whole days differ by no more than chance", by_day.size()));
    return;
  }
  const double beyond = std::sqrt((dispersion - 1) * share * (1 - share) * n / all);  // s
  const double cv = std::min(10.0, beyond * std::sqrt(1 / n + 1.0 / 30) / (share * (1 - share)));
  const double half_width = 1.96 * cv / std::sqrt(2 * (n - 1));
  PromptCatalogue& prompts = fit.scenario.workloads.front().prompts;
  prompts.count_cv = cv;
  // Where there are more prompts than on average, all of them still have their place.
  const double room = static_cast<double>(prompts.count) * (1 + 4 * cv);
  fit.scenario.monitor.cache.capacity = static_cast<std::size_t>(std::min(room, 1e6));
  fit.parameters.push_back(
      {"prompts.count_cv", "share", {cv, std::max(0.0, cv - half_width), cv + half_width}, std::ssize(by_day)});
}

}  // namespace

// With equally popular prompts that each come at a rate r, a share r ttl / (1 + r ttl) of the requests are hits: one
// miss starts the ttl, in which r ttl hits follow. The cold start, the profile of the day and failed calls bend that,
// so the ttl is set right by the scenario's own runs: the odds of a hit are nearly proportional to it.
void fit_hits(Fit& fit, const Days& by_day, DayRange whole) {
  std::int64_t lookups = 0;
  Days whole_days;
  for (const auto& [day, one] : by_day) {
    lookups += one.all;
    if (whole.contains(day)) whole_days.insert({day, one});
  }
  if (lookups == 0) return;
  const Estimate share = share_of_hits(whole_days.size() >= kDaysForStudent ? whole_days : by_day);
  fit.parameters.push_back({"hit_rate", "share", share, lookups});
  if (share.value == 0) return;
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
  if (whole_days.size() >= kDaysForSpread) fit_uncertainty(fit, whole_days);
}

}  // namespace windtunnel::sim
