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
// Short handlers and early ways out are marked inline, because a call costs some twenty instructions and a request
// passes through sixty of them.
//
// Omissions: claims over many runs (the same digest, swapped providers) are tests; claims about the end of a run
// (liveness, coverage, thresholds) are in sim/checks/claims.

namespace windtunnel::sim {

Checks::Checks(const Scenario& scenario, const CheckSelection& selection, bool keep_going)
    : context_{.scenario = scenario,
               .violations = Violations{selection, keep_going},
               .open = {},
               .wall_at_zero = scenario.start},
      breaker_(context_),
      failover_(context_),
      retry_(context_),
      money_(context_),
      tokens_(context_),
      true_time_(context_),
      cache_(context_),
      routing_(context_),
      routes_(context_),
      telemetry_(context_),
      run_(context_),
      world_(context_),
      limits_(scenario, context_.violations) {}

void Checks::on(const RunBegan& event) {
  context_.pipeline = event.pipeline;
  money_.on_begin(event.month_spent);
  true_time_.on_begin(event.month_spent);
  world_.on_begin(event.seed);
}

inline OpenRequest* Checks::known(RequestId request, Instant now, CheckId otherwise) {
  context_.now = now;
  OpenRequest* const open_request = context_.open.find(request);
  if (open_request == nullptr)
    context_.violations.report(otherwise, now, request, "something happens to it and it is not in flight");
  return open_request;
}

void Checks::on(const monitor::RequestArrived& event) {
  context_.now = event.at;
  if (context_.open.find(event.request.id) != nullptr) {
    return context_.violations.report(CheckId::T1, event.at, event.request.id, "it arrives again");
  }
  OpenRequest& open_request = context_.open.begin(event.request.id);
  open_request.request = event.request;
  open_request.arrived = event.at;
  open_request.wall = context_.wall();
  routes_.on_arrival(open_request);
  cache_.look_ahead(open_request);
  telemetry_.on_arrival();
  world_.on_arrival(open_request);
  limits_.on_arrival(event.request);
  tokens_.on_arrival(open_request);
  true_time_.on_arrival(open_request);
}

void Checks::on(const monitor::TokensGranted& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::T1);
  if (open_request == nullptr) return;
  tokens_.on_granted(*open_request, event.output);
  true_time_.on_passed(*open_request);
  open_request->granted = true;
  open_request->grant = event.output;
  money_.on_granted(*open_request);
}

void Checks::on(const monitor::MoneyReserved& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::C2);
  if (open_request == nullptr) return;
  if (!open_request->held) true_time_.on_reserved(*open_request);
  money_.on_reserved(*open_request, event.amount, event.wall);
}

void Checks::on(const monitor::MoneyReleased& event) {
  if (OpenRequest* const open_request = known(event.request, event.at, CheckId::C2))
    money_.on_released(*open_request, event.amount);
}

// The first candidate's turn: the cache had nothing for this request.
void Checks::ask_first(OpenRequest& open_request, monitor::ProviderId provider) {
  open_request.asked_mask = open_request.asked_mask | std::uint64_t{1} << index_of(provider);
  if (open_request.first_asked) return;
  open_request.first_asked = provider;
  cache_.on_first_asked(open_request, provider);
}

void Checks::on(const monitor::PermitAsked& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::F7);
  if (open_request == nullptr) return;
  ask_first(*open_request, event.provider);
  failover_.on_permit(*open_request, event);
  routes_.on_turn(*open_request, event.provider);
  retry_.on_step(*open_request, event.provider);
  breaker_.on_permit(*open_request, event);
}

void Checks::on(const monitor::CoolingSkipped& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::F7);
  if (open_request == nullptr) return;
  ask_first(*open_request, event.provider);
  routes_.on_turn(*open_request, event.provider);
  retry_.on_step(*open_request, event.provider);
  failover_.on_cooling_skip(*open_request, event.provider);
}

void Checks::on(const monitor::LimitsAsked& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::L6);
  if (open_request == nullptr) return;
  limits_.on_asked(event);
  if (event.route != open_request->request.route) {
    open_request->request.route = event.route;
    routes_.on_arrival(*open_request);
  }
  // A target that was passed over is the reason of a refusal also where a breaker refuses the targets after it.
  const bool was_limited = event.stage == monitor::LimitStage::target && open_request->is_limited;
  open_request->is_limited = !event.is_admitted || was_limited;
  if (event.is_admitted || event.stage != monitor::LimitStage::target) return;
  ask_first(*open_request, *event.target);
  routes_.on_turn(*open_request, *event.target);
  retry_.on_step(*open_request, *event.target);
  failover_.on_limited(*open_request, *event.target);
}

void Checks::on(const monitor::RouteEntered& event) {
  if (OpenRequest* const open_request = known(event.request, event.at, CheckId::F15))
    routes_.on_route(*open_request, event);
}

void Checks::on(const monitor::AttemptStarted& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::F7);
  if (open_request == nullptr) return;
  failover_.on_attempt_start(*open_request, event);
  routes_.on_attempt_start(*open_request, event);
  breaker_.on_attempt_start(*open_request, event);
  money_.on_attempt_start(*open_request, event);
  tokens_.on_attempt_start(*open_request, event);
  world_.on_attempt_start(*open_request);
  open_request->provider = event.provider;
  open_request->calling = true;
  open_request->ledger_seen = false;
  open_request->hit_by_fault = false;
  open_request->started = event.at;
  open_request->deadline = event.deadline;
  open_request->first_token_by = event.first_token_by;
  open_request->idle = event.idle;
  open_request->output_max = event.output_max;
  open_request->called_mask = open_request->called_mask | std::uint64_t{1} << index_of(event.provider);
  ++open_request->attempts_at[index_of(event.provider)];
  ++open_request->attempts;
}

