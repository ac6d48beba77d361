#include "sim/kernel/rows.h"

#include <Random123/philox.h>

#include <algorithm>

#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"

// The same loops, compiled once more for wider registers and chosen when the program starts. Every operation is one of
// IEEE 754 and none is fused (the build says -ffp-contract=off), so that all give the same bits. Sanitizers instrument
// what runs before they are ready, so under them there is one version.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && \
    !__has_feature(undefined_behavior_sanitizer)
#define WINDTUNNEL_WIDE [[gnu::target_clones("arch=x86-64-v4", "avx2", "default")]]
#endif
#else
#define WINDTUNNEL_WIDE [[gnu::target_clones("arch=x86-64-v4", "avx2", "default")]]
#endif
#endif
#ifndef WINDTUNNEL_WIDE
#define WINDTUNNEL_WIDE
#endif

namespace windtunnel::sim {
namespace {

WINDTUNNEL_WIDE void make_draws(StreamKey stream, std::uint64_t first, DrawRow& row) {
  const philox4x32_key_t key{
      {static_cast<std::uint32_t>(stream.value), static_cast<std::uint32_t>(stream.value >> 32)}};
  for (std::size_t i = 0; i < kRowLength; ++i) {
    const std::uint64_t index = first + i;
    const philox4x32_ctr_t counter{{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, 0}};
    const philox4x32_ctr_t block = philox4x32_R(10, counter, key);
    row.a[i] = static_cast<std::uint64_t>(block.v[1]) << 32 | block.v[0];
    row.b[i] = static_cast<std::uint64_t>(block.v[3]) << 32 | block.v[2];
  }
}

WINDTUNNEL_WIDE void make_uniform(double low, double high, const RowBits& bits, RowValues& values) {
  for (std::size_t i = 0; i < kRowLength; ++i) values[i] = low + (high - low) * unit_open(bits[i]);
}

WINDTUNNEL_WIDE void make_exponential(double mean, const RowBits& bits, RowValues& values) {
  for (std::size_t i = 0; i < kRowLength; ++i) {
    values[i] = -mean * real_math::log_of_normal(1.0 - unit_open(bits[i]));
  }
}

WINDTUNNEL_WIDE void make_central_normal(const RowBits& bits, RowValues& values) {
  for (std::size_t i = 0; i < kRowLength; ++i) values[i] = standard_normal_parts::central(unit_open(bits[i]));
}

WINDTUNNEL_WIDE void make_exp(double mu, double sigma, RowValues& values) {
  for (std::size_t i = 0; i < kRowLength; ++i) values[i] = real_math::exp_in_range(mu + sigma * values[i]);
}

void make_lognormal(const Law& law, const RowBits& bits, RowValues& values) {
  // No standard normal value is beyond 8.3.
  const double reach = 9 * law.b;
  const bool in_range = law.a - reach >= real_math::kExpLeast && law.a + reach <= real_math::kExpMost;
  if (!in_range) {
    for (std::size_t i = 0; i < kRowLength; ++i) values[i] = lognormal(unit_open(bits[i]), law.a, law.b);
    return;
  }
  make_central_normal(bits, values);
  for (std::size_t i = 0; i < kRowLength; ++i) {
    const double u = unit_open(bits[i]);
    if (!standard_normal_parts::is_central(u)) values[i] = standard_normal_parts::tail(u);
  }
  make_exp(law.a, law.b, values);
}

}  // namespace

void draw_row(StreamKey stream, std::uint64_t first, DrawRow& row) { make_draws(stream, first, row); }

void sample_row(const Law& law, const RowBits& bits, RowValues& values) {
  switch (law.kind) {
    case Law::Kind::fixed:
      values.fill(law.a);
      break;
    case Law::Kind::uniform:
      make_uniform(law.a, law.b, bits, values);
      break;
    case Law::Kind::exponential:
      make_exponential(law.a, bits, values);
      break;
    case Law::Kind::lognormal:
      make_lognormal(law, bits, values);
      break;
    case Law::Kind::weibull:
    case Law::Kind::quantiles:
      for (std::size_t i = 0; i < kRowLength; ++i) values[i] = sample(law, bits[i]);
      return;
  }
  for (double& value : values) value = law.shift + value;
}

}  // namespace windtunnel::sim
