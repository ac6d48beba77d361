// What a threshold of money counts: the bills that a gateway learns, those that it never learns, and what its limiter
// holds for these.

#include <gtest/gtest.h>

#include <string>

#include "sim/checks/claims/thresholds.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::cost_thresholds_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

constexpr Instant kStart{};
constexpr RequestId kRequest{7};

ThresholdSpec claim(Metric of, Comparison comparison, Usd bound, Aggregate aggregate = Aggregate::value) {
  return {.text = "x",
          .metric = "m",
          .of = of,
          .aggregate = aggregate,
          .comparison = comparison,
          .bound = bound.picos() / 1'000'000,
          .bound_picos = bound.picos() % 1'000'000};
}

// A request that timed out (reserved 5, billed 2 dollars) and was served by a retry for 1.
Finding judged(const ThresholdSpec& threshold_spec) {
  Scenario scenario = world(60s, workload("chat", per_second(1)));
  scenario.thresholds = {threshold_spec};
  Thresholds thresholds{scenario};
  thresholds.on(LedgerEntry{.at = kStart + 1s, .request = kRequest, .billed = Usd::from_dollars(2)});
  thresholds.on(LedgerEntry{.at = kStart + 1s, .request = RequestId{8}, .billed = Usd::from_dollars(100)});
  thresholds.on(
      LedgerEntry{.at = kStart + 2s, .request = kRequest, .usage_known = true, .billed = Usd::from_dollars(1)});
  monitor::Record record;
  record.request.id = kRequest;
  record.finished = kStart + 2s;
  record.attempt_count = 2;
  record.attempt_storage[0] = {.cost = Usd::from_dollars(5), .kind = ReplyKind::timeout, .usage_known = false};
  record.attempt_storage[1] = {.cost = Usd::from_dollars(1), .kind = ReplyKind::ok, .usage_known = true};
  thresholds.on(record);
  return thresholds.judge(kStart + 60s).front();
}

TEST(CostThresholds, cost_is_what_the_providers_billed_and_known_and_reserved_stand_beside_it) {
  EXPECT_EQ(judged(claim(Metric::cost_usd, Comparison::equal, Usd::from_dollars(3))).reason, "it was 3.000000");
  EXPECT_EQ(judged(claim(Metric::cost_known_usd, Comparison::equal, Usd::from_dollars(1))).reason, "it was 1.000000");
  EXPECT_EQ(judged(claim(Metric::cost_reserved_usd, Comparison::equal, Usd::from_dollars(5))).reason,
            "it was 5.000000");
  for (const auto& [of, dollars] :
       {std::pair{Metric::cost_usd, 3}, {Metric::cost_known_usd, 1}, {Metric::cost_reserved_usd, 5}}) {
    EXPECT_EQ(judged(claim(of, Comparison::equal, Usd::from_dollars(dollars))).verdict, Verdict::pass);
    EXPECT_EQ(judged(claim(of, Comparison::equal, Usd::from_dollars(dollars), Aggregate::avg)).verdict, Verdict::pass);
  }
}

TEST(CostThresholds, money_is_compared_to_the_pico_dollar) {
  const Usd exact = Usd::from_dollars(3);
  const Usd pico = Usd::from_picos(1);
  EXPECT_EQ(judged(claim(Metric::cost_usd, Comparison::less, exact + pico)).verdict, Verdict::pass);
  EXPECT_EQ(judged(claim(Metric::cost_usd, Comparison::less_equal, exact - pico)).verdict, Verdict::fail);
  EXPECT_EQ(judged(claim(Metric::cost_usd, Comparison::less_equal, exact - pico)).reason, "it was 3.000000000000");
  EXPECT_EQ(judged(claim(Metric::cost_usd, Comparison::not_equal, exact + pico)).verdict, Verdict::pass);
}

}  // namespace
}  // namespace windtunnel::sim::cost_thresholds_test
