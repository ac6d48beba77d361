#pragma once
// Makes the replications of a forecast, in blocks of one size: here on threads, or elsewhere behind the same interface.
//
// What comes out is a pure function of world and plan. With a stop rule the number of replications is the first end of
// a block at which the rule holds, judged on all replications before it, in their order. Replications past that block
// are discarded.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/forecast/forecast.h"

namespace windtunnel::sim {

// --- When to stop --------------------------------------------------------------------------------------------------

struct StopTarget {
  std::string text;  // as written
  ThresholdSpec what;
  bool relative = false;  // the limit is of half-width / |estimate|
  double limit = 0;
};

struct StopRule {
  std::string text;
  std::vector<StopTarget> targets;  // all must be reached
};

// The half-width that the limit is of; nothing: there are too few replications.
[[nodiscard]] std::optional<double> precision_of(const ReplicationSet& set, const StopTarget& target);
[[nodiscard]] bool holds(const StopRule& rule, const ReplicationSet& set);

// --- Making --------------------------------------------------------------------------------------------------------

struct ReplicationJob {
  std::int64_t rate_millionths = 1'000'000;
  SeedFamily family = SeedFamily::forecast;
  std::vector<std::uint64_t> indices;
};

class ReplicationMaker {
 public:
  ReplicationMaker() = default;
  ReplicationMaker(const ReplicationMaker&) = delete;
  ReplicationMaker& operator=(const ReplicationMaker&) = delete;
  virtual ~ReplicationMaker() = default;
  // Hands out the replications in the order of the indices until `take` returns false. False: it was interrupted.
  virtual bool make(const ReplicationJob& job, const std::function<bool(Replication)>& take) = 0;
};

// On threads of this process. `world` and `stop` must outlive it.
class ThreadedMaker final : public ReplicationMaker {
 public:
  ThreadedMaker(const ForecastWorld& world, unsigned jobs, const std::atomic<bool>* stop)
      : world_(world), jobs_(jobs), stop_(stop) {}
  bool make(const ReplicationJob& job, const std::function<bool(Replication)>& take) override;

 private:
  const ForecastWorld& world_;
  unsigned jobs_;
  const std::atomic<bool>* stop_;
};

// --- Blocks --------------------------------------------------------------------------------------------------------

// Part i of n has the replications r with r mod n = i.
struct Shard {
  std::uint64_t index = 0;
  std::uint64_t count = 1;
  friend bool operator==(const Shard&, const Shard&) = default;
};

// What one shard has of the replications [number x size, (number + 1) x size) of a block.
struct ReplicationBlock {
  std::uint64_t number = 0;
  std::vector<Replication> all;  // ascending, without their histograms
  Histogram latency;             // which are merged here
  friend bool operator==(const ReplicationBlock&, const ReplicationBlock&) = default;
};
// The next block of a forecast that is not divided.
void add(ReplicationSet& set, const ReplicationBlock& block);
using KnownBlocks = std::map<std::uint64_t, ReplicationBlock>;

// How the replications of a forecast are divided into shards and blocks.
struct Division {
  std::uint64_t replications = 1000;
  Shard shard;
  std::uint64_t block_size = kBlockSize;  // of all shards together
  friend bool operator==(const Division&, const Division&) = default;
};
// The indices that the shard has in a block.
[[nodiscard]] std::vector<std::uint64_t> indices_of(std::uint64_t block, const Division& division);
[[nodiscard]] constexpr std::uint64_t blocks_of(const Division& division) {
  return division.replications / division.block_size + (division.replications % division.block_size > 0 ? 1 : 0);
}

struct BlockPlan {
  std::uint64_t replications = 1000;
  Shard shard;
  std::uint64_t block_size = kBlockSize;
  KnownBlocks known;  // made before: not made again. Each must be complete
  [[nodiscard]] Division division() const { return {replications, shard, block_size}; }
};

struct BlockWatch {
  std::function<bool(const ReplicationBlock&)> take;               // in order; false: enough
  std::function<void(std::uint64_t)> made = [](std::uint64_t) {};  // replications so far, known ones included
};

// False: it was interrupted.
bool make_blocks(ReplicationMaker& maker, const BlockPlan& plan, const BlockWatch& watch);

}  // namespace windtunnel::sim
