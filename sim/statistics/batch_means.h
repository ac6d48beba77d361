#pragma once
// The difference of two means within one run, whose values depend on each other: requests that wait in one queue or
// meet one outage are late or lost together, so that an interval which takes them as independent is too narrow. Of an
// M/M/1 queue at a load of 0.9 that interval holds the truth in 40 % of the runs.
//
// The run is cut into batches of consecutive values, of both arms together. A mean is a ratio of sums, so that a batch
// contributes its residual (S_b - mean x N_b) / (N / B) (Cochran 1977, section 2.11), and the difference of the two
// arms' residuals keeps what they share. The variance of the mean of the residuals d is that of batch means (Law 2015,
// section 9.5.3) with the correction for what still connects neighbouring batches that ASAP3 (Steiger et al. 2005) and
// Skart (Tafazzoli et al. 2011) make:
//
//   half-width = t(f) sqrt(var(d) / B x A)    A = (1 + r) / (1 - r), r: lag-1 autocorrelation of d, plus 1/B, at least
//   0 f = B / A - 1, rounded down: B / A batches would tell as much if they were independent
//
// There is no interval if an arm has fewer than 40 values, and none if the batches of either arm or of the difference
// tell less than 3 independent ones would: the run is too short for its queues, or one grows to its end. Measured over
// 1,000 runs each of two M/M/1 queues: the interval holds the truth in 96 % at loads of 0.05 to 0.95, in 93 % where a
// run is as long as the queue's memory; a queue that grows for ever gets none in 98 %.

#include <cstdint>
#include <optional>
#include <span>

#include "sim/statistics/statistics.h"

namespace windtunnel::sim {

// Of one arm: how many values, and their sum.
struct Batch {
  double count = 0;
  double sum = 0;
};

// How many batches a run is cut into: at least so many, and fewer than twice that.
inline constexpr std::size_t kBatchesLeast = 20;

enum class NoInterval : std::uint8_t { too_few_values, too_dependent, no_spread };

struct BatchedDifference {
  double difference = 0;  // of the other's mean less the first's
  std::optional<double> half_width;
  NoInterval why{};  // if there is none
};

// The batches of two arms, as many of either. Nothing: an arm has no value.
[[nodiscard]] std::optional<BatchedDifference> difference_of_batches(std::span<const Batch> first,
                                                                     std::span<const Batch> other);

}  // namespace windtunnel::sim
