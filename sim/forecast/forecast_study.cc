#include "sim/forecast/forecast_study.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/in_order.h"
#include "sim/forecast/controls.h"

namespace windtunnel::sim {

std::optional<double> precision_of(const ReplicationSet& set, const StopTarget& target) {
  const auto estimate = measure(set, target.what);
  if (!estimate) return std::nullopt;
  const double half_width = estimate->half_width();
  if (!target.relative || half_width == 0) return half_width;
  if (estimate->value == 0) return std::nullopt;
  return half_width / std::abs(estimate->value);
}

bool holds(const StopRule& rule, const ReplicationSet& set) {
  return std::all_of(rule.targets.begin(), rule.targets.end(), [&](const StopTarget& target) {
    const auto precision = precision_of(set, target);
    return precision && *precision <= target.limit;
  });
}

bool ThreadedMaker::make(const ReplicationJob& job, const std::function<bool(Replication)>& take) {
  const ForecastWorld scaled = world_.scaled(job.rate_millionths);
  std::atomic<bool> enough = false;
  InOrder<std::optional<Replication>> runs{job.indices.size(), jobs_, [&](std::uint64_t place) {
                                             if (enough || (stop_ != nullptr && *stop_)) {
                                               return std::optional<Replication>{};
                                             }
                                             return scaled.replicate(job.family, job.indices[place], stop_);
                                           }};
  while (std::optional<std::optional<Replication>> entry = runs.take()) {
    if (!*entry) return false;
    if (take(std::move(**entry))) continue;
    enough = true;
    return true;
  }
  return true;
}

std::vector<std::uint64_t> indices_of(std::uint64_t block, const Division& division) {
  std::vector<std::uint64_t> indices;
  const std::uint64_t end = std::min(division.replications, (block + 1) * division.block_size);
  for (std::uint64_t r = block * division.block_size; r < end; ++r) {
    if (r % division.shard.count == division.shard.index) indices.push_back(r);
  }
  return indices;
}

void add(ReplicationSet& set, const ReplicationBlock& block) {
  for (const Replication& replication : block.all) {
    check(replication.index == set.all.size(), "replications are added in order");
    set.all.push_back(replication);
  }
  set.latency.merge(block.latency);
  extend_reference(set.reference, set.frame, set.all.size());
}

bool make_blocks(ReplicationMaker& maker, const BlockPlan& plan, const BlockWatch& watch) {
  const Division division = plan.division();
  const std::uint64_t blocks = blocks_of(division);
  ReplicationJob job;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    if (plan.known.contains(block)) continue;
    const auto indices = indices_of(block, division);
    job.indices.insert(job.indices.end(), indices.begin(), indices.end());
  }
  std::uint64_t made = 0;
  ReplicationBlock current;
  bool wants_more = true;
  // Blocks that were made before, or in which this shard has nothing, come in their turn.
  const auto pass_known = [&] {
    for (; wants_more && current.number < blocks; ++current.number) {
      const auto known = plan.known.find(current.number);
      if (known == plan.known.end() && !indices_of(current.number, division).empty()) return;
      if (known == plan.known.end()) continue;
      made += known->second.all.size();
      watch.made(made);
      wants_more = watch.take(known->second);
    }
  };
  pass_known();
  if (!wants_more || job.indices.empty()) return true;
  return maker.make(job, [&](Replication replication) {
    current.latency.merge(replication.latency);
    replication.latency = {};
    current.all.push_back(std::move(replication));
    watch.made(++made);
    if (current.all.size() < indices_of(current.number, division).size()) return true;
    const std::uint64_t next = current.number + 1;
    wants_more = watch.take(std::exchange(current, {.number = next, .all = {}, .latency = {}}));
    pass_known();
    return wants_more;
  });
}

}  // namespace windtunnel::sim
