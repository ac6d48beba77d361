// A breaker that stands for one of another program: where the other one is ours, nobody can tell the difference.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>

#include "monitor/breaker/protocol_breaker.h"
#include "tests/monitor/breaker/breaker_history.h"

namespace windtunnel::monitor::breaker_foreign_test {
namespace {

using namespace breaker_history;
using namespace std::chrono_literals;

// Histories and settings are drawn in nanoseconds; the protocol has milliseconds.
constexpr std::int64_t kScale = 1'000'000;

TEST(BreakerForeign, one_of_ours_behind_the_seam_is_as_one_of_ours) {
  int late = 0, arrows = 0, two_arrows = 0;
  hold_often(2000, [&] {
    Case drawn = draw_case();
    drawn.config.window *= kScale;
    drawn.config.open *= kScale;
    if (drawn.config.open_max) *drawn.config.open_max *= kScale;
    RC_PRE(drawn.config.open > 0ns && drawn.config.open_max != 0ns);
    ProtocolBreaker other;
    Breaker foreign{drawn.config, other};
    Breaker own{drawn.config};
    std::vector<Permit> permits;
    std::vector<Permit> foreign_permits;
    for (Call call : drawn.script) {
      call.at = Instant{call.at.time_since_epoch() * kScale};
      Answer expected = perform(own, permits, call);
      // Nothing was asked, so that nothing new was heard.
      if (expected.skipped) continue;
      const Answer answer = perform(foreign, foreign_permits, call);
      late += answer.late;
      arrows += static_cast<int>(answer.transitions.size());
      two_arrows += answer.transitions.size() == 2;
      // It is asked again at a whole millisecond. What it is by now it says when it is asked.
      if (expected.wakeup) expected.wakeup = std::chrono::ceil<std::chrono::milliseconds>(*expected.wakeup);
      RC_ASSERT(answer == expected);
    }
  });
  EXPECT_GT(late, 100);
  EXPECT_GT(arrows, 1000);
  EXPECT_GT(two_arrows, 3);
}

TEST(BreakerForeign, parts_of_a_millisecond_are_cut_off) {
  ProtocolBreaker other;
  Breaker breaker{{.consecutive_threshold = 1, .open = 10ms}, other};
  const auto permit = breaker.acquire(Instant{1ms + 1ns});
  ASSERT_TRUE(permit);
  EXPECT_EQ(permit->at, Instant{1ms});
  breaker.report(*permit, BreakerOutcome::failure, Instant{2ms - 1ns});
  ASSERT_EQ(breaker.state(Instant{2ms}), BreakerState::open);
  EXPECT_EQ(breaker.wakeup(), Instant{11ms});
  EXPECT_FALSE(breaker.acquire(Instant{11ms - 1ns}));
  EXPECT_TRUE(breaker.acquire(Instant{11ms}));
}

TEST(BreakerForeign, one_that_nobody_could_see_open_is_not_built) {
  ProtocolBreaker other;
  const auto dies = testing::ExitedWithCode(1);
  EXPECT_EXIT((Breaker{{.consecutive_threshold = 1, .open = 0ms}, other}), dies, "can be seen open");
  EXPECT_EXIT((Breaker{{.consecutive_threshold = 1, .open = 1ms, .open_max = 0ms}, other}), dies, "can be seen open");
}

TEST(BreakerForeign, what_it_says_is_done_whatever_the_rules) {
  class Gullible final : public ForeignBreaker {
   public:
    std::optional<std::string> reset(const BreakerConfig&) override { return std::nullopt; }
    BreakerAnswer ask(const BreakerQuestion& question) override {
      return {.state = question.t_ms < 10 ? BreakerState::open : BreakerState::half_open, .permit = question.t_ms};
    }
  } other;
  Breaker breaker{{.consecutive_threshold = 5}, other};
  EXPECT_TRUE(breaker.acquire(Instant{}));
  const auto first = breaker.take_transition();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->to, BreakerState::open);
  EXPECT_EQ(first->rule, TripRule::none);  // none of its settings opens it
  breaker.advance(Instant{10ms + 1ns});
  const auto second = breaker.take_transition();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->to, BreakerState::half_open);
  EXPECT_EQ(second->at, Instant{10ms});  // before its time, and told as it was
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_foreign_test
