#pragma once
// Logarithm, exponential and power that give the same bits on every machine.
//
// The C library's versions differ between releases and processors, so a decision that used them would not reproduce.
// These are written out in IEEE 754 double operations (+ - * / and exact scaling by powers of two) in one fixed order,
// rounding to nearest, without fused multiply-add (the build sets -ffp-contract=off). Inside windtunnel::sim the plain
// names log, exp and pow mean these functions.
//
// Properties (each is a test):
//   log(1) = 0 and exp(0) = 1 exactly; pow(x, 0) = 1, pow(1, y) = 1 and pow(x, 1) = x exactly.
//   log and exp are within 1 unit in the last place of the true value (4 is what callers may rely on). pow is exp(y log
//   x), so its relative error grows with its exponent: at most (3 + 2 |y log x|) units in the last place. Outside the
//   domain they answer as the C library does: log(0) = -inf, log(-1) = NaN, exp(710) = inf, exp(-746) = 0.

#include <bit>
#include <cstdint>
#include <limits>

namespace windtunnel::sim {

namespace real_math {

// ln 2 in two parts. The first has 32 significant bits, so its product with any exponent of a double is exact.
inline constexpr double kLn2Head = 0x1.62e42feep-1;
inline constexpr double kLn2Tail = 0x1.a39ef35793c76p-33;
inline constexpr double kLn2Inverse = 0x1.71547652b82fep+0;
inline constexpr std::uint64_t kMantissaMask = 0x000f'ffff'ffff'ffff;
inline constexpr std::uint64_t kOneBits = 0x3ff0'0000'0000'0000;
// The mantissa bits of sqrt(2). Above it the number is halved, so that the reduced argument lies about 1.
inline constexpr std::uint64_t kSqrt2Mantissa = 0x0006'a09e'667f'3bcd;

// The logarithm of a positive normal number times 2^scale. Without a branch, so that a loop of it can run several at a
// time.
//
// x = 2^k m with m in [sqrt(1/2), sqrt(2)) and ln m = 2 atanh(s) with s = (m - 1) / (m + 1). The coefficients
// interpolate (2 atanh(s) - 2 s) / s^3 in s^2 at Chebyshev nodes; the polynomial's own error is below 2^-59. The sum
// is arranged around f = m - 1, which is exact: 2 s = f - s f, and s f is replaced by f^2/2 - s f^2/2.
[[gnu::always_inline]] inline double log_of_normal(double x, std::int32_t scale = 0) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t mantissa = bits & kMantissaMask;
  const std::uint64_t halved = mantissa >= kSqrt2Mantissa ? 1 : 0;
  const std::int32_t exponent = static_cast<std::int32_t>((bits >> 52) + halved) - 1023 + scale;
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

// e^x is value x 2^exponent. For x in [-750, 750].
struct ScaledExp {
  double value;
  std::int32_t exponent;
};

// x = k ln 2 + r with |r| <= ln(2)/2, and e^r = 1 + r + r c / (2 - c) with c = r - (r coth(r/2) - 2). The coefficients
// interpolate (r coth(r/2) - 2) / r^2 in r^2 at Chebyshev nodes; the polynomial's own error is below 2^-59.
[[gnu::always_inline]] inline ScaledExp scaled_exp(double x) {
  const double scaled = x * kLn2Inverse;
  const auto exponent = static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const auto k = static_cast<double>(exponent);
  const double head = x - k * kLn2Head;
  const double tail = k * kLn2Tail;
  const double r = head - tail;

  const double t = r * r;
  const double even = 0x1.5555555555553p-3 + t * t * (0x1.1566ab5bcf73bp-14 + t * t * 0x1.63f1d4d490a96p-25);
  const double odd = -0x1.6c16c16c0ab48p-9 + t * t * -0x1.bbd5311697a67p-20;
  const double c = r - t * (even + t * odd);
  return {1.0 + (head - (tail - r * c / (2.0 - c))), exponent};
}

// 2^exponent, for exponent in [-1022, 1023].
[[gnu::always_inline]] inline double power_of_two(std::int32_t exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(std::int64_t{exponent} + 1023) << 52);
}

// Where neither the result nor the power of two leaves the normal numbers, and without a branch.
inline constexpr double kExpLeast = -708.0;
inline constexpr double kExpMost = 709.0;
[[gnu::always_inline]] inline double exp_in_range(double x) {
  const ScaledExp scaled = scaled_exp(x);
  return scaled.value * power_of_two(scaled.exponent);
}

}  // namespace real_math

double log(double x);
double exp(double x);

// For x >= 0; a negative x gives NaN. pow(0, y) is 0 for y > 0 and inf for y < 0.
double pow(double x, double y);

// The logarithm of the gamma function, for x > 0, within 1e-14 x max(1, |result|). For means, not for the hot path.
double log_gamma(double x);

}  // namespace windtunnel::sim
