#pragma once
// The 64 bits that decide how much longer an OPEN lasts by open_jitter, from the formula that breaker_config.h
// documents.

#include <cstdint>

#include "base/units.h"
#include "sim/models/hash_finisher.h"

namespace windtunnel::sim {

constexpr std::uint64_t jitter_bits(Instant opened) {
  // FNV-1a over "breaker/open_jitter", finished.
  constexpr std::uint64_t kSalt = 8448219695421746131U;
  const auto nanoseconds = static_cast<std::uint64_t>(opened.time_since_epoch().count());
  return finish_hash(finish_hash(nanoseconds + 11400714819323198485U) + kSalt);
}

}  // namespace windtunnel::sim
