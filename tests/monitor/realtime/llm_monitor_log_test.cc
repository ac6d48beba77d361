#include "monitor/realtime/llm_monitor_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/uuid.h"
#include "monitor/realtime/llm_monitor.h"
#include "monitor/realtime/mock_provider.h"
#include "tests/base/files_at_most.h"
#include "tests/base/scratch_file.h"
#include "tests/monitor/realtime/manual_time.h"

namespace windtunnel::monitor::llm_monitor_log_test {
namespace {

LlmMonitorOptions options_with(ManualTime& time, const std::string& log_file) {
  LlmMonitorOptions options;
  options.log_file = log_file;
  options.providers.push_back(std::make_unique<MockOpenAIProvider>(MockOptions{.latency_scale = {0}}));
  options.providers.push_back(std::make_unique<MockAnthropicProvider>(MockOptions{.latency_scale = {0}}));
  options.time = &time;
  options.seed = 7;
  return options;
}

TEST(LlmMonitorLog, has_the_seeds_fields_and_then_ours) {
  const ScratchFile file;
  ManualTime time;
  LlmMonitor monitor{options_with(time, file.path())};
  const GenerateResult result = monitor.generate({.user_profile = "Sœur \"x\"",
                                                  .provider = "openai",
                                                  .feature_version = "1.2.3",
                                                  .prompt_version = "v2.1",
                                                  .experiment_id = "provider_comparison",
                                                  .variant_id = "variant_a",
                                                  .user_id = "u\n1"});
  ASSERT_EQ(file.lines().size(), 1U);
  EXPECT_EQ(file.lines()[0],
            R"({"timestamp":"2026-01-20T10:00:00.000000Z","request_id":")" + result.request_id +
                R"(","provider":"openai","model":"gpt-4","latency_ms":0,)"
                R"("tokens":{"input":2,"output":200,"total":202},"cost_usd":0.01206,"success":true,"error":null,)"
                R"("circuit_breaker_state":"closed","metadata":{"feature_version":"1.2.3","prompt_version":"v2.1",)"
                R"("experiment_id":"provider_comparison","variant_id":"variant_a"},"prompt_length":8,)"
                R"("response_length":800,"outcome":"served","cache_hit":false,"ttft_ms":0,"user":"u\n1",)"
                R"("attempts":[{"provider":"openai","outcome":"ok","latency_ms":0,"cost_usd":0.01206}]})");
  EXPECT_EQ(result.request_id, request_uuid(7, RequestId{0}).view());
}

int next_file_descriptor() {
  const int next = open("/dev/null", O_RDONLY);
  close(next);
  return next;
}

TEST(LlmMonitorLog, is_closed_with_its_monitor) {
  const ScratchFile file;
  const int before = next_file_descriptor();
  ManualTime time;
  { const LlmMonitor monitor{options_with(time, file.path())}; }
  EXPECT_EQ(next_file_descriptor(), before);
}

TEST(LlmMonitorLog, names_the_arm_that_the_settings_gave_when_the_request_names_none) {
  const ScratchFile file;
  ManualTime time;
  LlmMonitor monitor{options_with(time, file.path())};
  const GenerateResult result = monitor.generate({.user_profile = "a"});
  const std::string variant = result.provider == "openai" ? "variant_a" : "variant_b";
  const std::string own = R"("experiment_id":"provider_comparison","variant_id":")" + variant + '"';
  EXPECT_NE(file.lines().at(0).find(own), std::string::npos) << file.lines().at(0);
  (void)monitor.generate({.user_profile = "a", .experiment_id = "mine"});
  EXPECT_NE(file.lines().at(1).find(R"("experiment_id":"mine","variant_id":null)"), std::string::npos);
}

TEST(LlmMonitorLog, has_one_line_a_request_whatever_its_end_and_keeps_what_was_there) {
  const ScratchFile file;
  std::ofstream{file.path()} << "before\n";
  ManualTime time;
  LlmMonitor monitor{options_with(time, file.path())};
  (void)monitor.generate({.user_profile = "a"});                         // served
  (void)monitor.generate({.user_profile = "a"});                         // from the cache
  (void)monitor.generate({.user_profile = std::string(4000, 'a')});      // too many tokens
  (void)monitor.generate({.user_profile = "a", .provider = "unknown"});  // invalid: no request
  ASSERT_EQ(file.lines().size(), 4U);
  EXPECT_EQ(file.lines()[0], "before");
  EXPECT_NE(file.lines()[2].find(R"("provider":null,"model":null)"), std::string::npos);
  EXPECT_NE(file.lines()[2].find(R"("outcome":"cache_hit","cache_hit":true,"ttft_ms":null,)"), std::string::npos);
  EXPECT_NE(file.lines()[3].find(R"("success":false,"error":"refused_tokens","circuit_breaker_state":null)"),
            std::string::npos);
  EXPECT_FALSE(monitor.log_error());
}

