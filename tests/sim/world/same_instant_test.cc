// Rows of one instant: whether the answer to one is there for the next.

#include <gtest/gtest.h>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::same_instant_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;

// As many rows as `times`, all with one prompt, at a provider that takes no time.
Scenario one_prompt(std::vector<Duration> times) {
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = TraceReplay{.trace = "t.csv"};
  for (const Duration at : times) load.requests.push_back({.at = at, .prompt = "the same"});
  Scenario scenario = world(10s, load);
  scenario.monitor.cache.enabled = true;
  return scenario;
}

std::vector<Outcome> outcomes(const Scenario& scenario) {
  std::vector<Outcome> all;
  for (const monitor::Record& record : KeptRun{scenario}.records) all.push_back(record.outcome);
  return all;
}

TEST(SameInstant, an_answer_that_takes_no_time_is_not_there_for_a_row_of_its_own_instant) {
  const Outcome served = Outcome::served;
  EXPECT_EQ(outcomes(one_prompt({1s, 1s, 1s, 1s, 1s})), (std::vector{served, served, served, served, served}));
  EXPECT_EQ(outcomes(one_prompt({1s, 1s, 1s + 1ns})), (std::vector{served, served, Outcome::cache_hit}));
}

TEST(SameInstant, holds_for_the_copies_of_a_row_too) {
  Scenario scenario = one_prompt({1s, 2s});
  std::get<TraceReplay>(scenario.workloads[0].executor).rate_scale = 3;
  EXPECT_EQ(outcomes(scenario), (std::vector{Outcome::served, Outcome::served, Outcome::served, Outcome::cache_hit,
                                             Outcome::cache_hit, Outcome::cache_hit}));
}

// Each call reserves 100 x 30 + 500 x 60 and costs 100 x 30 + 100 x 60 micro-dollars: two reservations fill the budget.
TEST(SameInstant, rows_hold_their_reservations_together) {
  Scenario scenario = one_prompt({1s, 1s, 1s, 1s + 1ns});
  scenario.monitor.cache.enabled = false;
  scenario.monitor.cost_limiter.monthly = Usd::from_picos(66'000'000'000);
  EXPECT_EQ(outcomes(scenario),
            (std::vector{Outcome::served, Outcome::served, Outcome::refused_budget, Outcome::served}));
}

// The mean of the tokens may be 200: a row in flight earns no credit for the next, so that each is granted 100.
TEST(SameInstant, rows_earn_no_tokens_for_each_other) {
  Scenario scenario = one_prompt({1s, 1s, 1s, 2s});
  scenario.monitor.cache.enabled = false;
  scenario.monitor.token_limiter = {.mode = monitor::TokenMode::average, .limit = Tokens{200}};
  scenario.workloads[0].output.law = Law::fixed(60);
  std::vector<std::int64_t> granted;
  for (const monitor::Record& record : KeptRun{scenario}.records) granted.push_back(record.granted_output.count());
  EXPECT_EQ(granted, (std::vector<std::int64_t>{100, 100, 100, 220}));
}

}  // namespace
}  // namespace windtunnel::sim::same_instant_test
