// Every life that one request can have: at each call the pipeline and the flow are copied once per possible answer,
// each of ten kinds of reply, on time or at the very deadline, and every copy is led to its end.
//
// A model says after each answer what must happen next. It keeps no state: it looks at the calls made so far.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::flow_fork_test {
namespace {

using namespace pipeline_rig;

constexpr Duration kOnTime = 1s;
constexpr Duration kPause = 500ms;  // before the one retry

struct World {
  std::size_t provider_count = 2;
  std::int32_t attempts_each = 2;
  Duration timeout = 2s;
  std::optional<Duration> deadline;
  std::optional<double> retry_after;        // seconds, sent with every rate_limited
  std::optional<std::int64_t> opens_after;  // failures in a row
  Duration open = 30s;
  std::optional<Usd> budget;
  bool rate_limited_counts = true;
  bool rate_limited_retries = true;
};

struct Call {
  std::size_t provider = 0;
  ReplyKind kind = ReplyKind::ok;
  Instant started{};
  Instant ended{};
};
using Calls = std::vector<Call>;

// What must come after these calls: a call, at once or after a wait, or the end.
struct Next {
  std::optional<std::size_t> provider;
  Instant at{};
  bool waits = false;
  Outcome outcome = Outcome::failed;
};

Reply reply_of(const World& world, ReplyKind kind) {
  if (kind == ReplyKind::ok) return ok();
  if (kind == ReplyKind::rate_limited && world.retry_after) return throttled(*world.retry_after);
  return failed(kind);
}

Usd bill(const Call& call) {
  const bool billed = call.kind == ReplyKind::ok || call.kind == ReplyKind::malformed;
  return billed ? cost(kTariffs[call.provider], Tokens{100}, Tokens{50}) : Usd{};
}

bool usage_is_known(const Call& call) { return call.kind != ReplyKind::timeout && call.kind != ReplyKind::truncated; }

Usd charge(const Call& call) { return usage_is_known(call) ? bill(call) : kWorst[call.provider]; }

// Another provider failed before in a way that time may mend, so that a 400 of this one does not end the request.
bool failed_elsewhere(const Calls& calls, const Call& last) {
  return std::ranges::any_of(calls, [&](const Call& call) {
    return call.started < last.started && call.provider != last.provider && call.kind != ReplyKind::client_error &&
           call.kind != ReplyKind::auth_or_quota;
  });
}

class Model {
 public:
  Model(const World& world, const Calls& calls) : world_(world), calls_(calls) {}

  [[nodiscard]] Next next() const {
    if (calls_.empty()) return {.provider = 0};
    const Call& last = calls_.back();
    if (last.kind == ReplyKind::ok) return {.at = last.ended, .outcome = Outcome::served};
    if (last.kind == ReplyKind::client_error && !failed_elsewhere(calls_, last)) {
      return {.at = last.ended, .outcome = Outcome::client_error};
    }
    if (is_too_late(last.ended)) return {.at = last.ended, .outcome = Outcome::deadline_exceeded};
    const bool again = last.kind != ReplyKind::auth_or_quota && last.kind != ReplyKind::client_error &&
                       (last.kind != ReplyKind::rate_limited || world_.rate_limited_retries) &&
                       made_at(last.provider) < world_.attempts_each;
    const Instant later = last.ended + kPause;
    if (again && !is_too_late(later) && !is_cooling(last.provider, later)) {
      Next retry = first_of(last.provider, later);
      retry.waits = true;
      return retry;
    }
    return first_of(last.provider + 1, last.ended);
  }

