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

#include <cmath>
#include <cstdint>
#include <span>

#include "sim/kernel/chance.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::sim {

// In [low, high]; with low = high it is that value.
double uniform(double u, double low, double high);
double exponential(double u, double mean);
// Within 1e-15 relative of the true quantile (Wichura, algorithm AS 241, PPND16). |value| < 8.3 for every unit_open.
double standard_normal(double u);
// The chance of a normal value below z: the inverse of standard_normal, within 1e-12 of it. For |z| < 8.
double standard_normal_below(double z);
// Its parts, for loops: the centre, where 85 % of all values lie, and the near tails are one branchless formula each;
// beyond them lies one of 36 billion.
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

inline constexpr double kCentreReach = 0.425;
[[gnu::always_inline]] inline bool is_central(double u) { return u - 0.5 >= -kCentreReach && u - 0.5 <= kCentreReach; }
// For any u in (0, 1) a number; for a central one the value.
[[gnu::always_inline]] inline double central(double u) {
  const double q = u - 0.5;
  const double r = 0.180625 - q * q;
  return q * polynomial(kCentreTop, r) / polynomial(kCentreBottom, r);
}
inline constexpr double kNearTop[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                      3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                      2.27238449892691845833e-2, 7.74545014278341407640e-4};
inline constexpr double kNearBottom[] = {1.0,
                                         2.05319162663775882187e0,
                                         1.67638483018380384940e0,
                                         6.89767334985100004550e-1,
                                         1.48103976427480074590e-1,
                                         1.51986665636164571966e-2,
                                         5.47593808499534494600e-4,
                                         1.05075007164441684324e-9};
// Of the tail on either side, in units of its probability's root log: AS 241's r.
[[gnu::always_inline]] inline double tail_depth(double u) {
  return std::sqrt(-real_math::log_of_normal(u < 0.5 ? u : 1.0 - u));
}
[[gnu::always_inline]] inline bool is_near(double u) { return tail_depth(u) <= 5.0; }
// For any u in (0, 1) a number; for one in a near tail the value.
[[gnu::always_inline]] inline double near_tail(double u) {
  const double r = tail_depth(u);
  const double distance = polynomial(kNearTop, r - 1.6) / polynomial(kNearBottom, r - 1.6);
  return u < 0.5 ? -distance : distance;
}
double far_tail(double u);

}  // namespace standard_normal_parts
// e^(mu + sigma z): mu and sigma are those of the logarithm, and e^mu is the median.
double lognormal(double u, double mu, double sigma);
// Lognormal with mean 1 and this coefficient of variation; with a cv of 0 it is 1.
double factor_of_mean_one(double cv, std::uint64_t bits);
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
