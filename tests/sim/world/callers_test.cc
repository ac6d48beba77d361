// Callers who try again: as often and as far apart as the client libraries that were measured.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/checks/invariants/checks.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::callers_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

struct Tries {
  std::vector<Instant> begun;
  std::vector<WishEnded> ends;

  void on(const CallerTries& event) { begun.push_back(event.at); }
  void on(const WishEnded& event) { ends.push_back(event); }
};

// One wish in ten minutes, at a provider that answers each call in this way, at once.
Scenario one_wish(const std::string& preset, ReplyKind kind, Duration latency = 0s) {
  Scenario scenario = world(10min, workload("chat", Rate{Millionths{1'000'000}, 10min}),
                            provider("alpha", Law::fixed(static_cast<double>(latency.count()))));
  if (kind != ReplyKind::ok) scenario.providers[0].errors.rates = {{kind, 1}};
  scenario.monitor.circuit_breaker = monitor::BreakerConfig{};
  scenario.workloads[0].client = ClientSpec{.preset = preset};
  return scenario;
}

struct Tried {
  explicit Tried(const Scenario& scenario) : result(run(scenario, {.observers = {&tries}})) {}
  [[nodiscard]] Duration gap(std::size_t place) const { return tries.begun[place + 1] - tries.begun[place]; }
  [[nodiscard]] const CallerTotals& totals() const { return result.callers[0]; }

  Tries tries;
  RunResult result;
};

TEST(Callers, try_as_often_and_as_far_apart_as_was_measured) {
  struct Measured {
    const char* preset;
    std::vector<std::pair<Duration, Duration>> gaps;
  };
  const Measured all[] = {
      {"openai-node", {{440ms, 640ms}, {890ms, 1120ms}}},
      {"openai-python", {{440ms, 640ms}, {890ms, 1120ms}}},
      {"anthropic", {{460ms, 580ms}, {800ms, 1010ms}}},
      {"vercel-ai", {{2s, 2500ms}, {4s, 4s}}},
      {"langchain", {{1100ms, 2s}, {2100ms, 4s}, {4200ms, 7900ms}, {8s, 16s}, {17s, 32s}, {35s, 63s}}},
      {"none", {}},
  };
  for (const auto& [preset, gaps] : all) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Scenario scenario = one_wish(preset, ReplyKind::server_error);
      scenario.seed = seed;
      const Tried tried{scenario};
      ASSERT_EQ(tried.tries.begun.size(), gaps.size() + 1) << preset;
      for (std::size_t i = 0; i < gaps.size(); ++i) {
        EXPECT_GE(tried.gap(i), gaps[i].first) << preset << ", gap " << i;
        EXPECT_LE(tried.gap(i), gaps[i].second) << preset << ", gap " << i;
      }
      ASSERT_EQ(tried.tries.ends.size(), 1U);
      EXPECT_EQ(tried.tries.ends[0].how, WishEnded::How::failed);
    }
  }
}

TEST(Callers, end_where_their_library_does) {
  const auto tries = [](const char* preset, ReplyKind kind) {
    return Tried{one_wish(preset, kind)}.tries.begun.size();
  };
  for (const char* preset : {"openai-node", "anthropic", "vercel-ai", "langchain"}) {
    EXPECT_EQ(tries(preset, ReplyKind::client_error), 1U) << preset;
    EXPECT_EQ(tries(preset, ReplyKind::ok), 1U) << preset;
    Scenario broken = one_wish(preset, ReplyKind::truncated);
    broken.workloads[0].stream = true;
    EXPECT_EQ(Tried{broken}.tries.begun.size(), 1U) << preset;
  }
  // A 429 of the gateway, which names the time to wait.
  const auto refused = [](const char* preset) {
    Scenario scenario = one_wish(preset, ReplyKind::ok);
    scenario.monitor.rate_limiter.requests_per_minute = 0;
    return Tried{scenario};
  };
  EXPECT_EQ(refused("langchain").tries.begun.size(), 1U);
  const Tried waits = refused("anthropic");
  ASSERT_EQ(waits.tries.begun.size(), 3U);
  EXPECT_EQ(waits.gap(0), 60s) << "until the next minute begins";
}

