// How far traffic can grow before too many requests fail.

#include <gtest/gtest.h>

#include "sim/forecast/headroom.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::headroom_failures_test {
namespace {

using namespace std::chrono_literals;

// One place, half a second a call, no caller waits: by Erlang's formula a third of the calls is refused at one request
// a second, which is twice the traffic.
TEST(HeadroomSearch, of_failures_is_where_all_replications_together_keep_the_bound) {
  ProviderSpec narrow = provider("alpha", Law::fixed(500e6));
  narrow.concurrency = 1;
  const Scenario scenario = world(1h, workload("chat", per(2s, 1), Arrival::poisson), narrow);
  const ForecastWorld forecast{scenario, {.horizon = 1h}};
  ThreadedMaker maker{forecast, 2, nullptr};
  ThresholdSpec bound;
  bound.of = Metric::requests_failed;
  bound.aggregate = Aggregate::rate;
  bound.comparison = Comparison::less_equal;
  bound.bound = 333'333;
  bound.metric = "requests_failed";
  bound.text = "rate<=0.333333";
  const auto headroom = headroom_of(maker, forecast.frame(), {bound}, 40);
  ASSERT_TRUE(headroom && headroom->failures);
  const HeadroomLimit& failures = *headroom->failures;
  EXPECT_EQ(failures.what, "requests_failed rate<=0.333333");
  EXPECT_TRUE(failures.of_requests);
  EXPECT_NEAR(static_cast<double>(*failures.rate_thousandths), 2000, 40);
  EXPECT_TRUE(failures.confirmed);
  EXPECT_NEAR(failures.at_edge->broken.value, 1.0 / 3, 0.005);
  EXPECT_FALSE(headroom->refusals) << "no bound on them is stated";
  bound.during = "a fault";
  EXPECT_FALSE(headroom_of(maker, forecast.frame(), {bound}, 40)->failures) << "it is of a part of the run";
}

}  // namespace
}  // namespace windtunnel::sim::headroom_failures_test
