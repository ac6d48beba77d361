#include "sim/explore/explore.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/in_order.h"
#include "sim/checks/judge.h"
#include "sim/explore/swarm.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

std::optional<Finding> first_failing(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.verdict == Verdict::fail) return finding;
  }
  return std::nullopt;
}

bool draws_faults(const Scenario& base, bool swarm) {
  return swarm && std::ranges::find(base.explore.keep, SwarmPart::faults) == base.explore.keep.end();
}

}  // namespace

SeedTotals& SeedTotals::operator+=(const SeedTotals& other) {
  seeds += other.seeds;
  claims += other.claims;
  requests += other.requests;
  answered += other.answered;
  events += other.events;
  virtual_time += other.virtual_time;
  inconclusive += other.inconclusive;
  for (const auto& [claim, count] : other.inconclusive_by) inconclusive_by[claim] += count;
  fault_idle += other.fault_idle;
  recovery_impossible += other.recovery_impossible;
  for (std::size_t i = 0; i < kCoverageCounters; ++i) {
    coverage[i] += other.coverage[i];
    seeds_covering[i] += other.seeds_covering[i];
  }
  return *this;
}

void count_inconclusive(SeedTotals& totals, const std::vector<Finding>& findings, bool has_drawn_faults) {
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::inconclusive) continue;
    if (has_drawn_faults && finding.kind == Finding::Kind::fault) {
      totals.fault_idle = 1;
      continue;
    }
    totals.inconclusive = 1;
    totals.inconclusive_by[fmt::format("{} {}", name_of(finding.kind), finding.id)] = 1;
  }
}

Scenario explored_world(const Scenario& base, std::uint64_t seed, bool swarm) {
  if (swarm) return swarm_world(base, seed);
  Scenario world = base;
  world.seed = seed;
  return world;
}

SeedResult explore_seed(const Scenario& base, std::uint64_t seed, const ExploreOptions& options) {
  const Scenario world = explored_world(base, seed, options.swarm);
  Judge judge{world, {.checks = options.checks}};
  const RunResult run = sim::run(world, {.observers = {&judge}, .stop = options.stop});
  const Judgement judgement = judge.judge(run);
  SeedResult result{.seed = seed};
  result.failure = first_failing(judgement.findings);
  // An observer that stops a run has found something; else it was broken off.
  result.stopped = run.stopped && !result.failure;
  result.totals.seeds = 1;
  result.totals.claims = judgement.claims;
  result.totals.requests = run.arrivals;
  result.totals.answered = static_cast<std::uint64_t>(run.pipeline.metrics().all().answered());
  result.totals.events = run.events;
  result.totals.virtual_time = run.ended.time_since_epoch();
  if (!result.failure) count_inconclusive(result.totals, judgement.findings, draws_faults(base, options.swarm));
  result.totals.recovery_impossible = options.swarm && !world.liveness ? 1 : 0;
  for (std::size_t i = 0; i < kCoverageCounters; ++i) {
    result.totals.coverage[i] = judgement.coverage[i].second;
    result.totals.seeds_covering[i] = judgement.coverage[i].second > 0 ? 1 : 0;
  }
  return result;
}

std::optional<Finding> first_failure(const Scenario& world, const std::vector<std::string>& checks,
                                     const std::atomic<bool>* stop) {
  Judge judge{world, {.checks = checks}};
  const RunResult run = sim::run(world, {.observers = {&judge}, .stop = stop});
  return first_failing(judge.judge(run).findings);
}

Verdict verdict_of(const Exploration& exploration, bool swarm) {
  const SeedTotals& totals = exploration.totals;
  return decide({.has_failed = exploration.failure.has_value(),
                 .is_undecided = 100 * totals.inconclusive > (swarm ? kSwarmInconclusiveMax : 0) * totals.seeds,
                 .requests = totals.requests,
                 .claims = totals.claims});
}

Exploration explore(const Scenario& base, std::uint64_t first, std::uint64_t last, const ExploreOptions& options,
                    const std::function<bool(const SeedResult&)>& on_result) {
  Exploration exploration;
  InOrder<SeedResult> seeds{last - first + 1, options.jobs,
                            [&](std::uint64_t place) { return explore_seed(base, first + place, options); }};
  while (std::optional<SeedResult> result = seeds.take()) {
    const bool stop = options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
    if (result->stopped) break;
    exploration.totals += result->totals;
    exploration.last = result->seed;
    if (result->failure) exploration.failure = FailingSeed{result->seed, *result->failure};
    const bool goes_on = !on_result || on_result(*result);
    if (exploration.failure || !goes_on || stop) break;
  }
  seeds.give_up();
  return exploration;
}

void describe_failure(Scenario& world, const Finding& finding, const std::string& came_from) {
  // The claim of a threshold begins with its id.
  world.title =
      finding.claim.starts_with(finding.id) ? finding.claim : fmt::format("{}: {}", finding.id, finding.claim);
  world.description = fmt::format("Seed {} violates {}: {}. {}", world.seed, finding.id, finding.reason, came_from);
}

}  // namespace windtunnel::sim
