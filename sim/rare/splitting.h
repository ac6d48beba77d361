#pragma once
// The chance that a process climbs to its last level before it dies, by multilevel splitting with fixed effort
// (Garvels 2000).
//
// A stage moves a fixed number of copies from one level to the next; each begins as one of the states that reached its
// level in the stage before, drawn with replacement. The product of the shares that reached each next level has the
// chance as its mean. States of one stage depend on each other, so that the whole is done several times, and the
// interval is Student's over these.
//
// It helps where the event is reached in steps, each of which is likely once the one before it was made: a queue that
// fills. A joint outage of two providers is no such event, because a failure does not announce itself; joint_outage.h
// has another way.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/rare/rare_estimate.h"

namespace windtunnel::sim {

struct SplittingPlan {
  int levels = 1;               // the last one is the event
  std::uint64_t effort = 1000;  // copies a stage
  std::uint64_t times = 20;     // the whole, at least 2
};

// `climb(state, level, stream, copy)` moves a state from the level before this one until it reaches it (true) or dies
// (false), by draws of the stream that are named by `copy`.
template <class State, class Climb>
[[nodiscard]] RareEstimate split(const State& start, const SplittingPlan& plan, std::uint64_t seed, Climb climb) {
  std::vector<double> chances;
  RareEstimate estimate;
  for (std::uint64_t time = 0; time < plan.times; ++time) {
    const StreamKey run{draw(Chance{seed}.stream("splitting"), time).a};
    std::vector<State> reached{start};
    double chance = 1;
    for (int level = 1; level <= plan.levels && !reached.empty(); ++level) {
      const StreamKey stage{draw(run, static_cast<std::uint64_t>(level)).a};
      const StreamKey moves{draw(run, static_cast<std::uint64_t>(level)).b};
      std::vector<State> next;
      for (std::uint64_t copy = 0; copy < plan.effort; ++copy) {
        State state = reached[below(draw(stage, copy).a, reached.size())];
        if (climb(state, level, moves, copy)) next.push_back(std::move(state));
      }
      chance *= static_cast<double>(next.size()) / static_cast<double>(plan.effort);
      reached = std::move(next);
      estimate.paths += plan.effort;
    }
    estimate.hits += reached.size();
    chances.push_back(reached.empty() ? 0 : chance);
  }
  estimate.chance = *estimate_mean(std::span<const double>{chances});
  estimate.chance.low = std::max(0.0, estimate.chance.low);
  const double half = estimate.chance.half_width();
  const double share = estimate.chance.value;
  // As many hits of equal weight have this relative error.
  if (half > 0) estimate.effective = share * share / (half * half) * 3.84;
  if (half > 0 && share > 0) estimate.plain_replications = 3.84 * (1 - share) * share / (half * half);
  return estimate;
}

}  // namespace windtunnel::sim
