// Callers who try again: as often and as far apart as the client libraries that were measured.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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