TEST(Callers, ignore_a_retry_after_beyond_what_their_library_waits_for) {
  const ClientSpec openai{.preset = "openai-node"};
  EXPECT_EQ(gap_of(openai, 1, 60s, 0), 60s);
  EXPECT_EQ(gap_of(openai, 1, 61s, 0), 440ms);
  EXPECT_EQ(gap_of(openai, 2, 0s, 0), 890ms);
  EXPECT_EQ(gap_of(ClientSpec{.preset = "anthropic"}, 1, 61s, 0), 61s);
  EXPECT_EQ(gap_of(ClientSpec{.preset = "langchain"}, 1, 2s, 0), 1100ms);
}

TEST(Callers, leave_a_try_at_their_timeout_and_do_not_read_its_answer) {
  for (const auto& [preset, tries] : {std::pair{"openai-node", 3}, std::pair{"vercel-ai", 1}}) {
    Scenario scenario = one_wish(preset, ReplyKind::ok, 2s);
    scenario.workloads[0].client->timeout = 1s;
    const Tried tried{scenario};
    EXPECT_EQ(tried.totals().tries, tries) << preset;
    EXPECT_EQ(tried.totals().unread, tries) << preset;
    EXPECT_EQ(tried.totals().failed, 1) << preset;
    EXPECT_EQ(tried.totals().calls, tries) << preset;
  }
  Scenario in_time = one_wish("openai-node", ReplyKind::ok, 1s);
  in_time.workloads[0].client->timeout = 1s + 1ns;
  EXPECT_EQ(Tried{in_time}.totals().answered, 1);
}

TEST(Callers, leave_when_their_patience_is_over) {
  Scenario scenario = one_wish("langchain", ReplyKind::server_error);
  scenario.workloads[0].client->patience = Law::fixed(3e9);
  const Tried tried{scenario};
  ASSERT_EQ(tried.tries.ends.size(), 1U);
  EXPECT_EQ(tried.tries.ends[0].how, WishEnded::How::left);
  EXPECT_EQ(tried.tries.ends[0].at - tried.tries.begun[0], 3s);
  EXPECT_EQ(tried.totals().tries, 2) << "the second gap would end after it";
}

TEST(Callers, multiply_what_their_gateway_multiplies) {
  Scenario scenario = one_wish("openai-node", ReplyKind::server_error);
  scenario.providers.push_back(scenario.providers[0]);
  scenario.providers[1].name = "beta";
  scenario.monitor.provider_call.retry.max_attempts = 3;
  EXPECT_EQ(Tried{scenario}.totals().calls, 18);
}

// --- A gateway that sees its caller go -----------------------------------------------------------------------------

// Each try is left after a second.
Scenario left_after_a_second(const std::string& preset, ReplyKind kind, Duration latency) {
  Scenario scenario = one_wish(preset, kind, latency);
  scenario.workloads[0].client->timeout = 1s;
  scenario.monitor.provider_call.on_caller_gone = monitor::OnCallerGone::cancel;
  return scenario;
}

TEST(CallerGone, ends_each_request_at_once_and_leaves_its_call) {
  const KeptRun kept{left_after_a_second("openai-node", ReplyKind::ok, 2s)};
  ASSERT_EQ(kept.records.size(), 3U) << "its caller tries again";
  for (const monitor::Record& record : kept.records) {
    EXPECT_EQ(record.outcome, monitor::Outcome::client_error);
    EXPECT_EQ(record.latency(), 1s);
    ASSERT_EQ(record.attempt_count, 1);
    EXPECT_EQ(record.attempts()[0].kind, ReplyKind::client_error);
    EXPECT_EQ(record.attempts()[0].latency, 1s);
    EXPECT_FALSE(record.attempts()[0].usage_known);
  }
  const CallerTotals& totals = kept.result.callers[0];
  EXPECT_EQ(totals.tries, 3);
  EXPECT_EQ(totals.calls, 3);
  EXPECT_EQ(totals.unread, 0) << "the gateway answers none of them";
  EXPECT_EQ(totals.failed, 1);
  EXPECT_EQ(kept.result.in_flight, 0);
}

