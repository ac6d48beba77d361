#include "sim/statistics/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/units.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

constexpr double kTail = 0.025;  // beyond either end of an interval

Estimate around(double value, double half_width) { return {value, value - half_width, value + half_width}; }

// Sums of deviations from the mean. `deviation` gives one by its place.
template <class Deviation>
void add_powers(Moments& moments, Deviation deviation) {
  double square = 0;
  double fourth = 0;
  for (std::size_t i = 0; i < moments.count; ++i) {
    const double d = deviation(i);
    square += d * d;
    fourth += d * d * d * d;
  }
  if (moments.count >= 2) moments.variance = square / static_cast<double>(moments.count - 1);
  if (moments.count >= 1) moments.fourth = fourth / static_cast<double>(moments.count);
}

template <class Value>
std::optional<Estimate> student_mean(std::span<const Value> values) {
  if (values.size() < 2) return std::nullopt;
  const Moments moments = moments_of(values);
  const double error = std::sqrt(moments.variance / static_cast<double>(moments.count));
  return around(moments.mean, student_factor(moments.count) * error);
}

template <class Value>
std::optional<Estimate> difference_of(std::span<const Value> a, std::span<const Value> b) {
  check(a.size() == b.size(), "a paired difference has as many values on either side");
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if constexpr (std::is_same_v<Value, std::int64_t>) {
      differences[i] = static_cast<double>(Int128{a[i]} - b[i]);
    } else {
      differences[i] = a[i] - b[i];
    }
  }
  return student_mean(std::span<const double>{differences});
}

// Nothing if there are too few values.
template <class Value>
std::optional<QuantileOf<Value>> quantile_of(std::span<const Value> sorted, double share) {
  const auto ranks = quantile_ranks(sorted.size(), share);
  if (!ranks) return std::nullopt;
  return QuantileOf<Value>{
      .value = sorted[ranks->rank - 1], .low = sorted[ranks->low - 1], .high = sorted[ranks->high - 1]};
}

// Deviations from a whole number near the mean are exact; what lies between it and the mean is below 1.
template <class Whole>
Moments moments_of_whole(std::span<const Whole> values) {
  Moments moments{.count = values.size()};
  if (values.empty()) return moments;
  Int128 sum = 0;
  for (const Whole value : values) sum += value;
  const auto n = static_cast<Int128>(values.size());
  const Int128 pivot = sum / n;
  const double rest = static_cast<double>(sum - pivot * n) / static_cast<double>(n);
  moments.mean = static_cast<double>(pivot) + rest;
  add_powers(moments, [&](std::size_t i) { return static_cast<double>(values[i] - pivot) - rest; });
  return moments;
}

// P(X > hits) + P(X = hits) / 2, and the same for what lies below.
double mid_p_above(double hits, double trials, double share) {
  const double above = hits < trials ? boost::math::ibeta(hits + 1, trials - hits, share) : 0.0;
  const double at_or_above = hits > 0 ? boost::math::ibeta(hits, trials - hits + 1, share) : 1.0;
  return (above + at_or_above) / 2;
}
double mid_p_below(double hits, double trials, double share) {
  const double at_or_below = hits < trials ? boost::math::ibetac(hits + 1, trials - hits, share) : 1.0;
  const double below = hits > 0 ? boost::math::ibetac(hits, trials - hits + 1, share) : 0.0;
  return (at_or_below + below) / 2;
}

// The share at which a monotone tail probability is kTail, between two shares on either side of it.
template <class Tail>
double solve(Tail tail, double from, double to) {
  std::uintmax_t iterations = 200;
  const auto bracket = boost::math::tools::toms748_solve([&](double share) { return tail(share) - kTail; }, from, to,
                                                         boost::math::tools::eps_tolerance<double>(40), iterations);
  return (bracket.first + bracket.second) / 2;
}

}  // namespace

double Moments::sd() const { return std::sqrt(variance); }

Moments moments_of(std::span<const std::int64_t> values) { return moments_of_whole(values); }
Moments moments_of(std::span<const Int128> values) { return moments_of_whole(values); }
Moments moments_of(std::span<const double> values) {
  Moments moments{.count = values.size()};
  if (values.empty()) return moments;
  double sum = 0;
  for (const double value : values) sum += value;
  moments.mean = sum / static_cast<double>(values.size());
  add_powers(moments, [&](std::size_t i) { return values[i] - moments.mean; });
  return moments;
}

