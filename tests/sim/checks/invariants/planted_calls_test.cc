// Bugs of breakers and failover, one for each check that must find it.

#include "tests/sim/checks/invariants/check_plants.h"

namespace windtunnel::sim::check_planted_calls_test {

using monitor::BreakerOutcome;
using monitor::BreakerState;
using monitor::ReplyKind;
using std::chrono::seconds;

namespace {

void outage(Scenario& world, OutageMode mode = OutageMode::refuse, Duration at = seconds{10},
            Duration lasts = seconds{10}) {
  world.faults = {fault("down", Outage{.mode = mode}, at, lasts)};
  world.faults[0].providers = {"alpha"};
}
void plain_outage(Scenario& world) { outage(world); }

// alpha fails some of its calls in this way.
std::function<void(Scenario&)> fails(ReplyKind kind) {
  return [kind](Scenario& world) { world.providers[0].errors.rates = {{kind, 0.3}}; };
}
// alpha answers 429 and asks for five seconds, once the minute has seen its 20 requests.
void throttles(Scenario& world) {
  world.providers[0].rate_limit = {.requests_per_minute = 20, .tokens_per_minute = {}, .retry_after = seconds{5}};
}
// Three attempts at each provider, half a second and a second after a failure.
void retries(Scenario& world) {
  fails(ReplyKind::server_error)(world);
  world.monitor.provider_call.retry.max_attempts = 3;
  world.monitor.provider_call.retry.jitter = monitor::Jitter::none;
  world.monitor.circuit_breaker.consecutive_threshold = 1'000;
}
// Where alpha fails, beta says that the request is wrong.
void wrong_for_beta(Scenario& world) {
  fails(ReplyKind::server_error)(world);
  world.providers[1].errors.rates = {{ReplyKind::client_error, 1}};
}
// Half of alpha's answers stop in their middle.
void streams(Scenario& world) {
  world.workloads[0].stream = true;
  world.monitor.provider_call.first_token_timeout = seconds{3};
  world.monitor.provider_call.idle_timeout = seconds{4};
  world.faults = {fault("stalls", StreamStall{}, seconds{10}, seconds{10})};
  world.faults[0].providers = {"alpha"};
  world.faults[0].fraction = 0.5;
}
// Where alpha hangs, callers leave after a second.
void callers_leave(Scenario& world) {
  outage(world, OutageMode::hang);
  world.workloads[0].client = ClientSpec{.preset = "none", .timeout = seconds{1}};
}
void all_down(Scenario& world) {
  outage(world);
  world.faults[0].providers.clear();
}
void slow(Scenario& world) {
  world.providers[0].time_to_first_token = Law::fixed(1.0e9);
  outage(world);
}

std::function<void(Liar&)> counts(ReplyKind kind, BreakerOutcome as) {
  return [=](Liar& liar) {
    liar.attempt_end = [=](monitor::AttemptEnded& event) {
      if (event.reply.kind == kind) event.counted = as;
      return 1;
    };
  };
}

// A breaker that counts failures ever, not in a row.
void never_resets(Liar& liar) {
  liar.after_attempt_end = [failures = 0, successes = 0](const monitor::AttemptEnded& event, Checks& checks) mutable {
    if (event.provider != kFirst) return;
    ++(event.counted == BreakerOutcome::failure ? failures : successes);
    if (failures != 2 || successes == 0 || event.counted != BreakerOutcome::failure) return;
    checks.on(monitor::BreakerMoved{kFirst,
                                    {.at = event.at,
                                     .from = BreakerState::closed,
                                     .to = BreakerState::open,
                                     .rule = monitor::TripRule::consecutive,
                                     .epoch = 1,
                                     .consecutive_failures = 3,
                                     .open_for = seconds{5}}});
  };
}

// alpha in two attempts, then beta, then by fallback gamma.
void routed(Scenario& world) {
  fails(ReplyKind::server_error)(world);
  world.providers[1].errors.rates = world.providers[0].errors.rates;
  world.providers.push_back(provider("gamma", Law::fixed(1e8)));
  world.monitor.circuit_breaker.consecutive_threshold = 1'000;
  world.monitor.provider_call.retry.jitter = monitor::Jitter::none;
  using monitor::ProviderId;
  world.monitor.routing.routes = {{.name = "chat", .targets = {{.deployment = kFirst}, {.deployment = kSecond}}},
                                  {.name = "cheap", .targets = {{.deployment = ProviderId{2}}}}};
  world.monitor.routing.routes[0].retry.max_attempts = 2;
  world.monitor.routing.routes[0].fallback = std::vector<monitor::RouteFallback>{{monitor::RouteId{1}}};
}
std::function<void(Scenario&)> told_of_chat(std::function<void(monitor::RouteConfig&)> change) {
  return [change = std::move(change)](Scenario& told) { change(told.monitor.routing.routes[0]); };
}

}  // namespace

std::vector<Plant> plants_of_calls() {
  return {
      {"B1",
       "two probes where one is permitted",
       slow,
       [](Scenario& told) { told.monitor.circuit_breaker.half_open_max_calls = 1; },
       {},
       {"all"}},
      {"B2",
       "open goes straight to closed",
       plain_outage,
       {},
       [](Liar& liar) {
         liar.transition = [](monitor::BreakerTransition& event) {
           if (event.to == BreakerState::half_open) event.to = BreakerState::closed;
           return 1;
         };
       }},
      {"B2",
       "one transition is told twice",
       plain_outage,
       {},
       [](Liar& liar) { liar.transition = [](monitor::BreakerTransition&) { return 2; }; }},
      {"B3", "half a second too early", plain_outage,
       [](Scenario& told) { told.monitor.circuit_breaker.open = std::chrono::milliseconds{5500}; }},
      {"B3",
       "half open since an instant to come",
       plain_outage,
       {},
       [](Liar& liar) {
         liar.transition = [](monitor::BreakerTransition& event) {
           if (event.to == BreakerState::half_open) event.at += seconds{1};
           return 1;
         };
       }},
      {"B3", "one nanosecond too late", plain_outage,
       [](Scenario& told) { told.monitor.circuit_breaker.open -= Duration{1}; }},
      {"B4", "one failure too many", plain_outage,
       [](Scenario& told) { told.monitor.circuit_breaker.consecutive_threshold = 2; }},
      {"B4", "one failure too few", plain_outage,
       [](Scenario& told) { told.monitor.circuit_breaker.consecutive_threshold = 4; }},
      {"B5", "a failed probe is ignored",
       [](Scenario& world) {
         outage(world);
         world.monitor.circuit_breaker.half_open_failure = monitor::HalfOpenFailure::ignore;
       },
       [](Scenario& told) { told.monitor.circuit_breaker.half_open_failure = monitor::HalfOpenFailure::reopen; }},
      {"B6", "a late result acts",
       [](Scenario& world) {
         outage(world, OutageMode::hang);
         world.monitor.provider_call.timeout = seconds{7};
         world.monitor.circuit_breaker.open = seconds{2};
         world.monitor.circuit_breaker.late_results = monitor::LateResults::current_state;
       },
       [](Scenario& told) { told.monitor.circuit_breaker.late_results = monitor::LateResults::ignore; }},
      {"B7",
       "a client error is a failure",
       fails(ReplyKind::client_error),
       {},
       counts(ReplyKind::client_error, BreakerOutcome::failure)},
      {"B8",
       "a malformed answer is a success",
       fails(ReplyKind::malformed),
       {},
       counts(ReplyKind::malformed, BreakerOutcome::success)},
      {"B8",
       "a truncated answer is neutral",
       fails(ReplyKind::truncated),
       {},
       counts(ReplyKind::truncated, BreakerOutcome::ignored)},
      {"B9", "a probe's place is never free", slow,
       [](Scenario& told) { told.monitor.circuit_breaker.half_open_max_calls = 3; }},
      {"B10",
       "a server error is not counted",
       fails(ReplyKind::server_error),
       {},
       counts(ReplyKind::server_error, BreakerOutcome::ignored)},
      {"B11",
       "a refusal begins an epoch",
       plain_outage,
       {},
       [](Liar& liar) {
         liar.permit = [](monitor::PermitAsked& event) {
           if (!event.admitted) ++event.epoch;
           return 1;
         };
       }},
      {"B12", "a success does not reset the run", fails(ReplyKind::server_error), {}, never_resets},
      {"F1", "one attempt too many",
       [](Scenario& world) {
         fails(ReplyKind::server_error)(world);
         world.monitor.provider_call.retry.max_attempts = 3;
       },
       [](Scenario& told) { told.monitor.provider_call.retry.max_attempts = 2; }},
      {"F2", "a refused request is sent", {}, {}, [](Liar& liar) { liar.granted = [] { return 0; }; }},
      {"F3", "a shorter wait than was asked for", throttles,
       [](Scenario& told) { told.monitor.provider_call.retry_after_cap = seconds{60}; },
       [](Liar& liar) {
         liar.retry_after = [](monitor::RetryAfterSet& event) {
           event.until += seconds{2};
           return 1;
         };
       }},
      {"F4",
       "gives up before all were asked",
       all_down,
       {},
       [](Liar& liar) {
         liar.permit = [](monitor::PermitAsked& event) { return event.admitted || event.provider == kFirst ? 1 : 0; };
       }},
      {"F4",
       "passes over a provider that may be called",
       plain_outage,
       {},
       [](Liar& liar) {
         liar.after_attempt_end = [](const monitor::AttemptEnded& event, Checks& checks) {
           if (event.reply.kind != ReplyKind::ok) {
             checks.on(monitor::CoolingSkipped{event.at, event.request, kSecond});
           }
         };
       }},
      {"F5",
       "no failover after a failure",
       {},
       {},
       [](Liar& liar) {
         liar.finish = [](monitor::Record& record) {
           record.outcome = monitor::Outcome::failed;
           return 1;
         };
       }},
      {"F6",
       "fails over after a client error",
       plain_outage,
       {},
       [](Liar& liar) {
         liar.attempt_end = [](monitor::AttemptEnded& event) {
           if (event.reply.kind == ReplyKind::ok) return 1;
           event.reply.kind = ReplyKind::client_error;
           event.counted = BreakerOutcome::ignored;
           return 1;
         };
       },
       {"F6"}},
      {"F6",
       "retries where the key is refused",
       [](Scenario& world) {
         fails(ReplyKind::server_error)(world);
         world.monitor.provider_call.retry.max_attempts = 2;
       },
       {},
       [](Liar& liar) {
         liar.attempt_end = [](monitor::AttemptEnded& event) {
           if (event.reply.kind == ReplyKind::server_error) event.reply.kind = ReplyKind::auth_or_quota;
           return 1;
         };
       }},
      {"F7",
       "a deadline a nanosecond late",
       {},
       {},
       [](Liar& liar) {
         liar.attempt_start = [](monitor::AttemptStarted& event) {
           event.deadline += Duration{1};
           return 1;
         };
       }},
      {"F7",
       "a reply after the deadline",
       [](Scenario& world) { outage(world, OutageMode::hang); },
       {},
       [](Liar& liar) {
         liar.attempt_end = [](monitor::AttemptEnded& event) {
           if (event.reply.kind == ReplyKind::timeout) event.at += Duration{1};
           return 1;
         };
       }},
      {"F7", "goes on after its caller has gone", callers_leave,
       [](Scenario& told) { told.monitor.provider_call.on_caller_gone = monitor::OnCallerGone::cancel; }},
      {"B7",
       "a call that its caller has left counts as a failure",
       [](Scenario& world) {
         callers_leave(world);
         world.monitor.provider_call.on_caller_gone = monitor::OnCallerGone::cancel;
       },
       {},
       counts(ReplyKind::client_error, BreakerOutcome::failure)},
      {"W2", "a fault leaves calls of its window alone", plain_outage,
       [](Scenario& told) { told.faults[0].duration = seconds{12}; }},
      {"W2", "a fault hits calls after its window", plain_outage,
       [](Scenario& told) { told.faults[0].duration = seconds{4}; }},
      {"F8", "a wait above the cap", throttles,
       [](Scenario& told) { told.monitor.provider_call.retry_after_cap = seconds{2}; }},
      {"F10", "waits where no retry is due", retries,
       [](Scenario& told) {
         told.monitor.provider_call.retry.max_attempts = 1;
         told.monitor.provider_call.retry.base -= Duration{1};
       }},
      {"F11", "retries a nanosecond before its back-off is over", retries,
       [](Scenario& told) { told.monitor.provider_call.retry.base += Duration{1}; }},
      {"F12",
       "a Retry-After is ignored",
       throttles,
       {},
       [](Liar& liar) { liar.retry_after = [](monitor::RetryAfterSet&) { return 0; }; }},
      {"F12",
       "a Retry-After asks for no wait",
       throttles,
       {},
       [](Liar& liar) {
         liar.retry_after = [](monitor::RetryAfterSet& event) {
           event.until = event.at;
           return 1;
         };
       }},
      {"F13",
       "a fallback's 400 is the outcome",
       wrong_for_beta,
       {},
       [](Liar& liar) {
         liar.finish = [](monitor::Record& record) {
           if (record.outcome == monitor::Outcome::failed) record.outcome = monitor::Outcome::client_error;
           return 1;
         };
       }},
      {"F14", "one attempt too few", retries,
       [](Scenario& told) { told.monitor.provider_call.retry.max_attempts = 4; }},
      {"F14", "the pause grows faster than by the law", retries,
       [](Scenario& told) { told.monitor.provider_call.retry.multiplier = Millionths{1'999'999}; }},
      {"F15", "asks a lower tier first", routed, told_of_chat([](auto& chat) { chat.targets[0].priority = 1; })},
      {"F15", "asks a target that is not of the route", routed,
       told_of_chat([](auto& chat) { chat.targets.pop_back(); })},
      {"F15", "fails over where it is never to", routed, told_of_chat([](auto& chat) { chat.failover.reset(); })},
      {"F15", "retries a failure that is not retried", routed,
       told_of_chat([](auto& chat) { chat.retry.on.emplace().add(ReplyKind::timeout); })},
      {"F15", "falls back where no fallback names the failure", routed,
       told_of_chat([](auto& chat) { (*chat.fallback)[0].on = {}; })},
      {"F15",
       "asks the dearer target first",
       routed,
       [](Scenario& told) {
         told.monitor.routing.routes[0].balance = monitor::Balance::lowest_cost;
         told.providers[1].tariffs = {{WallTime::min(), tariff(1, 1)}};
       },
       {},
       {"F15"}},
      {"F16", "one attempt more than the route has", routed,
       told_of_chat([](auto& chat) { chat.retry.max_attempts = 1; })},
      {"F16", "another back-off before a route's retry", routed,
       [](Scenario& told) { told.monitor.provider_call.retry.base += Duration{1}; }},
      {"F17", "waits for a first token that the scenario does not", streams,
       [](Scenario& told) { told.monitor.provider_call.first_token_timeout = seconds{2}; }},
      {"F17",
       "takes no notice of a first token that is late",
       streams,
       {},
       [](Liar& liar) {
         liar.attempt_end = [](monitor::AttemptEnded& event) {
           if (event.reply.kind == ReplyKind::ok) event.reply.time_to_first_token = seconds{9};
           return 1;
         };
       },
       {"F17"}},
      {"F17", "leaves in a pause that is not over", streams,
       [](Scenario& told) { told.monitor.provider_call.idle_timeout = seconds{5}; }},
      {"F16", "gives up while a target is left",
       [](Scenario& world) {
         routed(world);
         world.monitor.routing.routes[0].failover.reset();
         world.monitor.routing.routes[0].fallback.reset();
       },
       told_of_chat([](auto& chat) { chat.failover = monitor::ReplySet::any(); })},
      {"F16", "gives up while a fallback is left",
       [](Scenario& world) {
         routed(world);
         world.monitor.routing.routes[0].fallback.reset();
       },
       told_of_chat([](auto& chat) { chat.fallback = std::vector<monitor::RouteFallback>{{monitor::RouteId{1}}}; })},
  };
}

}  // namespace windtunnel::sim::check_planted_calls_test
