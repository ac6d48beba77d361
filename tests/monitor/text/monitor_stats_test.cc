#include "monitor/text/monitor_stats.h"

#include <gtest/gtest.h>

#include <string>

namespace windtunnel::monitor::monitor_stats_test {
namespace {

using namespace std::chrono_literals;

TEST(MonitorStats, are_rounded_half_up_and_grouped_by_thousands) {
  struct Case {
    std::int64_t requests;
    std::int64_t successes;
    std::int64_t picos;
    Duration latency;
    const char* text;
  };
  for (const Case& entry :
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
    stats.providers[0].requests = entry.requests;
    stats.providers[0].input = Tokens{entry.requests};
    stats.providers[0].successes = entry.successes;
    stats.providers[0].cost = Usd::from_picos(entry.picos);
    stats.providers[0].latency.p50 = entry.latency;
    EXPECT_NE(stats_text(stats).find(entry.text), std::string::npos) << entry.text << " is not in\n"
                                                                     << stats_text(stats);
  }
}

TEST(MonitorStats, have_the_nearest_rank_percentiles) {
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

TEST(MonitorStats, have_a_mark_for_each_state_of_a_breaker) {
  MonitorStats stats;
  stats.providers.resize(1);
  stats.providers[0].breaker.state = BreakerState::half_open;
  EXPECT_NE(stats_text(stats).find(": 🟡 half_open (Failures: 0, "), std::string::npos) << stats_text(stats);
  stats.providers[0].breaker.state = static_cast<BreakerState>(3);
  EXPECT_EXIT((void)stats_text(stats), testing::ExitedWithCode(1), "believed that a breaker's state has a mark \\(");
}

TEST(MonitorStats, show_no_figures_of_a_breaker_that_is_off_or_has_counted_nothing) {
  MonitorStats stats;
  stats.providers.resize(1);
  stats.providers[0].name = "alpha";
  EXPECT_NE(stats_text(stats).find("  alpha: 🟢 closed (Failures: 0, Error Rate: -)\n"), std::string::npos)
      << stats_text(stats);
  stats.providers[0].breaker.is_off = true;
  EXPECT_NE(stats_text(stats).find("  alpha: off (Failures: -, Error Rate: -)\n"), std::string::npos)
      << stats_text(stats);
}

TEST(MonitorStats, write_the_letters_of_a_providers_name_in_capitals) {
  MonitorStats stats;
  stats.providers.resize(1);
  stats.providers[0].name = "`az{ AZ-4é";
  EXPECT_NE(stats_text(stats).find("\n  `AZ{ AZ-4é:\n"), std::string::npos) << stats_text(stats);
}

TEST(MonitorStats, are_printed_as_the_seed_prints_them) {
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
  anthropic: 🟢 closed (Failures: 0, Error Rate: -)
============================================================
)");
}

TEST(MonitorStats, show_the_requests_by_outcome_and_another_mark_on_request) {
  MonitorStats stats;
  stats.outcomes[static_cast<std::size_t>(Outcome::served)] = 1'500;
  stats.outcomes[static_cast<std::size_t>(Outcome::failed)] = 500;
  stats.providers.resize(1);
  stats.providers[0].name = "openai";
  const std::string text = stats_text(stats, {.state = [](BreakerState) { return "fine"; }, .outcomes = true});
  EXPECT_NE(text.find("Total Cost: $0.0000\n\nUser Requests: 2,000\n  served: 1,500 (75.0%)\n  failed: 500 (25.0%)\n\n"
                      "Provider Statistics:\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  openai: fine (Failures: 0, "), std::string::npos) << text;
}

TEST(MonitorStats, show_the_outcomes_that_there_are_and_no_labels_among_them) {
  MonitorStats stats;
  const std::string without = stats_text(stats);
  stats.labels.resize(1);
  EXPECT_EQ(stats_text(stats), without);
}

TEST(MonitorStats, of_a_pipeline_name_the_breakers_that_no_rule_can_open) {
  std::vector<ProviderConfig> providers;
  for (const char* name : {"a", "b"}) providers.push_back({.name = name, .model = "m", .tariffs = {{}}});
  providers[0].breaker = BreakerConfig{};
  providers[1].breaker = BreakerConfig{.consecutive_threshold = 1};
  const Pipeline pipeline{{}, providers};
  const MonitorStats stats = stats_of(pipeline, Instant{}, WallTime{});
  EXPECT_TRUE(stats.providers[0].breaker.is_off);
  EXPECT_FALSE(stats.providers[1].breaker.is_off);
}

}  // namespace
}  // namespace windtunnel::monitor::monitor_stats_test
