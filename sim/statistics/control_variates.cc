#include "sim/statistics/control_variates.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/statistics/skewed_mean.h"

namespace windtunnel::sim {
namespace {

// A control of which less than this share of its squares is left beside the others is one of them again.
constexpr double kNewShareLeast = 1e-8;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double average(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<double> centred(std::span<const double> values, double middle) {
  std::vector<double> result(values.begin(), values.end());
  for (double& value : result) value -= middle;
  return result;
}

}  // namespace

ControlVariates::ControlVariates(std::size_t count, const std::vector<ControlVariate>& controls)
    : count_(count),
      weights_(count, 1 / static_cast<double>(count)),
      leverages_(count, 1 / static_cast<double>(count)) {
  check(count >= 2, "controls are of two replications or more");
  for (const ControlVariate& control : controls) {
    check(control.values.size() == count, "a control has a value for each replication");
    const double middle = average(control.values);
    std::vector<double> rest = centred(control.values, middle);
    const double squares = dot(rest, rest);
    std::vector<double> along(directions_.size());
    // Twice, because one pass leaves rounding errors of what it takes away.
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t l = 0; l < directions_.size(); ++l) {
        const double share = dot(rest, directions_[l]);
        along[l] += share;
        for (std::size_t i = 0; i < count; ++i) rest[i] -= share * directions_[l][i];
      }
    }
    const double left = dot(rest, rest);
    if (!(left > kNewShareLeast * squares) || directions_.size() + 2 >= count) continue;
    const double length = std::sqrt(left);
    double offset = control.mean - middle;
    for (std::size_t l = 0; l < along.size(); ++l) offset -= offsets_[l] * along[l];
    for (double& value : rest) value /= length;
    along.push_back(length);
    for (std::size_t i = 0; i < count; ++i) {
      weights_[i] += offset / length * rest[i];
      leverages_[i] += rest[i] * rest[i];
    }
    directions_.push_back(std::move(rest));
    triangle_.push_back(std::move(along));
    offsets_.push_back(offset / length);
    mean_variances_.push_back(control.mean_variance);
  }
}

ControlledMean ControlVariates::mean_of(std::span<const double> values) const {
  std::vector<double> errors;
  return analyse(values, errors);
}

ControlledEstimate ControlVariates::estimate_of(std::span<const double> values) const {
  std::vector<double> errors;
  const ControlledMean mean = analyse(values, errors);
  double of_errors = 0;
  for (const double error : errors) of_errors += error * error;
  of_errors /= static_cast<double>(count_) * static_cast<double>(count_);
  const double factor = student_factor(effective_count());
  // Where the controls determine the figure, what is left is rounding.
  const double rounding = 1e-10 * std::abs(mean.value);
  const double fixed = std::max(rounding, factor * std::sqrt(std::max(0.0, mean.variance - of_errors)));
  double below = 0;
  double above = 0;
  if (const auto skewed = estimate_skewed_mean(errors)) {
    // The residuals are smaller than the errors, because the controls were fitted to them.
    const auto n = static_cast<double>(count_);
    const double lost = factor / student_factor(count_) * std::sqrt(n / (n - 1 - static_cast<double>(used())));
    below = (skewed->value - skewed->low) * lost;
    above = (skewed->high - skewed->value) * lost;
  }
  const auto both = [&](double half) { return std::sqrt(half * half + fixed * fixed); };
  const double variance = std::max(mean.variance, rounding * rounding);
  return {{mean.value, mean.value - both(below), mean.value + both(above)},
          variance > 0 ? mean.plain_variance / variance : 1};
}

ControlledMean ControlVariates::analyse(std::span<const double> values, std::vector<double>& errors) const {
  check(values.size() == count_, "a mean with controls has a value for each replication");
  const double middle = average(values);
  std::vector<double> residuals = centred(values, middle);
  const auto n = static_cast<double>(count_);
  ControlledMean mean{.value = middle, .variance = 0, .plain_variance = dot(residuals, residuals) / (n - 1) / n};
  const std::size_t controls = directions_.size();
  std::vector<double> slopes(controls);
  for (std::size_t l = 0; l < controls; ++l) {
    slopes[l] = dot(residuals, directions_[l]);
    mean.value += slopes[l] * offsets_[l];
    for (std::size_t i = 0; i < count_; ++i) residuals[i] -= slopes[l] * directions_[l][i];
  }
  for (std::size_t i = 0; i < count_; ++i) {
    const double error = weights_[i] * residuals[i] / std::max(1e-6, 1 - leverages_[i]);
    mean.variance += error * error;
    errors.push_back(n * error);
  }
  // From slopes along the directions to coefficients of the controls, the last one first.
  for (std::size_t j = controls; j-- > 0;) {
    for (std::size_t l = j + 1; l < controls; ++l) slopes[j] -= triangle_[l][j] * slopes[l];
    slopes[j] /= triangle_[j][j];
    mean.variance += slopes[j] * slopes[j] * mean_variances_[j];
  }
  return mean;
}

}  // namespace windtunnel::sim
