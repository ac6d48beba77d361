// The algebra of the breaker: what may be shifted, scaled or left out of a history without changing the rest of it.
// Each law names the settings it holds for; where it does not hold, a counter-example is pinned.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/monitor/breaker/breaker_history.h"

// This file is long because each law stands beside the counter-example that bounds it.

namespace windtunnel::monitor::breaker_laws_test {
namespace {

using namespace breaker_history;
using namespace std::chrono_literals;

constexpr int kTimes = 1000;

bool has_epoch_buckets(const BreakerConfig& config) {
  return config.window_type == WindowType::time && config.window_buckets > 0 &&
         config.window_origin == WindowOrigin::epoch;
}
void no_fixed_window(BreakerConfig& config) {
  if (config.window_type == WindowType::fixed) config.window_type = WindowType::lifetime;
}
void no_effect_of_reading(BreakerConfig& config) {
  no_fixed_window(config);
  if (config.state_view == StateView::on_read) config.state_view = StateView::lazy;
}
// Buckets that have stamps, and jitter, depend on the instant.
void no_effect_of_the_instant(BreakerConfig& config) {
  config.open_jitter = Millionths{0};
  turn_by_time(config);
}

// What a user sees: admissions, states and counters, without instants, epochs and the tally of late results.
bool looks_alike(const Answer& a, const Answer& b) {
  return a.admitted == b.admitted && a.state == b.state && a.run == b.run && a.calls == b.calls &&
         a.failures == b.failures && a.in_flight == b.in_flight && a.transitions.size() == b.transitions.size();
}

Script without(const Script& script, const std::vector<bool>& left_out) {
  Script kept;
  for (std::size_t i = 0; i < script.size(); ++i) {
    if (!left_out[i]) kept.push_back(script[i]);
  }
  return kept;
}

// Replays the history without the chosen calls and compares the others with what they answered before.
void expect_deletable(const Case& drawn, const std::vector<bool>& left_out, bool compare_late_results) {
  const auto all = replay(drawn.config, drawn.script);
  const auto fewer = replay(drawn.config, without(drawn.script, left_out));
  std::size_t next = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (left_out[i]) continue;
    RC_LOG() << "call " << i << "\n";
    const Answer& other = fewer[next++];
    RC_ASSERT(other.admitted == all[i].admitted);
    RC_ASSERT(other.state == all[i].state);
    RC_ASSERT(other.run == all[i].run);
    RC_ASSERT(other.calls == all[i].calls);
    RC_ASSERT(other.failures == all[i].failures);
    RC_ASSERT(other.in_flight == all[i].in_flight);
    RC_ASSERT(other.epoch == all[i].epoch);
    RC_ASSERT(other.opened_at == all[i].opened_at);
    if (compare_late_results) RC_ASSERT(other.late_results == all[i].late_results);
  }
}

TEST(BreakerLaw, shifting_time_shifts_every_answer_but_for_epoch_buckets) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case([](BreakerConfig& config) {
      no_effect_of_the_instant(config);
      if (has_epoch_buckets(config)) config.window_origin = WindowOrigin::closed_start;
    });
    const Duration shift{*rc::gen::inRange(1, 1'000'000)};
    Script shifted = drawn.script;
    for (Call& call : shifted) call.at += shift;
    const auto answers = replay(drawn.config, drawn.script);
    const auto later = replay(drawn.config, shifted, Instant{} + shift);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      Answer expected = answers[i];
      if (expected.wakeup) *expected.wakeup += shift;
      if (expected.opened_at) *expected.opened_at += shift;
      for (BreakerTransition& transition : expected.transitions) transition.at += shift;
      RC_ASSERT(later[i] == expected);
    }
  });
}

TEST(BreakerLaw, shifting_time_moves_outcomes_to_other_epoch_buckets) {
  BreakerConfig config;
  config.window_type = WindowType::time;
  config.window = 20ns;
  config.window_buckets = 2;
  const auto calls_seen = [&](Instant start) {
    Breaker breaker{config, start};
    breaker.report(*breaker.acquire(start), BreakerOutcome::failure, start);
    return breaker.window_calls(start + 15ns);
  };
  EXPECT_EQ(calls_seen(Instant{}), 1);
  EXPECT_EQ(calls_seen(Instant{5ns}), 0);  // 5 lies in [0, 10), and at 20 that bucket leaves
}

