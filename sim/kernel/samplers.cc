#include "sim/kernel/samplers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/check.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {
namespace {

using standard_normal_parts::polynomial;

constexpr double kFarTop[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                              2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kFarBottom[] = {1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

}  // namespace

double standard_normal_parts::far_tail(double u) {
  const double q = u - 0.5;
  const double r = tail_depth(u);
  const double distance = polynomial(kFarTop, r - 5.0) / polynomial(kFarBottom, r - 5.0);
  return q < 0 ? -distance : distance;
}

namespace {

// The number of arrivals in `mean` time units at unit rate, by the product of uniforms: a sum of exponential gaps
// passes `mean` when the product of their uniforms falls below e^-mean. For means up to 64, where e^-mean is far from
// 0.
std::uint64_t poisson_by_product(StreamKey stream, std::uint64_t index, std::uint32_t step, double mean) {
  const double floor = exp(-mean);
  std::uint64_t count = 0;
  double product = 1.0;
  for (std::uint32_t lane = 0;; ++lane) {
    const Draw bits = draw(stream, index, step, lane);
    product *= unit_open(bits.a);
    if (product <= floor) return count;
    product *= unit_open(bits.b);
    if (product <= floor) return count + 1;
    count += 2;
  }
}

}  // namespace

double uniform(double u, double low, double high) { return low + (high - low) * u; }

double exponential(double u, double mean) { return -mean * log(1.0 - u); }

double standard_normal(double u) {
  using namespace standard_normal_parts;
  if (is_central(u)) return central(u);
  return is_near(u) ? near_tail(u) : far_tail(u);
}

// From the approximation 26.2.17 of Abramowitz and Stegun, within 1e-7, by Newton's steps of the inverse, on the side
// where the chance is small.
double standard_normal_below(double z) {
  constexpr double kReach = 8;
  if (z >= 0) return z == 0 ? 0.5 : 1 - standard_normal_below(-z);
  if (z <= -kReach) return 0;
  const double t = 1 / (1 - 0.2316419 * z);
  const double density = 0.3989422804014327 * exp(-z * z / 2);
  double share =
      density * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  for (int step = 0; step < 4; ++step) {
    const double change = (z - standard_normal(share)) * density;
    share = std::max(share / 2, share + change);
  }
  return share;
}

double lognormal(double u, double mu, double sigma) { return exp(mu + sigma * standard_normal(u)); }

double factor_of_mean_one(double cv, std::uint64_t bits) {
  if (cv == 0) return 1;
  const double variance = log(1 + cv * cv);
  return lognormal(unit_open(bits), -0.5 * variance, std::sqrt(variance));
}

double weibull(double u, double shape, double scale) { return scale * pow(-log(1.0 - u), 1.0 / shape); }

double quantile_table(double u, std::span<const double> quantiles) {
  const double position = u * static_cast<double>(quantiles.size() - 1);
  const auto cell = static_cast<std::size_t>(position);
  // The product may round up to the last quantile, which has no cell of its own.
  if (cell + 1 >= quantiles.size()) return quantiles.back();
  const double low = quantiles[cell];
  return low + (quantiles[cell + 1] - low) * (position - static_cast<double>(cell));
}

double gamma(StreamKey stream, std::uint64_t index, double shape, double scale) {
  // Gamma(shape) is Gamma(shape + 1) x U^(1 / shape). Attempt 1 names that draw, attempt 0 the trials.
  if (shape < 1.0) {
    const double boost = pow(unit_open(draw(stream, index, 1).a), 1.0 / shape);
    return gamma(stream, index, shape + 1.0, scale) * boost;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (std::uint32_t lane = 0;; ++lane) {
    const Draw bits = draw(stream, index, 0, lane);
    const double x = standard_normal(unit_open(bits.a));
    const double root = 1.0 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double u = unit_open(bits.b);
    const double square = x * x;
    if (u < 1.0 - 0.0331 * square * square || log(u) < 0.5 * square + d * (1.0 - v + log(v))) return scale * d * v;
  }
}

// Splitting (Ahrens and Dieter, 1974): the n-th arrival comes at a gamma time. Before the end, n have been seen and
// the rest of the time is a Poisson count of its own; after it, the n - 1 earlier ones lie uniformly before that
// arrival, and those before the end are counted. n is three deviations short, so that the count is seldom needed.
std::uint64_t poisson_count(StreamKey stream, std::uint64_t index, double mean) {
  check(mean >= 0 && mean <= 1e7, "a Poisson mean lies in [0, 10^7]");
  std::uint64_t count = 0;
  for (std::uint32_t step = 0;; ++step) {
    if (mean <= 64.0) return count + poisson_by_product(stream, index, step, mean);
    const auto n = static_cast<std::uint64_t>(mean - 3.0 * std::sqrt(mean));
    // Each step's arrival has a key of its own, because a gamma variable takes a whole stream.
    const StreamKey arrivals{stream.value + 0x9e37'79b9'7f4a'7c15ULL * (step + 1)};
    const double arrival = gamma(arrivals, index, static_cast<double>(n), 1.0);
    if (arrival > mean) {
      for (std::uint64_t i = 1; i < n; ++i) {
        if (arrival * unit_open(draw(arrivals, index, 2, static_cast<std::uint32_t>(i)).a) <= mean) ++count;
      }
      return count;
    }
    count += n;
    mean -= arrival;
  }
}

}  // namespace windtunnel::sim
