#include "sim/statistics/skewed_mean.h"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

constexpr double kTailOfMean = 0.025;  // beyond either end
constexpr double kSkewnessUnderstated = 1.25;
constexpr double kSkewnessLeast = 1e-6;  // below, Hall's interval is Student's

// How much of Student's law lies beyond either end.
struct Tails {
  double below = kTailOfMean;
  double above = kTailOfMean;
};

// Found by trial over 20,000 samples of eleven laws, as the tails with which all but symmetrical laws with long tails
// are held in 92.2 to 97.8 %. A sample without a skewness has the same on either side.
Tails tails_of(std::size_t count, double skewness) {
  struct Sides {
    double of_long = kTailOfMean;  // the side of the long tail
    double of_short = kTailOfMean;
  };
  static constexpr std::array<Sides, 7> kOfFew{{{0.015, 0.015},
                                                {0.001, 0.0225},
                                                {0.001, 0.025},
                                                {0.005, 0.03},
                                                {0.0125, 0.03},
                                                {0.015, 0.03},
                                                {0.02, 0.03}}};  // of 2 to 8 values
  Sides sides;
  if (count < kOfFew.size() + 2) {
    sides = kOfFew[count - 2];
  } else if (count >= 11 && count <= 17) {
    sides.of_long = 0.03;
  }
  if (std::abs(skewness) < kSkewnessLeast) sides.of_long = sides.of_short = (sides.of_long + sides.of_short) / 2;
  return skewness < 0 ? Tails{sides.of_long, sides.of_short} : Tails{sides.of_short, sides.of_long};
}

// Moments about the first value, so that the rounding of values that lie close together is that of their distances.
struct Shape {
  double mean = 0;
  double sd = 0;
  double skewness = 0;
};

Shape shape_of(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value - values.front();
  Shape shape{.mean = values.front() + sum / n};
  double square = 0;
  double cube = 0;
  for (const double value : values) {
    const double d = value - shape.mean;
    square += d * d;
    cube += d * d * d;
  }
  shape.sd = std::sqrt(square / (n - 1));
  const double cubed = shape.sd * shape.sd * shape.sd;
  if (values.size() >= 3 && cubed > 0) shape.skewness = n * cube / ((n - 1) * (n - 2) * cubed);
  return shape;
}

double cube_root(double x) { return x < 0 ? -pow(-x, 1.0 / 3) : pow(x, 1.0 / 3); }

// W of Hall's transformation, where the transformed value is y.
double hall_inverse(double y, double skewness, double n) {
  if (std::abs(skewness) < kSkewnessLeast) return y;
  return (cube_root(1 + skewness * (y - skewness / (6 * n))) - 1) * 3 / skewness;
}

void widen(Estimate& estimate, double low, double high) {
  estimate.low = std::min(estimate.low, low);
  estimate.high = std::max(estimate.high, high);
}

// The greatest share at which at most `hits` of n still come with a chance of 2.5 %.
double share_at_most(std::size_t hits, std::size_t n) {
  if (hits >= n) return 1;
  return boost::math::ibeta_inv(static_cast<double>(hits) + 1, static_cast<double>(n - hits), 1 - kTailOfMean);
}

// What lies on one side of the commonest value.
struct Side {
  std::size_t hits = 0;
  double nearest = 0;
  double farthest = 0;
  void add(double distance) {
    nearest = hits == 0 ? distance : std::min(nearest, distance);
    farthest = std::max(farthest, distance);
    ++hits;
  }
};

// How many times as far as the farthest of a few values their law is taken to reach, by how many they are. Found by
// trial: sizes of a lognormal law (sigma 1.5) are then held in 92 % from 5 values on. Values of one size, as counts
// are, need less; a single value shows no size.
double understated(const Side& side) {
  static constexpr std::array<double, 8> kOfSizes{15, 6, 3, 2.2, 1.8, 1.5, 1.3, 1.2};
  static constexpr double kOfTwoAlike = 1.5;
  if (side.hits > 1 && side.nearest == side.farthest) return side.hits == 2 ? kOfTwoAlike : 1;
  return side.hits <= kOfSizes.size() ? kOfSizes[side.hits - 1] : 1;
}

// How far the mean of n values may lie from the commonest one on this side.
double reach(const Side& side, std::size_t n) {
  return share_at_most(side.hits, n) * side.farthest * understated(side);
}

void widen_by_counts(Estimate& estimate, std::span<const double> values) {
  const auto [common, count] = commonest_of(values);
  if (count < 2 || 2 * count < values.size()) return;
  Side above;
  Side below;
  for (const double value : values) {
    if (value > common) above.add(value - common);
    if (value < common) below.add(common - value);
  }
  widen(estimate, below.hits > 0 ? common - reach(below, values.size()) : estimate.low,
        above.hits > 0 ? common + reach(above, values.size()) : estimate.high);
}

}  // namespace

CommonestValue commonest_of(std::span<const double> values) {
  check(!values.empty(), "the commonest is one of some values");
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  CommonestValue best;
  for (std::size_t i = 0; i < sorted.size();) {
    const auto end = std::ranges::upper_bound(sorted.begin() + static_cast<std::ptrdiff_t>(i), sorted.end(), sorted[i]);
    const auto next = static_cast<std::size_t>(end - sorted.begin());
    if (next - i > best.count) best = {sorted[i], next - i};
    i = next;
  }
  return best;
}

std::optional<Estimate> estimate_skewed_mean(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const Shape shape = shape_of(values);
  if (!(shape.sd > 0)) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  const double skewness = kSkewnessUnderstated * shape.skewness;
  const Tails tails = tails_of(values.size(), skewness);
  const auto reach_of = [&](double tail) { return student_quantile(values.size(), 1 - tail) / std::sqrt(n); };
  const double below = reach_of(tails.below);
  const double above = reach_of(tails.above);
  Estimate estimate{shape.mean, shape.mean - below * shape.sd, shape.mean + above * shape.sd};
  widen(estimate, shape.mean - shape.sd * hall_inverse(below, skewness, n),
        shape.mean - shape.sd * hall_inverse(-above, skewness, n));
  widen_by_counts(estimate, values);
  return estimate;
}

std::optional<Estimate> estimate_skewed_ratio(std::span<const std::int64_t> parts,
                                              std::span<const std::int64_t> wholes) {
  check(parts.size() == wholes.size(), "a ratio has a whole for each part");
  const double part = moments_of(parts).mean;
  const double whole = moments_of(wholes).mean;
  if (parts.size() < 2 || whole <= 0) return std::nullopt;
  const double unseen = std::min(1.0, unseen_share(parts.size()));
  if (part == 0) return Estimate{0, 0, unseen};
  if (part == whole) return Estimate{1, 1 - unseen, 1};
  const double ratio = part / whole;
  std::vector<double> residuals(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    residuals[i] = (static_cast<double>(parts[i]) - ratio * static_cast<double>(wholes[i])) / whole;
  }
  // All residuals alike: each pair has the same share, and what no pair has shown may be in so many.
  const auto mean = estimate_skewed_mean(residuals);
  const Estimate around = mean.value_or(Estimate{0, -unseen, unseen});
  return Estimate{ratio, std::max(0.0, ratio + around.low), std::min(1.0, ratio + around.high)};
}

double unseen_share(std::size_t count) { return 3 / static_cast<double>(count); }

}  // namespace windtunnel::sim
