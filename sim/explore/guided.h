#pragma once
// A search of a swarm's worlds that goes by what they reach.
//
// Worlds come in generations. The corpus holds each world that reached a situation (situations.h) which none before it
// had reached. A world of the next generation is a fresh one of the swarm, or a child of a world of the corpus that
// reached something rare: some of its draws are made again, by name, so that it is as consistent as its parent
// (WorldGenes). What a generation reached goes into the corpus after all of it has run, in order, so that the same
// first seed gives the same search for any number of threads.
//
//   GuidedCorpus corpus{1};
//   const std::vector<WorldGenes> worlds = corpus.next_generation();
//   corpus.learn(worlds[i], features of its run);       // in order

#include <cstdint>
#include <vector>

#include "sim/explore/explore.h"
#include "sim/explore/swarm.h"

namespace windtunnel::sim {

class GuidedCorpus {
 public:
  explicit GuidedCorpus(std::uint64_t first) : first_(first) {}

  // The world at this place of the search, from what was learnt so far.
  [[nodiscard]] WorldGenes world(std::uint64_t place) const;
  void learn(const WorldGenes& genes, const std::vector<std::uint32_t>& features);
  [[nodiscard]] std::size_t worlds() const { return entries_.size(); }
  [[nodiscard]] std::size_t situations() const { return reached_; }

 private:
  struct Entry {
    WorldGenes genes;
    std::vector<std::uint32_t> features;
  };

  [[nodiscard]] const Entry& parent(const Dice& dice) const;

  std::uint64_t first_;
  std::size_t reached_ = 0;
  std::vector<std::uint32_t> worlds_reaching_;  // by feature
  std::vector<Entry> entries_;
};

inline constexpr std::uint64_t kGeneration = 32;

// As explore() with `swarm`, for places first..last of a guided search that begins at `first`.
[[nodiscard]] Exploration explore_guided(const Scenario& base, std::uint64_t first, std::uint64_t last,
                                         const ExploreOptions& options,
                                         const std::function<bool(const SeedResult&)>& on_result = {});

}  // namespace windtunnel::sim
