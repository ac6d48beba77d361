// Cached, written and reasoning tokens from the workload's words to the bill.

#include <gtest/gtest.h>

#include <vector>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::token_kinds_test {
namespace {

using namespace std::chrono_literals;

// 150 tokens in, 200 out; 10 pico-dollars a token in, 30 out.
Scenario scenario() {
  Scenario made = world(60s, workload("chat", per_second(10)));
  made.workloads[0].input.law = Law::fixed(150);
  made.workloads[0].output.law = Law::fixed(200);
  made.providers[0].tariffs[0].tariff = tariff(10, 30);
  return made;
}

Tariff& tariff_of(Scenario& scenario) { return scenario.providers[0].tariffs[0].tariff; }

Usd bill_of(const Scenario& scenario) {
  const RunResult result = run(scenario);
  return Usd::from_picos(static_cast<std::int64_t>(result.ledger[0].billed.picos()) / result.ledger[0].calls);
}

TEST(TokenKinds, are_billed_at_their_own_prices) {
  Scenario priced = scenario();
  EXPECT_EQ(bill_of(priced), Usd::from_picos(150 * 10 + 200 * 30));
  priced.workloads[0].cached_input.law = Law::fixed(100);
  priced.workloads[0].cache_write.law = Law::fixed(20);
  priced.workloads[0].reasoning.law = Law::fixed(50);
  EXPECT_EQ(bill_of(priced), Usd::from_picos(150 * 10 + 200 * 30)) << "no price of their own";
  tariff_of(priced).cached_input = Price{Usd::from_picos(1)};
  tariff_of(priced).cache_write = Price{Usd::from_picos(12)};
  tariff_of(priced).reasoning = Price{Usd::from_picos(40)};
  EXPECT_EQ(bill_of(priced), Usd::from_picos(100 * 1 + 20 * 12 + 30 * 10 + 50 * 40 + 150 * 30));
}

TEST(TokenKinds, are_at_most_the_tokens_that_they_are_a_part_of) {
  Scenario priced = scenario();
  tariff_of(priced).cached_input = tariff_of(priced).cache_write = Price{Usd::from_picos(1)};
  tariff_of(priced).reasoning = Price{Usd::from_picos(1)};
  priced.workloads[0].cached_input.law = Law::fixed(100);
  priced.workloads[0].cache_write.law = Law::fixed(100);
  priced.workloads[0].reasoning.law = Law::fixed(1000);
  const RunResult result = run(priced);
  const std::int64_t calls = result.ledger[0].calls;
  EXPECT_EQ(result.ledger[0].kinds, (TokenKinds{Tokens{100 * calls}, Tokens{50 * calls}, Tokens{200 * calls}}));
  EXPECT_EQ(bill_of(priced), Usd::from_picos(150 + 200));
}

TEST(TokenKinds, move_no_other_draw) {
  Scenario plain = scenario();
  plain.workloads[0].input.law = Law::uniform(10, 300);
  plain.workloads[0].output.law = Law::uniform(10, 300);
  Scenario priced = plain;
  priced.workloads[0].cached_input.law = Law::uniform(0, 300);
  priced.workloads[0].reasoning.law = Law::uniform(0, 300);
  const RunResult one = run(plain);
  const RunResult other = run(priced);
  EXPECT_EQ(one.digest, other.digest) << "without prices of their own the run is the same";
  EXPECT_EQ(one.ledger[0].input, other.ledger[0].input);
  EXPECT_GT(other.ledger[0].kinds.reasoning, Tokens{});
  EXPECT_EQ(other.ledger[0].kinds.cached_input, Tokens{}) << "a provider without a cache of prompts reports none";
}

TEST(TokenKinds, of_a_listed_request_are_its_own) {
  Scenario priced = scenario();
  tariff_of(priced).cached_input = Price{Usd::from_picos(1)};
  WorkloadSpec& load = priced.workloads[0];
  load.executor = Script{};
  load.requests = {{.at = 1s, .cached_input = Tokens{40}}, {.at = 2s}};
  EXPECT_EQ(run(priced).ledger[0].kinds.cached_input, Tokens{40});
}

// A budget that the dearest kind would break is refused, and nothing that is admitted breaks it.
TEST(TokenKinds, satisfy_every_check_also_where_the_budget_is_tight) {
  for (const std::int64_t budget : {400'000, 4'000'000}) {
    Scenario priced = scenario();
    tariff_of(priced).cached_input = Price{Usd::from_picos(1)};
    tariff_of(priced).cache_write = Price{Usd::from_picos(25)};
    tariff_of(priced).reasoning = Price{Usd::from_picos(60)};
    priced.workloads[0].cached_input.law = Law::uniform(0, 100);
    priced.workloads[0].cache_write.law = Law::uniform(0, 100);
    priced.workloads[0].reasoning.law = Law::uniform(0, 100);
    priced.monitor.cost_limiter.monthly = Usd::from_picos(budget);
    Judge judge{priced};
    const RunResult result = run(priced, {.observers = {&judge}});
    for (const Finding& finding : judge.judge(result).findings) ADD_FAILURE() << finding.id << ": " << finding.reason;
    EXPECT_LE(result.ledger[0].billed, UsdSum{Usd::from_picos(budget)});
  }
}

}  // namespace
}  // namespace windtunnel::sim::token_kinds_test