 private:
  // The first of the candidates from this one on that may be called.
  [[nodiscard]] Next first_of(std::size_t provider, Instant now) const {
    while (provider < world_.provider_count && (is_cooling(provider, now) || is_open(provider, now))) ++provider;
    if (provider == world_.provider_count) return {.at = now, .outcome = Outcome::failed};
    Usd total = kWorst[provider];
    for (const Call& call : calls_) total += charge(call);
    if (world_.budget && total > *world_.budget) return {.at = now, .outcome = Outcome::refused_budget};
    return {.provider = provider, .at = now};
  }
  [[nodiscard]] bool is_too_late(Instant now) const { return world_.deadline && now >= Instant{*world_.deadline}; }
  [[nodiscard]] std::int32_t made_at(std::size_t provider) const {
    return static_cast<std::int32_t>(std::ranges::count(calls_, provider, &Call::provider));
  }
  [[nodiscard]] bool is_cooling(std::size_t provider, Instant now) const {
    if (!world_.retry_after) return false;
    const Duration wait{static_cast<std::int64_t>(*world_.retry_after * 1e9)};
    return std::ranges::any_of(calls_, [&](const Call& call) {
      return call.provider == provider && call.kind == ReplyKind::rate_limited && now < call.ended + wait;
    });
  }
  // Before the end no call of this request succeeds, so all counted failures of a provider are in a row.
  [[nodiscard]] bool is_open(std::size_t provider, Instant now) const {
    std::int64_t failures = 0;
    Instant latest{};
    for (const Call& call : calls_) {
      if (call.provider != provider) continue;
      if (call.kind == ReplyKind::rate_limited && !world_.rate_limited_counts) continue;
      ++failures;
      latest = call.ended;
    }
    return world_.opens_after && failures >= *world_.opens_after && now < latest + world_.open;
  }

  const World& world_;
  const Calls& calls_;
};

class Fork {
 public:
  explicit Fork(const World& world) : world_(world) {
    MonitorConfig config = bare();
    config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{500}};
    config.cost_limiter.monthly = world.budget;
    config.provider_call.timeout = world.timeout;
    config.provider_call.deadline = world.deadline;
    config.provider_call.retry = {.max_attempts = world.attempts_each, .base = kPause, .jitter = Jitter::none};
    config.provider_call.rate_limited_counts = world.rate_limited_counts;
    config.provider_call.rate_limited_retries = world.rate_limited_retries;
    config.circuit_breaker.consecutive_threshold = world.opens_after;
    config.circuit_breaker.open = world.open;
    Pipeline pipeline{config, providers(world.provider_count)};
    pipeline.set_wall_clock(kNoon);
    pipeline.set_observer(&log_);
    Flow flow;
    flow.record.request = request(0);
    const Step first = pipeline.begin(flow, Instant{});
    Calls calls;
    follow(pipeline, flow, first, calls, Instant{});
    EXPECT_EQ(log_.finishes, paths_) << "exactly one record on every path";
  }

  [[nodiscard]] std::size_t paths() const { return paths_; }
  [[nodiscard]] std::size_t ended_as(Outcome outcome) const { return outcomes_[static_cast<std::size_t>(outcome)]; }

 private:
  struct FinishCounter {
    std::size_t finishes = 0;
    void on(const Record&) { ++finishes; }
  };

  // The step was taken at `now`, after these calls.
  void follow(Pipeline& pipeline, Flow& flow, Step step, Calls& calls, Instant now) {
    if (testing::Test::HasFailure()) return;  // one path tells enough
    const Next expected = Model{world_, calls}.next();
    if (const auto* wait = std::get_if<WaitUntil>(&step)) {
      ASSERT_TRUE(expected.waits) << story(calls);
      ASSERT_EQ(wait->at, expected.at) << story(calls);
      now = wait->at;
      step = pipeline.on_wakeup(flow, now);
      ASSERT_FALSE(std::holds_alternative<WaitUntil>(step)) << story(calls);
    } else {
      ASSERT_FALSE(expected.waits) << story(calls);
    }
    ASSERT_EQ(now, expected.at) << story(calls);
    if (const auto* call = std::get_if<CallProvider>(&step)) {
      ASSERT_EQ(std::optional{index_of(call->provider)}, expected.provider) << story(calls);
      return fork(pipeline, flow, *call, calls, now);
    }
    ASSERT_EQ(expected.provider, std::nullopt) << story(calls);
    ASSERT_STREQ(name_of(std::get<Finished>(step).outcome), name_of(expected.outcome)) << story(calls);
    check_end(pipeline, flow, calls, now);
  }

