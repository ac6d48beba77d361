#include "monitor/realtime/llm_monitor_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/stable_hash.h"
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
  EXPECT_EQ(result.request_id, uuid_of(7, RequestId{0}));
}

// What stands in a line for a user of this name.
std::string written(const std::string& user) {
  const std::string line = telemetry_line(Record{}, {.user = user});
  const std::size_t begin = line.find(R"("user":)") + 7;
  return line.substr(begin, line.find(R"(,"attempts")") - begin);
}

TEST(LlmMonitorLog, escapes_what_json_must_escape_and_nothing_else) {
  const std::string escapes[] = {"\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006",
                                 "\\u0007", "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",
                                 "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014",
                                 "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b",
                                 "\\u001c", "\\u001d", "\\u001e", "\\u001f"};
  for (int code = 0; code < 0x80; ++code) {
    const std::string text(1, static_cast<char>(code));
    const std::string expected = code < 0x20 ? escapes[code] : text == "\"" || text == "\\" ? "\\" + text : text;
    EXPECT_EQ(written(text), '"' + expected + '"') << code;
  }
  EXPECT_EQ(written(""), "null");
}

// The first and last sequences of each row of the Unicode Standard's table of well-formed UTF-8 (3-7), and their
// neighbours.
TEST(LlmMonitorLog, keeps_utf8_and_replaces_what_is_none_byte_by_byte) {
  for (const char* text :
       {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x80\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80",
        "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(written(text), std::string{'"'} + text + '"');
    EXPECT_EQ(written(std::string{"a"} + text + "b"), std::string{"\"a"} + text + "b\"");
  }
  for (const char* text : {"\x80",
                           "\xbf",
                           "\xc0\x80",
                           "\xc1\xbf",
                           "\xc2",
                           "\xc2\xc2",
                           "\xe0\x80\x80",
                           "\xe0\x9f\xbf",
                           "\xe0\xa0",
                           "\xed\xa0\x80",
                           "\xed\xbf\xbf",
                           "\xef\xbf\xff",
                           "\xf0\x80\x80\x80",
                           "\xf0\x8f\xbf\xbf",
                           "\xf1\x80\x80",
                           "\xf1\x80\x80\xff",
                           "\xf4\x90\x80\x80",
                           "\xf4\xbf\xbf\xbf",
                           "\xf5\x80\x80\x80",
                           "\xff"}) {
    std::string expected;
    for (std::size_t i = 0; i < std::string_view{text}.size(); ++i) expected += "\xef\xbf\xbd";
    EXPECT_EQ(written(text), '"' + expected + '"');
  }
  EXPECT_EQ(written("\xc2\x7f"), "\"\xef\xbf\xbd\x7f\"");
  EXPECT_EQ(written("\xe1\x80z"), "\"\xef\xbf\xbd\xef\xbf\xbdz\"");
}

TEST(LlmMonitorLog, times_and_costs_are_exact_decimals) {
  Record record;
  record.attempt_count = 2;
  record.attempt_storage[0] = {.latency = 1ns, .cost = Usd::from_picos(1), .usage_known = true};
  record.attempt_storage[1] = {.latency = 1'230ms, .cost = Usd::from_picos(1'500'000'000'000)};
  record.finished = record.arrived + 1'230'000'001ns;
  record.breaker = BreakerState::half_open;
  const ProviderConfig provider{"p", "m", {}};
  const std::string line = telemetry_line(record, {.providers = {&provider, 1}});
  EXPECT_NE(line.find(R"("latency_ms":1230.000001,)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("cost_usd":0.000000000001,)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("circuit_breaker_state":"half_open",)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("attempts":[{"provider":"p","outcome":"ok","latency_ms":0.000001,"cost_usd":0.000000000001},)"
                      R"({"provider":"p","outcome":"ok","latency_ms":1230,"cost_usd":null}]})"),
            std::string::npos)
      << line;
  record.arrived = record.finished + 1ns;
  EXPECT_EXIT((void)telemetry_line(record, {.providers = {&provider, 1}}), testing::ExitedWithCode(1), "not negative");
}

TEST(LlmMonitorLog, a_cost_is_in_dollars_with_as_many_decimals_as_it_needs) {
  constexpr std::int64_t kDollar = 1'000'000'000'000;
  const ProviderConfig provider{"p", "m", {}};
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "0"}, {kDollar - 1, "0.999999999999"}, {kDollar, "1"}, {12 * kDollar + kDollar / 2, "12.5"}};
  for (const auto& [picos, text] : cases) {
    Record record;
    record.attempt_count = 1;
    record.attempt_storage[0] = {.cost = Usd::from_picos(picos), .usage_known = true};
    const std::string line = telemetry_line(record, {.providers = {&provider, 1}});
    EXPECT_NE(line.find(std::string{R"("cost_usd":)"} + text + R"(,"success")"), std::string::npos) << line;
  }
}

TEST(LlmMonitorLog, a_request_id_is_a_random_uuid_of_seed_and_number) {
  for (std::uint64_t number = 0; number < 300; ++number) {
    const std::string uuid = uuid_of(7, RequestId{number});
    ASSERT_EQ(uuid.size(), 36U);
    std::string digits;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
      const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
      ASSERT_EQ(uuid[i] == '-', is_dash) << uuid;
      if (!is_dash) digits += uuid[i];
    }
    const std::uint64_t first = std::stoull(digits.substr(0, 16), nullptr, 16);
    const std::uint64_t second = std::stoull(digits.substr(16), nullptr, 16);
    constexpr std::uint64_t kVersion = 0xf000;
    constexpr std::uint64_t kVariant = std::uint64_t{3} << 62;
    EXPECT_EQ(first & kVersion, 0x4000U) << uuid;
    EXPECT_EQ(second & kVariant, std::uint64_t{2} << 62) << uuid;
    EXPECT_EQ(first & ~kVersion, stable_hash(number, stable_hash(std::uint64_t{7}, 0)) & ~kVersion) << uuid;
    EXPECT_EQ(second & ~kVariant, stable_hash(number, stable_hash(std::uint64_t{7}, 1)) & ~kVariant) << uuid;
  }
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
  (void)monitor.generate({.user_profile = "a"});                        // served
  (void)monitor.generate({.user_profile = "a"});                        // from the cache
  (void)monitor.generate({.user_profile = std::string(4000, 'a')});     // too many tokens
  (void)monitor.generate({.user_profile = "a", .provider = "nobody"});  // invalid: no request
  ASSERT_EQ(file.lines().size(), 4U);
  EXPECT_EQ(file.lines()[0], "before");
  EXPECT_NE(file.lines()[2].find(R"("provider":null,"model":null)"), std::string::npos);
  EXPECT_NE(file.lines()[2].find(R"("outcome":"cache_hit","cache_hit":true,"ttft_ms":null,)"), std::string::npos);
  EXPECT_NE(file.lines()[3].find(R"("success":false,"error":"refused_tokens","circuit_breaker_state":null)"),
            std::string::npos);
  EXPECT_FALSE(monitor.log_error());
}

TEST(LlmMonitorLog, that_cannot_be_opened_is_reported_and_stops_nobody) {
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
  for (const std::string before : {"{\"timest", "whole\n", ""}) {
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
