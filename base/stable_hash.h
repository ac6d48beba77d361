#pragma once
// 64-bit hashes that are the same on every machine, compiler and release: who is in which arm of an experiment
// depends on them, so they never change. They are not a defence against somebody who constructs collisions.
//
//   bytes: FNV-1a, 64 bits (offset basis 0xcbf29ce484222325 xor mix(salt), prime 0x100000001b3), then mix()
//   word:  mix(mix(word + 0x9e3779b97f4a7c15) + salt)
//   mix:   the finaliser of splitmix64 (x ^= x >> 30, x *= 0xbf58476d1ce4e5b9, x ^= x >> 27, x *= 0x94d049bb133111eb,
//          x ^= x >> 31), a bijection with mix(0) = 0, so that without a salt the bytes' hash is plain FNV-1a mixed

#include <cstdint>
#include <string_view>

namespace windtunnel::inline base {

constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr std::uint64_t stable_hash(std::string_view bytes, std::uint64_t salt = 0) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ mix(salt);
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return mix(hash);
}

constexpr std::uint64_t stable_hash(std::uint64_t word, std::uint64_t salt = 0) {
  return mix(mix(word + 0x9e3779b97f4a7c15) + salt);
}

}  // namespace windtunnel::inline base
