#pragma once
// The finaliser of splitmix64, written apart from base/stable_hash.h so that the models share no hash with the
// pipeline.

#include <cstdint>

namespace windtunnel::sim {

constexpr std::uint64_t finish_hash(std::uint64_t x) {
  x ^= x >> 30;
  x *= 13787848793156543929U;
  x ^= x >> 27;
  x *= 10723151780598845931U;
  return x ^ x >> 31;
}

}  // namespace windtunnel::sim