TEST(LlmMonitorLog, that_cannot_be_opened_is_reported_and_stops_no_other) {
  ManualTime time;
  LlmMonitor monitor{options_with(time, ::testing::TempDir() + "no such folder/telemetry.jsonl")};
  ASSERT_TRUE(monitor.log_error());
  EXPECT_NE(monitor.log_error()->find("no such folder/telemetry.jsonl: cannot be opened: "), std::string::npos);
  EXPECT_TRUE(monitor.generate({.user_profile = "a"}).ok());
  EXPECT_FALSE(LlmMonitor{options_with(time, "")}.log_error());
}

TEST(LlmMonitorLog, lines_that_cannot_be_written_are_counted) {
  if (!std::ifstream{"/dev/full"}) GTEST_SKIP() << "this machine has no /dev/full";
  ManualTime time;
  LlmMonitor monitor{options_with(time, "/dev/full")};
  EXPECT_FALSE(monitor.log_error());
  EXPECT_TRUE(monitor.generate({.user_profile = "a"}).ok());
  EXPECT_TRUE(monitor.generate({.user_profile = "b"}).ok());
  EXPECT_EQ(monitor.get_stats().log_lines_lost, 2);
  EXPECT_NE(monitor.log_error().value_or("").find("/dev/full: cannot be written: "), std::string::npos);
}

TEST(LlmMonitorLog, that_is_off_writes_nothing_and_loses_nothing) {
  TelemetryLog log{""};
  EXPECT_FALSE(log.on());
  log.write("line\n");
  EXPECT_EQ(log.lines_lost(), 0);
  EXPECT_FALSE(log.error());
}

// As on a disk that was full for a while.
TEST(LlmMonitorLog, goes_on_when_there_is_room_again) {
  const ScratchFile file;
  TelemetryLog log{file.path()};
  log.write("first\n");
  {
    const FilesAtMost full{6};
    log.write("second\n");
  }
  log.write("third\n");
  EXPECT_EQ(file.lines(), (std::vector<std::string>{"first", "third"}));
  EXPECT_EQ(log.lines_lost(), 1);
}

// As on a disk that filled up within a line.
TEST(LlmMonitorLog, ends_a_torn_line_before_the_next) {
  const ScratchFile file;
  TelemetryLog log{file.path()};
  log.write("first\n");
  {
    const FilesAtMost full{8};
    log.write("second\n");
    log.write("third\n");  // not even its beginning fits
  }
  log.write("fourth\n");
  log.write("fifth\n");
  EXPECT_EQ(file.lines(), (std::vector<std::string>{"first", "se", "fourth", "fifth"}));
  EXPECT_EQ(log.lines_lost(), 2);
}

TEST(LlmMonitorLog, ends_a_torn_line_when_only_the_end_of_it_fits) {
  const ScratchFile file;
  TelemetryLog log{file.path()};
  {
    const FilesAtMost full{2};
    log.write("first\n");
  }
  {
    const FilesAtMost full{3};
    log.write("second\n");
  }
  log.write("third\n");
  EXPECT_EQ(file.lines(), (std::vector<std::string>{"fi", "third"}));
}

// A program that was killed while it wrote leaves the beginning of a line.
TEST(LlmMonitorLog, begins_on_a_line_of_its_own_in_a_file_that_ends_within_one) {
  for (const std::string before : {"{\"timest", "x", "whole\n", ""}) {
    const ScratchFile file;
    std::ofstream{file.path()} << before;
    TelemetryLog log{file.path()};
    log.write("first\n");
    std::vector<std::string> expected{"first"};
    if (!before.empty()) expected.insert(expected.begin(), before.substr(0, before.find('\n')));
    EXPECT_EQ(file.lines(), expected);
  }
}

// As the README shows it, on the machine's own clocks: it takes the second that the mock takes.
TEST(LlmMonitorRealTime, the_usage_example_prints_the_seeds_block) {
  const ScratchFile file;
  ::testing::internal::CaptureStdout();

  LlmMonitor monitor{{.log_file = file.path()}};
  const GenerateResult response = monitor.generate({
      .user_profile = "Software Engineer, 5 years, Python/Java, interested in AI/ML",
      .job_market_data = "AI Engineer: $120k-180k, ML Engineer: $130k-200k",
      .system_prompt = "You are a career advisor.",
      .provider = "openai",  // or "anthropic", or nothing for the A/B choice
      .feature_version = "1.2.3",
      .prompt_version = "v2.1",
      .experiment_id = "provider_comparison",
      .variant_id = "variant_a",
  });
  const MonitorStats stats = monitor.get_stats();
  monitor.print_stats();

  const std::string printed = ::testing::internal::GetCapturedStdout();
  EXPECT_TRUE(response.ok());
  EXPECT_GE(response.latency, 1000ms);
  EXPECT_EQ(stats.total_requests, 1);
  EXPECT_EQ(stats.total_cost, response.cost);
  EXPECT_EQ(printed, monitor.stats_text());
  EXPECT_NE(printed.find("Total Requests: 1\nTotal Cost: $0.0130\n"), std::string::npos) << printed;
  EXPECT_EQ(file.lines().size(), 1U);
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_log_test
