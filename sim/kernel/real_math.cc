#include "sim/kernel/real_math.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace windtunnel::sim {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// ln 2 in two parts. The first has 32 significant bits, so its product with any exponent of a double is exact.
constexpr double kLn2Head = 0x1.62e42feep-1;
constexpr double kLn2Tail = 0x1.a39ef35793c76p-33;
constexpr double kLn2Inverse = 0x1.71547652b82fep+0;

constexpr std::uint64_t kMantissaMask = 0x000f'ffff'ffff'ffff;
constexpr std::uint64_t kOneBits = 0x3ff0'0000'0000'0000;
// The mantissa bits of sqrt(2). Above it the number is halved, so that the reduced argument lies about 1.
constexpr std::uint64_t kSqrt2Mantissa = 0x0006'a09e'667f'3bcd;

// 2^exponent, for exponent in [-1022, 1023].
double power_of_two(std::int64_t exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

}  // namespace

// x = 2^k m with m in [sqrt(1/2), sqrt(2)) and ln m = 2 atanh(s) with s = (m - 1) / (m + 1). The coefficients
// interpolate (2 atanh(s) - 2 s) / s^3 in s^2 at Chebyshev nodes; the polynomial's own error is below 2^-59. The sum
// is arranged around f = m - 1, which is exact: 2 s = f - s f, and s f is replaced by f^2/2 - s f^2/2.
double log(double x) {
  std::int64_t exponent = 0;
  if (!(x >= std::numeric_limits<double>::min()) || x == kInfinity) [[unlikely]] {
    if (x == 0) return -kInfinity;
    if (!(x > 0)) return kNaN;
    if (x == kInfinity) return x;
    x *= 0x1p54;
    exponent = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t mantissa = bits & kMantissaMask;
  const std::uint64_t halved = mantissa >= kSqrt2Mantissa ? 1 : 0;
  exponent += static_cast<std::int64_t>((bits >> 52) + halved) - 1023;
  const double f = std::bit_cast<double>((kOneBits | mantissa) - (halved << 52)) - 1.0;

  const double s = f / (2.0 + f);
  const double z = s * s;
  const double w = z * z;
  const double odd =
      0x1.5555555555558p-1 + w * (0x1.2492492dfd86cp-2 + w * (0x1.7462b91b8df9fp-3 + w * 0x1.2b5f68a51190dp-3));
  const double even = 0x1.9999999995273p-2 + w * (0x1.c71c62d5e53dfp-3 + w * 0x1.39fdcceb4b524p-3);
  const double rest = z * odd + w * even;

  const double half_square = 0.5 * f * f;
  const auto k = static_cast<double>(exponent);
  return k * kLn2Head - ((half_square - (s * (half_square + rest) + k * kLn2Tail)) - f);
}

// x = k ln 2 + r with |r| <= ln(2)/2, and e^r = 1 + r + r c / (2 - c) with c = r - (r coth(r/2) - 2). The coefficients
// interpolate (r coth(r/2) - 2) / r^2 in r^2 at Chebyshev nodes; the polynomial's own error is below 2^-59.
double exp(double x) {
  if (!(x >= -708.0 && x <= 709.0)) [[unlikely]] {
    if (x != x) return x;
    if (x > 709.782712893384) return kInfinity;
    if (x < -745.1332191019412) return 0.0;
  }
  const double scaled = x * kLn2Inverse;
  const auto exponent = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const auto k = static_cast<double>(exponent);
  const double head = x - k * kLn2Head;
  const double tail = k * kLn2Tail;
  const double r = head - tail;

  const double t = r * r;
  const double even = 0x1.5555555555553p-3 + t * t * (0x1.1566ab5bcf73bp-14 + t * t * 0x1.63f1d4d490a96p-25);
  const double odd = -0x1.6c16c16c0ab48p-9 + t * t * -0x1.bbd5311697a67p-20;
  const double c = r - t * (even + t * odd);
  const double value = 1.0 + (head - (tail - r * c / (2.0 - c)));

  if (exponent >= -1021 && exponent <= 1023) [[likely]]
    return value * power_of_two(exponent);
  // Two steps, so that neither power leaves the range of normal numbers; only the second can round.
  const std::int64_t half = exponent / 2;
  return value * power_of_two(half) * power_of_two(exponent - half);
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1.0;
  if (y == 1) return x;
  return exp(y * log(x));
}

// Stirling's series at x + n >= 12, less the logarithm of x (x + 1) ... (x + n - 1).
double log_gamma(double x) {
  double product = 1.0;
  for (; x < 12.0; x += 1.0) product *= x;
  const double z = 1.0 / (x * x);
  const double series =
      1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188 - z * 691.0 / 360'360))));
  constexpr double kHalfLogTwoPi = 0x1.d67f1c864beb5p-1;
  return (x - 0.5) * log(x) - x + kHalfLogTwoPi + series / x - log(product);
}

}  // namespace windtunnel::sim
