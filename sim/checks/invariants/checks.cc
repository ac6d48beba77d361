#include "sim/checks/invariants/checks.h"

// How the checks see a run.
//
// Every event of a run passes through on() of this file once. It sets the common clock, finds the request that the
// event is about, and forwards the event to the groups that it concerns: breaker, failover, money, tokens, cache,
// routing, telemetry and run. Each group keeps an independent model, written from the rules and not from the pipeline's
// code: a follower of each breaker, the budget windows, the token windows, the cache's entries, the open requests. A
// model is fed by events only.
//
// A claim is checked at two moments. At an event, because some claims concern one act ("no attempt starts before the
// Retry-After"). After an event, when the pipeline has settled: then the models are compared with the state of the real
// limiters, breakers, cache and metrics, and with the ledger, which holds what the providers truly billed. An
// intermediate state inside one event is never compared.
//
// Every violation carries the id of its check, the instant, the request and the figures on both sides. The first one
// ends the run, because later ones are often its consequences; keep_going keeps the first of each check instead.
//
// Omissions: claims over many runs (the same digest, swapped providers) are tests; claims about the end of a run
// (liveness, coverage, thresholds) are in sim/checks/claims.

namespace windtunnel::sim {

Checks::Checks(const Scenario& scenario, const CheckSelection& selection, bool keep_going)
    : watched_{.scenario = scenario,
               .violations = Violations{selection, keep_going},
               .open = {},
               .wall_at_zero = scenario.start},
      breaker_(watched_),
      failover_(watched_),
      retry_(watched_),
      money_(watched_),
      tokens_(watched_),
      true_time_(watched_),
      cache_(watched_),
      routing_(watched_),
      telemetry_(watched_),
      run_(watched_),
      world_(watched_) {}

void Checks::on(const RunBegan& event) {
  watched_.pipeline = event.pipeline;
  money_.on_begin(event.month_spent);
  true_time_.on_begin(event.month_spent);
  world_.on_begin(event.seed);
}

OpenRequest* Checks::known(RequestId request, Instant now, CheckId otherwise) {
  watched_.now = now;
  OpenRequest* const one = watched_.open.find(request);
  watched_.violations.must(one != nullptr, otherwise, now, request, "something happens to it and it is not in flight");
  return one;
}

void Checks::on(const monitor::RequestArrived& event) {
  watched_.now = event.at;
  if (watched_.open.find(event.request.id) != nullptr) {
    return watched_.violations.must(false, CheckId::T1, event.at, event.request.id, "it arrives again");
  }
  OpenRequest& one = watched_.open.begin(event.request.id);
  one.request = event.request;
  one.arrived = event.at;
  one.wall = watched_.wall();
  telemetry_.on_arrival();
  world_.on_arrival(one);
  tokens_.on_arrival(one);
  true_time_.on_arrival(one);
}

void Checks::on(const monitor::TokensGranted& event) {
  OpenRequest* const one = known(event.request, event.at, CheckId::T1);
  if (one == nullptr) return;
  tokens_.on_granted(*one, event.output);
  true_time_.on_passed(*one);
  one->granted = true;
  one->grant = event.output;
  money_.on_granted(*one);
}

void Checks::on(const monitor::MoneyReserved& event) {
  OpenRequest* const one = known(event.request, event.at, CheckId::C2);
  if (one == nullptr) return;
  if (!one->held) true_time_.on_reserved(*one);
  money_.on_reserved(*one, event.amount, event.wall);
}

void Checks::on(const monitor::MoneyReleased& event) {
  if (OpenRequest* const one = known(event.request, event.at, CheckId::C2)) money_.on_released(*one, event.amount);
}

// The first candidate's turn: the cache had nothing for this request.
void Checks::ask_first(OpenRequest& one, monitor::ProviderId provider) {
  one.asked_mask = static_cast<std::uint8_t>(one.asked_mask | 1U << index_of(provider));
  if (one.first_asked) return;
  one.first_asked = provider;
  cache_.on_first_asked(one, provider);
}

void Checks::on(const monitor::PermitAsked& event) {
  OpenRequest* const one = known(event.request, event.at, CheckId::F7);
  if (one == nullptr) return;
  ask_first(*one, event.provider);
  failover_.on_permit(*one, event);
  retry_.on_step(*one, event.provider);
  breaker_.on_permit(*one, event);
}

void Checks::on(const monitor::CoolingSkipped& event) {
  OpenRequest* const one = known(event.request, event.at, CheckId::F7);
  if (one == nullptr) return;
  ask_first(*one, event.provider);
  retry_.on_step(*one, event.provider);
  failover_.on_cooling_skip(*one, event.provider);
}

void Checks::on(const monitor::AttemptStarted& event) {
  OpenRequest* const one = known(event.request, event.at, CheckId::F7);
  if (one == nullptr) return;
  failover_.on_attempt_start(*one, event);
  breaker_.on_attempt_start(*one, event);
  money_.on_attempt_start(*one, event);
  tokens_.on_attempt_start(*one, event);
  world_.on_attempt_start(*one);
  one->provider = event.provider;
  one->calling = true;
  one->ledger_seen = false;
  one->hit_by_fault = false;
  one->started = event.at;
  one->deadline = event.deadline;
  one->output_max = event.output_max;
  one->called_mask = static_cast<std::uint8_t>(one->called_mask | 1U << index_of(event.provider));
  ++one->attempts_at[index_of(event.provider)];
  ++one->attempts;
}

void Checks::on(const CallPlaced& event) {
  if (OpenRequest* const one = known(event.request, event.at, CheckId::F7)) world_.on_placed(*one, event);
}

void Checks::on(const LedgerEntry& entry) {
  OpenRequest* const one = known(entry.request, entry.at, CheckId::F7);
  if (one == nullptr) return;
  one->ledger_seen = true;
  one->billed = entry.billed;
  one->billed_input = entry.input;
  one->billed_output = entry.output;
  if (entry.usage_known) one->known_cost += entry.billed;
  tokens_.on_ledger(*one, entry);
  telemetry_.on_ledger(entry);
}

void Checks::on(const monitor::AttemptEnded& event) {
  OpenRequest* const one = known(event.request, event.at, CheckId::F7);
  if (one == nullptr) return;
  failover_.on_attempt_end(*one, event);
  retry_.on_attempt_end(*one, event, failover_.cooling_until(event.provider));
  breaker_.on_attempt_end(*one, event);
  money_.on_attempt_end(*one, event);
  true_time_.on_attempt_end(*one, event);
  run_.on_attempt_end(*one, event);
  world_.on_attempt_end(*one, event);
  telemetry_.on_attempt_end(event);
  one->calling = false;
  one->last_kind = event.reply.kind;
}

void Checks::on(const monitor::BreakerMoved& event) { breaker_.on_transition(event.provider, event.transition); }

void Checks::on(const monitor::RetryAfterSet& event) {
  watched_.now = event.at;
  failover_.on_retry_after(event.provider, event.until);
}

void Checks::on(const monitor::BudgetChanged& event) {
  watched_.now = event.at;
  money_.on_budget(event.budget);
}

void Checks::on(const monitor::CacheStored& event) {
  if (OpenRequest* const one = known(event.request, event.at, CheckId::T1)) cache_.on_cache_stored(*one, event);
}

void Checks::on(const monitor::CacheServed& event) {
  if (OpenRequest* const one = known(event.request, event.at, CheckId::T1)) cache_.on_cache_served(*one, event);
}

// Told at the instant of the event that ends the request, which the latest word about it has named.
void Checks::on(const monitor::Record& record) {
  OpenRequest* const one = known(record.request.id, watched_.now, CheckId::T1);
  if (one == nullptr) return;
  failover_.on_finish(*one, record);
  retry_.on_step(*one, std::nullopt);
  money_.on_finish(*one, record);
  true_time_.on_finish(*one, record);
  tokens_.on_finish(*one, record);
  cache_.on_finish(*one, record);
  routing_.on_finish(*one, record);
  telemetry_.on_finish(*one, record);
  breaker_.on_finish(*one);
  world_.on_finish(*one);
  watched_.open.end(*one);
}

void Checks::on(const FaultChanged& event) {
  watched_.now = event.at;
  run_.on_fault(event);
  world_.on_fault(event);
  const auto offset = wall_clock_offset_of(watched_.scenario.faults[event.fault].settings);
  if (offset) watched_.wall_at_zero += event.active ? *offset : -*offset;
}

void Checks::on(const FaultHit& event) {
  watched_.now = event.at;
  run_.on_fault_hit(event.fault, watched_.open.find(event.request));
  world_.on_fault_hit(event.fault);
}

void Checks::on(const ScheduledDone& event) {
  watched_.now = event.at;
  // First, because a request that ended unseen leaves traces in every account.
  telemetry_.on_event();
  failover_.on_event();
  breaker_.on_event();
  money_.on_event();
  tokens_.on_event();
}

void Checks::at_end(const RunResult& result) {
  watched_.pipeline = nullptr;
  watched_.now = result.ended;
  if (wants_stop()) return;
  breaker_.at_end(result);
  money_.at_end(result);
  tokens_.at_end(result);
  telemetry_.at_end(result);
  run_.at_end(result);
  world_.at_end(result);
}

}  // namespace windtunnel::sim
