#pragma once
// Distributions, as pure functions of uniform numbers. The standard library's distributions differ between libraries;
// these are written out, of IEEE basic operations and our own log and exp, and tests pin their exact values.
//
// The first group are inverse distribution functions: one uniform number in (0, 1) (see unit_open) gives one value,
// never smaller for a greater number, up to rounding. So a run with another parameter stays comparable draw by draw.
// The second group need a number of draws that chance decides. They take a stream that is theirs alone and an index:
// every draw they make has a name of its own, so they too depend on nothing but their arguments.
//
// Parameters are the caller's promise: mean, scale and shape > 0, sigma >= 0, finite.

#include <cstdint>
#include <span>

#include "sim/kernel/chance.h"

namespace windtunnel::sim {

// In [low, high]; with low = high it is that value.
double uniform(double u, double low, double high);
double exponential(double u, double mean);
// Within 1e-15 relative of the true quantile (Wichura, algorithm AS 241, PPND16). |value| < 8.3 for every unit_open.
double standard_normal(double u);
// Its two parts, for loops: the centre is one branchless formula, and 85 % of all values lie there.
namespace standard_normal_parts {

// Coefficients from the lowest power up. Even and odd powers are summed apart: two short chains run side by side.
[[gnu::always_inline]] inline double polynomial(const double (&c)[8], double x) {
  const double z = x * x;
  return (c[0] + z * (c[2] + z * (c[4] + z * c[6]))) + x * (c[1] + z * (c[3] + z * (c[5] + z * c[7])));
}

// M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).
inline constexpr double kCentreTop[] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                        1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                        3.3430575583588128105e4, 2.5090809287301226727e3};
inline constexpr double kCentreBottom[] = {1.0,
                                           4.2313330701600911252e1,
                                           6.8718700749205790830e2,
                                           5.3941960214247511077e3,
                                           2.1213794301586595867e4,
                                           3.9307895800092710610e4,
                                           2.8729085735721942674e4,
                                           5.2264952788528545610e3};

[[gnu::always_inline]] inline bool is_central(double u) { return u - 0.5 >= -0.425 && u - 0.5 <= 0.425; }
// For any u in (0, 1) a number; for a central one the value.
[[gnu::always_inline]] inline double central(double u) {
  const double q = u - 0.5;
  const double r = 0.180625 - q * q;
  return q * polynomial(kCentreTop, r) / polynomial(kCentreBottom, r);
}
double tail(double u);

}  // namespace standard_normal_parts
// e^(mu + sigma z): mu and sigma are those of the logarithm, and e^mu is the median.
double lognormal(double u, double mu, double sigma);
// With shape 1 it is exponential(u, scale), bit for bit.
double weibull(double u, double shape, double scale);
// Linear between equally spaced quantiles: quantiles[0] is the minimum, the last the maximum (101 of them: 0 % to
// 100 %). They must be non-decreasing and at least one; a single one is a constant.
double quantile_table(double u, std::span<const double> quantiles);

// Gamma with mean shape x scale (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000).
double gamma(StreamKey stream, std::uint64_t index, double shape, double scale);
// The number of events of a Poisson process in `mean` time units, exact, for mean in [0, 10^7].
std::uint64_t poisson_count(StreamKey stream, std::uint64_t index, double mean);

}  // namespace windtunnel::sim
