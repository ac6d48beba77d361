// Load and money with known answers: an hourly profile, and the bill of a month.

#include <gtest/gtest.h>

#include <array>

#include "tests/sim/forecast/forecast_fixture.h"
#include "tests/sim/oracles/oracles.h"

namespace windtunnel::sim::oracle_load_test {
namespace {

using namespace std::chrono_literals;

// 120 + 80 sin(2 pi (h - 8) / 24) requests in hour h.
constexpr std::array<double, 24> kRatePerHour = {
    50.717967697,  42.725933897,  40.0,  42.725933897,  50.717967697,  63.431457505,  80.0,  99.294476392,
    120.0,         140.705523608, 160.0, 176.568542495, 189.282032303, 197.274066103, 200.0, 197.274066103,
    189.282032303, 176.568542495, 160.0, 140.705523608, 120.0,         99.294476392,  80.0,  63.431457505};

class HourCounts {
 public:
  std::array<double, 24> counts{};
  void on(const monitor::RequestArrived& event) {
    ++counts[static_cast<std::size_t>(event.at.time_since_epoch() / 1h)];
  }
};

struct DayCounts {
  Sample days;
  std::array<Sample, 24> hours;
};

DayCounts counts_of_days(Duration unit, int replications) {
  WorkloadSpec load = workload("chat", per(unit, 120), Arrival::poisson);
  auto& diurnal = load.executor.emplace<Diurnal>();
  for (std::size_t hour = 0; hour < 24; ++hour) diurnal.hourly[hour] = kRatePerHour[hour] / 120;
  const Scenario scenario = world(24h, load);
  DayCounts all;
  for (int i = 1; i <= replications; ++i) {
    HourCounts hour_counts;
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&hour_counts};
    run(scenario, options);
    double day = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      all.hours[hour].add(hour_counts.counts[hour]);
      day += hour_counts.counts[hour];
    }
    all.days.add(day);
  }
  return all;
}

TEST(DiurnalCounts, follow_the_hourly_profile_and_are_poisson) {
  constexpr int kReplications = 1000;
  const DayCounts all = counts_of_days(1h, kReplications);
  const double root = std::sqrt(kReplications);
  OracleJudge judge{kDiurnalCounts};
  judge.mean("mean_count_per_day", all.days);
  judge.value("variance_of_daily_count", all.days.variance(), *kDiurnalCounts.of("variance_of_daily_count").sd / root);
  judge.mean("mean_count_hour_14", all.hours[14]);
  judge.mean("mean_count_hour_2", all.hours[2]);
  for (std::size_t hour = 0; hour < 24; ++hour) {
    expect_value("mean_count_per_hour", all.hours[hour].mean(), kRatePerHour[hour],
                 std::sqrt(kRatePerHour[hour]) / root);
  }
  // 4 standard errors of a quantile of so many replications, and of the whole number that it is.
  judge.within("P10_daily_count", all.days.quantile(0.1), 12);
  judge.within("P50_daily_count", all.days.quantile(0.5), 9);
  judge.within("P90_daily_count", all.days.quantile(0.9), 12);
}

TEST(DiurnalCounts, are_distinguished_from_those_of_a_rate_per_half_hour) {
  const DayCounts all = counts_of_days(30min, 50);
  expect_refused(kDiurnalCounts, "mean_count_per_day", 0, all.days.mean(), all.days.se());
}

struct MonthBills {
  Sample total, openai, anthropic, requests;
};

MonthBills bills_of_months(const Scenario& scenario, int replications) {
  MonthBills all;
  for (int i = 1; i <= replications; ++i) {
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    const RunResult result = run(scenario, options);
    all.openai.add(result.ledger[0].billed.dollars());
    all.anthropic.add(result.ledger[1].billed.dollars());
    all.total.add(result.ledger[0].billed.dollars() + result.ledger[1].billed.dollars());
    all.requests.add(static_cast<double>(result.arrivals));
  }
  return all;
}

TEST(MonthSpend, has_the_mean_and_the_standard_deviation_of_a_compound_poisson_sum) {
  constexpr int kReplications = 240;
  const MonthBills all = bills_of_months(month_of_two_providers(), kReplications);
  const double of_sd = 1 / std::sqrt(2.0 * (kReplications - 1));
  OracleJudge judge{kMonthSpend};
  judge.mean("mean_total_usd", all.total);
  judge.value("sd_total_usd", all.total.sd(), kMonthSpend.of("sd_total_usd").value * of_sd);
  judge.mean("mean_openai_usd", all.openai);
  judge.mean("mean_anthropic_usd", all.anthropic);
  judge.mean("mean_requests", all.requests);
  // The split is chance too: with the same arms in every month the total would vary by 2.51 USD only, and the parts
  // by less than half of this.
  expect_value("sd_openai_usd", all.openai.sd(), 2.891850618548614, 2.891850618548614 * of_sd);
}

TEST(MonthSpend, is_distinguished_from_that_of_a_number_of_requests_that_never_varies) {
  constexpr int kReplications = 240;
  Scenario frozen = month_of_two_providers();
  frozen.workloads[0].arrival = Arrival::uniform;
  const MonthBills all = bills_of_months(frozen, kReplications);
  EXPECT_EQ(all.requests.sd(), 0);
  expect_refused(kMonthSpend, "sd_total_usd", 0, all.total.sd(), all.total.sd() / std::sqrt(2.0 * (kReplications - 1)));
}

}  // namespace
}  // namespace windtunnel::sim::oracle_load_test
