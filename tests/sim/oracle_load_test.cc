// Load and money with known answers: an hourly profile, and the bill of a month.

#include <gtest/gtest.h>

#include <array>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::oracle_load_test {
namespace {

using namespace std::chrono_literals;

// 120 + 80 sin(2 pi (h - 8) / 24) requests in hour h.
constexpr std::array<double, 24> kRatePerHour = {
    50.717967697,  42.725933897,  40.0,  42.725933897,  50.717967697,  63.431457505,  80.0,  99.294476392,
    120.0,         140.705523608, 160.0, 176.568542495, 189.282032303, 197.274066103, 200.0, 197.274066103,
    189.282032303, 176.568542495, 160.0, 140.705523608, 120.0,         99.294476392,  80.0,  63.431457505};

class HourCounts : public Observer {
 public:
  std::array<double, 24> counts{};
  void on_arrival(const monitor::Request& /*request*/, Instant now) override {
    ++counts[static_cast<std::size_t>(now.time_since_epoch() / 1h)];
  }
};

// Hours are independent Poisson counts, and so is the day.
TEST(DiurnalCounts, follow_the_hourly_profile_and_are_poisson) {
  constexpr int kReplications = 1000;
  WorkloadSpec load = workload("chat", per(1h, 120), Arrival::poisson);
  load.executor = Executor::diurnal;
  for (std::size_t hour = 0; hour < 24; ++hour) load.diurnal.hourly[hour] = kRatePerHour[hour] / 120;
  const Scenario scenario = world(24h, load);
  Sample days;
  std::array<Sample, 24> hours;
  for (int i = 1; i <= kReplications; ++i) {
    HourCounts one;
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    options.observers = {&one};
    run(scenario, options);
    double day = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      hours[hour].add(one.counts[hour]);
      day += one.counts[hour];
    }
    days.add(day);
  }
  const double root = std::sqrt(kReplications);
  expect_value("mean_count_per_day", days.mean(), 2880, 53.665631459994955 / root, {5760});
  expect_value("variance_of_daily_count", days.variance(), 2880, 4073.2885976812404 / root, {0, 5760});
  expect_value("mean_count_hour_14", hours[14].mean(), 200, 14.142135623730951 / root, {400});
  expect_value("mean_count_hour_2", hours[2].mean(), 40, 6.324555320336759 / root, {80});
  for (std::size_t hour = 0; hour < 24; ++hour) {
    expect_value("mean_count_per_hour", hours[hour].mean(), kRatePerHour[hour], std::sqrt(kRatePerHour[hour]) / root);
  }
  EXPECT_NEAR(days.quantile(0.1), 2811, 12);
  EXPECT_NEAR(days.quantile(0.5), 2880, 9);
  EXPECT_NEAR(days.quantile(0.9), 2949, 12);
}

// 1000 requests a day for 30 days, half of them to either provider, tokens uniform: the bill is a compound Poisson sum.
TEST(MonthSpend, has_the_mean_and_the_standard_deviation_of_a_compound_poisson_sum) {
  constexpr int kReplications = 240;
  WorkloadSpec load = workload("chat", per(24h, 1000), Arrival::poisson);
  load.input.law = Law::uniform(150, 350);
  load.output.law = Law::uniform(50, 450);
  Scenario scenario = world(30 * 24h, load, provider("openai"));
  scenario.providers.push_back(provider("anthropic"));
  scenario.providers[0].tariffs[0].tariff = tariff(30'000'000, 60'000'000);
  scenario.providers[1].tariffs[0].tariff = tariff(3'000'000, 15'000'000);
  scenario.monitor.ab_router = {.experiment_id = "split", .variants = {{"a", kFirst, 1}, {"b", kSecond, 1}}};
  Sample total;
  Sample openai;
  Sample anthropic;
  Sample requests;
  for (int i = 1; i <= kReplications; ++i) {
    RunOptions options;
    options.seed = static_cast<std::uint64_t>(i);
    const RunResult result = run(scenario, options);
    openai.add(result.ledger[0].billed.dollars());
    anthropic.add(result.ledger[1].billed.dollars());
    total.add(result.ledger[0].billed.dollars() + result.ledger[1].billed.dollars());
    requests.add(static_cast<double>(result.arrivals));
  }
  const double root = std::sqrt(kReplications);
  const double sd = 2.951648607134664;
  expect_value("mean_total_usd", total.mean(), 405.0, sd / root);
  const double count_frozen = 1.8013132709220794;
  expect_value("sd_total_usd", total.sd(), sd, sd / std::sqrt(2.0 * (kReplications - 1)), {count_frozen});
  expect_value("mean_openai_usd", openai.mean(), 337.5, 2.891850618548614 / root);
  expect_value("mean_anthropic_usd", anthropic.mean(), 67.5, 0.5911256211669395 / root);
  expect_value("mean_requests", requests.mean(), 30'000, 173.20508075688772 / root);
  // The split is chance too: with the same arms in every month the total would vary by 2.51 USD only, and the parts
  // by less than half of this.
  expect_value("sd_openai_usd", openai.sd(), 2.891850618548614,
               2.891850618548614 / std::sqrt(2.0 * (kReplications - 1)));
}

}  // namespace
}  // namespace windtunnel::sim::oracle_load_test
