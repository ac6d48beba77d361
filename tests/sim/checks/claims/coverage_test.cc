// Coverage counts each situation once, in its own counter and in no other; a minimum that is not met is inconclusive.

#include "sim/checks/claims/coverage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::check_coverage_test {
namespace {

using monitor::BreakerState;
using monitor::Outcome;
using monitor::ReplyKind;

// "name count" of every counter that is above 0.
std::string counted(const Coverage& coverage) {
  std::string text;
  for (const auto& [name, count] : coverage.table()) {
    if (count != 0) text += (text.empty() ? "" : ", ") + name + " " + std::to_string(count);
  }
  return text;
}

void move(Coverage& coverage, monitor::ProviderId provider, BreakerState from, BreakerState to) {
  coverage.on(monitor::BreakerMoved{provider, {.from = from, .to = to}});
}

std::string counted_of(ReplyKind kind, bool late = false, BreakerState before = BreakerState::closed) {
  Coverage coverage{2};
  monitor::AttemptEnded event;
  event.reply.kind = kind;
  event.late = late;
  event.state_before = before;
  coverage.on(event);
  return counted(coverage);
}

std::string counted_of(Outcome outcome) {
  Coverage coverage{2};
  monitor::Record record;
  record.outcome = outcome;
  coverage.on(record);
  return counted(coverage);
}

std::string counted_of_alert(std::int64_t share, monitor::BudgetEvent::Kind kind = monitor::BudgetEvent::Kind::alert) {
  Coverage coverage{2};
  coverage.on(monitor::BudgetChanged{.budget = {.kind = kind, .share = Millionths{share}}});
  return counted(coverage);
}

TEST(Coverage, both_are_open_where_one_process_has_them_open) {
  Coverage coverage{2};
  move(coverage, kFirst, BreakerState::closed, BreakerState::open);
  coverage.on(ReplicaTurn{.replica = 1, .breakers = 1});
  move(coverage, kSecond, BreakerState::closed, BreakerState::open);
  EXPECT_EQ(counted(coverage), "breaker_opened 2");
  coverage.on(ReplicaTurn{.replica = 0, .breakers = 0});
  move(coverage, kSecond, BreakerState::closed, BreakerState::open);
  EXPECT_EQ(counted(coverage), "breaker_opened 3, both_open 1");
}

TEST(Coverage, handles_every_setting_of_a_breaker) {
  Coverage coverage{2};
  move(coverage, kFirst, BreakerState::closed, BreakerState::open);
  EXPECT_EQ(counted(coverage), "breaker_opened 1");
  move(coverage, kFirst, BreakerState::open, BreakerState::half_open);
  move(coverage, kSecond, BreakerState::closed, BreakerState::open);
  EXPECT_EQ(counted(coverage), "breaker_opened 2, breaker_half_open 1");  // the first one is not open any more
  move(coverage, kFirst, BreakerState::half_open, BreakerState::open);
  EXPECT_EQ(counted(coverage), "breaker_opened 3, breaker_half_open 1, probe_failed 1, both_open 1");
  move(coverage, kSecond, BreakerState::open, BreakerState::half_open);
  move(coverage, kSecond, BreakerState::half_open, BreakerState::closed);
  EXPECT_EQ(counted(coverage), "breaker_opened 3, breaker_half_open 2, probe_failed 1, both_open 1");
}

TEST(Coverage, distinguishes_a_late_result_that_could_do_harm_from_one_that_could_not) {
  EXPECT_EQ(counted_of(ReplyKind::ok), "");
  EXPECT_EQ(counted_of(ReplyKind::ok, true, BreakerState::open), "late_result 1");
  EXPECT_EQ(counted_of(ReplyKind::ok, true, BreakerState::closed), "late_result 1, late_result_while_not_open 1");
  EXPECT_EQ(counted_of(ReplyKind::ok, true, BreakerState::half_open), "late_result 1, late_result_while_not_open 1");
}

TEST(Coverage, recognizes_replies_and_outcomes) {
  EXPECT_EQ(counted_of(ReplyKind::timeout), "timeout 1");
  EXPECT_EQ(counted_of(ReplyKind::malformed), "malformed 1");
  EXPECT_EQ(counted_of(ReplyKind::truncated), "truncated 1");
  EXPECT_EQ(counted_of(ReplyKind::server_error), "");
  EXPECT_EQ(counted_of(Outcome::cache_hit), "cache_hit 1");
  EXPECT_EQ(counted_of(Outcome::stale_hit), "stale_hit 1");
  EXPECT_EQ(counted_of(Outcome::refused_rate), "rate_refused 1");
  EXPECT_EQ(counted_of(Outcome::refused_tokens), "token_refused 1");
  EXPECT_EQ(counted_of(Outcome::refused_budget), "budget_refused 1");
  EXPECT_EQ(counted_of(Outcome::deadline_exceeded), "deadline_exceeded 1");
  EXPECT_EQ(counted_of(Outcome::served), "");
}

TEST(Coverage, distinguishes_a_retry_from_a_failover) {
  Coverage coverage{2};
  monitor::Record record;
  record.attempt_count = 3;
  record.attempt_storage[0].provider = record.attempt_storage[1].provider = kFirst;
  record.attempt_storage[2].provider = kSecond;
  record.failovers = 1;
  coverage.on(record);
  EXPECT_EQ(counted(coverage), "retry 1, failover 1");
}

TEST(Coverage, identifies_alerts_by_their_share_and_kind) {
  EXPECT_EQ(counted_of_alert(800'000), "alert_80 1");
  EXPECT_EQ(counted_of_alert(900'000), "alert_90 1");
  EXPECT_EQ(counted_of_alert(950'000), "alert_95 1");
  EXPECT_EQ(counted_of_alert(1'000'000), "alert_100 1");
  EXPECT_EQ(counted_of_alert(500'000), "");
  EXPECT_EQ(counted_of_alert(800'000, monitor::BudgetEvent::Kind::budget_refused), "");
}

TEST(Coverage, counts_ties_edges_and_providers_passed_over) {
  Coverage coverage{2};
  coverage.on(ScheduledDone{.tie = false});
  coverage.on(ScheduledDone{.tie = true});
  coverage.on(monitor::CacheEdgeMet{});
  coverage.on(monitor::CoolingSkipped{.provider = kFirst});
  EXPECT_EQ(counted(coverage), "retry_after_obeyed 1, ttl_edge_hit 1, tie_in_time 1");
}

TEST(Coverage, below_its_minimum_is_inconclusive) {
  Scenario scenario = world(std::chrono::seconds{1}, workload("load", per_second(1)));
  scenario.coverage = {{"breaker_opened", 2}, {"failover", 0}};
  Coverage coverage{2};
  for (const bool met : {false, true}) {
    move(coverage, kFirst, BreakerState::closed, BreakerState::open);
    const std::vector<Finding> findings = coverage.judge(scenario);
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].verdict, met ? Verdict::pass : Verdict::inconclusive) << findings[0].reason;
    EXPECT_EQ(findings[1].verdict, Verdict::pass);
  }
}

}  // namespace
}  // namespace windtunnel::sim::check_coverage_test
