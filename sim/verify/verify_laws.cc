#include "sim/verify/verify_laws.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace windtunnel::sim {
namespace {

using monitor::BreakerConfig;
using monitor::BreakerOp;
using monitor::BreakerState;
using monitor::WindowType;
using std::chrono::milliseconds;

// The input of all laws.
struct AnsweredHistory {
  const BreakerConfig& config;
  const History& history;
  std::vector<ExpectedAnswer> answers;
};

bool has_buckets(const BreakerConfig& config) {
  return config.window_type == WindowType::time && config.window_buckets > 0;
}
bool is_fixed(const BreakerConfig& config) { return config.window_type == WindowType::fixed; }

// The history without some calls: the others are answered as before.
// By jitter, or by buckets that have stamps.
bool depends_on_the_instant(const monitor::BreakerConfig& config) {
  return config.open_jitter != Millionths{0} || monitor::turns_by_outcomes(config.window_origin);
}

std::optional<Derived> left_out(const AnsweredHistory& answered, std::string_view law, const std::vector<bool>& which) {
  if (std::ranges::find(which, true) == which.end()) return std::nullopt;
  Derived derived{law, answered.config, without(answered.config, answered.history, which), {}};
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!which[i]) derived.expected.push_back(answered.answers[i]);
  }
  // A report of a call that is left out cannot be asked; the laws leave none such.
  if (derived.expected.size() != derived.history.size()) return std::nullopt;
  return derived;
}

std::optional<Derived> same_again(const AnsweredHistory& answered) {
  return Derived{"the same again", answered.config, answered.history, answered.answers};
}

