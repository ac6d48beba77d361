#pragma once
// Searches seeds for the first that breaks a claim.
//
//   const Exploration found = explore(base, 1, 20'000, {.swarm = true});
//   if (found.failure) found.failure->seed, found.failure->finding.id, found.failure->finding.reason;
//
// A seed fails when an invariant, liveness or a threshold does; what is inconclusive is no failure. The answer is that
// of the lowest failing seed, whatever the number of threads. A search without a failure passes only if every seed was
// conclusive, as with `run --seeds`. In a swarm some worlds are inconclusive by chance, because all their late requests
// are refused or come too rarely to show a recovery, so up to kSwarmInconclusiveMax of them may be. A drawn fault that
// changed no call leaves a world conclusive, because the user claims nothing of it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/claims/coverage.h"
#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct ExploreOptions {
  bool swarm = false;  // true: each seed has a world of its own (swarm.h); false: `base` with that seed
  std::vector<std::string> checks{"all"};   // as JudgeOptions::checks
  std::uint64_t jobs = 1;                   // threads
  const std::atomic<bool>* stop = nullptr;  // set from elsewhere: start no further seed, break off those under way
};

// The share of a swarm's worlds, in percent, that may be inconclusive in a search that passes.
inline constexpr std::uint64_t kSwarmInconclusiveMax = 50;

// What seeds were found to be. Sums of several are those of their seeds.
struct SeedTotals {
  std::uint64_t seeds = 0;
  std::uint64_t claims = 0;  // stated by the worlds and judged
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::uint64_t events = 0;
  Duration virtual_time{0};
  std::uint64_t inconclusive = 0;  // neither failed nor passed
  // By kind and id of the claim without enough data: the inconclusive seeds that it made so. One seed may be in
  // several.
  std::map<std::string, std::uint64_t> inconclusive_by;
  std::uint64_t fault_idle = 0;           // worlds of a swarm in which a drawn fault changed no call
  std::uint64_t recovery_impossible = 0;  // worlds of a swarm that claim no liveness, because nothing could recover
  std::vector<std::int64_t> coverage = std::vector<std::int64_t>(kCoverageCounters);          // by counter
  std::vector<std::uint64_t> seeds_covering = std::vector<std::uint64_t>(kCoverageCounters);  // in which it is above 0

  SeedTotals& operator+=(const SeedTotals& other);
  friend bool operator==(const SeedTotals&, const SeedTotals&) = default;
};

struct FailingSeed {
  std::uint64_t seed = 0;
  Finding finding;  // the first that failed
};

struct SeedResult {
  std::uint64_t seed = 0;
  SeedTotals totals;  // of this one
  std::optional<Finding> failure;
  bool stopped = false;  // broken off: it has no result
};

// Counts in the totals of one seed without a failure which claims had too little data. In a world whose faults are
// drawn, a fault that changed no call is none of them.
void count_inconclusive(SeedTotals& totals, const std::vector<Finding>& findings, bool has_drawn_faults);

// The world of one seed.
[[nodiscard]] Scenario explored_world(const Scenario& base, std::uint64_t seed, bool swarm);
[[nodiscard]] SeedResult explore_seed(const Scenario& base, std::uint64_t seed, const ExploreOptions& options);
// The first failure of this world, if any: what explore_seed finds in explored_world. Nothing if `stop` is set first.
[[nodiscard]] std::optional<Finding> first_failure(const Scenario& world, const std::vector<std::string>& checks,
                                                   const std::atomic<bool>* stop = nullptr);

struct Exploration {
  SeedTotals totals;                  // of the seeds that ran, the failing one included: a prefix of the requested ones
  std::optional<std::uint64_t> last;  // the end of that prefix; nothing: no seed ran
  std::optional<FailingSeed> failure;
};

[[nodiscard]] Verdict verdict_of(const Exploration& exploration, bool swarm);

// Runs seeds first..last in order until one fails or `stop` is set. `on_result`, if given, is called on this thread
// after each seed of the prefix; false ends the search there.
[[nodiscard]] Exploration explore(const Scenario& base, std::uint64_t first, std::uint64_t last,
                                  const ExploreOptions& options = {},
                                  const std::function<bool(const SeedResult&)>& on_result = {});

// Writes into title and description what this world shows: the check, its reason, the seed, and what it came from.
void describe_failure(Scenario& world, const Finding& finding, const std::string& came_from);

}  // namespace windtunnel::sim
