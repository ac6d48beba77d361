#include "sim/fit/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "sim/fit/fit_estimates.h"
#include "sim/forecast/forecast_study.h"

namespace windtunnel::sim {
namespace {

constexpr std::string_view kDescription = "Fitted to a log.";
constexpr std::size_t kForecastLeast = 4;
constexpr std::size_t kForecastMost = 30;
constexpr std::size_t kFittedLeast = 8;
constexpr double kRequestsMost = 2e7;       // in all replications
constexpr std::size_t kRequestsLeast = 20;  // a day: the level of fewer is hardly known
constexpr double kReplicationsLeast = 40;
constexpr double kReplicationsMost = 200;
constexpr double kPoor = 0.025;

// Nearest rank.
double at_rank(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

ForecastBand band_of(std::vector<double> costs, double observed) {
  std::ranges::sort(costs);
  return {at_rank(costs, 0.1), at_rank(costs, 0.5), at_rank(costs, 0.9), observed};
}

// USD of each day: what the month has come to less what it had the day before.
std::vector<double> day_costs_of(const Replication& replication, const std::vector<ForecastDay>& days) {
  std::vector<double> costs;
  for (std::size_t i = 0; i < days.size(); ++i) {
    Int128 picos = replication.month_to_date[i];
    if (i > 0 && days[i].month == days[i - 1].month) picos -= replication.month_to_date[i - 1];
    costs.push_back(static_cast<double>(picos) / 1e12);
  }
  return costs;
}

// By replication and day; empty: there were none.
std::vector<std::vector<double>> forecast_days(const Scenario& scenario, std::size_t days, std::size_t replications,
                                               unsigned threads) {
  const ForecastWorld world{scenario, {.horizon = std::chrono::hours{24 * static_cast<std::int64_t>(days)}}};
  const std::vector<ForecastDay> calendar = days_of(world.frame());
  ReplicationJob job;
  job.indices.resize(replications);
  std::iota(job.indices.begin(), job.indices.end(), std::uint64_t{0});
  std::vector<std::vector<double>> costs;
  ThreadedMaker maker{world, threads, nullptr};
  maker.make(job, [&](const Replication& replication) {
    costs.push_back(day_costs_of(replication, calendar));
    return true;
  });
  return costs;
}

}  // namespace

std::size_t Backtest::days_inside() const {
  return static_cast<std::size_t>(std::ranges::count_if(days, [](const BacktestDay& day) { return day.cost.holds(); }));
}

// The binomial distribution, summed from no day to so many.
bool Backtest::is_poor() const {
  const auto n = static_cast<double>(days.size());
  double chance = 1;
  for (std::size_t i = 0; i < days.size(); ++i) chance *= 1 - kBacktestBand;
  double at_most = chance;
  for (std::size_t k = 1; k <= days_inside(); ++k) {
    const auto inside = static_cast<double>(k);
    chance *= (n - inside + 1) / inside * kBacktestBand / (1 - kBacktestBand);
    at_most += chance;
  }
  const double width = all.p90 - all.p10;
  const bool is_far = all.observed < all.p10 - width || all.observed > all.p90 + width;
  return !days.empty() && (at_most < kPoor || is_far);
}

std::string Backtest::sentence() const {
  std::string text = fmt::format(
      "a fit to the first {} days of the log forecasts the last {}: {} of them lie in their 80 % band, and the {:.2f} "
      "USD of all lie {} that of {:.2f} to {:.2f}",
      days_fitted, days.size(), days_inside(), all.observed,
      all.holds() ? "in" : (all.observed < all.p10 ? "below" : "above"), all.p10, all.p90);
  if (is_poor()) text += "; that is so far off that the fit does not describe the days of this log";
  return text;
}

void describe(Scenario& scenario, const std::vector<std::string>& doubts, const std::optional<Backtest>& test) {
  if (doubts.empty() && !test) return;
  std::string text{kDescription};
  for (const std::string& doubt : doubts) text += " " + doubt + ".";
  if (test) text += " Backtest: " + test->sentence() + ".";
  scenario.description = std::move(text);
}

bool is_fitted(const Scenario& scenario) { return scenario.description.starts_with(kDescription); }

std::optional<Backtest> backtest(const Fitter& fitter, unsigned threads) {
  const FitLog& log = fitter.logged();
  if (log.requests().empty()) return std::nullopt;
  const FitTargets targets{log, WallTime::max()};
  const FitTally all = tally_of(log, targets, WallTime::min(), WallTime::max());
  const DayRange whole = whole_days_of(all.arrivals);
  const std::size_t forecast = std::clamp(whole.size() / 3, kForecastLeast, kForecastMost);
  if (whole.size() < forecast + kFittedLeast) return std::nullopt;
  if (all.arrivals.size() < kRequestsLeast * whole.size()) return std::nullopt;
  const std::int64_t begin = whole.end - static_cast<std::int64_t>(forecast);
  const Fit fit = fitter.fit(midnight_of(begin));
  if (fit.problem) return std::nullopt;

  const double a_day = static_cast<double>(all.arrivals.size()) / static_cast<double>(whole.size());
  const double wanted = kRequestsMost / (a_day * static_cast<double>(forecast));
  const double replications = std::clamp(wanted, kReplicationsLeast, kReplicationsMost);
  const auto costs = forecast_days(fit.scenario, forecast, static_cast<std::size_t>(replications), threads);
  Backtest test{.days_fitted = whole.size() - forecast, .replications = costs.size(), .days = {}, .all = {}};
  std::vector<double> sums(costs.size());
  double observed_sum = 0;
  const std::vector<FitTally::Day> observed = days_in(all, {begin, whole.end});
  for (std::size_t day = 0; day < forecast; ++day) {
    std::vector<double> of_day;
    for (std::size_t i = 0; i < costs.size(); ++i) {
      of_day.push_back(costs[i][day]);
      sums[i] += costs[i][day];
    }
    observed_sum += observed[day].cost;
    test.days.push_back(
        {midnight_of(begin + static_cast<std::int64_t>(day)), band_of(std::move(of_day), observed[day].cost)});
  }
  test.all = band_of(std::move(sums), observed_sum);
  return test;
}

}  // namespace windtunnel::sim
