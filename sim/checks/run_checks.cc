#include "sim/checks/run_checks.h"

#include <algorithm>

namespace windtunnel::sim {
namespace {

// Of these no single call is told: a brownout makes calls wait, a step of the wall clock moves the calendar.
bool hits_untold(FaultKind kind) { return kind == FaultKind::brownout || kind == FaultKind::wall_clock_step; }

}  // namespace

void RunChecks::on_fault(const FaultChanged& event) { faults_[event.fault].active = event.active; }

void RunChecks::on_fault_hit(std::size_t fault, OpenRequest* one) {
  const FaultSpec& spec = watched_.scenario.faults[fault];
  ++faults_[fault].hits;
  const std::string& name = one == nullptr ? spec.id : watched_.scenario.providers[index_of(one->provider)].name;
  const bool named = spec.providers.empty() || std::ranges::find(spec.providers, name) != spec.providers.end();
  watched_.violations.must(faults_[fault].active && one != nullptr && one->calling && named, CheckId::W2, watched_.now,
                           one == nullptr ? std::nullopt : std::optional{one->request.id},
                           "fault {} hit a call to {}; active: {}", spec.id, name, faults_[fault].active);
  if (one != nullptr && spec.kind != FaultKind::latency_spike) one->hit_by_fault = true;
}

void RunChecks::on_attempt_end(const OpenRequest& one, const monitor::AttemptEnded& event) {
  watched_.violations.must(!one.hit_by_fault || event.reply.kind != monitor::ReplyKind::ok, CheckId::W2, event.at,
                           event.request, "a fault hit its call to provider {}, and it succeeded",
                           index_of(event.provider));
}

void RunChecks::at_end(const RunResult& result) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const FaultSpec& spec = watched_.scenario.faults[i];
    watched_.violations.must(hits_untold(spec.kind) || result.faults[i].affected == faults_[i].hits, CheckId::W2,
                             result.ended, std::nullopt, "fault {} claims {} affected calls; {} were told", spec.id,
                             result.faults[i].affected, faults_[i].hits);
  }
  const OpenRequest* left = watched_.open.any();
  watched_.violations.must(result.stopped || (left == nullptr && result.in_flight == 0), CheckId::V2, result.ended,
                           left == nullptr ? std::nullopt : std::optional{left->request.id},
                           "the run is over and {} requests have not ended; this one arrived at {} ns",
                           watched_.open.count(), left == nullptr ? 0 : left->arrived.time_since_epoch().count());
}

}  // namespace windtunnel::sim
