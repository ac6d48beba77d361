#include "sim/rare/rare_estimate.h"

#include <algorithm>
#include <cmath>

namespace windtunnel::sim {
namespace {

constexpr std::uint64_t kHitsLeast = 50;  // before a precision counts as reached: few weights may all be small

}  // namespace

RareEstimate RareSum::estimate(double relative) const {
  RareEstimate estimate{.chance = {}, .paths = paths_, .hits = hits_};
  if (paths_ < 2) return estimate;
  const auto n = static_cast<double>(paths_);
  const double mean = sum_ / n;
  const double variance = std::max(0.0, squares_ / n - mean * mean) / (n - 1);
  const double half = student_factor(paths_) * std::sqrt(variance);
  estimate.chance = {mean, std::max(0.0, mean - half), std::min(1.0, mean + half)};
  // Weights are below what a hit of the rarest kind may bear, so that this bound is a cautious one.
  if (hits_ < 2) estimate.chance.high = std::min(1.0, std::max(estimate.chance.high, 3 / n));
  if (squares_ > 0) estimate.effective = sum_ * sum_ / squares_;
  const double precision = mean > 0 ? half / mean : 0;
  if (precision > 0 && mean < 1) {
    const double quantile = student_factor(paths_);
    estimate.plain_replications = quantile * quantile * (1 - mean) / (mean * precision * precision);
  }
  estimate.reached = hits_ >= kHitsLeast && precision <= relative;
  return estimate;
}

}  // namespace windtunnel::sim
