// What a request costs: how uncertain the log leaves it, and whether the fitted scenario comes to it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/fit/fit_estimates.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

constexpr double kVariationMost = 3;  // beyond, lengths would have no mean to speak of
constexpr double kReplayRequestsMax = 1e6;
constexpr double kReplaysLeast = 4;
constexpr double kReplaysMost = 16;

double square(double value) { return value * value; }

// A mean over days, sum(parts) / sum(wholes), and by how much days differ about it.
struct DayRatio {
  double mean = 0;
  double error = 0;   // standard error of the mean
  double spread = 0;  // standard deviation of a day's mean, of days with the average whole
};

template <class Part, class Whole>
DayRatio day_ratio_of(const std::vector<FitTally::Day>& days, Part part, Whole whole) {
  double parts = 0;
  double wholes = 0;
  for (const FitTally::Day& day : days) {
    parts += static_cast<double>(part(day));
    wholes += static_cast<double>(whole(day));
  }
  const auto n = static_cast<double>(days.size());
  if (wholes <= 0 || n < 2) return {};
  DayRatio ratio{.mean = parts / wholes};
  double squares = 0;
  for (const FitTally::Day& day : days) {
    squares += square(static_cast<double>(part(day)) - ratio.mean * static_cast<double>(whole(day)));
  }
  ratio.spread = std::sqrt(squares / (n - 1)) / (wholes / n);
  ratio.error = ratio.spread / std::sqrt(n);
  return ratio;
}

// What the mean of the log and that of the 30 days to come are off by together, relative.
double cv_of(const DayRatio& ratio, std::size_t days) {
  return ratio.spread * std::sqrt(1 / static_cast<double>(days) + 1 / kDaysToCome) / ratio.mean;
}

// The share of calls that fail. A month draws its own, about what the days differ by; the noise of its calls is the
// scenario's own.
void fit_error_rates(Fit& fit, const FitTally& tally, const std::vector<FitTally::Day>& days) {
  double calls = 0;
  double failed = 0;
  for (const auto& [day, entry] : tally.days) {
    calls += static_cast<double>(entry.calls);
    failed += static_cast<double>(entry.calls_failed);
  }
  if (failed == 0 || failed == calls) return;
  const double share = failed / calls;
  double cv = std::sqrt((1 - share) / failed);  // of independent calls
  if (days.size() >= kDaysForStudent) {
    const DayRatio ratio = day_ratio_of(
        days, [](auto& day) { return day.calls_failed; }, [](auto& day) { return day.calls; });
    const double own = (1 - share) / (share * calls / static_cast<double>(tally.days.size()) * kDaysToCome);
    cv = std::max(cv, std::sqrt(std::max(0.0, square(cv_of(ratio, days.size())) - own)));
  }
  cv = std::min(10.0, in_millionths(cv));
  for (ProviderSpec& provider : fit.scenario.providers) {
    if (!provider.errors.rates.empty()) provider.errors_cv = cv;
  }
  fit.parameters.push_back({"errors_cv", "share", {cv, cv, cv}, static_cast<std::int64_t>(failed), false});
}

// Runs of the scenario without what its months draw: what a request costs, and by how much a month's mean differs by
// the noise of its requests.
struct Replay {
  double mean = 0;
  double half_width = 0;  // of the 95 % interval: Student's, because there are 4 to 16 runs
  double noise = 0;
};

Replay replay_of(const Scenario& scenario) {
  Scenario certain = scenario;
  for (WorkloadSpec& workload : certain.workloads) {
    auto& diurnal = std::get<Diurnal>(workload.executor);
    diurnal.day_factor_cv = diurnal.level_cv = diurnal.growth_sd = 0;
    workload.prompts.count_cv = 0;
  }
  for (ProviderSpec& provider : certain.providers) provider.errors_cv = 0;
  const double expected = std::max(1.0, requests_a_day(scenario) * kDaysToCome);
  const double runs = std::clamp(kReplayRequestsMax / expected, kReplaysLeast, kReplaysMost);
  const double part = std::min(1.0, kReplayRequestsMax / kReplaysLeast / expected);
  const Duration until{std::llround(static_cast<double>(certain.duration.count()) * part)};
  std::vector<double> means;
  for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(runs); ++seed) {
    const RunResult result = run(certain, {.seed = seed, .until = until});
    const monitor::RequestMetrics& all = result.pipeline.metrics().all();
    if (all.requests() == 0) continue;
    const double cost = all.cost.dollars();
    means.push_back(cost / static_cast<double>(all.requests()));
  }
  if (means.size() < 2) return {};
  const Moments moments = moments_of(std::span<const double>{means});
  return {.mean = moments.mean,
          .half_width = student_factor(means.size()) * moments.sd() / std::sqrt(static_cast<double>(means.size())),
          .noise = moments.sd() * std::sqrt(part)};
}

