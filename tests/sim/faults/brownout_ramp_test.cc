// A brownout whose size ramps: a provider loses its places one after the other, and gets them back so.

#include <gtest/gtest.h>

#include <optional>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::brownout_ramp_test {
namespace {

using namespace std::chrono_literals;

// Eight of ten places are taken from 20 s to 40 s, one every 2.5 s, and given back from 60 s to 80 s.
Scenario browned_out() {
  Scenario scenario = world(100s, workload("chat", per_second(1)), provider("alpha", Law::fixed(1e9)));
  scenario.providers[0].concurrency = 10;
  FaultSpec brownout = fault("slow", Brownout{.concurrency = 2}, 20s, 60s);
  brownout.ramp = brownout.ramp_down = 20s;
  brownout.ramp_of = RampOf::size;
  scenario.faults = {brownout};
  return scenario;
}

TEST(BrownoutRamp, takes_the_places_of_a_provider_one_after_the_other) {
  const Scenario scenario = browned_out();
  Faults faults{scenario, Chance{1}, Instant{100s}, std::nullopt};
  ASSERT_TRUE(faults.change(0));
  const auto left = [&](Duration at) { return faults.capacity(monitor::ProviderId{0}, 10, Instant{at}); };
  EXPECT_EQ(left(20s), 10);
  EXPECT_EQ(left(22500ms - 1ns), 10);
  EXPECT_EQ(left(22500ms), 9);
  EXPECT_EQ(left(40s - 1ns), 3);
  EXPECT_EQ(left(40s), 2);
  EXPECT_EQ(left(60s), 2);
  EXPECT_EQ(left(60s + 1ns), 3);
  EXPECT_EQ(left(62500ms), 3);
  EXPECT_EQ(left(62500ms + 1ns), 4);
  EXPECT_EQ(left(80s - 1ns), 10);
}

TEST(BrownoutRamp, names_the_instant_of_each_place_that_comes_back) {
  const Scenario scenario = browned_out();
  Faults faults{scenario, Chance{1}, Instant{100s}, std::nullopt};
  ASSERT_TRUE(faults.change(0));
  const auto next = [&](Duration at) { return faults.next_place(monitor::ProviderId{0}, 10, Instant{at}); };
  EXPECT_EQ(next(20s), Instant{60s + 1ns});
  EXPECT_EQ(next(60s), Instant{60s + 1ns});
  EXPECT_EQ(next(60s + 1ns), Instant{62500ms + 1ns});
  EXPECT_EQ(next(77500ms), Instant{77500ms + 1ns});
  EXPECT_FALSE(next(77500ms + 1ns)) << "all are back";
}

TEST(BrownoutRamp, serves_who_waits_when_a_place_comes_back) {
  Scenario scenario = browned_out();
  scenario.monitor.provider_call.timeout = 500s;
  scenario.workloads[0].duration = 2s;  // two requests, each served for long
  scenario.providers[0].time_to_first_token = Law::fixed(100e9);
  scenario.providers[0].concurrency = 2;
  scenario.providers[0].queue = 10;
  FaultSpec& brownout = scenario.faults[0];
  brownout.settings = Brownout{.concurrency = 1};
  brownout.at = 0s;
  brownout.duration = 40s;
  brownout.ramp = 0s;
  const KeptRun kept{scenario};
  ASSERT_EQ(kept.records.size(), 2U);
  EXPECT_EQ(kept.records[0].latency(), 100s);
  EXPECT_EQ(kept.records[1].latency(), 19s + 1ns + 100s);
}

}  // namespace
}  // namespace windtunnel::sim::brownout_ramp_test
