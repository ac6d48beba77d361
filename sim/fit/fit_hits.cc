#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/fit/fit_estimates.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

constexpr int kHitRounds = 4;
constexpr double kHitRequestsMax = 1e6;
constexpr double kHitsMax = 0.99;  // beyond, the ttl has no end
constexpr std::uint64_t kHitSeedsMost = 8;

double odds(double share) { return share / (1 - share); }

// The share of hits in the scenario's own runs from an empty cache. Several, because one run has one draw of its level.
double hits_of(const Scenario& scenario, Duration until, std::uint64_t seeds) {
  double hits = 0;
  double lookups = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const RunResult result = run(scenario, {.seed = seed, .until = until});
    const monitor::RequestMetrics& all = result.pipeline.metrics().all();
    hits += static_cast<double>(all.count(monitor::Outcome::cache_hit));
    lookups += static_cast<double>(all.requests() - all.refused());
  }
  return hits / std::max(1.0, lookups);
}

// Over all requests, or over whole days if there are enough of them: hits of one day are not independent.
Estimate share_of_hits(const std::vector<FitTally::Day>& days) {
  FitTally::Lookups sum;
  std::vector<std::int64_t> hits;
  std::vector<std::int64_t> lookups;
  for (const FitTally::Day& day : days) {
    sum.all += day.lookups.all;
    sum.hits += day.lookups.hits;
    hits.push_back(day.lookups.hits);
    lookups.push_back(day.lookups.all);
  }
  const auto by_days = days.size() >= kDaysForStudent ? estimate_ratio(hits, lookups) : std::nullopt;
  return by_days ? *by_days : estimate_share(static_cast<std::size_t>(sum.hits), static_cast<std::size_t>(sum.all));
}

// The odds of a hit go with 1 / count, so that a deviation of d in its share p is one of d / (p (1 - p)) in log(count).
// By days that differ by s beyond chance, the mean of n is sqrt(1 / n) s off theirs, and that of the 30 to come
// sqrt(1 / 30) s.
void fit_uncertainty(Fit& fit, const std::vector<FitTally::Day>& days) {
  const auto n = static_cast<double>(days.size());
  double all = 0;
  double hits = 0;
  for (const FitTally::Day& day : days) {
    all += static_cast<double>(day.lookups.all);
    hits += static_cast<double>(day.lookups.hits);
  }
  const double share = hits / all;
  double squares = 0;  // of the days' standardized deviations: chi-square if only chance is at work
  for (const FitTally::Day& day : days) {
    const double expected = share * static_cast<double>(day.lookups.all);
    if (expected <= 0 || share >= 1) return;
    const double off = static_cast<double>(day.lookups.hits) - expected;
    squares += off * off / (expected * (1 - share));
  }
  const double dispersion = squares / (n - 1);
  // About the 99 % point of a chi-square over its degrees of freedom.
  if (dispersion <= 1 + 2.33 * std::sqrt(2 / (n - 1))) {
    fit.notes.push_back(fmt::format("the hit rates of {} whole days differ by no more than chance", days.size()));
    return;
  }
  const double beyond = std::sqrt((dispersion - 1) * share * (1 - share) * n / all);  // s
  const double cv = std::min(10.0, beyond * std::sqrt(1 / n + 1 / kDaysToCome) / (share * (1 - share)));
  double prompts = 0;
  for (WorkloadSpec& workload : fit.scenario.workloads) {
    workload.prompts.count_cv = cv;
    prompts += static_cast<double>(workload.prompts.count);
  }
  // Where there are more prompts than on average, all of them still have their place.
  fit.scenario.monitor.cache.capacity = static_cast<std::size_t>(std::min(prompts * (1 + 4 * cv), 1e6));
  fit.parameters.push_back({"prompts.count_cv", "share", cv_estimate(cv, days.size()), std::ssize(days)});
}

}  // namespace

