// A mirror of a breaker of ours behind the protocol shows what one of ours shows.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>

#include "monitor/breaker/breaker_set.h"
#include "monitor/breaker/protocol_breaker.h"
#include "tests/monitor/breaker/breaker_history.h"

namespace windtunnel::monitor::mirrored_breaker_test {
namespace {

using namespace breaker_history;
using namespace std::chrono_literals;

// Histories and settings are drawn in nanoseconds; the protocol has milliseconds.
constexpr std::int64_t kScale = 1'000'000;

// A mirror and its original, with the calls of a breaker.
class Mirroring {
 public:
  Mirroring(const BreakerConfig& config, ForeignBreaker& original)
      : original_(original), shown_(config), mirror_(shown_) {
    check(!original.reset(config), "the original honours the settings");
  }
  std::optional<Permit> acquire(Instant now) { return mirror_.acquire(shown_, original_, now); }
  ReportResult report(Permit permit, BreakerOutcome outcome, Instant now, ReplyKind /*kind*/ = {}) {
    return mirror_.report(shown_, original_, permit, outcome, now);
  }
  ReportResult give_back(Permit permit, Instant now) { return report(permit, BreakerOutcome::ignored, now); }
  void advance(Instant now) { mirror_.advance(shown_, original_, now); }
  Breaker& shown() { return shown_; }

  [[nodiscard]] BreakerState state(Instant now) const { return shown_.state(now); }
  [[nodiscard]] std::int64_t consecutive_failures() const { return shown_.consecutive_failures(); }
  [[nodiscard]] std::int64_t window_calls(Instant now) const { return shown_.window_calls(now); }
  [[nodiscard]] std::int64_t window_failures(Instant now) const { return shown_.window_failures(now); }
  [[nodiscard]] std::int64_t permits_in_flight() const { return shown_.permits_in_flight(); }
  [[nodiscard]] std::int64_t late_results() const { return shown_.late_results(); }
  [[nodiscard]] std::uint64_t epoch() const { return shown_.epoch(); }
  [[nodiscard]] std::optional<Instant> opened_at() const { return shown_.opened_at(); }
  [[nodiscard]] std::optional<Instant> wakeup() const { return mirror_.wakeup(shown_); }

