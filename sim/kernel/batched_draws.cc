#include "sim/kernel/batched_draws.h"

#include <Random123/philox.h>
#if defined(__x86_64__)
#include <immintrin.h>
#define WINDTUNNEL_AVX2
#endif

#include <algorithm>

#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"

// The same loops, compiled once more for wider registers and chosen when the program starts. Every operation is one of
// IEEE 754 and none is fused (the build sets -ffp-contract=off), so that all give the same bits. Sanitizers instrument
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

void make_draws_one_by_one(StreamKey stream, std::uint64_t first, DrawRow& row) {
  for (std::size_t i = 0; i < kRowLength; ++i) {
    const Draw entry = draw(stream, first + i);
    row.a[i] = entry.a;
    row.b[i] = entry.b;
  }
}

#ifdef WINDTUNNEL_AVX2
// Philox4x32-10 on eight counters at a time, each 32-bit word of theirs in the lower half of a 64-bit lane. The
// compilers do not see that such words multiply in one instruction. What is left in the upper halves is never read.
[[gnu::target("avx2")]] void make_draws_eight_at_a_time(StreamKey stream, std::uint64_t first, DrawRow& row) {
  constexpr int kRounds = 10;
  constexpr std::size_t kLanes = 4;
  __m256i key0[kRounds];
  __m256i key1[kRounds];
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    key0[round] = _mm256_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(stream.value) + round * PHILOX_W32_0));
    key1[round] =
        _mm256_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(stream.value >> 32) + round * PHILOX_W32_1));
  }
  const __m256i multiplier0 = _mm256_set1_epi64x(PHILOX_M4x32_0);
  const __m256i multiplier1 = _mm256_set1_epi64x(PHILOX_M4x32_1);
  const __m256i low_half = _mm256_set1_epi64x(0xffff'ffff);
  for (std::size_t i = 0; i < kRowLength; i += 2 * kLanes) {
    __m256i c0[2];
    __m256i c1[2];
    __m256i c2[2];
    __m256i c3[2];
    for (std::size_t j = 0; j < 2; ++j) {
      const std::uint64_t counter = first + i + j * kLanes;
      c0[j] = _mm256_add_epi64(_mm256_set1_epi64x(static_cast<long long>(counter)), _mm256_setr_epi64x(0, 1, 2, 3));
      c1[j] = _mm256_srli_epi64(c0[j], 32);
      c2[j] = c3[j] = _mm256_setzero_si256();
    }
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t j = 0; j < 2; ++j) {
        const __m256i product0 = _mm256_mul_epu32(c0[j], multiplier0);
        const __m256i product1 = _mm256_mul_epu32(c2[j], multiplier1);
        c0[j] = _mm256_xor_si256(_mm256_srli_epi64(product1, 32), _mm256_xor_si256(c1[j], key0[round]));
        c2[j] = _mm256_xor_si256(_mm256_srli_epi64(product0, 32), _mm256_xor_si256(c3[j], key1[round]));
        c1[j] = product1;
        c3[j] = product0;
      }
    }
    for (std::size_t j = 0; j < 2; ++j) {
      const __m256i a = _mm256_or_si256(_mm256_slli_epi64(c1[j], 32), _mm256_and_si256(c0[j], low_half));
      const __m256i b = _mm256_or_si256(_mm256_slli_epi64(c3[j], 32), _mm256_and_si256(c2[j], low_half));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(&row.a[i + j * kLanes]), a);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(&row.b[i + j * kLanes]), b);
    }
  }
}
#endif

WINDTUNNEL_WIDE void make_uniform(double low, double high, const RowBits& bits, RowValues& values) {
  for (std::size_t i = 0; i < kRowLength; ++i) values[i] = low + (high - low) * unit_open(bits[i]);
}

WINDTUNNEL_WIDE void make_exponential(double mean, const RowBits& bits, RowValues& values) {
  for (std::size_t i = 0; i < kRowLength; ++i) {
    values[i] = -mean * real_math::log_of_normal(1.0 - unit_open(bits[i]));
  }
}

WINDTUNNEL_WIDE void make_normal(const RowBits& bits, RowValues& values) {
  using namespace standard_normal_parts;
  for (std::size_t i = 0; i < kRowLength; ++i) {
    const double u = unit_open(bits[i]);
    const double near = near_tail(u);
    const double centre = central(u);
    const double not_high = u - 0.5 <= kCentreReach ? centre : near;  // is_central(), one comparison at a time
    values[i] = u - 0.5 >= -kCentreReach ? not_high : near;
  }
}

// A far tail may be among them: a number within 2e-11 of 0 or 1, where e^-25 is 1.4e-11. Once in a billion draws.
WINDTUNNEL_WIDE bool may_hold_far_tail(const RowBits& bits) {
  constexpr std::uint64_t kMargin = 90'072;  // of 2^52
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < kRowLength; ++i) {
    found += (bits[i] >> 12) - kMargin >= (std::uint64_t{1} << 52) - 2 * kMargin ? 1 : 0;
  }
  return found != 0;
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
  make_normal(bits, values);
  if (may_hold_far_tail(bits)) [[unlikely]] {
    for (std::size_t i = 0; i < kRowLength; ++i) values[i] = standard_normal(unit_open(bits[i]));
  }
  make_exp(law.a, law.b, values);
}

}  // namespace

void draw_row(StreamKey stream, std::uint64_t first, DrawRow& row) {
#ifdef WINDTUNNEL_AVX2
  if (__builtin_cpu_supports("avx2")) return make_draws_eight_at_a_time(stream, first, row);
#endif
  make_draws_one_by_one(stream, first, row);
}

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