TEST(BreakerLaw, scaling_time_scales_every_answer_for_whole_backoff_multipliers) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case([](BreakerConfig& config) {
      no_effect_of_the_instant(config);
      config.open_backoff_multiplier.value -= config.open_backoff_multiplier.value % 1'000'000;
      config.open_max = std::min(config.open_max.value_or(100ns), 100ns);  // within the range of time when scaled
    });
    const std::int64_t factor = *rc::gen::element<std::int64_t>(2, 3, 1'000'000, 60'000'000'000);
    BreakerConfig slow = drawn.config;
    slow.window *= factor;
    slow.open *= factor;
    if (slow.open_max) *slow.open_max *= factor;
    if (slow.slow_call_rate) slow.slow_call_duration *= factor;
    if (slow.half_open_timeout) *slow.half_open_timeout *= factor;
    Script scaled = drawn.script;
    for (Call& call : scaled) call.at = Instant{call.at.time_since_epoch() * factor};
    const auto answers = replay(drawn.config, drawn.script);
    const auto slower = replay(slow, scaled);
    for (std::size_t i = 0; i < answers.size(); ++i) RC_ASSERT(looks_alike(slower[i], answers[i]));
  });
}

// Under open_compare gt the last nanosecond does not scale: it is the smallest step there is.
TEST(BreakerLaw, a_wakeup_scales_but_for_the_one_nanosecond_of_gt) {
  BreakerConfig config;
  config.consecutive_threshold = 1;
  config.open = 10ns;
  for (const auto compare : {BreakerCompare::ge, BreakerCompare::gt}) {
    config.open_compare = compare;
    Breaker breaker{config};
    breaker.report(*breaker.acquire(Instant{}), BreakerOutcome::failure, Instant{});
    EXPECT_EQ(breaker.wakeup(), Instant{compare == BreakerCompare::gt ? 11ns : 10ns});
  }
}

TEST(BreakerLaw, advances_can_be_left_out_but_for_fixed_windows_and_on_read) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case(no_effect_of_reading);
    std::vector<bool> left_out;
    for (const Call& call : drawn.script) left_out.push_back(call.verb == Verb::advance);
    expect_deletable(drawn, left_out, true);
  });
}

TEST(BreakerLaw, an_advance_moves_the_end_of_a_fixed_window) {
  BreakerConfig config;
  config.window_type = WindowType::fixed;
  config.window = 10ns;
  const auto calls_seen = [&](bool asked) {
    Breaker breaker{config};
    if (asked) breaker.advance(Instant{11ns});
    breaker.report(*breaker.acquire(Instant{15ns}), BreakerOutcome::success, Instant{15ns});
    return breaker.window_calls(Instant{22ns});
  };
  EXPECT_EQ(calls_seen(true), 0);   // 11 .. 21
  EXPECT_EQ(calls_seen(false), 1);  // 15 .. 25
}

TEST(BreakerLaw, reading_changes_nothing) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case();
    RC_PRE(!drawn.script.empty());
    const auto read_often = replay(drawn.config, drawn.script);
    Breaker breaker{drawn.config};
    std::vector<Permit> permits;
    for (const Call& call : drawn.script) {  // perform(), without a single read
      switch (call.verb) {
        case Verb::acquire:
          if (const auto permit = breaker.acquire(call.at)) permits.push_back(*permit);
          break;
        case Verb::report:
          breaker.report(permits.at(call.permit), call.outcome, call.at, call.kind);
          break;
        case Verb::give_back:
          breaker.give_back(permits.at(call.permit), call.at);
          break;
        case Verb::advance:
          breaker.advance(call.at);
          break;
      }
    }
    Answer last;
    read(breaker, drawn.script.back().at, last);
    last.admitted = read_often.back().admitted;
    last.late = read_often.back().late;
    RC_ASSERT(last == read_often.back());
  });
}

