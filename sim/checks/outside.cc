#include "sim/checks/outside.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sim/checks/claims/coverage.h"

namespace windtunnel::sim {
namespace {

// Of what a program sends by itself only its calls at the providers are seen.
bool is_of_calls(Metric metric) { return metric == Metric::provider_calls || metric == Metric::provider_errors; }

bool is_seen(const ThresholdSpec& spec, bool all_external) {
  if (all_external && !is_of_calls(spec.of)) return false;
  return spec.of != Metric::breaker_opened && spec.of != Metric::provider_wait && spec.of != Metric::cost_known_usd &&
         spec.of != Metric::cost_reserved_usd && !spec.variant;
}

constexpr std::array<std::string_view, 8> kSeenCounters = {
    "retry", "failover", "timeout", "malformed", "truncated", "deadline_exceeded", "cache_hit", "rate_refused"};

}  // namespace

OutsideClaims claims_from_outside(const Scenario& scenario) {
  OutsideClaims claims{.scenario = scenario, .unobserved = {}};
  const bool all_external = std::ranges::all_of(scenario.workloads, [](const WorkloadSpec& workload) {
    return source_of(workload.executor) == ArrivalSource::outside;
  });
  std::erase_if(claims.scenario.thresholds, [&](const ThresholdSpec& spec) {
    if (!is_seen(spec, all_external)) claims.unobserved.push_back("threshold " + spec.metric + ": " + spec.text);
    return !is_seen(spec, all_external);
  });
  std::erase_if(claims.scenario.coverage, [&](const auto& minimum) {
    const bool seen = std::ranges::find(kSeenCounters, minimum.first) != kSeenCounters.end();
    if (!seen) claims.unobserved.push_back("coverage " + minimum.first + " at least " + std::to_string(minimum.second));
    return !seen;
  });
  return claims;
}

std::vector<std::string> unseen_counters() {
  std::vector<std::string> names;
  for (const auto& name : coverage_counters()) {
    if (std::ranges::find(kSeenCounters, name) == kSeenCounters.end()) names.emplace_back(name);
  }
  return names;
}

void leave_out_unseen(Judgement& judgement, std::uint64_t arrivals, std::vector<std::string>& unobserved) {
  std::erase_if(judgement.findings, [&](const Finding& finding) {
    const bool is_of_breakers = finding.kind == Finding::Kind::liveness && finding.id == "breakers close";
    if (is_of_breakers) unobserved.push_back("liveness: " + finding.claim);
    return is_of_breakers;
  });
  if (judgement.claims == 0 && !unobserved.empty()) {
    judgement.findings.push_back(
        {.kind = Finding::Kind::traffic,
         .id = "claims are seen",
         .verdict = Verdict::inconclusive,
         .claim = "at least one claim of the file can be judged from outside",
         .reason = "none of them can, because no caller and no provider sees what they are about: " +
                   unobserved.front() + (unobserved.size() > 1 ? ", and others" : ""),
         .origin = {}});
  }
  judgement.verdict = decide(evidence_of(judgement.findings, arrivals, judgement.claims));
}

}  // namespace windtunnel::sim
