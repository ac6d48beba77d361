// F9: nothing depends on which provider is which. Two providers change places, with their faults and the requests for
// them: their results change places, and nothing else.

#include <gtest/gtest.h>

#include <filesystem>

#include "sim/checks/judge.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::check_metamorphic_test {
namespace {

using std::chrono::seconds;

// The one that is asked first is slow and fails between the tenth and the twentieth second.
Scenario faulty_world(bool swapped) {
  Scenario scenario = world(seconds{40}, workload("load", per_second(10), Arrival::poisson));
  scenario.workloads[0].provider = swapped ? "beta" : "alpha";
  scenario.providers = {provider("alpha", Law::exponential(swapped ? 2e8 : 4e8)),
                        provider("beta", Law::exponential(swapped ? 4e8 : 2e8))};
  scenario.monitor.circuit_breaker.consecutive_threshold = 3;
  scenario.monitor.circuit_breaker.open = seconds{4};
  scenario.monitor.provider_call.retry.max_attempts = 2;
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(2);
  scenario.faults = {fault("burst", ErrorBurst{.rate = 0.7, .errors = {{monitor::ReplyKind::server_error, 1}}},
                           seconds{10}, seconds{10})};
  scenario.faults[0].providers = {swapped ? "beta" : "alpha"};
  return scenario;
}

TEST(Metamorphic, swapping_two_providers_swaps_their_results_and_nothing_else) {
  const KeptRun here{faulty_world(false)};
  const KeptRun there{faulty_world(true)};

  ASSERT_EQ(here.records.size(), there.records.size());
  std::size_t failed_over = 0;
  for (std::size_t i = 0; i < here.records.size(); ++i) {
    const monitor::Record& a = here.records[i];
    const monitor::Record& b = there.records[i];
    ASSERT_EQ(a.outcome, b.outcome) << i;
    ASSERT_EQ(a.finished, b.finished) << i;
    ASSERT_EQ(a.confirmed_cost(), b.confirmed_cost()) << i;
    ASSERT_EQ(a.attempt_count, b.attempt_count) << i;
    if (a.failovers > 0) ++failed_over;
    for (std::size_t k = 0; k < a.attempt_count; ++k) {
      ASSERT_EQ(index_of(a.attempts()[k].provider), 1 - index_of(b.attempts()[k].provider)) << i;
      ASSERT_EQ(a.attempts()[k].kind, b.attempts()[k].kind) << i;
    }
  }
  EXPECT_GT(failed_over, 10U);
}

// Counts the violations of the chosen checks in a world whose breaker is not the one of the scenario.
Judgement judged(const JudgeOptions& options) {
  const Scenario played = faulty_world(false);
  Scenario told = played;
  told.monitor.circuit_breaker.open = seconds{5};
  Judge judge{told, options};
  return judge.judge(run(played, {.observers = {&judge}}));
}

TEST(JudgedChecks, stop_the_run_at_the_first_violation_and_fail_it) {
  const Judgement all = judged({});
  EXPECT_EQ(all.verdict, Verdict::fail);
  ASSERT_FALSE(all.findings.empty());
  EXPECT_EQ(all.findings[0].kind, Finding::Kind::invariant);
  EXPECT_EQ(all.findings[0].id, "B3");
  EXPECT_TRUE(all.findings.size() == 1 || all.findings[1].kind != Finding::Kind::invariant);
  // Without a lag of replicas there is no C12.
  EXPECT_EQ(all.checks.size(), kCheckIds - 4);
}

TEST(JudgedChecks, go_on_with_resume) {
  const Judgement all = judged({.keep_going = true});
  ASSERT_GT(all.findings.size(), 2U);
  EXPECT_EQ(all.findings[1].kind, Finding::Kind::invariant);
}

TEST(JudgedChecks, can_be_chosen) {
  EXPECT_TRUE(judged({.checks = {"none"}}).checks.empty());
  EXPECT_EQ(judged({.checks = {"none"}}).findings[0].kind, Finding::Kind::fault);
  EXPECT_EQ(judged({.checks = {"C1", "B2"}}).checks, (std::vector<std::string>{"B2", "C1"}));
  EXPECT_EQ(judged({.checks = {"C1", "B2"}}).findings[0].kind, Finding::Kind::fault);
}

TEST(CheckRegistry, names_every_check_and_its_file_once) {
  for (std::size_t i = 0; i < kCheckIds; ++i) {
    const CheckEntry& entry = check_registry()[i];
    EXPECT_EQ(static_cast<std::size_t>(entry.id), i);
    EXPECT_EQ(check_named(entry.name), entry.id);
    EXPECT_FALSE(entry.sentence.empty() || entry.where.empty() || entry.family.empty()) << entry.name;
    EXPECT_TRUE(std::filesystem::exists(std::string{WINDTUNNEL_ROOT "/"} + std::string{entry.where})) << entry.where;
  }
  EXPECT_FALSE(check_named("B13"));
}

}  // namespace
}  // namespace windtunnel::sim::check_metamorphic_test