  void fork(const Pipeline& pipeline, const Flow& flow, const CallProvider& call, Calls& calls, Instant now) {
    ASSERT_EQ(call.attempt, calls.size());
    ASSERT_LT(calls.size(), world_.provider_count * static_cast<std::size_t>(world_.attempts_each)) << story(calls);
    ASSERT_EQ(pipeline.cost_limiter().month_reserved(), kWorst[index_of(call.provider)]) << story(calls);
    for (const Instant end : {now + kOnTime, call.deadline}) {
      // The kinds behind client_error decide as one of these does (pipeline_routes_test.cc).
      for (std::size_t kind = 0; kind <= index_of(ReplyKind::client_error); ++kind) {
        Pipeline copy = pipeline;
        Flow life = flow;
        calls.push_back({index_of(call.provider), static_cast<ReplyKind>(kind), now, end});
        const Step step = copy.on_reply(life, reply_of(world_, calls.back().kind), end);
        follow(copy, life, step, calls, end);
        calls.pop_back();
        if (testing::Test::HasFailure()) return;
      }
    }
  }

  void check_end(const Pipeline& pipeline, const Flow& flow, const Calls& calls, Instant now) {
    const Record& record = flow.record;
    ++paths_;
    ++outcomes_[static_cast<std::size_t>(record.outcome)];
    ASSERT_EQ(flow.awaiting, Awaiting::nothing);
    ASSERT_EQ(pipeline.metrics().all().requests(), 1);
    ASSERT_EQ(record.finished, now);
    ASSERT_EQ(record.attempt_count, calls.size());
    Usd known;
    Usd charged;
    std::set<std::size_t> left;  // the candidates that the request has moved away from
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Attempt& attempt = record.attempts()[i];
      ASSERT_EQ(index_of(attempt.provider), calls[i].provider);
      ASSERT_EQ(attempt.kind, calls[i].kind);
      ASSERT_EQ(attempt.started, calls[i].started);
      ASSERT_EQ(attempt.latency, calls[i].ended - calls[i].started);
      ASSERT_FALSE(left.contains(calls[i].provider)) << "each candidate is visited once; " << story(calls);
      if (i > 0 && calls[i - 1].provider != calls[i].provider) left.insert(calls[i - 1].provider);
      ASSERT_TRUE(i + 1 == calls.size() || calls[i].kind != ReplyKind::client_error ||
                  failed_elsewhere(calls, calls[i]))
          << story(calls);
      known += bill(calls[i]);
      charged += charge(calls[i]);
    }
    ASSERT_EQ(record.confirmed_cost(), known) << story(calls);
    ASSERT_EQ(pipeline.cost_limiter().month_settled(), charged) << story(calls);
    ASSERT_EQ(pipeline.token_limiter().settled_requests(), record.outcome == Outcome::served ? 1 : 0);
    expect_at_rest(pipeline);
  }

  [[nodiscard]] static std::string story(const Calls& calls) {
    std::string text = "after";
    for (const Call& call : calls) {
      text += ' ' + std::to_string(call.provider) + ':' + name_of(call.kind) + '@' +
              std::to_string(call.ended.time_since_epoch() / 1ms) + "ms";
    }
    return text;
  }

  World world_;
  FinishCounter log_;
  std::size_t paths_ = 0;
  std::array<std::size_t, kOutcomes> outcomes_{};
};

