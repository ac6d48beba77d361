#pragma once
// A mean over replications, corrected by quantities whose mean is known: control variates.
//
// Where a replication's figure Y goes along with quantities X of mean mu, mean(Y) - b (mean(X) - mu) has the mean of Y
// for any fixed b, and the least variance with the coefficients of the regression of Y on X (Lavenberg and Welch 1981).
// They are estimated from the same replications, which costs a degree of freedom each and biases the mean by an order
// less than its error.
//
// The estimate is a sum of weights times values, so that its variance is the sum of squared weights times squared
// residuals, each divided by (1 - leverage)^2 (HC3: MacKinnon and White 1985): it holds where the spread of Y changes
// with X, as that of a lognormal demand does. The interval is that of a mean of skewed values (skewed_mean.h) of these
// weighted residuals, because what controls leave may be a few large errors. A control whose mean was itself estimated
// adds that error.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "sim/statistics/statistics.h"

namespace windtunnel::sim {

struct ControlVariate {
  std::vector<double> values;  // one a replication
  double mean = 0;             // over all replications that there could be
  double mean_variance = 0;    // of that mean, where it is an estimate
};

struct ControlledMean {
  double value = 0;
  double variance = 0;        // of the estimate
  double plain_variance = 0;  // of the average without controls
};

// An estimate, and how many times the replications the plain one would take for the same precision.
struct ControlledEstimate {
  Estimate estimate;
  double factor = 1;
};

class ControlVariates {
 public:
  // A control that the others determine is left out. `count` is at least 2.
  ControlVariates(std::size_t count, const std::vector<ControlVariate>& controls);

  [[nodiscard]] std::size_t used() const { return directions_.size(); }
  // One value a replication.
  [[nodiscard]] ControlledMean mean_of(std::span<const double> values) const;
  [[nodiscard]] ControlledEstimate estimate_of(std::span<const double> values) const;
  // Of the residuals: what is left of count - 1 after the controls, as the count of a sample.
  [[nodiscard]] std::size_t effective_count() const { return count_ - directions_.size(); }

 private:
  // Fills the residuals' parts of the error: n weight residual / (1 - leverage).
  ControlledMean analyse(std::span<const double> values, std::vector<double>& errors) const;

  std::size_t count_;
  std::vector<std::vector<double>> directions_;  // orthonormal, of the centred controls
  std::vector<std::vector<double>> triangle_;    // control j is the sum of triangle_[j][l] x direction l, l <= j
  std::vector<double> offsets_;                  // of the known means from the sample's, along the directions
  std::vector<double> mean_variances_;
  std::vector<double> weights_;
  std::vector<double> leverages_;
};

}  // namespace windtunnel::sim
