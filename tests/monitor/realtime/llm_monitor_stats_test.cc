#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "tests/base/scratch_file.h"
#include "tests/monitor/realtime/llm_monitor_rig.h"

namespace windtunnel::monitor::llm_monitor_stats_test {
namespace {

using namespace llm_monitor_rig;

TEST(LlmMonitorStats, of_a_monitor_are_those_of_its_parts) {
  MonitorConfig config;
  config.cost_limiter.daily = Usd::from_dollars(7);
  Rig rig{config, MockOptions{.latency_scale = {0}}};
  (void)rig.ask("a");
  (void)rig.ask("a");  // from the cache
  rig.openai->fail_next(1, ReplyKind::server_error);
  (void)rig.ask("b");
  const MonitorStats stats = rig.monitor->get_stats();
  EXPECT_EQ(stats.total_requests, 3);
  EXPECT_EQ(stats.user_requests(), 3);
  EXPECT_EQ(stats.cache_hits, 1);
  EXPECT_EQ(stats.cache_stale_hits, 0);
  EXPECT_EQ(stats.cache_misses, 2);
  EXPECT_EQ(stats.settled_requests, 2);
  EXPECT_EQ(stats.settled_tokens, Tokens{2 * 201});
  EXPECT_EQ(stats.requests_in_flight, 0);
  EXPECT_EQ(stats.bills_above_reservation, 0);
  EXPECT_EQ(stats.month.limit, Usd::from_dollars(5'000));
  EXPECT_EQ(stats.day.limit, Usd::from_dollars(7));
  EXPECT_EQ(stats.month.spent, stats.total_cost);
  EXPECT_EQ(stats.day.spent, stats.total_cost);
  const ProviderStats& openai = stats.providers[0];
  EXPECT_EQ(openai.model, "gpt-4");
  EXPECT_EQ(openai.requests, 2);
  EXPECT_EQ(openai.successes, 1);
  EXPECT_EQ(openai.input, Tokens{1});
  EXPECT_EQ(openai.output, Tokens{200});
  EXPECT_EQ(openai.cost, cost(kMockOpenAI.tariff, Tokens{1}, Tokens{200}));
  EXPECT_EQ(openai.breaker.calls, 2);
  EXPECT_EQ(openai.breaker.failures, 1);
  EXPECT_EQ(openai.breaker.successes, 1);
  EXPECT_EQ(stats.providers[1].requests, 1);
}

TEST(LlmMonitorStats, have_both_budgets_before_the_first_request) {
  MonitorConfig config;
  config.cost_limiter.daily = Usd::from_dollars(7);
  const Rig rig{config};
  const MonitorStats stats = rig.monitor->get_stats();
  EXPECT_EQ(stats.month.limit, Usd::from_dollars(5'000));
  EXPECT_EQ(stats.day.limit, Usd::from_dollars(7));
  EXPECT_EQ(stats.month.spent + stats.day.spent, Usd{});
}

TEST(LlmMonitorStats, report_what_is_in_flight_and_what_was_billed_above_its_reservation) {
  ManualTime time;
  LlmMonitor* asked = nullptr;
  LlmMonitor monitor{scripted(time, [&asked](const ProviderCall& call) {
    EXPECT_EQ(asked->get_stats().requests_in_flight, 1);
    Completion completion = answer(call, "text");
    completion.reply.usage->output = call.output_max + Tokens{1};
    return completion;
  })};
  asked = &monitor;
  EXPECT_TRUE(monitor.generate({.user_profile = "a"}).ok());
  const MonitorStats stats = monitor.get_stats();
  EXPECT_EQ(stats.requests_in_flight, 0);
  EXPECT_EQ(stats.bills_above_reservation, 1);
  EXPECT_EQ(stats.providers[0].latency.p50, 0ns);
}

// Nothing waits in a buffer for the program's end, which may not come.
TEST(LlmMonitorStats, are_out_when_they_have_been_printed) {
  const ScratchFile file;
  const Rig rig;
  std::fflush(stdout);
  const int usual = dup(STDOUT_FILENO);
  const int printed = open(file.path().c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(printed, 0);
  dup2(printed, STDOUT_FILENO);
  rig.monitor->print_stats();
  const std::vector<std::string> lines = file.lines();
  std::fflush(stdout);
  dup2(usual, STDOUT_FILENO);
  close(usual);
  close(printed);
  ASSERT_GT(lines.size(), 2U);
  EXPECT_EQ(lines[1], "LLM MONITORING STATISTICS");
  EXPECT_EQ(lines.back(), std::string(60, '='));
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_stats_test
