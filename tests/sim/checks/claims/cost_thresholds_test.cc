// What a threshold of money counts: the bills that a gateway learns, those that it never learns, and what its limiter
// holds for these.

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// A record of a request that ended so, after a call that was billed so much, as far as the gateway learns it.
monitor::Record ended_as(monitor::Outcome outcome, Usd known) {
  monitor::Record record;
  record.request.id = kRequest;
  record.finished = kStart + 2s;
  record.outcome = outcome;
  record.attempt_count = 1;
  record.attempt_storage[0] = {.cost = known, .kind = ReplyKind::server_error, .usage_known = true};
  return record;
}

// In an outage nothing is spent, whatever the prices are: a claim that little is spent has not been tried.
TEST(CostThresholds, what_was_neither_answered_nor_billed_shows_nothing_of_money_and_tokens) {
  Scenario scenario = world(60s, workload("chat", per_second(1)));
  scenario.thresholds = {claim(Metric::cost_usd, Comparison::less, Usd::from_dollars(1)),
                         claim(Metric::cost_known_usd, Comparison::less, Usd::from_dollars(1)),
                         claim(Metric::tokens, Comparison::less, Usd::from_dollars(1)),
                         claim(Metric::requests, Comparison::less, Usd::from_dollars(5), Aggregate::count)};
  const auto verdicts = [&](const monitor::Record& record, Usd billed_unknown) {
    Thresholds thresholds{scenario};
    if (billed_unknown > Usd{}) {
      thresholds.on(LedgerEntry{.at = kStart + 1s, .request = kRequest, .billed = billed_unknown});
    }
    thresholds.on(record);
    std::vector<Verdict> all;
    for (const Finding& finding : thresholds.judge(kStart + 60s)) all.push_back(finding.verdict);
    return all;
  };
  constexpr auto kOpen = Verdict::inconclusive;
  constexpr auto kPass = Verdict::pass;
  using monitor::Outcome;
  EXPECT_EQ(verdicts(ended_as(Outcome::failed, Usd{}), Usd{}), (std::vector{kOpen, kOpen, kOpen, kPass}));
  EXPECT_EQ(verdicts(ended_as(Outcome::refused_rate, Usd{}), Usd{}), (std::vector{kOpen, kOpen, kOpen, kPass}));
  EXPECT_EQ(verdicts(ended_as(Outcome::failed, Usd{}), Usd::from_cents(1)), (std::vector{kPass, kOpen, kOpen, kPass}))
      << "a bill that the gateway never learns";
  EXPECT_EQ(verdicts(ended_as(Outcome::failed, Usd::from_cents(1)), Usd{}), std::vector(4, kPass));
  EXPECT_EQ(verdicts(ended_as(Outcome::cache_hit, Usd{}), Usd{}), std::vector(4, kPass)) << "its answer was free";
  Thresholds thresholds{scenario};
  thresholds.on(ended_as(Outcome::failed, Usd{}));
  EXPECT_EQ(thresholds.judge(kStart + 60s).front().reason,
            "there was no data: no request that was answered or billed ended in that time");
}

}  // namespace
}  // namespace windtunnel::sim::cost_thresholds_test
