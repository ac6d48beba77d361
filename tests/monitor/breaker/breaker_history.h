#pragma once
// Random settings and random histories for breakers, and the replay of a history on a breaker or on its model.
//
// Everything happens within some hundred nanoseconds: settings and steps are drawn from the same few small numbers, so
// that ties and edges, one nanosecond to either side, are common and not rare.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_config.h"
#include "sim/models/breaker_model.h"

namespace windtunnel::monitor::breaker_history {

enum class Verb : std::uint8_t { acquire, report, give_back, advance };

// One call of a history. A report names its permit by the order of issue.
struct Call {
  Instant at{};
  Verb verb = Verb::acquire;
  std::size_t permit = 0;
  BreakerOutcome outcome = BreakerOutcome::success;
  ReplyKind kind = ReplyKind::server_error;
};
using Script = std::vector<Call>;

// What can be seen of a breaker after one call.
struct Answer {
  bool admitted = false;
  bool late = false;
  bool skipped = false;  // it named a permit that this replay never got
  BreakerState state = BreakerState::closed;
  std::int64_t run = 0;
  std::int64_t calls = 0;
  std::int64_t failures = 0;
  std::int64_t in_flight = 0;
  std::int64_t late_results = 0;
  std::uint64_t epoch = 0;
  std::optional<Instant> opened_at;
  std::optional<Instant> wakeup;
  std::vector<BreakerTransition> transitions;
  friend bool operator==(const Answer&, const Answer&) = default;
};

inline std::vector<BreakerTransition> transitions_of(Breaker& breaker) {
  std::vector<BreakerTransition> all;
  while (const auto transition = breaker.take_transition()) all.push_back(*transition);
  return all;
}
inline std::vector<BreakerTransition> transitions_of(sim::BreakerModel& model) { return model.transitions(); }
inline bool late(ReportResult result) { return result.late; }
inline bool late(bool result) { return result; }

template <typename Machine>
void read(Machine& machine, Instant now, Answer& answer) {
  answer.state = machine.state(now);
  answer.run = machine.consecutive_failures();
  answer.calls = machine.window_calls(now);
  answer.failures = machine.window_failures(now);
  answer.in_flight = machine.permits_in_flight();
  answer.late_results = machine.late_results();
  answer.epoch = machine.epoch();
  answer.opened_at = machine.opened_at();
  answer.wakeup = machine.wakeup();
  answer.transitions = transitions_of(machine);
}

// Carries out one call; `permits` holds what this replay has got, in the order of issue.
template <typename Machine, typename Permits>
Answer perform(Machine& machine, Permits& permits, const Call& call) {
  Answer answer;
  switch (call.verb) {
    case Verb::acquire: {
      const auto permit = machine.acquire(call.at);
      answer.admitted = permit.has_value();
      if (permit) permits.push_back(*permit);
      break;
    }
    case Verb::report:
    case Verb::give_back:
      answer.skipped = call.permit >= permits.size();
      if (answer.skipped) break;
      answer.late =
          late(call.verb == Verb::report ? machine.report(permits[call.permit], call.outcome, call.at, call.kind)
                                         : machine.give_back(permits[call.permit], call.at));
      break;
    case Verb::advance:
      machine.advance(call.at);
      break;
  }
  read(machine, call.at, answer);
  return answer;
}

template <typename Machine>
using PermitOf = typename decltype(std::declval<Machine&>().acquire(Instant{}))::value_type;

template <typename Machine = Breaker>
std::vector<Answer> replay(const BreakerConfig& config, const Script& script, Instant created = Instant{}) {
  Machine machine{config, created};
  std::vector<PermitOf<Machine>> permits;
  std::vector<Answer> answers;
  for (const Call& call : script) answers.push_back(perform(machine, permits, call));
  return answers;
}

// Buckets that outcomes turn are whole milliseconds: such settings, and their histories, are in those, and not in
// nanoseconds.
inline void scale_spans(BreakerConfig& config, std::int64_t factor, std::int64_t divisor) {
  const auto scale = [&](Duration& span) { span = span * factor / divisor; };
  for (Duration* const span : {&config.window, &config.open, &config.slow_call_duration}) scale(*span);
  if (config.open_max) scale(*config.open_max);
  if (config.half_open_timeout) scale(*config.half_open_timeout);
}

// The same settings with buckets that time turns.
inline void turn_by_time(BreakerConfig& config) {
  if (!turns_by_outcomes(config.window_origin)) return;
  config.window_origin = WindowOrigin::closed_start;
  scale_spans(config, 1, 1'000'000);
}

// Settings from small numbers, 0 being the plainest choice, so that a failing case shrinks to plain settings.
inline BreakerConfig settings_from(const std::vector<int>& choices) {
  std::size_t position = 0;
  const auto pick = [&](auto... values) {
    const std::array options{values...};
    const int choice = position < choices.size() ? choices[position] : 0;
    ++position;
    return options[static_cast<std::size_t>(choice) % options.size()];
  };
  constexpr std::int64_t kNone = -1;
  BreakerConfig config;
  if (const auto n = pick(kNone, kNone, std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{5}); n > 0) {
    config.consecutive_threshold = n;
  }
  if (const auto share = pick(500'000, -1, 0, 333'333, 333'334, 666'667, 1'000'000, 500'000); share >= 0) {
    config.failure_rate_threshold = Millionths{share};
  }
  config.failure_rate_compare = pick(BreakerCompare::gt, BreakerCompare::ge);
  if (const auto n = pick(kNone, kNone, std::int64_t{1}, std::int64_t{2}, std::int64_t{3}); n > 0) {
    config.failure_count_threshold = n;
  }
  config.minimum_calls = pick(0, 1, 2, 5);
  config.window_type =
      pick(WindowType::count, WindowType::time, WindowType::time, WindowType::fixed, WindowType::lifetime);
  config.window_size = pick(3, 1, 2, 5, 10);
  config.window = Duration{pick(30, 1, 7, 10, 100)};
  config.window_buckets = std::min<std::int64_t>(pick(0, 1, 2, 3, 10), config.window.count());
  config.window_origin = pick(WindowOrigin::epoch, WindowOrigin::closed_start);
  config.bucket_of = pick(BucketOf::result, BucketOf::start);
  config.evaluate_on = pick(EvaluateOn::failure, EvaluateOn::any);
  config.open = Duration{pick(30, 10, 0, 1, 100)};
  config.open_compare = pick(BreakerCompare::ge, BreakerCompare::gt);
  config.half_open_max_calls = pick(1, 0, 2, 3);
  config.half_open_success_threshold = pick(1, 2, 3);
  if (config.half_open_max_calls != 0) {
    config.half_open_success_threshold = std::min(config.half_open_success_threshold, config.half_open_max_calls);
  }
  config.half_open_failure = pick(HalfOpenFailure::reopen, HalfOpenFailure::reopen, HalfOpenFailure::ignore);
  config.late_results = pick(LateResults::ignore, LateResults::current_state);
  config.on_close = pick(OnClose::reset, OnClose::reset_plus_probe, OnClose::keep, OnClose::reset_failures);
  config.open_backoff_multiplier = Millionths{pick(1'000'000, 2'000'000, 1'500'000, 3'000'000)};
  if (const auto cap = pick(-1, -1, 100, 25, 0); cap >= 0) config.open_max = Duration{cap};
  config.late_success_in_open = pick(LateSuccessInOpen::count, LateSuccessInOpen::drop);
  const int rate = pick(-1, 500'000, 333'333, 666'667, 1'000'000, -1);
  const bool can_judge = config.half_open_max_calls != 0 && config.half_open_failure != HalfOpenFailure::ignore;
  if (rate >= 0 && can_judge) config.half_open_failure_rate = Millionths{rate};
  if (const int fails = pick(-1, -1, -1, 1, 0, 3); fails >= 0) config.allowed_fails = fails;
  if (const int fails = pick(-1, -1, 2, 0); fails >= 0) config.allowed_fails_by[index_of(ReplyKind::timeout)] = fails;
  config.state_view = pick(StateView::eager, StateView::lazy, StateView::on_read, StateView::lazy);
  const bool of_closed_alone = pick(false, false, false, true);
  const bool by_origin = pick(false, false, true) && config.half_open_failure != HalfOpenFailure::ignore;
  if (by_origin && !config.half_open_failure_rate) {
    const bool is_lazy = config.state_view == StateView::lazy;
    config.late_results = is_lazy ? LateResults::origin_forces : LateResults::origin_counts_stale_probe;
    if (of_closed_alone) config.late_results = LateResults::origin_counts;
  }
  const bool has_buckets = config.window_type == WindowType::time && config.window_buckets > 0;
  if (pick(false, true) && has_buckets) {
    config.window_origin = WindowOrigin::epoch;
    config.volume = Volume::attempts;
  }
  if (const auto ns = pick(-1, -1, 10, 1, 30, 100); ns >= 0) config.half_open_timeout = Duration{ns};
  config.on_open = pick(OnOpen::keep, OnOpen::keep, OnOpen::reset);
  if (pick(false, true) && config.bucket_of == BucketOf::result) config.consecutive_scope = ConsecutiveScope::window;
  config.rate_rounding = pick(RateRounding::none, RateRounding::none, RateRounding::percent_int);
  const int jitter = pick(0, 0, 500'000, 1'000'000, 1);
  if (config.late_results != LateResults::origin_forces) config.open_jitter = Millionths{jitter};
  const int slow_rate = pick(-1, -1, 500'000, 333'333, 1'000'000);
  const Duration slow{pick(10, 0, 1, 30)};
  if (slow_rate >= 0 && !acts_by_origin(config.late_results)) {
    config.slow_call_rate = Millionths{slow_rate};
    config.slow_call_duration = slow;
  }
  const WindowOrigin turned = pick(WindowOrigin::epoch, WindowOrigin::rotate_one, WindowOrigin::stamped_ring);
  const bool may_turn = has_buckets && config.volume == Volume::outcomes && config.bucket_of == BucketOf::result;
  if (turns_by_outcomes(turned) && may_turn) {
    config.window_origin = turned;
    scale_spans(config, 1'000'000, 1);
  }
  return config;
}

inline Duration unit_of(const BreakerConfig& config) {
  return Duration{turns_by_outcomes(config.window_origin) ? 1'000'000 : 1};
}

// Back-off without a cap grows threefold each time; no deadline lies beyond this.
inline constexpr Instant kAimMax{std::chrono::seconds{1}};

// A history from small numbers, played against a breaker of these settings so that it can aim at its deadlines.
inline Script script_from(const BreakerConfig& config, const std::vector<int>& choices) {
  Script script;
  Breaker breaker{config};
  std::vector<Permit> permits;
  std::vector<std::size_t> outstanding;
  Instant now{};
  const Duration unit = unit_of(config);
  for (const int choice : choices) {
    const int verb = choice % 8;
    const int step = choice / 8 % 32;
    const int outcome = choice / 256 % 8;
    const int which = choice / 2048 % 4;
    constexpr std::array<std::int64_t, 20> kSteps{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 5, 7, 9, 10, 11, 29, 30, 31};
    if (step < 20) {
      now += unit * kSteps[static_cast<std::size_t>(step)];
    } else if (const auto deadline = breaker.is_open() ? breaker.open_end() : breaker.probes_end();
               deadline && step < 29 && *deadline < kAimMax) {
      now = std::max(now, *deadline + Duration{step % 3 - 1});
    }
    Call call{.at = now};
    if (verb < 4 && !outstanding.empty()) {
      const std::size_t place = which == 0 ? 0 : which == 1 ? outstanding.size() / 2 : outstanding.size() - 1;
      call.verb = verb == 3 && outcome > 5 ? Verb::give_back : Verb::report;
      call.permit = outstanding[place];
      call.outcome = outcome < 3              ? BreakerOutcome::success
                     : outcome < 7            ? BreakerOutcome::failure
                     : choice / 8192 % 4 == 0 ? BreakerOutcome::fatal
                                              : BreakerOutcome::ignored;
      call.kind = choice / 8192 % 4 == 3 ? ReplyKind::timeout : ReplyKind::server_error;
      outstanding.erase(outstanding.begin() + static_cast<std::ptrdiff_t>(place));
    } else if (verb == 7) {
      call.verb = Verb::advance;
    }
    if (perform(breaker, permits, call).admitted) outstanding.push_back(permits.size() - 1);
    script.push_back(call);
  }
  return script;
}

inline std::string describe(const Script& script) {
  std::ostringstream text;
  for (const Call& call : script) {
    text << call.at.time_since_epoch().count() << " ns  ";
    switch (call.verb) {
      case Verb::acquire:
        text << "acquire";
        break;
      case Verb::report:
        text << "report " << call.permit << " outcome " << static_cast<int>(call.outcome) << " kind "
             << static_cast<int>(call.kind);
        break;
      case Verb::give_back:
        text << "give back " << call.permit;
        break;
      case Verb::advance:
        text << "advance";
        break;
    }
    text << "\n";
  }
  return text.str();
}

inline std::string describe(const BreakerConfig& c) {
  const auto show = [](const auto& value) { return value ? std::to_string(static_cast<long long>(*value)) : "-"; };
  std::ostringstream text;
  text << "consecutive " << show(c.consecutive_threshold) << ", rate "
       << (c.failure_rate_threshold ? std::to_string(c.failure_rate_threshold->value) : "-") << " compare "
       << int(c.failure_rate_compare) << ", count " << show(c.failure_count_threshold) << ", minimum "
       << c.minimum_calls << ", window type " << show(c.window_type) << " size " << c.window_size << " length "
       << c.window.count() << " buckets " << c.window_buckets << " origin " << int(c.window_origin) << " bucket_of "
       << int(c.bucket_of) << ", evaluate_on " << int(c.evaluate_on) << ", open " << c.open.count() << " compare "
       << int(c.open_compare) << ", probes " << c.half_open_max_calls << " needed " << c.half_open_success_threshold
       << " failure " << int(c.half_open_failure) << ", late " << int(c.late_results) << ", on_close "
       << int(c.on_close) << ", view " << int(c.state_view) << ", volume " << int(c.volume) << ", in open "
       << int(c.late_success_in_open) << ", half-open rate "
       << (c.half_open_failure_rate ? std::to_string(c.half_open_failure_rate->value) : "-") << ", backoff "
       << c.open_backoff_multiplier.value << ", allowed " << show(c.allowed_fails) << " of timeouts "
       << show(c.allowed_fails_by[index_of(ReplyKind::timeout)]) << " max "
       << (c.open_max ? std::to_string(c.open_max->count()) : "-") << ", half-open timeout "
       << (c.half_open_timeout ? std::to_string(c.half_open_timeout->count()) : "-") << ", rounding "
       << int(c.rate_rounding) << ", jitter " << c.open_jitter.value << ", slow rate "
       << (c.slow_call_rate ? std::to_string(c.slow_call_rate->value) : "-") << " beyond "
       << c.slow_call_duration.count() << ", on_open " << int(c.on_open) << ", run " << int(c.consecutive_scope)
       << "\n";
  return text.str();
}

struct Case {
  BreakerConfig config;
  Script script;
};

inline rc::Gen<std::vector<int>> settings_choices() {
  return rc::gen::container<std::vector<int>>(38, rc::gen::inRange(0, 120));
}
inline rc::Gen<std::vector<int>> script_choices() {
  return rc::gen::scale(4.0, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 32768)));
}

// Draws one case within a property, with the settings first forced as the property needs them.
inline Case draw_case(const std::function<void(BreakerConfig&)>& force = [](BreakerConfig&) {}) {
  const auto settings = *settings_choices();
  const auto choices = *script_choices();
  Case result;
  result.config = settings_from(settings);
  force(result.config);
  RC_PRE(!unsupported(result.config));
  result.script = script_from(result.config, choices);
  RC_LOG() << describe(result.config) << describe(result.script);
  return result;
}

// A property tried `times` times where others are tried the usual 100: there are some 10^12 combinations of settings
// alone.
template <typename Property>
void hold_often(int times, Property property) {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(info->test_suite_name()) + "/" + info->name();
  metadata.description = info->name();
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = params.maxSuccess * times / 100;
  const auto result = rc::detail::checkTestable(property, metadata, params);
  if (result.template is<rc::detail::SuccessResult>()) return;
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  FAIL() << message.str();
}

}  // namespace windtunnel::monitor::breaker_history
