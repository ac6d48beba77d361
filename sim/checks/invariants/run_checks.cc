#include "sim/checks/invariants/run_checks.h"

#include <algorithm>

namespace windtunnel::sim {
namespace {

// Whether it changes each call that it may touch, whatever is drawn.
bool changes_every_call(const FaultSpec& spec) {
  return is_certain(spec.settings) && spec.fraction >= 1 && spec.ramp == Duration{0} && spec.ramp_down == Duration{0};
}

}  // namespace

// From the scenario's words alone, so that a fault which never begins is missed.
RunChecks::RunChecks(CheckContext& context) : context_(context) {
  const Scenario& scenario = context.scenario;
  const Duration last = scenario.liveness ? std::min(scenario.duration, scenario.liveness->heal_at) : scenario.duration;
  for (const FaultSpec& spec : scenario.faults) {
    One entry{.begin = Instant{} + spec.at, .end = Instant{} + last, .is_certain = changes_every_call(spec)};
    if (spec.duration) entry.end = std::min(entry.end, entry.begin + *spec.duration);
    for (std::size_t provider = 0; provider < context.providers(); ++provider) {
      const std::string& name = scenario.providers[provider].name;
      const bool named = std::ranges::find(spec.providers, name) != spec.providers.end();
      if (spec.providers.empty() || named) entry.providers |= std::uint64_t{1} << provider;
    }
    faults_.push_back(entry);
  }
}

void RunChecks::on_fault(const FaultChanged& event) { faults_[event.fault].active = event.active; }

void RunChecks::on_fault_hit(std::size_t fault, OpenRequest* open_request) {
  const FaultSpec& spec = context_.scenario.faults[fault];
  One& fact = faults_[fault];
  ++fact.hits;
  const bool named = open_request != nullptr && open_request->calling &&
                     (fact.providers >> index_of(open_request->provider) & 1U) != 0;
  const bool in_window = context_.now >= fact.begin && context_.now <= fact.end;
  if (!fact.active || !named || !in_window)
    context_.violations.report(CheckId::W2, context_.now,
                               open_request == nullptr ? std::nullopt : std::optional{open_request->request.id},
                               "fault {} hit a call to provider {}; it lasts from {} to {} ns, active: {}", spec.id,
                               open_request == nullptr ? -1 : static_cast<int>(index_of(open_request->provider)),
                               fact.begin.time_since_epoch().count(), fact.end.time_since_epoch().count(), fact.active);
  if (open_request != nullptr && spoils_reply(spec.settings)) open_request->hit_by_fault = true;
}

void RunChecks::on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event) {
  if (open_request.hit_by_fault && event.reply.kind == monitor::ReplyKind::ok)
    context_.violations.report(CheckId::W2, event.at, event.request,
                               "a fault hit its call to provider {}, and it succeeded", index_of(event.provider));
  if (open_request.hit_by_fault) return;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const One& fault = faults_[i];
    const bool due = fault.is_certain && open_request.started >= fault.begin && open_request.started < fault.end &&
                     (fault.providers >> index_of(event.provider) & 1U) != 0;
    if (due)
      context_.violations.report(
          CheckId::W2, event.at, event.request,
          "its call to provider {} at {} ns was not touched by fault {}, which lasts from {} to {} ns",
          index_of(event.provider), open_request.started.time_since_epoch().count(), context_.scenario.faults[i].id,
          fault.begin.time_since_epoch().count(), fault.end.time_since_epoch().count());
  }
}

void RunChecks::at_end(const RunResult& result) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const FaultSpec& spec = context_.scenario.faults[i];
    if (touches_calls(spec.settings) && result.faults[i].affected != faults_[i].hits)
      context_.violations.report(CheckId::W2, result.ended, std::nullopt,
                                 "fault {} claims {} affected calls; {} were told", spec.id, result.faults[i].affected,
                                 faults_[i].hits);
  }
  const OpenRequest* left = context_.open.any();
  if (!result.stopped && (left != nullptr || result.in_flight != 0))
    context_.violations.report(CheckId::V2, result.ended,
                               left == nullptr ? std::nullopt : std::optional{left->request.id},
                               "the run is over and {} requests have not ended; this one arrived at {} ns",
                               context_.open.count(), left == nullptr ? 0 : left->arrived.time_since_epoch().count());
}

}  // namespace windtunnel::sim