// Requests, or runs, that all cost the same tell nothing of others.
void compare_costs(Fit& fit, const Estimate& logged, const FitTally& tally, const Replay& replay) {
  constexpr double kRounding = 1e-9;  // of a mean of equal costs
  const std::int64_t n = std::ssize(tally.arrivals);
  const Estimate replayed{replay.mean, replay.mean - replay.half_width, replay.mean + replay.half_width};
  const auto thousand = [](const Estimate& estimate) {
    return Estimate{estimate.value * 1e3, std::max(0.0, estimate.low) * 1e3, estimate.high * 1e3};
  };
  const bool differs = tally.cost_least < tally.cost_most;
  fit.parameters.push_back({"cost", "USD/1,000 requests", thousand(logged), n, differs});
  fit.parameters.push_back(
      {"cost.replayed", "USD/1,000 requests", thousand(replayed), n, replay.half_width > kRounding * replay.mean});
  const double room = std::max(0.001 * logged.value, 0.0);  // prices are whole, and tables have steps
  if (replayed.low <= logged.high + room && replayed.high >= logged.low - room) return;
  fit.doubts.push_back(
      fmt::format("THE FIT DOES NOT COME TO THE LOG'S COST: a replay costs {:.6g} USD a thousand requests, and the log "
                  "{:.6g} (95 %: {:.6g} to {:.6g})",
                  replayed.value * 1e3, logged.value * 1e3, logged.low * 1e3, logged.high * 1e3));
  fit.notes.push_back(fit.doubts.back());
}

}  // namespace

// The cost of a request over days holds whatever moves it: lengths, prices, the mix of targets, hits, failures. What
// hits and error rates account for is drawn with them; the rest is a factor of all lengths.
void fit_cost(Fit& fit, const FitTally& tally, DayRange whole) {
  std::vector<FitTally::Day> days = days_in(tally, whole);
  std::erase_if(days, [](const FitTally::Day& day) { return day.requests == 0; });
  fit_error_rates(fit, tally, days);
  const auto n = static_cast<double>(tally.arrivals.size());
  const double mean = tally.cost / n;
  if (mean <= 0) return;
  const double variance = std::max(0.0, tally.cost_squares / n - mean * mean);
  double error = std::sqrt(variance / n);
  const Replay replay = replay_of(fit.scenario);
  double variation = error / mean;  // at least that of independent requests
  if (days.size() >= kDaysForStudent) {
    const DayRatio ratio = day_ratio_of(
        days, [](auto& day) { return day.cost; }, [](auto& day) { return day.requests; });
    const double student = student_widening(static_cast<double>(days.size()) - 1);
    error = std::max(error, ratio.error) * student;
    double left = square(cv_of(ratio, days.size()) * student) - square(replay.noise / mean);
    if (const auto hits = std::ranges::find(fit.parameters, "hit_rate", &FittedParameter::name);
        hits != fit.parameters.end()) {
      // A share of hits goes with p (1 - p) of the prompts' deviation, and the cost with what is no hit.
      left -= square(hits->estimate.value * fit.scenario.workloads.front().prompts.count_cv);
    }
    variation = std::max(variation, std::sqrt(std::max(0.0, left)));
  } else {
    error *= student_widening(n - 1);
  }
  for (WorkloadSpec& workload : fit.scenario.workloads)
    workload.length_cv = std::min(kVariationMost, in_millionths(variation));
  compare_costs(fit, {mean, mean - kNormal * error, mean + kNormal * error}, tally, replay);
}

}  // namespace windtunnel::sim
