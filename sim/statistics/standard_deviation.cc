#include "sim/statistics/standard_deviation.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "sim/kernel/real_math.h"
#include "sim/statistics/skewed_mean.h"

namespace windtunnel::sim {
namespace {

// log(c s^2) +- t c ((kurtosis - (n - 3) / n) / (n - 1))^0.5 with c = n / (n - t): Bonett's corrections for small n.
Estimate bonetts(const Moments& moments) {
  const auto n = static_cast<double>(moments.count);
  const double square = moments.variance * (n - 1) / n;
  const double kurtosis = moments.fourth / (square * square);
  const double t = student_factor(moments.count);
  const double correction = n / (n - t);
  const double error = correction * std::sqrt(std::max(0.0, (kurtosis - (n - 3) / n) / (n - 1)));
  const double middle = log(correction * moments.variance);
  return {moments.sd(), exp((middle - t * error) / 2), exp((middle + t * error) / 2)};
}

// `deviations` from the mean.
std::optional<Estimate> sd_of(const Moments& moments, std::vector<double> deviations) {
  if (moments.variance <= 0) return Estimate{};
  Estimate estimate = bonetts(moments);
  for (double& deviation : deviations) deviation *= deviation;
  if (const auto square = estimate_skewed_mean(deviations)) {
    const auto n = static_cast<double>(moments.count);
    estimate.high = std::max(estimate.high, std::sqrt(square->high * n / (n - 1)));
  }
  return estimate;
}

}  // namespace

std::optional<Estimate> estimate_sd(std::span<const Int128> values) {
  if (values.size() < kValuesForDeviation) return std::nullopt;
  const Moments moments = moments_of(values);
  std::vector<double> deviations;
  // About the first value, whose distances from the others are exact however large the values are.
  double mean = 0;
  for (const Int128 value : values) deviations.push_back(static_cast<double>(value - values.front()));
  for (const double deviation : deviations) mean += deviation / static_cast<double>(values.size());
  for (double& deviation : deviations) deviation -= mean;
  return sd_of(moments, std::move(deviations));
}

std::optional<Estimate> estimate_sd(std::span<const double> values) {
  if (values.size() < kValuesForDeviation) return std::nullopt;
  const Moments moments = moments_of(values);
  std::vector<double> deviations(values.begin(), values.end());
  for (double& deviation : deviations) deviation -= moments.mean;
  return sd_of(moments, std::move(deviations));
}

}  // namespace windtunnel::sim
