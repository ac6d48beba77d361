#include "sim/checks/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "sim/checks/claims/unbreakable.h"
#include "sim/checks/claims/unplayed_rows.h"
#include "sim/world/replicas.h"

namespace windtunnel::sim {
namespace {

void append(std::vector<Finding>& all, std::vector<Finding> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// A threshold that holds where nothing could have broken it has shown nothing.
std::vector<Finding> doubted(std::vector<Finding> findings, const Scenario& scenario, bool from_outside) {
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].verdict != Verdict::pass) continue;
    const ThresholdSpec& threshold = scenario.thresholds[i];
    std::string why =
        from_outside ? why_unbreakable_outside(scenario, threshold) : why_unbreakable(scenario, threshold);
    if (why.empty()) continue;
    findings[i].verdict = Verdict::inconclusive;
    findings[i].reason = "nothing could break it: " + std::move(why);
  }
  return findings;
}

// A breaker may be held to another policy than the one that it follows.
std::unique_ptr<const Scenario> claimed_by(const Scenario& scenario) {
  if (!scenario.breaker_held_to) return nullptr;
  const auto claimed = monitor::breaker_preset(*scenario.breaker_held_to);
  check(claimed.has_value(), "a breaker is held to a preset that exists");
  Scenario claimed_scenario = scenario;
  claimed_scenario.monitor.circuit_breaker = *claimed;
  return std::make_unique<const Scenario>(std::move(claimed_scenario));
}

std::vector<Finding> judge_faults(const Scenario& scenario, const RunFacts& facts) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const FaultSpec& spec = scenario.faults[i];
    const FaultCount& count = facts.faults[i];
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

// What the user states and this run can break. A minimum of 0 is none, nor is the default min_affected.
std::uint64_t claims_of(const Scenario& scenario, bool has_liveness) {
  std::uint64_t claims = scenario.thresholds.size() + (has_liveness ? 1 : 0);
  for (const auto& [counter, least] : scenario.coverage) claims += least > 0 ? 1 : 0;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const bool is_stated = scenario.origins.contains(fmt::format("/faults/{}/expect/min_affected", i));
    claims += is_stated && scenario.faults[i].min_affected > 0 ? 1 : 0;
  }
  return claims;
}

Finding no_traffic(std::uint64_t in_flight) {
  return {.kind = Finding::Kind::traffic,
          .id = in_flight > 0 ? "requests end" : "requests arrive",
          .verdict = Verdict::inconclusive,
          .claim = in_flight > 0 ? "at least one request ends" : "at least one request arrives",
          .reason = in_flight > 0 ? std::to_string(in_flight) + (in_flight == 1 ? " request was" : " requests were") +
                                        " in flight and none had ended, so nothing was shown"
                                  : "no request arrived, so nothing was tried",
          .origin = {}};
}

std::vector<Finding> rows_not_played(const Scenario& scenario) {
  std::vector<Finding> findings;
  for (const UnplayedRows& rows : unplayed_rows(scenario)) {
    const WorkloadSpec& load = *rows.load;
    Finding finding{.kind = Finding::Kind::traffic,
                    .id = fmt::format("{} plays every row", load.name),
                    .verdict = Verdict::inconclusive,
                    .claim = fmt::format("every row of {} is played", load.name),
                    .reason = sentence_of(rows),
                    .origin = {}};
    const auto origin = scenario.origins.find(is_trace(load) ? "/workload/" + load.name + "/trace" : "/duration");
    if (origin != scenario.origins.end()) finding.origin = origin->second;
    findings.push_back(std::move(finding));
  }
  return findings;
}

// A run whose file claims something of a forecast only has judged none of it.
std::vector<Finding> left_to_the_forecast(const Scenario& scenario) {
  std::vector<Finding> findings;
  for (const ThresholdSpec& spec : scenario.forecast_thresholds) {
    findings.push_back({.kind = Finding::Kind::threshold,
                        .id = spec.metric + ": " + spec.text,
                        .verdict = Verdict::inconclusive,
                        .claim = spec.metric + ": " + spec.text,
                        .reason = "a run does not judge it: windtunnel forecast does",
                        .origin = spec.origin});
  }
  return findings;
}

}  // namespace

Judge::Judge(const Scenario& scenario, const JudgeOptions& options)
    : scenario_(scenario),
      claimed_(claimed_by(scenario)),
      thresholds_(scenario),
      coverage_(scenario.providers.size()),
      checks_(claimed_ ? *claimed_ : scenario, checks_of_all(scenario, CheckSelection{options.checks}),
              options.keep_going),
      from_outside_(options.from_outside),
      checks_on_(!options.from_outside && CheckSelection{options.checks}.any()) {
  const bool is_live = options.from_outside || checks_.selection().on(CheckId::V1);
  if (scenario.liveness && is_live) liveness_.emplace(scenario);
  if (checks_on_ && has_replicas(scenario)) {
    replicas_.emplace(claimed_ ? *claimed_ : scenario, CheckSelection{options.checks}, options.keep_going);
  }
}

Judgement Judge::judge(const RunResult& result) {
  if (checks_on_) checks_.at_end(result);
  Judgement judgement = judge(RunFacts{.ended = result.ended,
                                       .arrivals = result.arrivals,
                                       .in_flight = static_cast<std::uint64_t>(result.in_flight),
                                       .stopped = result.stopped,
                                       .faults = result.faults});
  judgement.checks = checks_.selection().names();
  if (replicas_) {
    std::vector<std::string> names = replicas_->names();
    names.insert(names.end(), judgement.checks.begin(), judgement.checks.end());
    judgement.checks = CheckSelection{names}.names();
  }
  // A scenario that states no liveness has none to check.
  if (!liveness_) std::erase(judgement.checks, "V1");
  return judgement;
}

Judgement Judge::judge(const RunFacts& facts) {
  Judgement judgement;
  append(judgement.findings, checks_.findings());
  if (replicas_) append(judgement.findings, replicas_->findings());
  if (liveness_) append(judgement.findings, liveness_->judge(facts.ended));
  append(judgement.findings, doubted(thresholds_.judge(facts.ended), scenario_, from_outside_));
  append(judgement.findings, judge_faults(scenario_, facts));
  append(judgement.findings, coverage_.judge(scenario_));
  judgement.coverage = coverage_.table();
  judgement.claims = claims_of(scenario_, liveness_.has_value());
  if (judgement.claims == 0) append(judgement.findings, left_to_the_forecast(scenario_));
  const std::uint64_t ended = facts.arrivals - facts.in_flight;
  if (ended == 0) judgement.findings.push_back(no_traffic(facts.in_flight));
  // A run that is stopped early was asked to leave them out.
  if (!facts.stopped) append(judgement.findings, rows_not_played(scenario_));
  judgement.verdict = decide(evidence_of(judgement.findings, ended, judgement.claims));
  return judgement;
}

}  // namespace windtunnel::sim
