#include "sim/checks/judge.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace windtunnel::sim {
namespace {

void append(std::vector<Finding>& all, std::vector<Finding> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// A breaker may be held to another policy than the one that it follows.
std::unique_ptr<const Scenario> claimed_by(const Scenario& scenario) {
  if (!scenario.breaker_held_to) return nullptr;
  const auto claimed = monitor::breaker_preset(*scenario.breaker_held_to);
  check(claimed.has_value(), "a breaker is held to a preset that exists");
  Scenario told = scenario;
  told.monitor.circuit_breaker = *claimed;
  return std::make_unique<const Scenario>(std::move(told));
}

std::vector<Finding> judge_faults(const Scenario& scenario, const RunResult& result) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const FaultSpec& spec = scenario.faults[i];
    const FaultCount& count = result.faults[i];
    Finding finding{.kind = Finding::Kind::fault, .id = spec.id};
    finding.claim = fmt::format("{} affects at least {} calls", spec.id, spec.min_affected);
    finding.reason = fmt::format("it touched {} calls and changed the result of {}", count.touched, count.affected);
    if (count.affected < spec.min_affected) finding.verdict = Verdict::inconclusive;
    if (const auto origin = scenario.origins.find(fmt::format("/faults/{}", i)); origin != scenario.origins.end()) {
      finding.origin = origin->second;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

Judge::Judge(const Scenario& scenario, const JudgeOptions& options)
    : scenario_(scenario),
      claimed_(claimed_by(scenario)),
      thresholds_(scenario),
      coverage_(scenario.providers.size()),
      checks_(claimed_ ? *claimed_ : scenario, CheckSelection{options.checks}, options.keep_going),
      watches_(checks_.selection().any()) {
  if (scenario.liveness && checks_.selection().on(CheckId::V1)) liveness_.emplace(scenario);
}

Judgement Judge::judge(const RunResult& result) {
  Judgement judgement;
  if (watches_) checks_.at_end(result);
  append(judgement.findings, checks_.findings());
  if (liveness_) append(judgement.findings, liveness_->judge(result.ended));
  append(judgement.findings, thresholds_.judge(result.ended));
  append(judgement.findings, judge_faults(scenario_, result));
  append(judgement.findings, coverage_.judge(scenario_));
  judgement.checks = checks_.selection().names();
  // A scenario that states no liveness has none to watch.
  if (!liveness_) std::erase(judgement.checks, "V1");
  judgement.coverage = coverage_.table();
  judgement.verdict = verdict_of(judgement.findings);
  return judgement;
}

// --- Who is told what ----------------------------------------------------------------------------------------------

void Judge::on_begin(const monitor::Pipeline& pipeline) {
  if (watches_) checks_.on_begin(pipeline);
}

void Judge::on_arrival(const monitor::Request& request, Instant now) {
  if (watches_) checks_.on_arrival(request, now);
}

void Judge::on_granted(const monitor::Request& request, Tokens output, Instant now) {
  if (watches_) checks_.on_granted(request, output, now);
}

void Judge::on_reserved(RequestId request, Usd amount, WallTime wall, Instant now) {
  if (watches_) checks_.on_reserved(request, amount, wall, now);
}

void Judge::on_released(RequestId request, Usd amount, Instant now) {
  if (watches_) checks_.on_released(request, amount, now);
}

void Judge::on_permit(const monitor::PermitAsked& event) {
  if (liveness_) liveness_->on_permit(event);
  if (watches_) checks_.on_permit(event);
}

void Judge::on_cooling_skip(RequestId request, monitor::ProviderId provider, Instant now) {
  coverage_.on_cooling_skip(request, provider, now);
  if (watches_) checks_.on_cooling_skip(request, provider, now);
}

void Judge::on_attempt_start(const monitor::AttemptStarted& event) {
  if (liveness_) liveness_->on_attempt_start(event);
  if (watches_) checks_.on_attempt_start(event);
}

void Judge::on_attempt_end(const monitor::AttemptEnded& event) {
  thresholds_.on_attempt_end(event);
  coverage_.on_attempt_end(event);
  if (liveness_) liveness_->on_attempt_end(event);
  if (watches_) checks_.on_attempt_end(event);
}

void Judge::on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) {
  thresholds_.on_transition(provider, event);
  coverage_.on_transition(provider, event);
  if (liveness_) liveness_->on_transition(provider, event);
  if (watches_) checks_.on_transition(provider, event);
}

void Judge::on_retry_after(monitor::ProviderId provider, Instant until, Instant now) {
  if (watches_) checks_.on_retry_after(provider, until, now);
}

void Judge::on_budget(const monitor::BudgetEvent& event, Instant now) {
  coverage_.on_budget(event, now);
  if (watches_) checks_.on_budget(event, now);
}

void Judge::on_cache_stored(const monitor::CacheStored& event) {
  if (watches_) checks_.on_cache_stored(event);
}

void Judge::on_cache_served(const monitor::CacheServed& event) {
  if (watches_) checks_.on_cache_served(event);
}

void Judge::on_cache_edge(RequestId request, Instant now) { coverage_.on_cache_edge(request, now); }

void Judge::on_finish(const monitor::Record& record) {
  thresholds_.on_finish(record);
  coverage_.on_finish(record);
  if (liveness_) liveness_->on_finish(record);
  if (watches_) checks_.on_finish(record);
}

void Judge::on_ledger(const LedgerEntry& entry) {
  if (watches_) checks_.on_ledger(entry);
}

void Judge::on_fault(const FaultChanged& event) {
  if (watches_) checks_.on_fault(event);
}

void Judge::on_fault_hit(std::size_t fault, RequestId request, Instant now) {
  if (watches_) checks_.on_fault_hit(fault, request, now);
}

void Judge::on_event(Instant now, bool tie) {
  coverage_.on_event(now, tie);
  if (watches_) checks_.on_event(now, tie);
}

}  // namespace windtunnel::sim
