#include "sim/kernel/real_math.h"

#include <cstdint>
#include <limits>

namespace windtunnel::sim {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double log(double x) {
  std::int32_t scale = 0;
  if (!(x >= std::numeric_limits<double>::min()) || x == kInfinity) [[unlikely]] {
    if (x == 0) return -kInfinity;
    if (!(x > 0)) return kNaN;
    if (x == kInfinity) return x;
    x *= 0x1p54;
    scale = -54;
  }
  return real_math::log_of_normal(x, scale);
}

double exp(double x) {
  if (x >= real_math::kExpLeast && x <= real_math::kExpMost) [[likely]]
    return real_math::exp_in_range(x);
  if (x != x) return x;
  if (x > 709.782712893384) return kInfinity;
  if (x < -745.1332191019412) return 0.0;
  const auto [value, exponent] = real_math::scaled_exp(x);
  if (exponent >= -1021 && exponent <= 1023) return value * real_math::power_of_two(exponent);
  // Two steps, so that neither power leaves the range of normal numbers; only the second can round.
  const std::int32_t half = exponent / 2;
  return value * real_math::power_of_two(half) * real_math::power_of_two(exponent - half);
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1.0;
  if (y == 1) return x;
  return exp(y * log(x));
}

// Stirling's series at x + n >= 12, less the logarithm of x (x + 1) ... (x + n - 1).
double log_gamma(double x) {
  double product = 1.0;
  while (x < 12.0) {
    product *= x;
    x += 1.0;
  }
  const double z = 1.0 / (x * x);
  const double series =
      1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188 - z * 691.0 / 360'360))));
  constexpr double kHalfLogTwoPi = 0x1.d67f1c864beb5p-1;
  return (x - 0.5) * log(x) - x + kHalfLogTwoPi + series / x - log(product);
}

}  // namespace windtunnel::sim