double requests_a_day(const WorkloadSpec& workload) {
  const double day = static_cast<double>(std::chrono::nanoseconds{std::chrono::hours{24}}.count());
  return static_cast<double>(workload.rate.count.value) / 1e6 * day / static_cast<double>(workload.rate.unit.count());
}

double requests_a_day(const Scenario& scenario) {
  double sum = 0;
  for (const WorkloadSpec& workload : scenario.workloads) sum += requests_a_day(workload);
  return sum;
}

Estimate cv_estimate(double cv, std::size_t days) {
  const double half_width = 1.96 * cv / std::sqrt(2 * (static_cast<double>(days) - 1));
  return {cv, std::max(0.0, cv - half_width), cv + half_width};
}

// With equally popular prompts that each come at a rate r, a share r ttl / (1 + r ttl) of the requests are hits: one
// miss starts the ttl, in which r ttl hits follow. The cold start, the profile of the day and failed calls bend that,
// so the ttl is set right by the scenario's own runs: the odds of a hit are nearly proportional to it.
void fit_hits(Fit& fit, const FitTally& tally, DayRange whole) {
  std::vector<FitTally::Day> days = days_in(tally, whole);
  std::erase_if(days, [](const FitTally::Day& day) { return day.lookups.all == 0; });
  const bool by_whole_days = days.size() >= kDaysForStudent;
  std::vector<FitTally::Day> all;
  std::int64_t lookups = 0;
  for (const auto& [number, day] : tally.days) {
    all.push_back(day);
    lookups += day.lookups.all;
  }
  if (tally.outcomes == 0) {
    fit.parameters.push_back({"hit_rate", "share", {}, 0, false, false});
    return;
  }
  if (lookups == 0) return;
  const Estimate share = share_of_hits(by_whole_days ? days : all);
  fit.parameters.push_back({"hit_rate", "share", share, lookups});
  if (share.value == 0) return;
  Scenario& scenario = fit.scenario;
  const double a_day = requests_a_day(scenario);
  const double wanted = std::min(share.value, kHitsMax);
  const double prompts = std::clamp(std::round(a_day), 1e3, 1e5);
  const double day = static_cast<double>(std::chrono::nanoseconds{std::chrono::hours{24}}.count());
  double ttl = odds(wanted) * prompts / a_day * day;
  const double expected = a_day / day * static_cast<double>(scenario.duration.count());  // requests
  const auto seeds =
      static_cast<std::uint64_t>(std::clamp(kHitRequestsMax / expected, 1.0, static_cast<double>(kHitSeedsMost)));
  const double horizon = std::min(1.0, kHitRequestsMax / expected) * static_cast<double>(scenario.duration.count());

  for (WorkloadSpec& workload : scenario.workloads) {
    workload.prompts.count = std::max<std::int64_t>(1, std::llround(prompts * requests_a_day(workload) / a_day));
  }
  scenario.monitor.cache.enabled = true;
  scenario.monitor.cache.capacity = static_cast<std::size_t>(prompts) + scenario.workloads.size();
  for (int round = 0; round <= kHitRounds; ++round) {
    const double longest = static_cast<double>(std::chrono::nanoseconds{std::chrono::hours{24 * 365}}.count());
    ttl = std::clamp(ttl, 1e6, longest);
    const double step = ttl < 1e12 ? 1e6 : 1e9;  // whole milliseconds or seconds
    scenario.monitor.cache.ttl = Duration{std::llround(std::round(ttl / step) * step)};
    if (round == kHitRounds) break;
    const double got = std::clamp(hits_of(scenario, Duration{std::llround(horizon)}, seeds), 1e-6, 1 - 1e-6);
    ttl *= odds(wanted) / odds(got);
  }
  fit.notes.push_back(fmt::format("hits are modelled as {:.0f} equally popular prompts and a ttl of {:.0f} s", prompts,
                                  static_cast<double>(scenario.monitor.cache.ttl.count()) / 1e9));
  if (days.size() >= kDaysForSpread) fit_uncertainty(fit, days);
}

}  // namespace windtunnel::sim