TEST(CallerGone, is_followed_by_no_retry_and_no_failover) {
  Scenario scenario = left_after_a_second("none", ReplyKind::server_error, 0s);
  scenario.providers.push_back(scenario.providers[0]);
  scenario.providers[1].name = "beta";
  scenario.monitor.provider_call.retry = {.max_attempts = 3, .base = 600ms, .jitter = monitor::Jitter::none};
  const auto calls = [&] { return Tried{scenario}.totals().calls; };
  EXPECT_EQ(calls(), 2) << "at 0 and 0.6 s; the third would come at 1.8 s";
  scenario.workloads[0].client->timeout = 600ms;
  EXPECT_EQ(calls(), 1) << "it goes at the very instant of the second call";
  scenario.monitor.provider_call.on_caller_gone = monitor::OnCallerGone::go_on;
  EXPECT_EQ(calls(), 6);
}

TEST(CallerGone, comes_with_its_patience_too_and_not_between_two_tries) {
  Scenario scenario = left_after_a_second("langchain", ReplyKind::ok, 10s);
  scenario.workloads[0].client->timeout = 60s;
  scenario.workloads[0].client->patience = Law::fixed(3e9);
  const KeptRun kept{scenario};
  ASSERT_EQ(kept.records.size(), 1U);
  EXPECT_EQ(kept.records[0].latency(), 3s);
  EXPECT_EQ(kept.result.callers[0].left, 1);

  scenario.providers[0] = provider("alpha");
  scenario.providers[0].errors.rates = {{ReplyKind::server_error, 1}};
  scenario.workloads[0].client->patience = Law::fixed(1e9);
  const KeptRun between{scenario};
  ASSERT_EQ(between.records.size(), 1U) << "the pause before the second try is longer";
  EXPECT_EQ(between.records[0].outcome, monitor::Outcome::failed);
}

// 100 tokens in, 50 of 100 out when its caller goes.
TEST(CallerGone, is_billed_as_the_provider_does_whose_caller_has_gone) {
  const auto bill = [](std::int64_t input, std::int64_t output) {
    return UsdSum{Usd::from_picos(30'000'000 * input + 60'000'000 * output)};
  };
  const auto billed = [](Disconnect on_disconnect, TimeoutBill law, Duration timeout = 30s) {
    Scenario scenario = left_after_a_second("none", ReplyKind::ok, 500ms);
    scenario.providers[0].time_per_output_token = Law::fixed(10e6);
    scenario.providers[0].on_disconnect = on_disconnect;
    scenario.providers[0].bill_on_timeout = law;
    scenario.monitor.provider_call.timeout = timeout;
    const RunResult result = run(scenario);
    EXPECT_EQ(result.ledger[0].billed_known, UsdSum{});
    EXPECT_EQ(result.unknown.by_labels[1], result.ledger[0].billed);
    return result.ledger[0].billed;
  };
  EXPECT_EQ(billed(Disconnect::go_on, TimeoutBill::full), bill(100, 100));
  EXPECT_EQ(billed(Disconnect::stop, TimeoutBill::full), bill(100, 50));
  EXPECT_EQ(billed(Disconnect::stop, TimeoutBill::full, 1200ms), bill(100, 50))
      << "the gateway would have left it later";
  EXPECT_EQ(billed(Disconnect::stop, TimeoutBill::input), bill(100, 0));
  EXPECT_EQ(billed(Disconnect::go_on, TimeoutBill::none), UsdSum{});
}

