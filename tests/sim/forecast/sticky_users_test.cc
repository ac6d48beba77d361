// Whose users a run has is drawn, and a forecast shows what that does to a split.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/sim/forecast/forecast_fixture.h"

namespace windtunnel::sim::sticky_users_test {
namespace {

using namespace std::chrono_literals;

constexpr double kUsd = 1e12;

// 200 users of Zipf activity go to one arm or the other as a whole: an arm gets half of the requests give or take
// sqrt(sum w^2) / 2 = 0.109, whatever the experiment is called. With one population for all replications one name gave
// 0.70 in each of them and another 0.36.
TEST(Forecast, draws_the_population_of_sticky_users_for_each_replication) {
  for (const char* name : {"e", "e3"}) {
    Scenario scenario = month_of_two_providers();
    scenario.monitor.ab_router.experiment_id = name;
    scenario.workloads[0].users = {.count = 200, .zipf = 1};
    const Forecast forecast = forecast_of(replicated(ForecastWorld{scenario, {.horizon = 24h}}, 500), {});
    EXPECT_EQ(forecast.frame.shared, std::vector<std::string>{"sticky users"});
    // 1,000 requests, at 22.5 milli-USD each in arm a and 4.5 in b.
    expect_value("cost of arm a", forecast.variants[0].cost->value / kUsd, 11.25, 22.5 * 0.109 / std::sqrt(500),
                 {22.5 * 0.70, 22.5 * 0.36});
    expect_value("spread by users", forecast.cost_sd.demand->value / kUsd, 18 * 0.109, 18 * 0.109 / std::sqrt(1000),
                 {0.0});
    EXPECT_LT(forecast.cost_sd.noise->value / kUsd, 0.6);
  }
}

}  // namespace
}  // namespace windtunnel::sim::sticky_users_test
