// What stands beside a verdict: the share that was answered, what kept the rest from an answer, and silent defaults.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::verdict_notes_test {
namespace {

bool says(const ProcessResult& result, const std::string& part) { return result.out.find(part) != std::string::npos; }

// Both providers are down for a minute of three: every request names openai, 34 % fail, most of them before any call.
constexpr const char* kBothDown = R"({
  "start": "2026-03-02T10:00:00Z", "duration": "3m", "monitor": {"token_limiter": {"mode": "off"}},
  "workload": {"chat": {"rate": 5, "provider": "openai"}},
  "faults": [{"id": "all-down", "kind": "outage", "provider": "*", "at": "30s", "duration": "1m"}]})";

// The timeout lies below the latency of 10 s.
constexpr const char* kTooImpatient = R"({
  "duration": "1m", "monitor": {"token_limiter": {"mode": "off"}, "provider_call": {"timeout": "5s"}},
  "providers": {"slow": {"ttft": "10s", "tpot": "0ms", "price_usd_per_million": {"input": 1, "output": 2}}}, "workload": {"chat": {"rate": 1}}})";

class VerdictNotes : public testing::Test {
 protected:
  VerdictNotes() {
    folder.write("down.json", kBothDown);
    folder.write("slow.json", kTooImpatient);
    folder.write(
        "bare.json",
        R"({"duration": "1m", "providers": {"fast": {"price_usd_per_million": {"input": 1, "output": 2}}}, "workload": {"a": {"rate": 1,
      "tokens": {"input": 300, "output": 900}}}})");
  }
  Folder folder;
};

TEST_F(VerdictNotes, a_provider_tag_counts_requests_that_were_to_go_there) {
  const auto exit_of = [&](const std::string& metric) {
    return windtunnel("run " + folder.path("down.json") + " --set 'thresholds={\"" + metric + "\": [\"rate<0.01\"]}'")
        .exit;
  };
  EXPECT_EQ(exit_of("requests_failed"), 12);
  EXPECT_EQ(exit_of("requests_failed{provider:openai}"), 12);
  EXPECT_EQ(exit_of("requests_failed{served_by:openai}"), 0) << "the last call of a few was there";
  EXPECT_EQ(exit_of("requests_failed{provider:anthropic}"), 13) << "no request was to go there";
  EXPECT_EQ(exit_of("breaker_opened{outcome:failed}"), 3);
}

TEST_F(VerdictNotes, the_share_that_was_answered_comes_with_the_cause_of_the_rest) {
  const ProcessResult result = windtunnel("run " + folder.path("down.json"));
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "Verdict: NOTHING CLAIMED\n")) << result.out;
  EXPECT_TRUE(says(result, "Answered: 65.8% of 900 requests\n")) << result.out;
  EXPECT_TRUE(says(result,
                   "Note: 34.2 % of the requests were not answered; 299 of these 308 ended as "
                   "all_providers_unavailable, because of faults.all-down"))
      << result.out;
}

TEST_F(VerdictNotes, a_forecast_shows_the_share_that_is_answered_too) {
  const ProcessResult result = windtunnel("forecast " + folder.path("slow.json") + " --horizon 1m --replications 2");
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(says(result, "\nAnswered: ")) << result.out;
  EXPECT_TRUE(says(result, "of the requests are answered; ")) << result.out;
}

TEST_F(VerdictNotes, defaults_that_decide_are_named_by_run_and_validate) {
  for (const std::string verb : {"run ", "validate "}) {
    const ProcessResult slow = windtunnel(verb + folder.path("slow.json"));
    EXPECT_EQ(slow.exit, 0) << slow.out;
    EXPECT_TRUE(says(slow, "monitor.provider_call.timeout is 5 s, below the latency of slow when all is well"))
        << slow.out;
    const ProcessResult bare = windtunnel(verb + folder.path("bare.json"));
    EXPECT_EQ(bare.exit, 0) << bare.out;
    EXPECT_TRUE(says(bare, "fast has no latency (ttft, tpot), so it answers in 0 ms")) << bare.out;
    EXPECT_TRUE(says(bare, "monitor.token_limiter is not written, so it keeps the average at 500")) << bare.out;
    EXPECT_TRUE(says(windtunnel(verb + folder.path("bare.json") + " --set 'monitor.token_limiter.mode=off'"),
                     "max_tokens is not written, so answers are cut at 500 tokens"));
  }
  EXPECT_FALSE(says(windtunnel("validate scenarios/catalog/healthy.json"), "note:"));
}

TEST_F(VerdictNotes, the_default_start_is_the_first_day_of_2026) {
  ASSERT_EQ(windtunnel("run " + folder.path("bare.json") + " --out " + folder.path("out")).exit, 0);
  EXPECT_NE(folder.read("out/timeline.json").find("2026-01-01T00:00:00"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::tests::verdict_notes_test
