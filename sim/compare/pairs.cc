#include "sim/compare/pairs.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/statistics/skewed_mean.h"

namespace windtunnel::sim {
namespace {

// A double has 53 bits. A difference of two is right to about the last of the larger one, so that its last 12 are left.
constexpr int kBitsKept = 41;

double mean_about_first(const std::vector<double>& values) {
  // About the first value, so that the mean of values which are all the same is that value.
  double sum = 0;
  for (const double value : values) sum += value - values.front();
  return values.front() + sum / static_cast<double>(values.size());
}

}  // namespace

std::optional<Average> average_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  Average average{.n = static_cast<std::int64_t>(values.size()), .mean = mean_about_first(values), .interval = {}};
  average.interval = estimate_skewed_mean(values);
  return average;
}

double Pairs::largest() const {
  double largest = 0;
  for (const double value : first) largest = std::max(largest, std::abs(value));
  for (const double value : other) largest = std::max(largest, std::abs(value));
  return largest;
}

std::vector<double> Pairs::combined(double factor, double offset) const {
  std::vector<double> sums;
  const double scale = largest() * std::max(1.0, std::abs(factor)) + std::abs(offset);
  int exponent = 0;
  std::frexp(scale, &exponent);
  const double grain = std::ldexp(1.0, exponent - kBitsKept);
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double sum = other[i] - factor * first[i] - offset;
    sums.push_back(scale > 0 ? std::nearbyint(sum / grain) * grain : sum);
  }
  return sums;
}

Pairs pairs_of(const std::vector<CompareValues>& first, const std::vector<CompareValues>& other, CompareMetric metric) {
  check(first.size() == other.size(), "each seed was run in both variations");
  const auto place = static_cast<std::size_t>(metric);
  Pairs pairs;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::optional<double>& a = first[i][place];
    const std::optional<double>& b = other[i][place];
    if (!a || !b) continue;
    pairs.first.push_back(*a);
    pairs.other.push_back(*b);
  }
  return pairs;
}

}  // namespace windtunnel::sim