TEST(BreakerLaw, refused_calls_can_be_left_out_where_attempts_do_not_count) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case([](BreakerConfig& config) { config.volume = Volume::outcomes; });
    const auto answers = replay(drawn.config, drawn.script);
    std::vector<bool> left_out;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      left_out.push_back(drawn.script[i].verb == Verb::acquire && !answers[i].admitted);
    }
    expect_deletable(drawn, left_out, true);
  });
}

// Under a fixed window a late result is at least a query, which may start the next window: hence not fixed.
TEST(BreakerLaw, late_results_can_be_left_out_where_they_are_ignored_but_for_fixed_windows) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case([](BreakerConfig& config) {
      no_fixed_window(config);
      config.late_results = LateResults::ignore;
    });
    const auto answers = replay(drawn.config, drawn.script);
    std::vector<bool> left_out;
    for (const Answer& answer : answers) left_out.push_back(answer.late);
    expect_deletable(drawn, left_out, false);
  });
}

TEST(BreakerLaw, a_late_result_matters_where_the_current_state_takes_it) {
  BreakerConfig config;
  config.consecutive_threshold = 1;
  config.open = 10ns;
  config.late_results = LateResults::current_state;
  Breaker breaker{config};
  const auto early = breaker.acquire(Instant{});
  const auto slow = breaker.acquire(Instant{});
  breaker.report(*early, BreakerOutcome::failure, Instant{});
  EXPECT_TRUE(breaker.report(*slow, BreakerOutcome::success, Instant{10ns}).late);
  EXPECT_EQ(breaker.state(Instant{10ns}), BreakerState::closed);
}

// For on_close reset, and late results ignored. A result from before the close is then no more than a query.
TEST(BreakerLaw, a_breaker_that_closed_is_as_good_as_new) {
  int closes = 0;
  hold_often(kTimes, [&closes] {
    const Case drawn = draw_case([](BreakerConfig& config) {
      no_effect_of_the_instant(config);
      if (config.state_view == StateView::on_read) config.state_view = StateView::lazy;
      config.on_close = OnClose::reset;
      config.late_results = LateResults::ignore;
    });
    const auto answers = replay(drawn.config, drawn.script);
    std::size_t issued = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i].admitted) ++issued;
      if (answers[i].transitions.empty() || answers[i].transitions.back().to != BreakerState::closed) continue;
      ++closes;
      Script rest(drawn.script.begin() + static_cast<std::ptrdiff_t>(i) + 1, drawn.script.end());
      for (Call& call : rest) {
        const bool reports = call.verb == Verb::report || call.verb == Verb::give_back;
        if (!reports) continue;
        if (call.permit < issued) {
          call.verb = Verb::advance;
        } else {
          call.permit -= issued;
        }
      }
      const auto fresh = replay(drawn.config, rest, drawn.script[i].at);
      for (std::size_t j = 0; j < fresh.size(); ++j) RC_ASSERT(looks_alike(fresh[j], answers[i + 1 + j]));
    }
  });
  EXPECT_GT(closes, 100);
}

TEST(BreakerLaw, a_breaker_that_kept_its_counters_is_not_as_good_as_new) {
  BreakerConfig config;
  config.consecutive_threshold = 2;
  config.open = 0ns;
  config.failure_count_threshold = 3;
  config.window_type = WindowType::lifetime;
  config.on_close = OnClose::keep;
  Breaker breaker{config};
  for (int i = 0; i < 2; ++i) breaker.report(*breaker.acquire(Instant{}), BreakerOutcome::failure, Instant{});
  breaker.report(*breaker.acquire(Instant{}), BreakerOutcome::success, Instant{});
  ASSERT_EQ(breaker.state(Instant{}), BreakerState::closed);
  breaker.report(*breaker.acquire(Instant{}), BreakerOutcome::failure, Instant{});
  const auto arrow = breaker.take_transition();
  ASSERT_TRUE(arrow);
  EXPECT_EQ(arrow->rule, TripRule::count);
}

