#include "sim/verify/verify_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace windtunnel::sim {

using monitor::BreakerAnswer;
using monitor::BreakerConfig;
using monitor::BreakerOp;
using monitor::BreakerOutcome;
using monitor::BreakerQuestion;
using monitor::BreakerState;
using monitor::BreakerTransition;
using monitor::TripRule;
using std::chrono::milliseconds;

namespace {

Instant instant(std::int64_t t_ms) { return Instant{milliseconds{t_ms}}; }
std::int64_t in_ms(Instant at) { return at.time_since_epoch() / milliseconds{1}; }

}  // namespace

bool agrees(const ExpectedAnswer& expected, const HistoryCall& call, const BreakerAnswer& answer) {
  if (expected.error || !answer.error.empty()) return expected.error == !answer.error.empty();
  if (call.op == BreakerOp::acquire && expected.admitted != answer.permit.has_value()) return false;
  return expected.state == answer.state;
}

ModelSession::ModelSession(const BreakerConfig& config, BreakerQuirks quirks)
    : config_(config), model_(config, Instant{}, quirks) {}

bool ModelSession::is_valid(const HistoryCall& call) const {
  const bool any = call.wrong == WrongQuestion::permit_is_unknown || call.wrong == WrongQuestion::time_runs_backwards;
  if (call.op != BreakerOp::report || any) return true;
  if (call.of >= permits_.size() || !permits_[call.of].permit) return false;
  return permits_[call.of].has_reported == (call.wrong == WrongQuestion::permit_has_reported);
}

ExpectedAnswer ModelSession::perform(const HistoryCall& call) {
  check(is_valid(call), "a history reports what was admitted, once");
  latest_call_ = call;
  latest_ = {};
  permits_.emplace_back();
  if (call.wrong != WrongQuestion::none) {
    latest_.error = true;
    return latest_;
  }
  const Instant now = instant(call.t_ms);
  before_ = model_.state(now);
  switch (call.op) {
    case BreakerOp::acquire:
      permits_.back().permit = model_.acquire(now);
      latest_.admitted = permits_.back().permit.has_value();
      break;
    case BreakerOp::report:
      permits_[call.of].has_reported = true;
      latest_.late = model_.report(*permits_[call.of].permit, call.outcome, now);
      break;
    case BreakerOp::state:
      // Under a fixed window a query is a call like any other; elsewhere it changes nothing, and is sent only where the
      // model has to take more arrows than one to give the reason.
      if (config_.window_type == monitor::WindowType::fixed || config_.half_open_timeout) model_.advance(now);
      break;
  }
  // Each answer shows the state, which has then been read.
  taken_ = model_.transitions();
  if (config_.state_view == monitor::StateView::on_read) model_.advance(now);
  latest_.state = model_.state(now);
  const bool acts = !latest_.late || !drops_late(call);
  const auto timed_out = [](const BreakerTransition& arrow) { return arrow.rule == TripRule::half_open_timeout; };
  const bool asked = call.op != BreakerOp::state || config_.half_open_timeout;
  if (before_ != BreakerState::half_open || (asked && std::ranges::any_of(taken_, timed_out))) {
    successes_ = failures_ = slow_ = 0;
  } else if (call.op == BreakerOp::report && acts) {
    if (call.outcome == BreakerOutcome::success) ++successes_;
    if (call.outcome == BreakerOutcome::failure) ++failures_;
    const bool is_slow = now - permits_[call.of].permit->at > config_.slow_call_duration;
    if (is_slow && call.outcome != BreakerOutcome::ignored) ++slow_;
  }
  return latest_;
}

bool ModelSession::drops_late(const HistoryCall& report) const {
  if (config_.late_results == monitor::LateResults::ignore) return true;
  const bool is_probe = report.op == BreakerOp::report && permits_[report.of].permit->is_probe;
  return is_probe && config_.late_results == monitor::LateResults::origin_counts;
}

std::vector<std::size_t> ModelSession::outstanding() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < permits_.size(); ++i) {
    if (permits_[i].permit && !permits_[i].has_reported) places.push_back(i);
  }
  return places;
}

// --- Why, for people -----------------------------------------------------------------------------------------------

