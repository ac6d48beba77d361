#pragma once
// The values of one metric in the seeds in which two variations both have data, and their mean with its interval.

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/compare/compare_metrics.h"
#include "sim/statistics/statistics.h"

namespace windtunnel::sim {

// A mean of n values.
struct Average {
  std::int64_t n = 0;
  double mean = 0;
  // Nothing: fewer than two values, or all are alike. Values without a spread bound no rare other value.
  std::optional<Estimate> interval;
};

// Nothing: there is no value.
[[nodiscard]] std::optional<Average> average_of(const std::vector<double>& values);

struct Pairs {
  std::vector<double> first;
  std::vector<double> other;

  // other - factor x first - offset, of each pair. Rounding is removed: differences that are equal but for the last
  // digits of the values are equal here.
  [[nodiscard]] std::vector<double> combined(double factor, double offset) const;
  [[nodiscard]] double largest() const;  // of both, by its amount; 0 without a pair
};
[[nodiscard]] Pairs pairs_of(const std::vector<CompareValues>& first, const std::vector<CompareValues>& other,
                             CompareMetric metric);

}  // namespace windtunnel::sim
