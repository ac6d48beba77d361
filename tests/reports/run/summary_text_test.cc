#include <gtest/gtest.h>

#include <string>

#include "reports/run/run_summary.h"
#include "reports/text/text_table.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::summary_text_test {
namespace {

using sim::Finding;
using sim::Verdict;

// OpenAI refuses every call: its breaker opens at the fifth, Claude serves all ten requests.
sim::Scenario outage_world() {
  sim::Scenario scenario = small_world();
  scenario.faults = {outage_of("openai")};
  scenario.coverage = {{"failover", 5}, {"cache_hit", 1}};
  return scenario;
}

sim::Judgement judgement_of(Verdict verdict) {
  sim::Judgement judgement;
  judgement.verdict = verdict;
  judgement.checks = {"B1", "B2", "C1"};
  judgement.coverage = {{"breaker_opened", 1}, {"cache_hit", 0}, {"failover", 1'234}, {"stale_hit", 0}};
  return judgement;
}

// The run as it stands when its last request has ended: no breaker has become half-open since.
sim::RunResult run_of(const sim::Scenario& scenario, std::vector<sim::Observer> observers = {}) {
  sim::RunResult result = sim::run(scenario, {.until = scenario.duration + 1s, .observers = std::move(observers)});
  result.stopped = false;
  return result;
}

std::string text_of(const sim::Scenario& scenario, const sim::Judgement& judgement, TextStyle style = {}) {
  AbSamples samples{scenario.monitor.ab_router.variants.size()};
  const sim::RunResult result = run_of(scenario, {&samples});
  const RunReport report{scenario, result, judgement, "windtunnel run small.json --seed 7", {}, 1s, &samples};
  return summary_text(run_summary(report), style);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(SummaryText, is_the_seeds_block_then_ours_then_the_verdict) {
  const sim::Scenario scenario = outage_world();
  const sim::RunResult result = run_of(scenario);
  sim::Judgement judgement = judgement_of(Verdict::inconclusive);
  judgement.notes = {"start is not written"};
  judgement.findings = {
      {.id = "request_duration: p(95)<3s", .verdict = Verdict::pass, .claim = "not shown", .reason = "p(95) is 300 ms"},
      {.kind = Finding::Kind::coverage,
       .id = "cache_hit",
       .verdict = Verdict::inconclusive,
       .claim = "there is a cache hit",
       .reason = "0 of 1",
       .origin = {"small.json", 14, 9, "/coverage/cache_hit"}},
      {.kind = Finding::Kind::coverage, .id = "failover", .verdict = Verdict::pass}};
  char digest[17];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(result.digest));
  EXPECT_EQ(summary_text(run_summary({scenario, result, judgement, "windtunnel run small.json --seed 7", {}, 1s})),
            R"(============================================================
LLM MONITORING STATISTICS
============================================================

Total Requests: 15
Total Cost: $0.0350

User Requests: 10
  served: 10 (100.0%)

Provider Statistics:

  OPENAI:
    Requests: 5
    Success Rate: 0.0%
    Total Tokens: 0
    Total Cost: $0.0000
    Latency - P50: -, P95: -, P99: -

  ANTHROPIC:
    Requests: 10
    Success Rate: 100.0%
    Total Tokens: 3,500
    Total Cost: $0.0350
    Latency - P50: 300ms, P95: 300ms, P99: 300ms

Circuit Breaker States:
  openai: 🔴 open (Failures: 5, Error Rate: 100.0%)
  anthropic: 🟢 closed (Failures: 0, Error Rate: 0.0%)
============================================================

Token Limiter (average):
  Average: 350.0 tokens, Limit: 500, Cut: 1, Refused: 0

Cost Limiter:
  Month 2026-01: $0.0350 of $5000.0000 (0.0%), Alerts: none
  Day 2026-01-20: $0.0350 (no limit)
  Refused: 0

Cache:
  Entries: 10 of 10,000 (fresh: 10), Hits: 0, Hit Rate: 0.0%, Stale Hits: 0

Faults:
  Fault          Kind  Phases  Touched  Affected
  openai-down  outage       1        5         5

Coverage:
  Counter         Count  Required
  breaker_opened      1         -
  cache_hit           0         1  ❔
  failover        1,234         5  ✅

Checks:
  ✅ 3 invariants watched, 0 violations
  ✅ threshold request_duration: p(95)<3s - p(95) is 300 ms
  ❔ coverage cache_hit - there is a cache hit - 0 of 1 [small.json:14:9]

============================================================
Verdict: INCONCLUSIVE
Answered: 100.0% of 10 requests
Note: start is not written
Scenario: small.json - ten requests
Seed: 7
Digest: )" + std::string(digest) +
                R"(
Replay: windtunnel run small.json --seed 7
============================================================
)");
}

TEST(SummaryText, a_run_that_claims_nothing_has_words_of_its_own) {
  const std::string text = text_of(small_world(), judgement_of(Verdict::nothing_claimed));
  EXPECT_TRUE(contains(text, "Verdict: NOTHING CLAIMED\nThe scenario has no threshold, liveness, coverage or "));
  EXPECT_FALSE(contains(text, "PASS"));
  EXPECT_FALSE(contains(text, "Replay:"));
}

// Callers that have left are not answered, though the gateway answers their requests.
TEST(SummaryText, the_wishes_of_callers_come_before_the_requests_that_were_answered) {
  sim::Scenario scenario = small_world();
  scenario.workloads[0].client = sim::ClientSpec{.preset = "none", .timeout = 1ms};
  const std::string text = text_of(scenario, judgement_of(Verdict::nothing_claimed));
  EXPECT_TRUE(contains(text, "\nAnswered: 0.0% of 10 wishes, 100.0% of 10 requests\n")) << text;
}

TEST(SummaryText, names_the_replay_unless_it_passed) {
  EXPECT_TRUE(contains(text_of(small_world(), judgement_of(Verdict::pass)), "Verdict: PASS\n"));
  EXPECT_FALSE(contains(text_of(small_world(), judgement_of(Verdict::pass)), "Replay:"));
  EXPECT_TRUE(contains(text_of(small_world(), judgement_of(Verdict::fail)), "Verdict: FAIL\n"));
  EXPECT_TRUE(contains(text_of(small_world(), judgement_of(Verdict::fail)), "\nReplay: windtunnel run small.json"));
}

TEST(SummaryText, shows_violations_with_their_place) {
  sim::Judgement judgement = judgement_of(Verdict::fail);
  judgement.findings = {{.kind = Finding::Kind::invariant,
                         .id = "B3",
                         .verdict = Verdict::fail,
                         .claim = "no call while cooling down",
                         .reason = "a call at 3 s",
                         .at = Instant{3'250ms},
                         .request = RequestId{17}}};
  const std::string text = text_of(small_world(), judgement);
  EXPECT_TRUE(contains(text, "  ❌ 3 invariants watched, 1 violations\n"));
  EXPECT_TRUE(contains(text, "  ❌ invariant B3 at 3.25s, request 17 - no call while cooling down - a call at 3 s\n"));
}

TEST(SummaryText, shows_a_half_open_breaker) {
  sim::Scenario scenario = outage_world();
  scenario.duration = 5s;
  scenario.monitor.circuit_breaker.open = 1s;
  const std::string text = text_of(scenario, judgement_of(Verdict::pass));
  EXPECT_TRUE(contains(text, "openai: 🟡 half_open (Failures: 5, Error Rate: 100.0%)\n")) << text;
}

TEST(SummaryText, shows_a_breaker_without_a_rule_as_off) {
  sim::Scenario scenario = outage_world();
  scenario.monitor.circuit_breaker = monitor::BreakerConfig{};
  const std::string text = text_of(scenario, judgement_of(Verdict::pass));
  EXPECT_TRUE(contains(text, "  openai: off (Failures: -, Error Rate: -)\n")) << text;
}

TEST(SummaryText, can_do_without_unicode) {
  const std::string plain = text_of(outage_world(), judgement_of(Verdict::inconclusive), {.unicode = false});
  EXPECT_TRUE(contains(plain, "openai: (x) open (Failures: 5"));
  EXPECT_TRUE(contains(plain, "anthropic: (+) closed"));
  for (const char byte : plain) ASSERT_LT(static_cast<unsigned char>(byte), 0x80);
}

TEST(SummaryText, colours_states_and_verdicts_only_on_request) {
  const std::string colored = text_of(outage_world(), judgement_of(Verdict::fail), {.color = true});
  EXPECT_TRUE(contains(colored, "openai: 🔴 \x1b[31mopen\x1b[0m (Failures"));
  EXPECT_TRUE(contains(colored, "Verdict: \x1b[31mFAIL\x1b[0m\n"));
  EXPECT_FALSE(contains(text_of(outage_world(), judgement_of(Verdict::fail)), "\x1b"));
}

TEST(SummaryText, prints_an_experiment_and_limiters_that_refuse) {
  sim::Scenario scenario = small_world();
  scenario.monitor.ab_router = {"ab", {{"a", monitor::ProviderId{0}, 1}, {"b", monitor::ProviderId{1}, 0}}};
  scenario.monitor.rate_limiter.requests_per_minute = 8;
  scenario.monitor.cost_limiter.daily = Usd::from_picos(17'500'000'000);  // five answers
  scenario.monitor.cost_limiter.on_exhausted = monitor::ExhaustedPolicy::refuse;
  scenario.monitor.token_limiter.mode = monitor::TokenMode::per_request;
  scenario.workloads[0].max_tokens = Tokens{200};
  scenario.monitor.cache.enabled = false;
  const std::string text = text_of(scenario, judgement_of(Verdict::pass));
  EXPECT_TRUE(contains(
      text, "User Requests: 10\n  served: 5 (50.0%)\n  refused_rate: 2 (20.0%)\n  refused_budget: 3 (30.0%)\n"));
  EXPECT_TRUE(contains(text, "\nRate Limiter:\n  Limit: 8 requests/min, Refused: 2\n"));
  EXPECT_TRUE(
      contains(text, "\nToken Limiter (per_request):\n  Average: 350.0 tokens, Limit: 500, Cut: 0, Refused: 0\n"));
  EXPECT_TRUE(contains(text,
                       "  Day 2026-01-20: $0.0175 of $0.0175 (100.0%), Alerts: 80% 90% 95% 100%, Reserved at most: "
                       "$0.0035\n  Refused: 3\n"));
  EXPECT_TRUE(contains(text, "\nCache: off\n"));
  EXPECT_TRUE(contains(text,
                       "\nExperiment ab:\n"
                       "  Variant  Requests  Success    P50    P95     Cost\n"
                       "  a               5   100.0%  300ms  300ms  $0.0175\n"
                       "  b               0        -      -      -  $0.0000\n"));
}

TEST(SummaryText, reports_when_it_was_stopped) {
  const sim::Scenario scenario = small_world();
  const sim::RunResult result = sim::run(scenario, {.until = 2'100ms});
  const std::string text =
      summary_text(run_summary({scenario, result, judgement_of(Verdict::inconclusive), "again", {}, {}}));
  EXPECT_TRUE(contains(text, "\nStopped early: at 2s, 1 in flight\n")) << text;
}

TEST(TextTable, counts_characters_and_leaves_no_space_at_the_end) {
  TextTable table{{"Name", "N", ""}};
  table.add({"Zürich", "1,234", "ok"});
  table.add({"a", "5", ""});
  EXPECT_EQ(table.text(2), "  Name        N\n  Zürich  1,234  ok\n  a           5\n");
}

}  // namespace
}  // namespace windtunnel::reports::summary_text_test
