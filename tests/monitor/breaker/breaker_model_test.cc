// The breaker against the model written apart from it: any settings, any history, every answer.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/monitor/breaker/breaker_history.h"

namespace windtunnel::monitor::breaker_model_test {
namespace {

using namespace breaker_history;
using namespace std::chrono_literals;

bool is_an_arrow(const BreakerTransition& transition, bool forces) {
  switch (transition.from) {
    case BreakerState::closed:
      return transition.to == BreakerState::open;
    case BreakerState::open:
      return transition.to == BreakerState::half_open || (forces && transition.to == BreakerState::closed);
    case BreakerState::half_open:
      return transition.to != BreakerState::half_open;
  }
  return false;
}

// What the random histories came across. A property that never meets the case it is about proves nothing.
struct Coverage {
  int trips_by_run = 0, trips_by_rate = 0, trips_by_count = 0, trips_by_success = 0;
  int reopenings = 0, longer_reopenings = 0, closes = 0, closes_by_late_result = 0, two_arrows_at_once = 0;
  int late_in_closed = 0, late_in_half_open = 0, late_decides = 0;
  int probe_given_back = 0, probe_refused = 0, fixed_windows = 0;
  int closes_by_failure = 0, reopenings_by_success = 0, counted_in_open = 0, counted_in_half_open = 0,
      trips_at_once = 0, trips_by_allowed_fails = 0;
  int lengthened_by_jitter = 0, trips_by_slow_calls = 0, reopenings_by_slow_probes = 0, half_open_timeouts = 0,
      three_arrows_at_once = 0;
  int bounded_runs = 0, trips_in_turned_buckets = 0, openings_that_clear = 0, ends_when_read = 0;
  int closes_from_open = 0, opens_by_old_probe = 0, prolongs_open = 0, lasts_until_a_call = 0;