std::optional<Estimate> estimate_mean(std::span<const std::int64_t> values) { return student_mean(values); }
std::optional<Estimate> estimate_mean(std::span<const Int128> values) { return student_mean(values); }
std::optional<Estimate> estimate_mean(std::span<const double> values) { return student_mean(values); }
std::optional<Estimate> estimate_difference(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  return difference_of(a, b);
}
std::optional<Estimate> estimate_difference(std::span<const double> a, std::span<const double> b) {
  return difference_of(a, b);
}

std::optional<Estimate> estimate_ratio(std::span<const std::int64_t> parts, std::span<const std::int64_t> wholes) {
  check(parts.size() == wholes.size(), "a ratio has a whole for each part");
  const Moments part = moments_of(parts);
  const Moments whole = moments_of(wholes);
  if (parts.size() < 2 || whole.mean <= 0) return std::nullopt;
  const double ratio = part.mean / whole.mean;
  std::vector<double> residuals(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    residuals[i] = (static_cast<double>(parts[i]) - ratio * static_cast<double>(wholes[i])) / whole.mean;
  }
  Estimate estimate = around(ratio, student_mean(std::span<const double>{residuals})->half_width());
  estimate.low = std::max(0.0, estimate.low);
  estimate.high = std::min(1.0, estimate.high);
  const double one_in_all = 1 / (whole.mean * static_cast<double>(whole.count));
  if (part.mean == 0) estimate.high = std::min(1.0, 3 * one_in_all);
  if (part.mean == whole.mean) estimate.low = std::max(0.0, 1 - 3 * one_in_all);
  return estimate;
}

Estimate estimate_share(std::size_t hits, std::size_t trials) {
  check(trials > 0 && hits <= trials, "a share is of at least one trial");
  const auto k = static_cast<double>(hits);
  const auto n = static_cast<double>(trials);
  Estimate estimate{.value = k / n, .low = 0, .high = 1};
  if (hits > 0) estimate.low = solve([&](double share) { return mid_p_above(k, n, share); }, 0.0, k / n);
  if (hits < trials) estimate.high = solve([&](double share) { return mid_p_below(k, n, share); }, k / n, 1.0);
  return estimate;
}

Estimate estimate_share_of(double share, double trials) {
  check(share > 0 && share < 1 && trials > 0, "an effective share lies between 0 and 1");
  const double hits = share * trials;
  return {.value = share,
          .low = solve([&](double at) { return mid_p_above(hits, trials, at); }, 0.0, share),
          .high = solve([&](double at) { return mid_p_below(hits, trials, at); }, share, 1.0)};
}

std::optional<QuantileRanks> quantile_ranks(std::size_t count, double share) {
  check(share > 0 && share < 1, "a quantile's share lies between 0 and 1");
  if (count == 0) return std::nullopt;
  const boost::math::binomial_distribution<double> below(static_cast<double>(count), share);
  const auto chance_of_at_most = [&](std::size_t k) { return boost::math::cdf(below, static_cast<double>(k)); };
  // The quantile lies below the value of rank `low` if fewer than `low` values lie below it, and above that of rank
  // `high` if at least `high` do.
  if (chance_of_at_most(0) > kTail || 1 - chance_of_at_most(count - 1) > kTail) return std::nullopt;
  QuantileRanks ranks;
  ranks.rank =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(share * static_cast<double>(count) - 1e-9)), 1, count);
  ranks.low = ranks.rank;
  while (chance_of_at_most(ranks.low - 1) > kTail) --ranks.low;
  ranks.high = ranks.rank;
  while (1 - chance_of_at_most(ranks.high - 1) > kTail) ++ranks.high;
  return ranks;
}

std::optional<QuantileEstimate> estimate_quantile(std::span<const std::int64_t> sorted, double share) {
  return quantile_of(sorted, share);
}
std::optional<QuantileOf<Int128>> estimate_quantile(std::span<const Int128> sorted, double share) {
  return quantile_of(sorted, share);
}

double student_factor(std::size_t count) { return student_quantile(count, 1 - kTail); }

double student_quantile(std::size_t count, double share) {
  check(count >= 2, "an interval of a mean takes two values");
  const boost::math::students_t_distribution<double> law(static_cast<double>(count - 1));
  return boost::math::quantile(law, share);
}

}  // namespace windtunnel::sim
