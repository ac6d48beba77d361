// A closed loop whose users come and go.

#include "sim/load/ramping_vus.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::ramping_vus_test {
namespace {

using namespace std::chrono_literals;

Stage leg(std::int64_t users, Duration length) { return {length, Millionths{users * kMillion}}; }

// Up to four users in 40 s, 20 s of four, down to none in 40 s.
RampingVus up_and_down() { return {.start_vus = 0, .stages = {leg(4, 40s), leg(4, 20s), leg(0, 40s)}}; }

TEST(RampingVus, come_when_the_line_reaches_them_and_go_when_it_leaves_them) {
  const RampingVus ramp = up_and_down();
  EXPECT_EQ(ramp.turn_of_user(0, 0s), 10s);
  EXPECT_EQ(ramp.turn_of_user(1, 0s), 20s);
  EXPECT_EQ(ramp.turn_of_user(3, 0s), 40s) << "the whole line is reached with the next leg";
  EXPECT_EQ(ramp.turn_of_user(0, 15s), 15s);
  EXPECT_EQ(ramp.turn_of_user(3, 70s - 1ns), 70s - 1ns);
  EXPECT_EQ(ramp.turn_of_user(3, 70s), std::nullopt) << "the last to come goes first";
  EXPECT_EQ(ramp.turn_of_user(0, 100s - 1ns), 100s - 1ns);
  EXPECT_EQ(ramp.turn_of_user(0, 100s), std::nullopt);
  EXPECT_EQ(ramp.turn_of_user(4, 0s), std::nullopt);
  EXPECT_EQ(ramp.users_most(), 4);
}

TEST(RampingVus, come_back_when_the_line_rises_again) {
  const RampingVus ramp{.start_vus = 2, .stages = {leg(0, 20s), leg(2, 20s)}};
  EXPECT_EQ(ramp.turn_of_user(1, 10s - 1ns), 10s - 1ns);
  EXPECT_EQ(ramp.turn_of_user(1, 10s), std::nullopt) << "two users are reached at the end alone";
  const RampingVus longer{.start_vus = 2, .stages = {leg(0, 20s), leg(2, 20s), leg(2, 1s)}};
  EXPECT_EQ(longer.turn_of_user(1, 10s), 40s);
  EXPECT_EQ(longer.turn_of_user(0, 20s), 30s);
}

TEST(RampingVus, jump_over_a_stage_of_no_length) {
  const RampingVus ramp{.start_vus = 1, .stages = {leg(1, 10s), leg(3, 0s), leg(3, 10s)}};
  EXPECT_EQ(ramp.turn_of_user(2, 0s), 10s);
}

TEST(RampingVus, never_run_more_requests_at_once_than_the_line_is_high) {
  Scenario scenario = world(2min, workload("chat", per_second(1)), provider("alpha", Law::fixed(3e9)));
  scenario.workloads[0].executor = up_and_down();
  Judge judge{scenario};
  KeptRun kept{scenario};
  const RunResult judged = run(scenario, {.observers = {&judge}});
  for (const Finding& finding : judge.judge(judged).findings) ADD_FAILURE() << finding.id << ": " << finding.reason;
  ASSERT_FALSE(kept.records.empty());
  const auto at_once = [&](Instant at) {
    return std::count_if(kept.records.begin(), kept.records.end(),
                         [&](const monitor::Record& record) { return record.arrived <= at && at < record.finished; });
  };
  EXPECT_EQ(at_once(Instant{} + 9s), 0);
  EXPECT_EQ(at_once(Instant{} + 15s), 1);
  EXPECT_EQ(at_once(Instant{} + 35s), 3);
  EXPECT_EQ(at_once(Instant{} + 55s), 4);
  EXPECT_EQ(at_once(Instant{} + 85s), 2) << "the third went at 80 s, and its request has ended";
  EXPECT_EQ(at_once(Instant{} + 104s), 0);
}

TEST(RampingVus, with_a_level_line_are_constant_users) {
  Scenario constant = world(1min, workload("chat", per_second(1)), provider("alpha", Law::exponential(1e9)));
  constant.workloads[0].executor = ConstantVus{.vus = 3, .think_time = Law::exponential(1e9)};
  Scenario level = constant;
  level.workloads[0].executor =
      RampingVus{.start_vus = 3, .stages = {leg(3, 1min)}, .think_time = Law::exponential(1e9)};
  EXPECT_EQ(run(constant).digest, run(level).digest);
}

// --- Usage that is missing at times --------------------------------------------------------------------------------

TEST(UsageMissing, as_a_base_rate_leaves_out_that_share_and_bills_all) {
  Scenario scenario = world(1000s, workload("chat", per_second(10)));
  const UsdSum whole = run(scenario).ledger[0].billed;
  scenario.providers[0].usage_missing = 0.2;
  const RunResult result = run(scenario);
  EXPECT_EQ(result.ledger[0].billed, whole);
  const auto& metrics = result.pipeline.metrics().provider(kFirst);
  const double known = static_cast<double>(metrics.input.count()) / 100 / static_cast<double>(metrics.calls);
  EXPECT_NEAR(known, 0.8, 4 * std::sqrt(0.2 * 0.8 / 10'000));
}

}  // namespace
}  // namespace windtunnel::sim::ramping_vus_test
