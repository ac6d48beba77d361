// The state that is shown is the state now, not that of the latest request.

#include <gtest/gtest.h>

#include <string>

#include "tests/monitor/realtime/scheduled_monitor.h"

namespace windtunnel::monitor::llm_monitor_state_test {
namespace {

using namespace llm_monitor_rig;

TEST(LlmMonitorState, a_breaker_is_shown_half_open_when_its_time_has_passed_though_nothing_was_asked_since) {
  ScheduledMonitor bench;
  bench.config.circuit_breaker.consecutive_threshold = 1;
  const auto monitor = bench.monitor();
  bench.script = [](const ProviderCall&) { return failure(ReplyKind::server_error); };
  (void)monitor->generate({.user_profile = "a"});
  const auto state = [&] { return monitor->get_stats().providers[0].breaker.state; };
  EXPECT_EQ(state(), BreakerState::open);
  bench.time.advance(30s - 1ns);
  EXPECT_EQ(state(), BreakerState::open);
  EXPECT_NE(monitor->stats_text().find("open"), std::string::npos);
  bench.time.advance(1ns);
  EXPECT_EQ(state(), BreakerState::half_open);
  bench.time.advance(30s);
  EXPECT_EQ(state(), BreakerState::half_open);
  EXPECT_NE(monitor->stats_text().find("half_open"), std::string::npos);
}

TEST(LlmMonitorState, a_breakers_window_of_time_is_shown_as_it_is_now) {
  ScheduledMonitor bench;
  bench.config.circuit_breaker.window_type = WindowType::time;
  bench.config.circuit_breaker.window = 60s;
  const auto monitor = bench.monitor();
  bench.script = [](const ProviderCall&) { return failure(ReplyKind::server_error); };
  (void)monitor->generate({.user_profile = "a"});
  EXPECT_EQ(monitor->get_stats().providers[0].breaker.failures, 1);
  bench.time.advance(60s);
  EXPECT_EQ(monitor->get_stats().providers[0].breaker.failures, 0);
}

TEST(LlmMonitorState, a_month_and_a_day_without_a_request_are_shown_with_nothing_spent) {
  ScheduledMonitor bench;
  bench.config.cost_limiter.daily = Usd::from_dollars(7);
  const auto monitor = bench.monitor();
  const Usd spent = monitor->generate({.user_profile = "a"}).cost;
  ASSERT_GT(spent, Usd{});
  bench.time.advance(14h - 1ns);  // a nanosecond before midnight
  EXPECT_EQ(monitor->get_stats().day.spent, spent);
  EXPECT_EQ(monitor->get_stats().month.spent, spent);
  bench.time.advance(1ns);
  EXPECT_EQ(monitor->get_stats().day.spent, Usd{});
  EXPECT_EQ(monitor->get_stats().day.limit, Usd::from_dollars(7));
  EXPECT_EQ(monitor->get_stats().month.spent, spent);
  bench.time.advance(11 * 24h);  // the first of February
  EXPECT_EQ(monitor->get_stats().month.spent, Usd{});
  EXPECT_EQ(monitor->get_stats().month.limit, Usd::from_dollars(5'000));
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_state_test
