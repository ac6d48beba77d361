#include "monitor/realtime/llm_monitor_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "tests/base/scratch_file.h"
#include "tests/monitor/realtime/llm_monitor_rig.h"

namespace windtunnel::monitor::llm_monitor_stats_test {
namespace {

using namespace llm_monitor_rig;

TEST(LlmMonitorStats, are_rounded_half_up_and_grouped_by_thousands) {
  struct Case {
    std::int64_t requests;
    std::int64_t successes;
    std::int64_t picos;
    Duration latency;
    const char* text;
  };
  for (const Case& one :
       {Case{999, 999, 49'999'999, 499'999ns,
             "Requests: 999\n    Success Rate: 100.0%\n    Total Tokens: 999\n"
             "    Total Cost: $0.0000\n    Latency - P50: 0ms,"},
        Case{1'000, 333, 50'000'000, 500'000ns,
             "Requests: 1,000\n    Success Rate: 33.3%\n    Total Tokens: 1,000\n"
             "    Total Cost: $0.0001\n    Latency - P50: 1ms,"},
        Case{2'000'000, 1'001'000, 12'345'678'950'000'000, 1'499'999us,
             "Requests: 2,000,000\n    Success Rate: 50.1%\n    Total Tokens: 2,000,000\n    Total Cost: $12345.6790\n"
             "    Latency - P50: 1500ms,"},
        Case{2'001, 1, 0, 1ns, "Requests: 2,001\n    Success Rate: 0.0%\n"},
        Case{2'000, 1, 0, 1ns, "Requests: 2,000\n    Success Rate: 0.1%\n"}}) {
    MonitorStats stats;
    stats.providers.resize(1);
    stats.providers[0].requests = one.requests;
    stats.providers[0].input = Tokens{one.requests};
    stats.providers[0].successes = one.successes;
    stats.providers[0].cost = Usd::from_picos(one.picos);
    stats.providers[0].latency.p50 = one.latency;
    EXPECT_NE(stats_text(stats).find(one.text), std::string::npos) << one.text << " is not in\n" << stats_text(stats);
  }
}

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

TEST(LlmMonitorStats, have_the_nearest_rank_percentiles) {
  Histogram histogram;
  for (std::int64_t ns = 1; ns <= 1'000; ++ns) histogram.record(Duration{ns});
  const LatencyStats stats = latency_stats(histogram);
  EXPECT_EQ(stats.p50, 500ns);
  EXPECT_EQ(stats.p95, 950ns);
  EXPECT_EQ(stats.p99, 990ns);
  EXPECT_EQ(stats.average, 500ns);
  EXPECT_EQ(stats.min, 1ns);
  EXPECT_EQ(stats.max, 1'000ns);
}

TEST(LlmMonitorStats, tell_what_is_in_flight_and_what_was_billed_above_its_reservation) {
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

TEST(LlmMonitorStats, have_a_mark_for_each_state_of_a_breaker) {
  MonitorStats stats;
  stats.providers.resize(1);
  stats.providers[0].breaker.state = BreakerState::half_open;
  EXPECT_NE(stats_text(stats).find(": 🟡 half_open (Failures: 0, "), std::string::npos) << stats_text(stats);
  stats.providers[0].breaker.state = static_cast<BreakerState>(3);
  EXPECT_EXIT((void)stats_text(stats), testing::ExitedWithCode(1), "believed that a breaker's state has a mark \\(");
}

TEST(LlmMonitorStats, write_the_letters_of_a_providers_name_in_capitals) {
  MonitorStats stats;
  stats.providers.resize(1);
  stats.providers[0].name = "`az{ AZ-4é";
  EXPECT_NE(stats_text(stats).find("\n  `AZ{ AZ-4é:\n"), std::string::npos) << stats_text(stats);
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

TEST(LlmMonitorStats, are_printed_as_the_seed_prints_them) {
  MonitorStats stats;
  stats.total_requests = 9;
  stats.total_cost = Usd::from_picos(4'200'000'000);
  stats.providers.resize(2);
  ProviderStats& openai = stats.providers[0];
  openai.name = "openai";
  openai.requests = 5;
  openai.successes = 1;
  openai.input = Tokens{750};
  openai.output = Tokens{1000};
  openai.cost = Usd::from_picos(2'550'000'000);
  openai.latency = {.p50 = 1200ms, .p95 = 1'499'500us, .p99 = 1700ms};
  openai.breaker = {.state = BreakerState::open, .failures = 4, .successes = 1, .calls = 5};
  ProviderStats& anthropic = stats.providers[1];
  anthropic.name = "anthropic";
  EXPECT_EQ(stats_text(stats),
            R"(============================================================
LLM MONITORING STATISTICS
============================================================

Total Requests: 9
Total Cost: $0.0042

Provider Statistics:

  OPENAI:
    Requests: 5
    Success Rate: 20.0%
    Total Tokens: 1,750
    Total Cost: $0.0026
    Latency - P50: 1200ms, P95: 1500ms, P99: 1700ms

  ANTHROPIC:
    Requests: 0
    Success Rate: -
    Total Tokens: 0
    Total Cost: $0.0000
    Latency - P50: -, P95: -, P99: -

Circuit Breaker States:
  openai: 🔴 open (Failures: 4, Error Rate: 80.0%)
  anthropic: 🟢 closed (Failures: 0, Error Rate: 0.0%)
============================================================
)");
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_stats_test
