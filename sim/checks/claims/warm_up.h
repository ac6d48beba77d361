#pragma once
// How long a run takes until its latencies are those of its steady state: the truncation that MSER-5 proposes.
//
// MSER-5 (White, Cobb and Spratt, "A comparison of five steady-state truncation heuristics for simulation", 2000) takes
// the means of batches of five values and leaves out the first d of n batches, so that the squared standard error of
// the mean of the rest, sum of (x - mean)^2 / (n - d)^2, is least. A least value in the second half says that the run
// is too short to tell. From a few thousand batches on, two are made one, so that memory is bounded.
//
// It is a proposal, never a decision: doubles and a rule of thumb. It is silent where leaving the beginning out would
// move the mean by less than 5 %.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"

namespace windtunnel::sim {

class WarmUp final {
 public:
  // Values come in order of time.
  void add(Instant at, Duration value);

  struct Proposal {
    Duration skip{0};        // since the start, in whole seconds
    Duration mean_all{0};    // of the batches
    Duration mean_after{0};  // of those that are left
  };
  [[nodiscard]] std::optional<Proposal> proposal() const;

 private:
  static constexpr std::size_t kBatchesMax = 4096;
  static constexpr std::size_t kBatchesLeast = 40;

  struct Batch {
    Int128 sum_ns = 0;
    Instant end{};  // of its last value
  };
  void halve();

  std::vector<Batch> batches_;  // all of them full
  Batch open_;
  std::int64_t in_open_ = 0;
  std::int64_t batch_size_ = 5;
};

}  // namespace windtunnel::sim
