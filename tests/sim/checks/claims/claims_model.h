#pragma once
// A second, simple implementation of what a run claims beside its thresholds (threshold_model.h): the counters of
// coverage, min_affected and the share of liveness, recomputed after the run from a list of what happened; and the
// comparison of all of them with the judge.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "sim/checks/judge.h"
#include "tests/sim/checks/claims/threshold_model.h"

namespace windtunnel::sim::claims_model {

inline std::int64_t count_of(const std::string& counter, const History& history, std::size_t providers) {
  using monitor::BreakerState;
  const auto calls = [&](auto&& is_one) { return std::count_if(history.calls.begin(), history.calls.end(), is_one); };
  const auto ends = [&](monitor::ReplyKind kind) {
    return calls([=](const EndedCall& ended_call) { return ended_call.kind == kind; });
  };
  const auto outcomes = [&](monitor::Outcome outcome) {
    return std::count_if(history.requests.begin(), history.requests.end(),
                         [=](const EndedRequest& ended_request) { return ended_request.outcome == outcome; });
  };
  const auto moves = [&](auto&& is_one) {
    return std::count_if(history.transitions.begin(), history.transitions.end(), is_one);
  };
  const auto alerts = [&](std::int64_t share) {
    return std::count_if(history.budget.begin(), history.budget.end(), [=](const monitor::BudgetEvent& budget_event) {
      return budget_event.kind == monitor::BudgetEvent::Kind::alert && budget_event.share.value == share;
    });
  };
  if (counter == "breaker_opened")
    return moves([](const Transition& transition) { return transition.to == BreakerState::open; });
  if (counter == "breaker_half_open")
    return moves([](const Transition& transition) { return transition.to == BreakerState::half_open; });
  if (counter == "probe_failed") {
    return moves([](const Transition& transition) {
      return transition.from == BreakerState::half_open && transition.to == BreakerState::open;
    });
  }
  if (counter == "both_open") {
    std::map<std::uint32_t, std::map<monitor::ProviderId, BreakerState>> all_states;
    std::int64_t count = 0;
    for (const Transition& transition : history.transitions) {
      auto& states = all_states[transition.breakers];
      states[transition.provider] = transition.to;
      std::size_t open = 0;
      for (const auto& [provider, state] : states) open += state == BreakerState::open ? 1U : 0U;
      count += transition.to == BreakerState::open && open == providers ? 1 : 0;
    }
    return count;
  }
  if (counter == "late_result") return calls([](const EndedCall& ended_call) { return ended_call.late; });
  if (counter == "late_result_while_not_open")
    return calls(
        [](const EndedCall& ended_call) { return ended_call.late && ended_call.state_before != BreakerState::open; });
  if (counter == "retry") {
    std::int64_t sum = 0;
    for (const EndedRequest& request : history.requests) sum += request.retries;
    return sum;
  }
  if (counter == "failover") {
    return std::count_if(history.requests.begin(), history.requests.end(),
                         [](const EndedRequest& ended_request) { return ended_request.has_moved; });
  }
  if (counter == "retry_after_obeyed") return history.cooling_skips;
  if (counter == "timeout") return ends(monitor::ReplyKind::timeout);
  if (counter == "malformed") return ends(monitor::ReplyKind::malformed);
  if (counter == "truncated") return ends(monitor::ReplyKind::truncated);
  if (counter == "deadline_exceeded") return outcomes(monitor::Outcome::deadline_exceeded);
  if (counter == "rate_refused") return outcomes(monitor::Outcome::refused_rate);
  if (counter == "token_refused") return outcomes(monitor::Outcome::refused_tokens);
  if (counter == "budget_refused") return outcomes(monitor::Outcome::refused_budget);
  if (counter == "cache_hit") return outcomes(monitor::Outcome::cache_hit);
  if (counter == "stale_hit") return outcomes(monitor::Outcome::stale_hit);
  if (counter == "ttl_edge_hit") return history.cache_edges;
  if (counter == "alert_80") return alerts(800'000);
  if (counter == "alert_90") return alerts(900'000);
  if (counter == "alert_95") return alerts(950'000);
  if (counter == "alert_100") return alerts(1'000'000);
  if (counter == "tie_in_time") return history.ties;
  return -1;
}

struct ExpectedLiveness {
  bool has_ended = false;  // the run reached the instant at which recovery is due
  bool all_closed = true;  // then
  std::int64_t requests = 0;
  std::int64_t answered = 0;
};

inline ExpectedLiveness expect_liveness(const Scenario& scenario, const History& history, Instant ended) {
  const Instant due = Instant{} + scenario.liveness->heal_at + scenario.liveness->recover_within;
  ExpectedLiveness expected{.has_ended = ended >= due};
  std::map<std::uint32_t, std::map<monitor::ProviderId, monitor::BreakerState>> states;
  for (const Transition& transition : history.transitions) {
    if (transition.at <= due) states[transition.breakers][transition.provider] = transition.to;
  }
  std::map<std::uint32_t, std::uint32_t> breakers_of{{0, 0}};
  for (const Turn& turn : history.turns) {
    if (turn.at <= due) breakers_of[turn.replica] = turn.breakers;
  }
  for (const auto& [replica, breakers] : breakers_of) {
    for (const auto& [provider, state] : states[breakers]) {
      expected.all_closed = expected.all_closed && state == monitor::BreakerState::closed;
    }
  }
  for (const EndedRequest& request : history.requests) {
    const bool says_nothing = monitor::is_refused(request.outcome) || request.outcome == monitor::Outcome::client_error;
    if (request.arrived <= due || says_nothing) continue;
    ++expected.requests;
    expected.answered += monitor::is_answered(request.outcome) ? 1 : 0;
  }
  return expected;
}

// --- The comparison --------------------------------------------------------------------------------------------------

// One judged run beside the model. Empty: they agree; else one line for each difference.
struct Compared {
  std::string differences;
  std::int64_t thresholds = 0;  // that were compared
  std::map<Verdict, std::int64_t> verdicts;
};

inline std::string words_of(const ThresholdSpec& spec) {
  std::string words = spec.metric + " " + spec.text;
  if (spec.during) words += " during " + *spec.during;
  if (spec.after) words += " after " + *spec.after;
  if (spec.skip) words += " skip " + std::to_string(spec.skip->count());
  if (spec.window) words += " window " + std::to_string(spec.window->count());
  return words + " bound " + std::to_string(spec.bound);
}

inline void compare_thresholds(const Scenario& scenario, const Judgement& judgement, const History& history,
                               Instant ended, Compared& compared) {
  std::size_t place = 0;
  for (const Finding& finding : judgement.findings) {
    if (finding.kind != Finding::Kind::threshold || place >= scenario.thresholds.size()) continue;
    const ThresholdSpec& spec = scenario.thresholds[place++];
    // Its model stands in amplification_test.cc, because it counts wishes, which the history of requests does not hold.
    if (spec.of == Metric::amplification) continue;
    const Expected expected = expect_threshold(scenario, spec, history, ended);
    ++compared.thresholds;
    ++compared.verdicts[expected.verdict];
    const bool is_same_window = expected.verdict != Verdict::fail || finding.at == expected.window;
    const std::string held =
        std::to_string(expected.windows) + (expected.windows == 1 ? " window held" : " windows held");
    const bool is_same_number = expected.verdict != Verdict::pass || !spec.window || finding.reason == held;
    if (finding.verdict == expected.verdict && is_same_window && is_same_number) continue;
    compared.differences += words_of(spec) + ": judged " + name_of(finding.verdict) + " (" + finding.reason +
                            "), expected " + name_of(expected.verdict) + " with " + held + "\n";
  }
  if (place != scenario.thresholds.size()) compared.differences += "a threshold has no finding\n";
}

inline Compared compare_with_model(const Scenario& scenario, std::optional<std::uint64_t> seed = {}) {
  History history;
  Judge judge{scenario, {.checks = {"V1"}}};
  const RunResult result = run(scenario, {.seed = seed, .observers = {&judge, &history}});
  const Judgement judgement = judge.judge(result);
  Compared compared;
  compare_thresholds(scenario, judgement, history, result.ended, compared);
  const auto differ = [&](const std::string& what, auto judged, auto expected) {
    if (judged == expected) return;
    compared.differences +=
        what + ": judged " + std::to_string(judged) + ", expected " + std::to_string(expected) + "\n";
  };
  for (const auto& [counter, count] : judgement.coverage) {
    differ(counter, count, count_of(counter, history, scenario.providers.size()));
  }
  std::optional<Finding> closed;
  std::optional<Finding> success;
  std::size_t fault = 0;
  for (const Finding& finding : judgement.findings) {
    if (finding.kind == Finding::Kind::coverage) {
      const std::int64_t count = count_of(finding.id, history, scenario.providers.size());
      differ(finding.id + " is enough", finding.verdict == Verdict::pass, count >= scenario.coverage.at(finding.id));
    }
    if (finding.kind == Finding::Kind::fault) {
      const FaultSpec& spec = scenario.faults[fault];
      const std::int64_t hits = history.fault_hits[fault++];
      // A clock step, a restart and a lack of places have no call of their own to change.
      const bool is_told = !std::holds_alternative<WallClockStep>(spec.settings) &&
                           !std::holds_alternative<GatewayRestart>(spec.settings) &&
                           !std::holds_alternative<Brownout>(spec.settings);
      if (is_told) differ(spec.id + " is enough", finding.verdict == Verdict::pass, hits >= spec.min_affected);
    }
    if (finding.kind == Finding::Kind::liveness) (finding.id == "breakers close" ? closed : success) = finding;
  }
  if (!success) return compared;
  const std::vector<monitor::BreakerConfig> breakers = breakers_of(scenario);
  const bool has_breakers = !scenario.breaker_command.empty() || std::any_of(breakers.begin(), breakers.end(), opens);
  differ("breakers close is claimed", closed.has_value(), has_breakers);
  if (!closed) closed = success;  // of no use below
  const ExpectedLiveness expected = expect_liveness(scenario, history, result.ended);
  if (!expected.has_ended) {
    differ("liveness is open", closed->verdict == Verdict::inconclusive && success->verdict == Verdict::inconclusive,
           true);
    return compared;
  }
  if (has_breakers) differ("breakers close", closed->verdict == Verdict::pass, expected.all_closed);
  if (expected.requests == 0) {
    differ("requests succeed is open", success->verdict == Verdict::inconclusive, true);
    return compared;
  }
  const bool has_held = static_cast<double>(expected.answered) / static_cast<double>(expected.requests) >=
                        scenario.liveness->success_rate;
  differ("requests succeed", success->verdict == Verdict::pass, has_held);
  const std::string words =
      std::to_string(expected.answered) + " of " + std::to_string(expected.requests) + " were answered";
  if (success->reason != words) compared.differences += success->reason + ", expected " + words + "\n";
  return compared;
}

}  // namespace windtunnel::sim::claims_model