// The 20 answers to a call are 4 that end the request (ok, client_error), 2 that move on (auth_or_quota) and 14 that
// may be retried. So from the last call on there are 20 paths; from a first call at the last provider 6 + 14 x 20 =
// 286; from the second call at the first provider 4 + 16 x 286 = 4580; and in all 4 + 2 x 286 + 14 x 4580. A
// client_error of the second provider ends the request as such only where the first one failed by auth_or_quota alone.
TEST(FlowFork, two_providers_and_two_attempts_each) {
  const Fork fork{World{}};
  EXPECT_EQ(fork.paths(), 64'696U);
  EXPECT_EQ(fork.ended_as(Outcome::failed), 14U * 16 * (4 + 14 * 18) + 2 * (2 + 14 * 16));
  EXPECT_EQ(fork.ended_as(Outcome::client_error), 3U * (2 + 14 * 2));
  EXPECT_EQ(fork.ended_as(Outcome::served), (2U + 14 * 2) * (1 + 2 + 14 * 16));
}

TEST(FlowFork, three_providers_and_one_attempt_each) {
  const Fork fork{{.provider_count = 3, .attempts_each = 1}};
  EXPECT_EQ(fork.paths(), 4U + 14 * (2 + 18 * 20) + 2 * (4 + 16 * 20));
  EXPECT_EQ(fork.ended_as(Outcome::failed), 14U * 18 * 18 + 2 * (14 * 18 + 2 * 16));
}

TEST(FlowFork, with_a_retry_after_longer_than_the_back_off_no_request_retries_a_429) {
  const Fork fork{{.retry_after = 10}};
  EXPECT_EQ(fork.paths(), 4U + 4 * 248 + 12 * (4 + 16 * 248));  // 248 = 4 + 4 + 12 x 20
}

// The retry starts at the very instant at which Retry-After has passed.
TEST(FlowFork, with_a_retry_after_as_long_as_the_back_off_everything_is_as_without) {
  EXPECT_EQ(Fork({.retry_after = 0.5}).paths(), 64'696U);
  EXPECT_LT(Fork({.retry_after = 0.500'000'001}).paths(), 64'696U);
}

TEST(FlowFork, with_429s_that_are_not_retried) {
  EXPECT_EQ(Fork({.rate_limited_retries = false}).paths(), Fork({.retry_after = 10}).paths());
}

// A call and its pause take 1.5 s or 2.5 s: some paths fail at the deadline, some would retry after it.
TEST(FlowFork, with_a_deadline_of_the_request) {
  const Fork fork{{.deadline = 5s}};
  EXPECT_GT(fork.ended_as(Outcome::deadline_exceeded), 0U);
  EXPECT_GT(fork.ended_as(Outcome::failed), 0U);
}

TEST(FlowFork, with_a_deadline_that_cuts_the_first_attempt) {
  const Fork fork{{.deadline = kOnTime}};
  EXPECT_EQ(fork.paths(), 20U);
  EXPECT_EQ(fork.ended_as(Outcome::deadline_exceeded), 16U);
}

TEST(FlowFork, with_breakers_that_open_at_once) {
  const Fork fork{{.opens_after = 1}};
  EXPECT_EQ(fork.paths(), 4U + 16 * 20);
  EXPECT_EQ(fork.ended_as(Outcome::failed), 14U * 18 + 2 * 16);
}

// The retry is the probe, at the very instant at which OPEN ends.
TEST(FlowFork, with_breakers_that_are_open_as_long_as_the_back_off) {
  EXPECT_EQ(Fork({.opens_after = 1, .open = kPause}).paths(), 64'696U);
  EXPECT_EQ(Fork({.opens_after = 1, .open = kPause + 1ns}).paths(), 4U + 16 * 20);
}

TEST(FlowFork, with_breakers_that_open_at_the_second_failure) { EXPECT_EQ(Fork({.opens_after = 2}).paths(), 64'696U); }

TEST(FlowFork, with_429s_that_are_neutral_to_breakers_that_open_at_once) {
  const Fork fork{{.opens_after = 1, .rate_limited_counts = false}};
  EXPECT_EQ(fork.paths(), 4U + 14 * 58 + 2 * (4 + 16 * 58));  // 58 = 4 + 14 + 2 x 20
}

// $14: two attempts of unknown usage at the first provider use it up.
TEST(FlowFork, with_a_budget_that_does_not_last) {
  const Fork fork{{.budget = usd(14)}};
  EXPECT_GT(fork.ended_as(Outcome::refused_budget), 0U);
  EXPECT_GT(fork.ended_as(Outcome::failed), 0U);
  EXPECT_LT(fork.paths(), 64'696U);
}

TEST(FlowFork, with_a_budget_deadline_breaker_and_retry_after_at_once) {
  const Fork fork{{.deadline = 5s, .retry_after = 0.75, .opens_after = 2, .budget = usd(14)}};
  for (const Outcome outcome :
       {Outcome::served, Outcome::client_error, Outcome::failed, Outcome::refused_budget, Outcome::deadline_exceeded}) {
    EXPECT_GT(fork.ended_as(outcome), 0U) << name_of(outcome);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::flow_fork_test
