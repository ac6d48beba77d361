#pragma once
// A distribution as a scenario file states it: a latency, a token count, an up time. A plain value that can be stored,
// compared and written back; its unit is that of its owner.
//
// sample() is the inverse distribution function, so one draw gives one value and greater bits never give a smaller one
// (up to rounding). Under common random numbers a change of parameters therefore moves each value its own way, and
// nothing else.
//
// Properties (each is a test):
//   sample is finite for all bits, the least and the greatest included, and lies in the law's support.
//   the average of many samples is mean(); lognormal_p50_p95 has those two percentiles.

#include <cstdint>
#include <vector>

namespace windtunnel::sim {

struct Law {
  enum class Kind : std::uint8_t {
    fixed,        // a
    uniform,      // from a to b
    exponential,  // mean a
    lognormal,    // mu = a, sigma = b, of the logarithm
    weibull,      // shape a, scale b
    quantiles,    // linear between the equally spaced `table`
  };

  Kind kind = Kind::fixed;
  double a = 0;
  double b = 0;
  // Added to every value.
  double shift = 0;
  // For Kind::quantiles only: non-decreasing, not empty.
  std::vector<double> table;

  static Law fixed(double value);
  static Law uniform(double low, double high);
  static Law exponential(double mean);
  static Law lognormal(double mu, double sigma);
  // The lognormal law with these percentiles, 0 < p50 <= p95.
  static Law lognormal_p50_p95(double p50, double p95);
  static Law weibull(double shape, double scale);
  static Law quantiles(std::vector<double> table);

  // The expectation, by each law's formula; for quantiles, of the piecewise linear law itself.
  [[nodiscard]] double mean() const;

  friend bool operator==(const Law&, const Law&) = default;
};

[[nodiscard]] double sample(const Law& law, std::uint64_t bits);
// The value below which this share of all values lies, 0 < share < 1: what sample() makes of a uniform number.
[[nodiscard]] double quantile_of(const Law& law, double share);
// The chance of a value of at most x, the inverse of quantile_of.
[[nodiscard]] double chance_below(const Law& law, double x);

}  // namespace windtunnel::sim
