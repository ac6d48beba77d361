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

namespace windtunnel::sim {

double log(double x);
double exp(double x);

// For x >= 0; a negative x gives NaN. pow(0, y) is 0 for y > 0 and inf for y < 0.
double pow(double x, double y);

// The logarithm of the gamma function, for x > 0, within 1e-14 x max(1, |result|). For means, not for the hot path.
double log_gamma(double x);

}  // namespace windtunnel::sim