// One place, where each call takes 10 s. Callers come at 0, 0.5 and 1.2 s.
TEST(CallerGone, gives_back_the_place_of_its_call_and_that_in_the_queue) {
  const auto finished = [](Disconnect on_disconnect, std::int64_t queue) {
    Scenario scenario = left_after_a_second("none", ReplyKind::ok, 10s);
    WorkloadSpec& load = scenario.workloads[0];
    load.executor = Script{};
    for (const Duration at : {Duration{0s}, Duration{500ms}, Duration{1200ms}}) load.requests.push_back({.at = at});
    scenario.providers[0].concurrency = 1;
    scenario.providers[0].queue = queue;
    scenario.providers[0].on_disconnect = on_disconnect;
    const KeptRun kept{scenario};
    std::vector<ReplyKind> kinds;
    for (const monitor::Record& record : kept.records) kinds.push_back(record.attempts()[0].kind);
    return std::pair{kinds, kept.result.ledger[0].billed};
  };
  const auto all_left = std::vector(3, ReplyKind::client_error);
  const Usd input = Usd::from_picos(3'000'000'000);
  const Usd whole = Usd::from_picos(9'000'000'000);
  EXPECT_EQ(finished(Disconnect::stop, 1), (std::pair{all_left, UsdSum{input * 3}}))
      << "the second is served at 1 s, the third at 1.5 s";
  EXPECT_EQ(finished(Disconnect::go_on, 2), (std::pair{all_left, UsdSum{whole * 3}})) << "all are worked on";
  EXPECT_EQ(finished(Disconnect::go_on, 1).first,
            (std::vector{ReplyKind::client_error, ReplyKind::client_error, ReplyKind::overloaded}))
      << "the work on the second waits in the queue";
}

TEST(CallerGone, takes_no_part_of_the_budget_with_it_but_what_a_timeout_would) {
  Scenario scenario = left_after_a_second("none", ReplyKind::ok, 2s);
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(1);
  const auto spent = [&] {
    const RunResult result = run(scenario);
    EXPECT_EQ(result.pipeline.cost_limiter().month_reserved(), UsdSum{});
    return result.pipeline.cost_limiter().month_settled();
  };
  const UsdSum left = spent();
  EXPECT_GT(left, UsdSum{});
  scenario.workloads[0].client->timeout.reset();
  scenario.monitor.provider_call.timeout = 1s;
  EXPECT_EQ(left, spent());
}

// Under load, with all that may hold a request: the checks find nothing, and no request is forgotten.
TEST(CallerGone, keeps_every_claim) {
  for (const Disconnect on_disconnect : {Disconnect::stop, Disconnect::go_on}) {
    Scenario scenario = left_after_a_second("langchain", ReplyKind::server_error, 700ms);
    scenario.workloads[0].rate = per_second(5);
    scenario.workloads[0].arrival = Arrival::poisson;
    scenario.providers[0].errors.rates = {{ReplyKind::server_error, 0.3}};
    scenario.providers[0].concurrency = 5;
    scenario.providers[0].queue = 3;
    scenario.providers[0].on_disconnect = on_disconnect;
    scenario.monitor.provider_call.retry.max_attempts = 2;
    scenario.monitor.limits.limits = {{.id = "all", .parallel_requests = 8}};
    scenario.monitor.cost_limiter.monthly = Usd::from_dollars(1000);
    scenario.monitor.cache.enabled = true;
    scenario.workloads[0].prompts.count = 4000;
    Checks checks{scenario, CheckSelection{{"all"}}, false};
    const RunResult result = run(scenario, {.observers = {&checks}});
    checks.at_end(result);
    for (const Finding& finding : checks.findings()) ADD_FAILURE() << finding.reason;
    const monitor::RequestMetrics all = result.pipeline.metrics().all();
    EXPECT_GT(all.count(monitor::Outcome::client_error), 100);
    EXPECT_GT(all.count(monitor::Outcome::served), 100);
    EXPECT_EQ(result.callers[0].unread, 0);
  }
}

TEST(Callers, make_the_same_run_again) {
  Scenario scenario = one_wish("openai-node", ReplyKind::server_error);
  scenario.workloads[0].rate = per_second(3);
  scenario.workloads[0].client->patience = Law::fixed(1e9);
  EXPECT_EQ(run(scenario).digest, run(scenario).digest);
  const Tried tried{scenario};
  const CallerTotals& totals = tried.totals();
  EXPECT_EQ(totals.wishes, totals.answered + totals.failed + totals.left);
  EXPECT_EQ(static_cast<std::int64_t>(tried.result.arrivals), totals.tries);
}

}  // namespace
}  // namespace windtunnel::sim::callers_test