void Checks::on(const CallPlaced& event) {
  if (OpenRequest* const open_request = known(event.request, event.at, CheckId::F7))
    world_.on_placed(*open_request, event);
}

void Checks::on(const LedgerEntry& entry) {
  OpenRequest* const open_request = known(entry.request, entry.at, CheckId::F7);
  if (open_request == nullptr) return;
  open_request->ledger_seen = true;
  open_request->billed = entry.billed;
  open_request->billed_input = entry.input;
  open_request->billed_output = entry.output;
  open_request->billed_kinds = entry.kinds;
  if (entry.usage_known) open_request->known_cost += entry.billed;
  tokens_.on_ledger(*open_request, entry);
  telemetry_.on_ledger(entry);
}

void Checks::on(const monitor::AttemptEnded& event) {
  OpenRequest* const open_request = known(event.request, event.at, CheckId::F7);
  if (open_request == nullptr) return;
  cache_.look_ahead(*open_request);
  failover_.on_attempt_end(*open_request, event);
  retry_.on_attempt_end(*open_request, event, failover_.cooling_until(event.provider));
  breaker_.on_attempt_end(*open_request, event);
  money_.on_attempt_end(*open_request, event);
  true_time_.on_attempt_end(*open_request, event);
  run_.on_attempt_end(*open_request, event);
  world_.on_attempt_end(*open_request, event);
  telemetry_.on_attempt_end(event);
  limits_.on_attempt_end(event);
  open_request->calling = false;
  open_request->last_kind = event.reply.kind;
  routes_.on_attempt_end(*open_request, event);
}

void Checks::on(const monitor::UsageLearned& event) {
  context_.now = event.at;
  money_.on_usage_learned(event);
  limits_.on_usage_learned(event);
}

void Checks::on(const monitor::BreakerMoved& event) { breaker_.on_transition(event.provider, event.transition); }

void Checks::on(const monitor::RetryAfterSet& event) {
  context_.now = event.at;
  failover_.on_retry_after(event.provider, event.until);
}

void Checks::on(const monitor::BudgetChanged& event) {
  context_.now = event.at;
  money_.on_budget(event.budget);
}

void Checks::on(const monitor::CacheStored& event) {
  if (OpenRequest* const open_request = known(event.request, event.at, CheckId::T1))
    cache_.on_cache_stored(*open_request, event);
}

void Checks::on(const monitor::CacheServed& event) {
  if (OpenRequest* const open_request = known(event.request, event.at, CheckId::T1))
    cache_.on_cache_served(*open_request, event);
}

// Told at the instant of the event that ends the request, which the latest word about it has named.
void Checks::on(const monitor::Record& record) {
  OpenRequest* const open_request = known(record.request.id, context_.now, CheckId::T1);
  if (open_request == nullptr) return;
  failover_.on_finish(*open_request, record);
  routes_.on_finish(*open_request, record);
  retry_.on_step(*open_request, std::nullopt);
  money_.on_finish(*open_request, record);
  true_time_.on_finish(*open_request, record);
  tokens_.on_finish(*open_request, record);
  cache_.on_finish(*open_request, record);
  routing_.on_finish(*open_request, record);
  telemetry_.on_finish(*open_request, record);
  breaker_.on_finish(*open_request);
  world_.on_finish(*open_request);
  limits_.on_finish(record, context_.now);
  context_.open.end(*open_request);
}

void Checks::on(const FaultChanged& event) {
  context_.now = event.at;
  run_.on_fault(event);
  world_.on_fault(event);
  const auto offset = wall_clock_offset_of(context_.scenario.faults[event.fault].settings);
  if (offset) context_.wall_at_zero += event.active ? *offset : -*offset;
}

void Checks::on(const FaultHit& event) {
  context_.now = event.at;
  run_.on_fault_hit(event.fault, context_.open.find(event.request));
  world_.on_fault_hit(event.fault);
}

// Nothing that was due of it before is due any more.
void Checks::on(const CallerLeft& event) {
  if (context_.config().provider_call.on_caller_gone != monitor::OnCallerGone::cancel) return;
  OpenRequest* const open_request = known(event.request, event.at, CheckId::F7);
  if (open_request == nullptr) return;
  open_request->is_left = true;
  open_request->due = {};
  failover_.on_left(*open_request);
}

// The accounts to compare are now those that this replica has.
void Checks::on(const ReplicaTurn& event) {
  context_.now = event.at;
  context_.pipeline = event.pipeline;
  limits_.on_turn(event.limits, event.at);
}

void Checks::on(const ScheduledDone& event) {
  context_.now = event.at;
  // First, because a request that ended unseen leaves traces in every account.
  telemetry_.on_event();
  failover_.on_event();
  breaker_.on_event();
  money_.on_event();
  tokens_.on_event();
  limits_.on_event(context_.pipeline, context_.now);
}

void Checks::at_end(const RunResult& result) {
  context_.pipeline = nullptr;
  context_.now = result.ended;
  if (wants_stop()) return;
  breaker_.at_end(result);
  money_.at_end(result);
  tokens_.at_end(result);
  telemetry_.at_end(result);
  run_.at_end(result);
  world_.at_end(result);
  limits_.at_end(result.pipeline, result.in_flight == 0, result.ended);
}

}  // namespace windtunnel::sim