std::string ModelSession::rule() const {
  switch (latest_call_.wrong) {
    case WrongQuestion::none:
      break;
    case WrongQuestion::time_runs_backwards:
      return "a time that runs backwards is an error and changes nothing";
    case WrongQuestion::permit_has_reported:
      return "a permit that has reported is an error and changes nothing";
    case WrongQuestion::permit_is_unknown:
      return "a permit that was never issued is an error and changes nothing";
  }
  if (latest_call_.op == BreakerOp::report) return rule_of_report();
  switch (latest_.state) {
    case BreakerState::closed:
      return latest_call_.op == BreakerOp::acquire ? "closed admits every call" : "a query changes nothing";
    case BreakerState::open:
      return open_until();
    case BreakerState::half_open:
      break;
  }
  if (latest_call_.op == BreakerOp::state) {
    return fmt::format("opened at {} ms, open time over", in_ms(*model_.opened_at()));
  }
  if (config_.half_open_max_calls == 0) return "half_open without a limit on probes";
  const std::int64_t used = model_.permits_in_flight() + successes_ + (config_.half_open_failure_rate ? failures_ : 0);
  if (latest_.admitted) return fmt::format("probe {} of {}", used, config_.half_open_max_calls);
  return fmt::format("{} of {} probes are given out", used, config_.half_open_max_calls);
}

std::string ModelSession::rule_of_report() const {
  if (latest_.late && config_.late_results == monitor::LateResults::ignore) {
    return "late: its permit is of an earlier epoch, so it is ignored";
  }
  if (latest_.late && drops_late(latest_call_)) return "late: a probe of an earlier half_open counts nowhere";
  const std::string who = latest_.late ? "late, but counted: " : "";
  const std::vector<BreakerTransition>& arrows = taken_.empty() ? model_.transitions() : taken_;
  if (!arrows.empty()) return who + rule_that_fired(arrows.back());
  if (latest_call_.outcome == BreakerOutcome::ignored) return who + "an ignored outcome counts as nothing";
  switch (before_) {
    case BreakerState::open:
      return who + open_until();
    case BreakerState::half_open:
      if (config_.half_open_failure_rate) {
        return who + rule_of_probes() + fmt::format(", judged at {}", config_.half_open_max_calls);
      }
      if (latest_call_.outcome == BreakerOutcome::failure) return who + "a failed probe is ignored";
      return who + fmt::format("{} of {} probes succeeded", successes_, config_.half_open_success_threshold);
    case BreakerState::closed:
      break;
  }
  std::string text = fmt::format("{}{} in a row", who, model_.consecutive_failures());
  const Instant now = instant(latest_call_.t_ms);
  if (config_.window_type) {
    text += fmt::format(", {} of {} failed in the window", model_.window_failures(now), model_.window_calls(now));
  }
  if (config_.slow_call_rate) text += fmt::format(", {} slow", model_.window_slow(now));
  return text;
}

std::string ModelSession::rule_of_probes() const {
  return fmt::format("{} of {} probes failed", failures_, failures_ + successes_);
}

