#include "monitor/breaker/breaker_presets.h"

#include <array>
#include <chrono>

namespace windtunnel::monitor {
namespace {

using std::chrono::seconds;

// The proof of concept never resets its run of failures, so that its consecutive rule is a count over all time.
BreakerConfig seed_poc() {
  return {.failure_rate_threshold = Millionths{500'000},
          .failure_rate_compare = BreakerCompare::ge,
          .failure_count_threshold = 5,
          .window_type = WindowType::lifetime,
          .open = seconds{30},
          .half_open_max_calls = 0,
          .half_open_failure = HalfOpenFailure::ignore,
          .late_results = LateResults::current_state,
          .late_success_in_open = LateSuccessInOpen::count,
          .on_close = OnClose::reset_failures};
}

BreakerConfig resilience4j() {
  return {.failure_rate_threshold = Millionths{500'000},
          .failure_rate_compare = BreakerCompare::ge,
          .slow_call_duration = seconds{60},
          .slow_call_rate = Millionths{1'000'000},
          .minimum_calls = 100,
          .window_type = WindowType::count,
          .window_size = 100,
          .evaluate_on = EvaluateOn::any,
          .open = seconds{60},
          .open_compare = BreakerCompare::gt,
          .state_view = StateView::lazy,
          .half_open_max_calls = 10,
          .half_open_failure_rate = Millionths{500'000},
          .late_results = LateResults::current_state};
}

BreakerConfig polly() {
  return {.failure_rate_threshold = Millionths{100'000},
          .failure_rate_compare = BreakerCompare::ge,
          .minimum_calls = 100,
          .window_type = WindowType::time,
          .window = seconds{30},
          .open = seconds{5},
          .late_results = LateResults::current_state};
}

BreakerConfig gobreaker() {
  return {.consecutive_threshold = 6, .open = seconds{60}, .open_compare = BreakerCompare::gt};
}

BreakerConfig hystrix() {
  return {.failure_rate_threshold = Millionths{500'000},
          .failure_rate_compare = BreakerCompare::ge,
          .minimum_calls = 20,
          .window_type = WindowType::time,
          .window = seconds{10},
          .window_buckets = 10,
          .evaluate_on = EvaluateOn::any,
          .open = seconds{5},
          .open_compare = BreakerCompare::gt,
          .late_results = LateResults::current_state};
}

BreakerConfig litellm() {
  OutcomesByReply outcomes;
  outcomes[index_of(ReplyKind::rate_limited)] = BreakerOutcome::fatal;
  outcomes[index_of(ReplyKind::auth_or_quota)] = BreakerOutcome::fatal;
  outcomes[index_of(ReplyKind::connection_error)] = BreakerOutcome::ignored;
  return {.failure_rate_threshold = Millionths{500'000},
          .minimum_calls = 5,
          .window_type = WindowType::fixed,
          .window = seconds{60},
          .open = seconds{5},
          .half_open_max_calls = 0,
          .late_results = LateResults::current_state,
          .late_success_in_open = LateSuccessInOpen::count,
          .on_close = OnClose::keep,
          .outcomes = outcomes};
}

BreakerConfig helicone() {
  return {.failure_rate_threshold = Millionths{100'000},
          .minimum_calls = 20,
          .window_type = WindowType::time,
          .window = seconds{60},
          .window_buckets = 10,
          .open = seconds{5},
          .on_close = OnClose::keep};
}

BreakerConfig envoy() { return {.consecutive_threshold = 5, .open = seconds{30}, .half_open_max_calls = 0}; }

BreakerConfig portkey() {
  OutcomesByReply outcomes;
  for (const ReplyKind kind : {ReplyKind::timeout, ReplyKind::overloaded, ReplyKind::malformed, ReplyKind::truncated}) {
    outcomes[index_of(kind)] = BreakerOutcome::ignored;
  }
  return {.failure_rate_threshold = Millionths{200'000},
          .minimum_calls = 10,
          .window_type = WindowType::lifetime,
          .open = seconds{60},
          .half_open_max_calls = 0,
          .outcomes = outcomes};
}

BreakerConfig pybreaker() {
  return {.consecutive_threshold = 5,
          .open = seconds{60},
          .state_view = StateView::lazy,
          .half_open_max_calls = 0,
          .late_results = LateResults::origin_forces,
          .late_success_in_open = LateSuccessInOpen::count};
}

BreakerConfig opossum() {
  return {.failure_rate_threshold = Millionths{500'000},
          .volume = Volume::attempts,
          .window_type = WindowType::time,
          .window = seconds{10},
          .window_buckets = 10,
          .open = seconds{30},
          .late_results = LateResults::current_state,
          .late_success_in_open = LateSuccessInOpen::count,
          .on_close = OnClose::keep};
}

BreakerConfig cockatiel() {
  return {.consecutive_threshold = 5,
          .open = seconds{10},
          .state_view = StateView::lazy,
          .late_results = LateResults::origin_counts_stale_probe,
          .late_success_in_open = LateSuccessInOpen::count};
}

BreakerConfig none() { return {}; }

struct Preset {
  BreakerPresetInfo info;
  BreakerConfig (*config)();
};

constexpr std::array kPresets{
    Preset{{"seed-readme",
            "Read from the README of this project: 5 consecutive failures or more than 50 % of the last 10 calls (at "
            "least 5) open it for 30 s, then 1 probe. Leaves nothing out; window and minimum are ours, the README "
            "names none."},
           seed_readme},
    Preset{
        {"seed-poc",
         "Read from the proof of concept's Python, as coded: 5 failures since the last close or at least 50 % of all "
         "calls ever, without a minimum, open it for 30 s; then everybody probes, a failed probe is ignored and "
         "late results count. A close forgets the failures and keeps the number of calls. Leaves out that a breaker "
         "opened at t = 0 never recovers."},
        seed_poc},
    Preset{{"resilience4j",
            "Read from resilience4j 2.3.0, defaults: at least 50 % failures in the last 100 calls, or all of them "
            "longer than 60 s, after any result, open it for more than 60 s, until a call comes; then 10 probes close "
            "it when less than 50 % of them fail and not all are that slow, and reopen it otherwise; late results "
            "count, but for those that come while it is open. Leaves out that a minimum below 10 calls would judge "
            "that many probes. Its maxWaitDurationInHalfOpenState, which is off, is half_open_timeout."},
           resilience4j},
    Preset{{"polly",
            "Read from Polly 8.7.0, defaults: at least 10 % of the calls of 30 s, minimum 100, open it for 5 s, then 1 "
            "probe; late results count. Leaves out its 10 health windows, which begin with a call (here the window is "
            "exact), and the further probe it admits when one has not come back within the break."},
           polly},
    Preset{{"gobreaker",
            "Read from gobreaker 2.4.0, defaults: 6 consecutive failures open it for more than 60 s, then 1 probe; "
            "late results are told by their generation and ignored. Leaves out its optional interval."},
           gobreaker},
    Preset{{"hystrix",
            "Read from Hystrix 1.5.x, defaults: at least 50 % of the calls of 10 s in 10 buckets, minimum 20, open it "
            "for more than 5 s, then 1 probe; late results count. Leaves out that it looks only every 500 ms, its "
            "whole-number percentage, and its own time-outs and thread pools."},
           hystrix},
    Preset{{"litellm",
            "Read from a stored Python version of LiteLLM's router cooldown (newer ones moved to a Rust core), for "
            "groups of several deployments: more than 50 % of a minute's calls, minimum 5, cool it down for 5 s, then "
            "everybody is let through and the counts live on; a 429 and an authentication error cool it at once, a "
            "connection error never does. Leaves out: the group of a single deployment, which no 429 cools and no "
            "failures but 1,000 or more in a minute without a success; that of auth_or_quota only a 401 cools, and of "
            "client_error a 404 does; that errors which cool nothing still count in the minute's share; the "
            "Retry-After that sets the length of a cooldown; cooldown_time, allowed_fails and its policy by kind of "
            "error, disable_cooldowns; the whole group let through when all of it cools; counts shared by Redis; and "
            "that the end of a cooldown needs no successful call."},
           litellm},
    Preset{{"helicone",
            "Read from Helicone ai-gateway 42d2998: more than 10 % of the calls of 60 s in 10 buckets, minimum 20, "
            "take a provider out for 5 s; the counts live on. Leaves out that the check is a sweep every 5 s, which "
            "lets a provider back when its rate has fallen, without a probe."},
           helicone},
    Preset{{"envoy",
            "Read from Envoy's outlier-detection documentation: 5 consecutive failures eject a host for 30 s, then "
            "everybody is let through. It ejects hosts and is no breaker: the sweep interval, the ejection time that "
            "grows with each ejection, the maximum ejection percentage and the return without a probe are left out."},
           envoy},
    Preset{{"portkey",
            "Read from Portkey's documentation of its circuit breaker as of September 2026, with the settings of its "
            "example: more than 20 % of the calls since the last close, minimum 10, take a target out for 60 s; 401, "
            "429 and 500 are failures, and a connection error is a 500 (its gateway at 00d58ce). The page names no "
            "window. Leaves out that it closes without a probe (here the first success closes it), that a reply with "
            "another status counts as a success (here it is ignored), and that all targets are tried when all are "
            "out."},
           portkey},
    Preset{{"pybreaker",
            "Read from pybreaker 1.4.1, defaults: 5 consecutive failures open it for 60 s, until a call comes; then "
            "everybody probes, the first success closes it and a failure reopens it. Has its defect, which calls that "
            "overlap (calling()) show: a result acts in the state in which its call began. A failure of before it "
            "opened starts the 60 s again, the success of an old probe closes it while it is open, and the failure of "
            "one opens it while it is closed. Leaves out that an excluded exception is a success (here it is "
            "ignored), and that call() lets no calls overlap."},
           pybreaker},
    Preset{{"opossum",
            "Read from opossum 8.5.0, defaults: failures of more than 50 % of the attempts of 10 s in 10 buckets, "
            "without a minimum, open it for 30 s, then 1 probe; late results count and the counts live on. Has its "
            "defect: the share is of the calls that were tried, also of those that are still out or were refused. "
            "Leaves out its time-out of 10 s, its capacity, that an error which errorFilter lets pass is a success "
            "(here it is ignored), and its warm-up, cache and fallback."},
           opossum},
    Preset{{"cockatiel",
            "Read from cockatiel 3.2.1, ConsecutiveBreaker(5) with halfOpenAfter 10 s, as its readme shows it: 5 "
            "consecutive failures open it for 10 s, until a call comes, which is the 1 probe. Has its defect: a late "
            "result acts by the state in which its call began, so that a failure of before it opened can fail a "
            "probe, and that of an old probe opens it while it is closed. Leaves out that further calls wait for the "
            "probe (here they are refused), that an error which its policy does not handle closes it (here it is "
            "ignored), and its SamplingBreaker and CountBreaker."},
           cockatiel},
    Preset{{"none", "Read from no library: without a rule, every call is admitted. Leaves nothing out."}, none},
};

constexpr auto kInfos = [] {
  std::array<BreakerPresetInfo, kPresets.size()> infos{};
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kPresets[i].info;
  return infos;
}();

}  // namespace

BreakerConfig seed_readme() {
  return {.consecutive_threshold = 5,
          .failure_rate_threshold = Millionths{500'000},
          .minimum_calls = 5,
          .window_type = WindowType::count,
          .window_size = 10,
          .open = seconds{30}};
}

std::span<const BreakerPresetInfo> breaker_presets() { return kInfos; }

std::optional<BreakerConfig> breaker_preset(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (preset.info.name == name) return preset.config();
  }
  return std::nullopt;
}

}  // namespace windtunnel::monitor