 private:
  ForeignBreaker& original_;
  Breaker shown_;
  MirroredBreaker mirror_;
};

std::vector<BreakerTransition> transitions_of(Mirroring& mirroring) {
  std::vector<BreakerTransition> all;
  while (const auto transition = mirroring.shown().take_transition()) all.push_back(*transition);
  return all;
}

TEST(MirroredBreaker, shows_what_one_of_ours_shows) {
  int late = 0, arrows = 0, two_arrows = 0;
  hold_often(2000, [&] {
    Case drawn = draw_case();
    drawn.config.allowed_fails_by = {};      // the protocol has no kinds
    drawn.config.half_open_timeout.reset();  // whose arrows show only when it is asked in between
    // A mirror is as lazy as a pipeline.
    if (drawn.config.state_view == StateView::on_read) drawn.config.state_view = StateView::lazy;
    drawn.config.window *= kScale;
    drawn.config.open *= kScale;
    if (drawn.config.open_max) *drawn.config.open_max *= kScale;
    if (drawn.config.slow_call_rate) drawn.config.slow_call_duration *= kScale;
    RC_PRE(drawn.config.open > 0ns && drawn.config.open_max != 0ns);
    RC_PRE(drawn.config.late_results != LateResults::origin_forces);  // that OPEN is prolonged does not show
    ProtocolBreaker other;
    Mirroring foreign{drawn.config, other};
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

TEST(MirroredBreaker, parts_of_a_millisecond_are_cut_off) {
  ProtocolBreaker other;
  Mirroring breaker{{.consecutive_threshold = 1, .open = 10ms}, other};
  const auto permit = breaker.acquire(Instant{1ms + 1ns});
  ASSERT_TRUE(permit);
  EXPECT_EQ(permit->at, Instant{1ms});
  breaker.report(*permit, BreakerOutcome::failure, Instant{2ms - 1ns});
  ASSERT_EQ(breaker.state(Instant{2ms}), BreakerState::open);
  EXPECT_EQ(breaker.wakeup(), Instant{11ms});
  EXPECT_FALSE(breaker.acquire(Instant{11ms - 1ns}));
  EXPECT_TRUE(breaker.acquire(Instant{11ms}));
}

TEST(MirroredBreaker, one_whose_open_lasts_no_time_is_not_built) {
  const auto dies = testing::ExitedWithCode(1);
  Breaker never{{.consecutive_threshold = 1, .open = 0ms}};
  Breaker capped{{.consecutive_threshold = 1, .open = 1ms, .open_max = 0ms}};
  EXPECT_EXIT(MirroredBreaker{never}, dies, "can be seen open");
  EXPECT_EXIT(MirroredBreaker{capped}, dies, "can be seen open");
}

TEST(MirroredBreaker, follows_the_answers_whatever_the_rules) {
  class Gullible final : public ForeignBreaker {
   public:
    std::optional<std::string> reset(const BreakerConfig&) override { return std::nullopt; }
    BreakerAnswer ask(const BreakerQuestion& question) override {
      return {.state = question.t_ms < 10 ? BreakerState::open : BreakerState::half_open, .permit = question.t_ms};
    }
  } other;
  Mirroring breaker{{.consecutive_threshold = 5}, other};
  EXPECT_TRUE(breaker.acquire(Instant{}));
  const auto first = breaker.shown().take_transition();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->to, BreakerState::open);
  EXPECT_EQ(first->rule, TripRule::none);  // none of its settings opens it
  breaker.advance(Instant{10ms + 1ns});
  const auto second = breaker.shown().take_transition();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->to, BreakerState::half_open);
  EXPECT_EQ(second->at, Instant{10ms});  // before its time
}

// Answers what it is told to.
class Obedient final : public ForeignBreaker {
 public:
  std::optional<std::string> reset(const BreakerConfig&) override { return std::nullopt; }
  BreakerAnswer ask(const BreakerQuestion&) override { return {.state = state, .permit = ++permits_}; }

  BreakerState state = BreakerState::closed;

 private:
  std::int64_t permits_ = 0;
};

TEST(MirroredBreaker, stays_open_past_its_time_until_an_answer_ends_it) {
  Obedient other;
  Mirroring breaker{{.consecutive_threshold = 1, .open = 10ms}, other};
  other.state = BreakerState::open;
  breaker.advance(Instant{});
  EXPECT_EQ(breaker.wakeup(), Instant{10ms});
  EXPECT_EQ(breaker.state(Instant{1h}), BreakerState::open);
  breaker.advance(Instant{1h});
  EXPECT_EQ(breaker.state(Instant{1h}), BreakerState::open);
  other.state = BreakerState::half_open;
  breaker.advance(Instant{2h});
  EXPECT_EQ(breaker.state(Instant{2h}), BreakerState::half_open);
}

TEST(MirroredBreaker, under_on_read_stays_open_until_a_call) {
  Obedient other;
  Mirroring breaker{{.consecutive_threshold = 1, .open = 10ms, .state_view = StateView::on_read}, other};
  other.state = BreakerState::open;
  breaker.advance(Instant{});
  other.state = BreakerState::half_open;
  breaker.advance(Instant{10ms});
  EXPECT_EQ(breaker.state(Instant{10ms}), BreakerState::open);
  EXPECT_TRUE(breaker.acquire(Instant{10ms}));
  EXPECT_EQ(breaker.state(Instant{10ms}), BreakerState::half_open);
  other.state = BreakerState::open;
  breaker.advance(Instant{11ms});
  EXPECT_EQ(breaker.state(Instant{11ms}), BreakerState::open);
}

TEST(MirroredBreaker, time_never_goes_backwards) {
  Obedient other;
  Mirroring breaker{{.consecutive_threshold = 1}, other};
  EXPECT_TRUE(breaker.acquire(Instant{2ms}));
  EXPECT_EXIT((void)breaker.acquire(Instant{2ms - 1ns}), testing::ExitedWithCode(1), "never goes backwards");
}

BreakerConfig with_timeout(HalfOpenFailure half_open_failure) {
  BreakerConfig config{.consecutive_threshold = 1, .open = 10ms};
  config.half_open_max_calls = 2;
  config.half_open_success_threshold = 2;
  config.half_open_failure = half_open_failure;
  config.half_open_timeout = 5ms;
  return config;
}

// What is left of HALF_OPEN's time after its only probe ended so: it runs while a probe is out or has counted.
TEST(MirroredBreaker, a_probe_that_does_not_count_takes_back_the_time_of_half_open) {
  const auto wakeup_after = [](HalfOpenFailure half_open_failure, BreakerOutcome outcome) {
    Obedient other;
    Mirroring breaker{with_timeout(half_open_failure), other};
    other.state = BreakerState::open;
    breaker.advance(Instant{});
    other.state = BreakerState::half_open;
    const auto probe = breaker.acquire(Instant{10ms});
    EXPECT_EQ(breaker.wakeup(), Instant{15ms});
    breaker.report(*probe, outcome, Instant{11ms});
    EXPECT_EQ(breaker.permits_in_flight(), 0);
    return breaker.wakeup();
  };
  for (const HalfOpenFailure word : {HalfOpenFailure::reopen, HalfOpenFailure::ignore}) {
    EXPECT_FALSE(wakeup_after(word, BreakerOutcome::ignored));
    EXPECT_EQ(wakeup_after(word, BreakerOutcome::success), Instant{15ms});
  }
  EXPECT_FALSE(wakeup_after(HalfOpenFailure::ignore, BreakerOutcome::failure));
  EXPECT_EQ(wakeup_after(HalfOpenFailure::reopen, BreakerOutcome::failure), Instant{15ms});
}

// The call that comes next finds two arrows, of which its answer would show one.
TEST(MirroredBreaker, shows_that_probes_took_too_long_before_a_later_call) {
  BreakerConfig config = with_timeout(HalfOpenFailure::reopen);
  config.state_view = StateView::lazy;
  ProtocolBreaker other;
  Mirroring foreign{config, other};
  Breaker own{config};
  const auto lead = [](auto& breaker) {
    const auto first = breaker.acquire(Instant{});
    breaker.report(*first, BreakerOutcome::failure, Instant{});
    EXPECT_TRUE(breaker.acquire(Instant{10ms}));
    EXPECT_TRUE(breaker.acquire(Instant{30ms}));
  };
  lead(own);
  lead(foreign);
  std::vector<BreakerTransition> expected;
  while (const auto transition = own.take_transition()) expected.push_back(*transition);
  EXPECT_EQ(expected.size(), 2U);
  EXPECT_EQ(transitions_of(foreign), expected);
}

// Two programs that have had the same questions give the same answers, each to its own mirror.
TEST(MirroredBreaker, a_copy_goes_its_own_way_with_a_program_of_its_own) {
  const BreakerConfig config{.consecutive_threshold = 1, .open = 10ms};
  ProtocolBreaker first;
  ProtocolBreaker second;
  ASSERT_FALSE(first.reset(config));
  ASSERT_FALSE(second.reset(config));
  BreakerSet breakers{std::vector<BreakerConfig>{config}, BreakerSource::another_program};
  const ForeignBreakers ours{&first};
  const ForeignBreakers theirs{&second};
  const auto permit = breakers.acquire(0, Instant{}, &ours);
  ASSERT_TRUE(permit);
  ASSERT_TRUE(second.ask({.op = BreakerOp::acquire}).permit);
  BreakerSet copy = breakers;
  breakers.report(0, *permit, BreakerOutcome::failure, Instant{1ms}, &ours);
  copy.report(0, *permit, BreakerOutcome::success, Instant{1ms}, &theirs);
  EXPECT_EQ(breakers[0].state(Instant{1ms}), BreakerState::open);
  EXPECT_EQ(breakers.wakeup(0), Instant{11ms});
  EXPECT_EQ(copy[0].state(Instant{1ms}), BreakerState::closed);
  EXPECT_FALSE(copy.wakeup(0));
  EXPECT_FALSE(breakers.acquire(0, Instant{2ms}, &ours));
  EXPECT_TRUE(copy.acquire(0, Instant{2ms}, &theirs));
}

}  // namespace
}  // namespace windtunnel::monitor::mirrored_breaker_test