std::optional<Derived> time_shift(const AnsweredHistory& answered, std::uint64_t drawn) {
  if (depends_on_the_instant(answered.config) || is_fixed(answered.config)) return std::nullopt;
  // Beyond 2^32 ms too, but not where a breaker may turn its buckets by a timer that then fires millions of times.
  constexpr std::array<std::int64_t, 4> kShifts{1, 997, 1'000'003, 4'294'967'296};
  std::int64_t shift = kShifts[drawn % (has_buckets(answered.config) ? 3 : 4)];
  if (has_buckets(answered.config)) {
    const std::int64_t window = answered.config.window / milliseconds{1};
    shift = std::max<std::int64_t>(shift / window, 1) * window;
  }
  Derived derived{"time shift", answered.config, answered.history, answered.answers};
  for (HistoryCall& call : derived.history) call.t_ms += shift;
  return derived;
}

std::optional<Derived> time_scale(const AnsweredHistory& answered, std::uint64_t drawn) {
  if (depends_on_the_instant(answered.config)) return std::nullopt;
  if (has_buckets(answered.config) || answered.config.open_backoff_multiplier.value % kMillion != 0) {
    return std::nullopt;
  }
  constexpr std::array<std::int64_t, 3> kFactors{2, 7, 1000};
  const std::int64_t factor = kFactors[drawn % kFactors.size()];
  Derived derived{"time scale", answered.config, answered.history, answered.answers};
  derived.config.window *= factor;
  derived.config.open *= factor;
  if (derived.config.open_max) *derived.config.open_max *= factor;
  if (derived.config.slow_call_rate) derived.config.slow_call_duration *= factor;
  if (derived.config.half_open_timeout) *derived.config.half_open_timeout *= factor;
  if (unsupported(derived.config)) return std::nullopt;
  for (HistoryCall& call : derived.history) call.t_ms *= factor;
  return derived;
}

std::optional<Derived> queries_change_nothing(const AnsweredHistory& answered) {
  if (is_fixed(answered.config)) return std::nullopt;
  Derived derived{"queries change nothing", answered.config, {}, {}};
  std::vector<std::size_t> new_place;
  for (std::size_t i = 0; i < answered.history.size(); ++i) {
    HistoryCall call = answered.history[i];
    if (call.op == BreakerOp::report) call.of = new_place[call.of];
    new_place.push_back(derived.history.size());
    derived.history.push_back(call);
    derived.expected.push_back(answered.answers[i]);
    derived.history.push_back({.op = BreakerOp::state, .t_ms = call.t_ms});
    derived.expected.push_back({.state = answered.answers[i].state});
  }
  return derived;
}

std::optional<Derived> refusals_change_nothing(const AnsweredHistory& answered) {
  if (answered.config.volume == monitor::Volume::attempts) return std::nullopt;
  std::vector<bool> which;
  for (std::size_t i = 0; i < answered.history.size(); ++i) {
    which.push_back(answered.history[i].op == BreakerOp::acquire && !answered.answers[i].admitted);
  }
  return left_out(answered, "refusals change nothing", which);
}

std::optional<Derived> late_results_change_nothing(const AnsweredHistory& answered) {
  if (is_fixed(answered.config) || answered.config.late_results != monitor::LateResults::ignore) return std::nullopt;
  std::vector<bool> which;
  for (const ExpectedAnswer& answer : answered.answers) which.push_back(answer.late);
  return left_out(answered, "late results change nothing", which);
}

std::optional<Derived> closed_is_new(const AnsweredHistory& answered) {
  const bool moves = has_buckets(answered.config) && answered.config.window_origin == monitor::WindowOrigin::epoch;
  if (moves || depends_on_the_instant(answered.config) || answered.config.on_close != monitor::OnClose::reset ||
      answered.config.late_results != monitor::LateResults::ignore) {
    return std::nullopt;
  }
  std::optional<std::size_t> closed;
  for (std::size_t i = 1; i < answered.history.size() && !closed; ++i) {
    if (answered.answers[i].state == BreakerState::closed && answered.answers[i - 1].state == BreakerState::half_open)
      closed = i;
  }
  if (!closed || *closed + 1 >= answered.history.size()) return std::nullopt;
  Derived derived{"a closed breaker is new", answered.config, {}, {}};
  for (std::size_t i = *closed + 1; i < answered.history.size(); ++i) {
    HistoryCall call = answered.history[i];
    call.t_ms -= answered.history[*closed].t_ms;
    ExpectedAnswer answer = answered.answers[i];
    if (call.op == BreakerOp::report) {
      // A result from before the close is no more than a query.
      if (call.of <= *closed) {
        call = {.op = BreakerOp::state, .t_ms = call.t_ms};
        answer.late = false;
      } else {
        call.of -= *closed + 1;
      }
    }
    derived.history.push_back(call);
    derived.expected.push_back(answer);
  }
  return derived;
}

// After each call one wrong question, of each kind in turn.
std::optional<Derived> errors_change_nothing(const AnsweredHistory& answered, std::uint64_t drawn) {
  Derived derived{"errors change nothing", answered.config, {}, {}};
  std::vector<std::size_t> new_place;
  std::optional<std::size_t> reported;
  for (std::size_t i = 0; i < answered.history.size(); ++i) {
    HistoryCall call = answered.history[i];
    if (call.op == BreakerOp::report) {
      call.of = new_place[call.of];
      reported = call.of;
    }
    new_place.push_back(derived.history.size());
    derived.history.push_back(call);
    derived.expected.push_back(answered.answers[i]);
    HistoryCall wrong{.op = BreakerOp::report, .t_ms = call.t_ms, .outcome = monitor::BreakerOutcome::failure};
    switch ((i + drawn) % 3) {
      case 0:
        wrong.wrong = WrongQuestion::permit_is_unknown;
        break;
      case 1:
        if (call.t_ms == 0) continue;
        wrong = {.op = BreakerOp::acquire, .t_ms = call.t_ms - 1, .wrong = WrongQuestion::time_runs_backwards};
        break;
      default:
        if (!reported) continue;
        wrong.wrong = WrongQuestion::permit_has_reported;
        wrong.of = *reported;
        break;
    }
    derived.history.push_back(wrong);
    derived.expected.push_back({.error = true});
  }
  return derived;
}

}  // namespace

std::vector<Derived> derive(const BreakerConfig& config, const History& history, StreamKey stream,
                            std::uint64_t number) {
  const AnsweredHistory answered{config, history, expected_of(config, history)};
  const Draw drawn = draw(stream, number);
  std::vector<Derived> all;
  const auto add = [&](std::optional<Derived> derived) {
    if (derived) all.push_back(std::move(*derived));
  };
  add(same_again(answered));
  add(time_shift(answered, drawn.a));
  add(time_scale(answered, drawn.b));
  add(queries_change_nothing(answered));
  add(refusals_change_nothing(answered));
  add(late_results_change_nothing(answered));
  add(closed_is_new(answered));
  add(errors_change_nothing(answered, drawn.a));
  return all;
}

}  // namespace windtunnel::sim
