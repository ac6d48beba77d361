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
