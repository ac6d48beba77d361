// What may follow a failed attempt, and when: both sides of each edge of F10, F11 and F14.

#include "sim/checks/invariants/retry_checks.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::retry_checks_test {
namespace {

using monitor::ReplyKind;
using std::chrono::seconds;

constexpr Duration kBase = std::chrono::milliseconds{500};

// Two providers, two attempts each, half a second apart.
Scenario two_attempts() {
  Scenario scenario = world(seconds{60}, workload("load", per_second(1)));
  scenario.providers.push_back(provider("beta"));
  scenario.monitor.provider_call.retry = {.max_attempts = 2, .base = kBase, .jitter = monitor::Jitter::none};
  return scenario;
}

// A request whose call to alpha fails at ten seconds.
class Failed {
 public:
  explicit Failed(Scenario scenario, ReplyKind kind = ReplyKind::server_error,
                  std::optional<Duration> cooling = std::nullopt)
      : scenario_(std::move(scenario)),
        context_{.scenario = scenario_, .violations = Violations{CheckSelection{{"all"}}, false}, .open = {}},
        checks_(context_) {
    one_.request.id = RequestId{7};
    one_.provider = kFirst;
    one_.attempts = one_.attempts_at[0] = 1;
    one_.called_mask = 1;
    one_.last_kind = kind;
    context_.now = Instant{} + seconds{10};
    const monitor::AttemptEnded event{
        .at = context_.now, .request = RequestId{7}, .provider = kFirst, .reply = {.kind = kind}};
    checks_.on_attempt_end(one_, event, cooling ? std::optional{context_.now + *cooling} : std::optional<Instant>{});
  }
  OpenRequest& request() { return one_; }
  // The check that finds fault with what comes `after` the failure; empty: none does.
  std::string next(Duration after, std::optional<monitor::ProviderId> provider) {
    context_.now = Instant{} + seconds{10} + after;
    checks_.on_step(one_, provider);
    return context_.violations.findings().empty() ? "" : context_.violations.findings()[0].id;
  }

 private:
  Scenario scenario_;
  CheckContext context_;
  OpenRequest one_;
  RetryChecks checks_;
};

TEST(RetryChecks, want_a_retry_at_the_very_end_of_its_pause) {
  EXPECT_EQ(Failed{two_attempts()}.next(kBase, kFirst), "");
  EXPECT_EQ(Failed{two_attempts()}.next(kBase - Duration{1}, kFirst), "F11");
  EXPECT_EQ(Failed{two_attempts()}.next(kBase + Duration{1}, kFirst), "F14");
  EXPECT_EQ(Failed{two_attempts()}.next(Duration{0}, kSecond), "F14");
  EXPECT_EQ(Failed{two_attempts()}.next(Duration{0}, std::nullopt), "F14");
}

TEST(RetryChecks, want_the_next_provider_or_the_end_at_once_where_no_retry_is_due) {
  Scenario once = two_attempts();
  once.monitor.provider_call.retry.max_attempts = 1;
  EXPECT_EQ(Failed{once}.next(Duration{0}, kSecond), "");
  EXPECT_EQ(Failed{once}.next(Duration{0}, std::nullopt), "");
  EXPECT_EQ(Failed{once}.next(Duration{1}, kSecond), "F10");
  EXPECT_EQ(Failed{once}.next(Duration{1}, std::nullopt), "F10");
}

TEST(RetryChecks, want_no_retry_of_what_time_does_not_mend) {
  EXPECT_EQ(Failed(two_attempts(), ReplyKind::auth_or_quota).next(Duration{0}, kSecond), "");
  EXPECT_EQ(Failed(two_attempts(), ReplyKind::client_error).next(Duration{0}, std::nullopt), "");
  EXPECT_EQ(Failed(two_attempts(), ReplyKind::rate_limited).next(Duration{0}, kSecond), "F14");
  Scenario straight_on = two_attempts();
  straight_on.monitor.provider_call.rate_limited_retries = false;
  EXPECT_EQ(Failed(straight_on, ReplyKind::rate_limited).next(Duration{0}, kSecond), "");
}

TEST(RetryChecks, excuse_a_retry_that_the_deadline_forbids) {
  Scenario hurried = two_attempts();
  hurried.monitor.provider_call.deadline = seconds{10} + kBase;  // the request arrived at 0 s
  EXPECT_EQ(Failed{hurried}.next(Duration{0}, kSecond), "");
  *hurried.monitor.provider_call.deadline += Duration{1};
  EXPECT_EQ(Failed{hurried}.next(Duration{0}, kSecond), "F14");
}

// The retry is judged by the Retry-After that holds at its own instant, not at the failure.
TEST(RetryChecks, excuse_a_retry_that_a_retry_after_forbids) {
  const auto after = [](Duration cooling) {
    return Failed(two_attempts(), ReplyKind::rate_limited, cooling).next(Duration{0}, kSecond);
  };
  EXPECT_EQ(after(kBase + Duration{1}), "");
  EXPECT_EQ(after(kBase), "F14");
}

TEST(RetryChecks, let_a_retry_after_be_waited_for_only_where_no_other_candidate_admits) {
  Failed with_another{two_attempts(), ReplyKind::rate_limited, seconds{5}};
  EXPECT_EQ(with_another.next(seconds{5}, kFirst), "F10");
  Failed alone{two_attempts(), ReplyKind::rate_limited, seconds{5}};
  alone.request().refused_mask = 2;
  EXPECT_EQ(alone.next(seconds{5}, kFirst), "");
  Failed too_long{two_attempts(), ReplyKind::rate_limited, seconds{5}};
  too_long.request().refused_mask = 2;
  EXPECT_EQ(too_long.next(seconds{5} + Duration{1}, kFirst), "F10");
}

// Values from the law by hand: 500 ms, 1 s, 2 s, then the cap of 3 s.
TEST(RetryModel, doubles_up_to_the_cap_by_the_calls_at_this_provider) {
  const RetryModel model{.base = 500'000'000, .multiplier = 2'000'000, .cap = 3'000'000'000};
  const std::vector<std::pair<int, int>> pauses{{1, 500}, {2, 1000}, {3, 2000}, {4, 3000}, {9, 3000}};
  for (const auto& [calls_here, expected] : pauses) {
    EXPECT_EQ(model.pause(calls_here, RequestId{1}, 5), std::chrono::milliseconds{expected}) << calls_here;
  }
}

TEST(RetryModel, draws_a_share_of_the_pause_for_each_request_and_call) {
  const RetryModel model{.base = 500'000'000, .multiplier = 2'000'000, .cap = 3'000'000'000, .jitter = true};
  double sum = 0;
  for (std::uint64_t id = 0; id < 1000; ++id) {
    const Duration pause = model.pause(1, RequestId{id}, 1);
    EXPECT_TRUE(pause >= Duration{0} && pause < kBase);
    EXPECT_NE(pause, model.pause(1, RequestId{id}, 2));
    sum += seconds_of(pause);
  }
  EXPECT_NEAR(sum / 1000, 0.25, 4 * 0.5 / std::sqrt(12.0 * 1000));
}

}  // namespace
}  // namespace windtunnel::sim::retry_checks_test