// For window_type count, on_close reset, and late results ignored.
std::size_t first_opening(const std::vector<Answer>& answers) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i].transitions.empty()) return i;
  }
  return answers.size();
}

// For all settings, up to the first opening: what comes after it is another history.
TEST(BreakerLaw, one_more_failure_never_delays_the_first_opening) {
  int earlier = 0;
  hold_often(kTimes, [&earlier] {
    const Case drawn = draw_case();
    const std::size_t opened = first_opening(replay(drawn.config, drawn.script));
    for (std::size_t i = 0; i < std::min(opened, drawn.script.size()); ++i) {
      if (drawn.script[i].verb != Verb::report || drawn.script[i].outcome != BreakerOutcome::success) continue;
      Script worse = drawn.script;
      worse[i].outcome = BreakerOutcome::failure;
      const std::size_t opened_worse = first_opening(replay(drawn.config, worse));
      RC_ASSERT(opened_worse <= opened);
      earlier += opened_worse < opened;
    }
  });
  EXPECT_GT(earlier, 100);
}

// For all settings, up to the first opening, as above: until then each rule sees the same history.
TEST(BreakerLaw, several_rules_open_when_the_first_of_them_would_alone) {
  int of_one_rule_only = 0;
  hold_often(kTimes, [&of_one_rule_only] {
    Case drawn = draw_case([](BreakerConfig& config) {
      if (config.slow_call_rate) config.evaluate_on = EvaluateOn::any;  // a slow success lets every rule judge
    });
    // A fatal failure needs no rule.
    for (Call& call : drawn.script) {
      if (call.outcome == BreakerOutcome::fatal) call.outcome = BreakerOutcome::failure;
    }
    BreakerConfig without_rules = drawn.config;
    without_rules.consecutive_threshold.reset();
    without_rules.failure_rate_threshold.reset();
    without_rules.failure_count_threshold.reset();
    without_rules.slow_call_rate.reset();
    without_rules.allowed_fails.reset();
    without_rules.allowed_fails_by = {};
    BreakerConfig run_alone = without_rules;
    BreakerConfig rate_alone = without_rules;
    BreakerConfig count_alone = without_rules;
    BreakerConfig slow_alone = without_rules;
    BreakerConfig allowed_alone = without_rules;
    run_alone.consecutive_threshold = drawn.config.consecutive_threshold;
    rate_alone.failure_rate_threshold = drawn.config.failure_rate_threshold;
    count_alone.failure_count_threshold = drawn.config.failure_count_threshold;
    slow_alone.slow_call_rate = drawn.config.slow_call_rate;
    allowed_alone.allowed_fails = drawn.config.allowed_fails;
    allowed_alone.allowed_fails_by = drawn.config.allowed_fails_by;

    const std::size_t never = drawn.script.size();
    RC_ASSERT(first_opening(replay(without_rules, drawn.script)) == never);
    const std::size_t opened[] = {
        first_opening(replay(run_alone, drawn.script)), first_opening(replay(rate_alone, drawn.script)),
        first_opening(replay(count_alone, drawn.script)), first_opening(replay(slow_alone, drawn.script)),
        first_opening(replay(allowed_alone, drawn.script))};
    RC_ASSERT(first_opening(replay(drawn.config, drawn.script)) == std::ranges::min(opened));
    of_one_rule_only += std::ranges::count(opened, std::ranges::min(opened)) == 1;
  });
  EXPECT_GT(of_one_rule_only, 100);
}

TEST(BreakerLaw, a_copy_goes_its_own_way) {
  hold_often(200, [] {
    const Case drawn = draw_case();
    Breaker breaker{drawn.config};
    std::vector<Permit> permits;
    for (const Call& call : drawn.script) {
      Breaker copy = breaker;
      auto permits_of_copy = permits;
      const Answer expected = perform(copy, permits_of_copy, call);
      copy.advance(call.at + 1'000ns);
      RC_ASSERT(perform(breaker, permits, call) == expected);
    }
  });
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_laws_test