std::string ModelSession::rule_of_slow_calls(std::int64_t slow, std::int64_t calls) const {
  const bool gt = config_.failure_rate_compare == monitor::BreakerCompare::gt;
  return fmt::format("{} of {} slow, {} {:g} %", slow, calls, gt ? "more than" : "at least",
                     static_cast<double>(config_.slow_call_rate->value) / 10'000);
}

std::string ModelSession::open_until() const {
  // With jitter it may lie within a millisecond.
  const bool is_after = config_.open_compare == monitor::BreakerCompare::gt;
  const Instant exact = *model_.open_end();
  const std::int64_t end = in_ms(is_after ? exact : std::chrono::ceil<milliseconds>(exact));
  if (config_.state_view != monitor::StateView::eager) {
    const bool is_read = config_.state_view == monitor::StateView::on_read;
    return fmt::format("open until a call {}at {} ms or later", is_read ? "or a question " : "", end);
  }
  if (config_.open_compare == monitor::BreakerCompare::gt) return fmt::format("open until after {} ms", end);
  return fmt::format("open until {} ms", end);
}

std::string ModelSession::rule_that_fired(const BreakerTransition& arrow) const {
  const bool gt = config_.failure_rate_compare == monitor::BreakerCompare::gt;
  const auto percent = [](Millionths rate) { return static_cast<double>(rate.value) / 10'000; };
  switch (arrow.to) {
    case BreakerState::closed:
      if (config_.half_open_failure_rate) {
        return fmt::format("closes: {}, {} {:g} %", rule_of_probes(), gt ? "not more than" : "under",
                           percent(*config_.half_open_failure_rate));
      }
      return fmt::format("closes: {} probes succeeded", config_.half_open_success_threshold);
    case BreakerState::half_open:
      return "half_open";
    case BreakerState::open:
      break;
  }
  switch (arrow.rule) {
    case TripRule::none:
      break;
    case TripRule::consecutive:
      return fmt::format("opens: {} failures in a row", arrow.consecutive_failures);
    case TripRule::rate:
      return fmt::format("opens: {} of {} failed, {} {:g} %", arrow.window_failures, arrow.window_calls,
                         gt ? "more than" : "at least", percent(*config_.failure_rate_threshold));
    case TripRule::count:
      return fmt::format("opens: {} failures in the window", arrow.window_failures);
    case TripRule::at_once:
      return "opens at once";
    case TripRule::slow_calls:
      return "opens: " + rule_of_slow_calls(model_.window_slow(arrow.at), arrow.window_calls);
    case TripRule::slow_probes:
      return rule_of_slow_calls(slow_, successes_ + failures_) +
             fmt::format(": reopens for {} ms", arrow.open_for / milliseconds{1});
    case TripRule::half_open_timeout:
      return fmt::format("its probes did not decide within {} ms: reopens for {} ms",
                         *config_.half_open_timeout / milliseconds{1}, arrow.open_for / milliseconds{1});
    case TripRule::allowed_fails:
      return fmt::format("opens: a failure beyond {}", config_.allowed_fails.value_or(0));
    case TripRule::probe_failed:
      if (config_.half_open_failure_rate) {
        return fmt::format("{}, {} {:g} %: reopens for {} ms", rule_of_probes(), gt ? "more than" : "at least",
                           percent(*config_.half_open_failure_rate), arrow.open_for / milliseconds{1});
      }
      return fmt::format("a failed probe reopens it for {} ms", arrow.open_for / milliseconds{1});
  }
  return "";
}

// --- Whole histories -----------------------------------------------------------------------------------------------

std::vector<ExpectedAnswer> expected_of(const BreakerConfig& config, const History& history, BreakerQuirks quirks) {
  ModelSession session{config, quirks};
  std::vector<ExpectedAnswer> answers;
  answers.reserve(history.size());
  for (const HistoryCall& call : history) {
    // Under another breaker's rules a permit may be refused that the history reports: there the comparison ends.
    if (!session.is_valid(call)) break;
    answers.push_back(session.perform(call));
  }
  return answers;
}

std::vector<std::string> rules_of(const BreakerConfig& config, const History& history, BreakerQuirks quirks) {
  ModelSession session{config, quirks};
  std::vector<std::string> rules;
  for (const HistoryCall& call : history) {
    session.perform(call);
    rules.push_back(session.rule());
  }
  return rules;
}

History without(const BreakerConfig& config, const History& history, const std::vector<bool>& left_out,
                BreakerQuirks quirks) {
  ModelSession session{config, quirks};
  History kept;
  std::vector<std::size_t> new_place(history.size(), history.size());
  std::int64_t latest = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (left_out[i]) continue;
    HistoryCall call = history[i];
    // A report of a permit that was never issued belongs to no earlier call.
    if (call.op == BreakerOp::report) call.of = call.of < i ? new_place[call.of] : history.size();
    const bool backwards = call.wrong == WrongQuestion::time_runs_backwards;
    if (!session.is_valid(call) || backwards != (call.t_ms < latest)) continue;
    if (!backwards) latest = call.t_ms;
    session.perform(call);
    new_place[i] = kept.size();
    kept.push_back(call);
  }
  return kept;
}

ReplayedHistory replay(monitor::ForeignBreaker& breaker, const BreakerConfig& config, const History& history,
                       const std::vector<ExpectedAnswer>& expected) {
  const auto unsupported = breaker.reset(config);
  check(!unsupported, "a breaker honours the settings that it honoured before");
  ReplayedHistory done;
  std::vector<std::int64_t> permits(history.size());
  std::int64_t highest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const HistoryCall& call = history[i];
    BreakerQuestion question{.op = call.op, .t_ms = call.t_ms};
    if (call.op == BreakerOp::report) {
      const bool unknown = call.wrong == WrongQuestion::permit_is_unknown || call.of >= i;
      question.permit = unknown ? highest + 1'000'003 : permits[call.of];
      question.outcome = call.outcome;
    }
    const BreakerAnswer answer = breaker.ask(question);
    done.questions.push_back(question);
    done.answers.push_back(answer);
    if (answer.permit) {
      permits[i] = *answer.permit;
      highest = std::max(highest, std::min(*answer.permit, INT64_MAX / 2));
    }
    if (agrees(expected[i], call, answer)) continue;
    done.mismatch = i;
    break;
  }
  return done;
}

}  // namespace windtunnel::sim