  void see(const BreakerConfig& config, const Call& call, const Answer& before, const Answer& after) {
    for (const BreakerTransition& transition : after.transitions) {
      trips_by_run += transition.rule == TripRule::consecutive;
      trips_by_rate += transition.rule == TripRule::rate;
      trips_by_count += transition.rule == TripRule::count;
      trips_at_once += transition.rule == TripRule::at_once;
      trips_by_allowed_fails += transition.rule == TripRule::allowed_fails;
      trips_by_success += transition.rule != TripRule::none && call.outcome == BreakerOutcome::success;
      reopenings += transition.rule == TripRule::probe_failed;
      trips_by_slow_calls += transition.rule == TripRule::slow_calls;
      reopenings_by_slow_probes += transition.rule == TripRule::slow_probes;
      half_open_timeouts += transition.rule == TripRule::half_open_timeout;
      lengthened_by_jitter += transition.rule == TripRule::consecutive && transition.open_for > config.open;
      longer_reopenings += transition.rule == TripRule::probe_failed && transition.open_for > config.open;
      closes += transition.to == BreakerState::closed;
      closes_by_late_result += transition.to == BreakerState::closed && after.late;
      closes_from_open += transition.from == BreakerState::open && transition.to == BreakerState::closed;
      opens_by_old_probe += transition.from == BreakerState::closed && transition.rule == TripRule::probe_failed;
      lasts_until_a_call += transition.to == BreakerState::half_open && config.state_view == StateView::lazy;
      trips_in_turned_buckets += transition.rule == TripRule::rate && turns_by_outcomes(config.window_origin);
      openings_that_clear += transition.rule == TripRule::rate && config.on_open == OnOpen::reset;
      ends_when_read += transition.to == BreakerState::half_open && call.verb == Verb::advance &&
                        config.state_view == StateView::on_read;
      const bool failed = call.verb == Verb::report && call.outcome == BreakerOutcome::failure;
      const bool succeeded = call.verb == Verb::report && call.outcome == BreakerOutcome::success;
      closes_by_failure += transition.to == BreakerState::closed && failed;
      reopenings_by_success += transition.rule == TripRule::probe_failed && succeeded;
    }
    bounded_runs += after.state == BreakerState::closed && config.consecutive_scope == ConsecutiveScope::window &&
                    config.consecutive_threshold && after.run >= *config.consecutive_threshold;
    const bool counted = after.transitions.empty() && after.calls > before.calls;
    counted_in_open += counted && before.state == BreakerState::open;
    counted_in_half_open += counted && before.state == BreakerState::half_open;
    prolongs_open += after.transitions.empty() && before.opened_at && after.opened_at > before.opened_at;
    three_arrows_at_once += after.transitions.size() == 3;
    two_arrows_at_once += after.transitions.size() == 2;
    late_in_closed += after.late && before.state == BreakerState::closed;
    late_in_half_open += after.late && before.state == BreakerState::half_open;
    late_decides += after.late && after.state != before.state;
    const bool half_open = before.state == BreakerState::half_open && after.epoch == before.epoch;
    probe_given_back += half_open && after.state == before.state && after.in_flight < before.in_flight;
    probe_refused += half_open && call.verb == Verb::acquire && !after.admitted;
    fixed_windows += after.epoch > before.epoch && after.transitions.empty();
  }
  [[nodiscard]] int least() const {
    return std::min({trips_by_run,
                     trips_by_rate,
                     trips_by_count,
                     trips_by_success,
                     reopenings,
                     longer_reopenings,
                     closes,
                     closes_by_late_result,
                     two_arrows_at_once,
                     late_in_closed,
                     late_in_half_open,
                     late_decides,
                     probe_given_back,
                     probe_refused,
                     fixed_windows,
                     closes_by_failure,
                     reopenings_by_success,
                     counted_in_open,
                     counted_in_half_open,
                     trips_at_once,
                     trips_by_allowed_fails,
                     lengthened_by_jitter,
                     trips_by_slow_calls,
                     reopenings_by_slow_probes,
                     half_open_timeouts,
                     three_arrows_at_once,
                     bounded_runs,
                     trips_in_turned_buckets,
                     openings_that_clear,
                     ends_when_read,
                     closes_from_open,
                     opens_by_old_probe,
                     prolongs_open,
                     lasts_until_a_call});
  }
};

TEST(BreakerModel, agrees_with_the_breaker_on_every_answer_of_any_history) {
  Coverage coverage;
  hold_often(6000, [&coverage] {
    const Case drawn = draw_case();
    const auto answers = replay<Breaker>(drawn.config, drawn.script);
    const auto expected = replay<sim::BreakerModel>(drawn.config, drawn.script);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      RC_LOG() << "call " << i << "\n";
      RC_ASSERT(answers[i].admitted == expected[i].admitted);
      RC_ASSERT(answers[i].late == expected[i].late);
      RC_ASSERT(answers[i].state == expected[i].state);
      RC_ASSERT(answers[i].run == expected[i].run);
      RC_ASSERT(answers[i].calls == expected[i].calls);
      RC_ASSERT(answers[i].failures == expected[i].failures);
      RC_ASSERT(answers[i].in_flight == expected[i].in_flight);
      RC_ASSERT(answers[i].wakeup == expected[i].wakeup);
      RC_ASSERT(answers[i].transitions == expected[i].transitions);
      RC_ASSERT(answers[i] == expected[i]);
      if (i > 0) coverage.see(drawn.config, drawn.script[i], answers[i - 1], answers[i]);
    }
  });
  EXPECT_GE(coverage.least(), 20) << "the histories no longer reach every case";
}

TEST(BreakerProperty, takes_no_arrow_that_is_not_drawn_and_lets_no_probe_too_many_out) {
  hold_often(1000, [] {
    const Case drawn = draw_case();
    BreakerState state = BreakerState::closed;
    std::uint64_t epoch = 0;
    for (const Answer& answer : replay(drawn.config, drawn.script)) {
      for (const BreakerTransition& transition : answer.transitions) {
        RC_ASSERT(transition.from == state);
        RC_ASSERT(is_an_arrow(transition, drawn.config.late_results == LateResults::origin_forces));
        RC_ASSERT(transition.epoch > epoch);
        state = transition.to;
        epoch = transition.epoch;
      }
      const std::int64_t permitted = drawn.config.half_open_max_calls;
      RC_ASSERT(permitted == 0 || answer.in_flight <= permitted);
      RC_ASSERT(answer.in_flight >= 0);
    }
  });
}

// The other half of the pair: a breaker that is stuck for ever would pass everything above.
TEST(BreakerProperty, closes_once_every_permit_is_back_time_has_passed_and_probes_succeed) {
  hold_often(1000, [] {
    const Case drawn = draw_case();
    Breaker breaker{drawn.config};
    std::vector<Permit> permits;
    std::vector<bool> out;
    Instant now{};
    for (const Call& call : drawn.script) {
      now = call.at;
      if (perform(breaker, permits, call).admitted) out.push_back(true);
      if (call.verb == Verb::report || call.verb == Verb::give_back) out[call.permit] = false;
    }
    for (std::size_t i = 0; i < permits.size(); ++i) {
      if (out[i]) breaker.give_back(permits[i], now);
    }
    // Failed or slow probes that are judged with those to come may reopen it once more, and once only.
    for (int round = 0; round < 2; ++round) {
      if (const auto deadline = breaker.open_end()) now = std::max(now, *deadline);
      const std::int64_t most = drawn.config.half_open_failure_rate ? drawn.config.half_open_max_calls
                                                                    : drawn.config.half_open_success_threshold;
      const auto may_probe = [&] { return breaker.is_open() || breaker.state(now) == BreakerState::half_open; };
      for (std::int64_t i = 0; i < most && may_probe() && breaker.open_end().value_or(now) <= now; ++i) {
        const auto probe = breaker.acquire(now);
        // Only outcomes that are on their way to the threshold may occupy a place, and those bring it nearer.
        RC_ASSERT(probe.has_value());
        breaker.report(*probe, BreakerOutcome::success, now);
      }
      if (!drawn.config.half_open_failure_rate && !drawn.config.slow_call_rate) break;
    }
    RC_ASSERT(breaker.state(now) == BreakerState::closed);
  });
}

// Every history of six calls over the instants around each edge, the breaker forked on every answer.
struct Fork {
  Breaker breaker;
  sim::BreakerModel model;
  std::vector<Permit> permits;
  std::vector<sim::ModelPermit> model_permits;
  std::size_t answered = 0;
  Instant now{};
};

std::int64_t explore(const Fork& fork, const BreakerConfig& config, int depth) {
  if (depth == 0) return 1;
  std::int64_t leaves = 0;
  for (const Duration step : {Duration{0}, config.open - 1ns, config.open}) {
    for (int choice = 0; choice < 5; ++choice) {
      Fork next = fork;
      next.now += step;
      Call call{.at = next.now, .verb = choice == 0 ? Verb::acquire : choice == 4 ? Verb::advance : Verb::report};
      if (call.verb == Verb::report) {
        if (next.answered == next.permits.size()) continue;
        call.permit = next.answered++;
        call.outcome = static_cast<BreakerOutcome>(choice - 1);
      }
      const Answer answer = perform(next.breaker, next.permits, call);
      const Answer expected = perform(next.model, next.model_permits, call);
      EXPECT_EQ(answer, expected);
      if (testing::Test::HasFailure()) return leaves;
      leaves += explore(next, config, depth - 1);
    }
  }
  return leaves;
}

TEST(BreakerModel, agrees_on_every_history_of_six_calls_around_the_edges) {
  for (const std::int64_t threshold : {1, 2}) {
    BreakerConfig config;
    config.consecutive_threshold = threshold;
    config.window_type = WindowType::count;
    config.window_size = 2;
    config.half_open_max_calls = 2;
    config.half_open_success_threshold = threshold;
    EXPECT_GT(explore({Breaker{config}, sim::BreakerModel{config}, {}, {}, 0, Instant{}}, config, 6), 100'000);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_model_test
