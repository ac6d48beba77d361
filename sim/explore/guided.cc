#include "sim/explore/guided.h"

#include <algorithm>
#include <utility>

#include "base/in_order.h"
#include "sim/explore/situations.h"

namespace windtunnel::sim {
namespace {

constexpr std::int64_t kFreshPercent = 25;
constexpr std::int64_t kSameRequestsPercent = 30;
constexpr std::size_t kLayersMax = 12;

struct GuidedResult {
  SeedResult seed;
  WorldGenes genes;
  std::vector<std::uint32_t> features;
};

}  // namespace

// One that reaches a rare situation: of a few drawn ones the rarest.
const GuidedCorpus::Entry& GuidedCorpus::parent(const Dice& dice) const {
  const Entry* best = nullptr;
  std::uint32_t fewest = UINT32_MAX;
  for (std::uint64_t draw = 0; draw < 4; ++draw) {
    const Entry& entry = entries_[below(dice.bits("parent", draw), entries_.size())];
    std::uint32_t rarest = UINT32_MAX;
    for (const std::uint32_t feature : entry.features) rarest = std::min(rarest, worlds_reaching_[feature]);
    if (rarest >= fewest) continue;
    fewest = rarest;
    best = &entry;
  }
  return *best;
}

WorldGenes GuidedCorpus::world(std::uint64_t place) const {
  const std::uint64_t seed = first_ + place;
  const Dice dice{Chance{seed}.stream("guided").value};
  WorldGenes genes{.seed = seed, .layers = {}, .run_seed = seed};
  if (entries_.empty() || dice.coin(kFreshPercent, "fresh")) return genes;
  const WorldGenes& from = parent(dice).genes;
  genes.seed = from.seed;
  genes.layers = from.layers;
  if (genes.layers.size() == kLayersMax) genes.layers.erase(genes.layers.begin());
  genes.layers.push_back({.seed = seed, .percent = dice.one_of<std::int64_t>({2, 5, 10, 20}, "share")});
  if (dice.coin(kSameRequestsPercent, "same requests")) genes.run_seed = from.run_seed;
  return genes;
}

void GuidedCorpus::learn(const WorldGenes& genes, const std::vector<std::uint32_t>& features) {
  std::vector<std::uint32_t> fresh;
  for (const std::uint32_t feature : features) {
    if (feature >= worlds_reaching_.size()) worlds_reaching_.resize(feature + 1);
    if (worlds_reaching_[feature]++ > 0) continue;
    fresh.push_back(feature);
    ++reached_;
  }
  if (!fresh.empty()) entries_.push_back({genes, std::move(fresh)});
}

Exploration explore_guided(const Scenario& base, std::uint64_t first, std::uint64_t last, const ExploreOptions& options,
                           const std::function<bool(const SeedResult&)>& on_result) {
  Exploration exploration;
  GuidedCorpus corpus{first};
  for (std::uint64_t begin = 0; begin <= last - first; begin += kGeneration) {
    const std::uint64_t count = std::min(kGeneration, last - first + 1 - begin);
    std::vector<GuidedResult> generation;
    bool goes_on = true;
    InOrder<GuidedResult> worlds{count, options.jobs, [&](std::uint64_t place) {
                                   GuidedResult result{
                                       .seed = {}, .genes = corpus.world(begin + place), .features = {}};
                                   const Scenario world = swarm_world(base, result.genes);
                                   Situations situations{world};
                                   result.seed = explore_world(world, first + begin + place, options, &situations);
                                   result.features = situations.features();
                                   return result;
                                 }};
    while (std::optional<GuidedResult> result = worlds.take()) {
      if (result->seed.stopped) {
        goes_on = false;
        break;
      }
      exploration.totals += result->seed.totals;
      exploration.last = result->seed.seed;
      if (result->seed.failure) {
        exploration.failure = FailingSeed{result->seed.seed, *result->seed.failure};
        exploration.failing_genes = result->genes;
      }
      goes_on = !on_result || on_result(result->seed);
      if (exploration.failure || !goes_on) break;
      generation.push_back(std::move(*result));
    }
    worlds.give_up();
    const bool stop = options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
    if (exploration.failure || !goes_on || stop) break;
    for (const GuidedResult& result : generation) corpus.learn(result.genes, result.features);
  }
  exploration.guided = GuidedTotals{.worlds = corpus.worlds(), .situations = corpus.situations()};
  return exploration;
}

}  // namespace windtunnel::sim
