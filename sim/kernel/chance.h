#pragma once
// Chance by name, never by turn. A draw is a pure function of (seed, stream name, index, attempt, lane): making one
// draw more, or adding a stream, moves no other draw, so two configurations can be compared on common random numbers.
//
// The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11),
// as Random123 implements it, with the stream as key and (index low, index high, attempt, lane) as counter. All draws
// of one stream are distinct blocks of one Philox sequence.
//
// A stream's key is mix(mix(seed) xor name_hash), where name_hash is FNV-1a over the bytes of the name and mix is the
// finalising step of splitmix64. A member of a family (a fault by its id) is mix(family key xor
// mix(name_hash(member))), so that ("a", "bc") is neither ("ab", "c") nor the stream "abc". Both are pinned by tests
// and may never change: a recorded seed would otherwise mean another run.

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/check.h"

namespace windtunnel::sim {

struct StreamKey {
  std::uint64_t value = 0;
  friend bool operator==(StreamKey, StreamKey) = default;
};

// 128 random bits.
struct Draw {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  friend bool operator==(const Draw&, const Draw&) = default;
};

// What many requests share - the level of demand, a day's factor, when an outage begins - is the environment. Its
// streams may be given a seed of their own: runs that share it differ in the noise of their requests alone.

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : Chance(seed, seed) {}
  Chance(std::uint64_t seed, std::uint64_t environment_seed) : seed_(seed), environment_seed_(environment_seed) {}

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] Chance environment() const { return Chance{environment_seed_}; }
  // Names are hashed here, once; keep the key.
  [[nodiscard]] StreamKey stream(std::string_view name) const;
  [[nodiscard]] StreamKey stream(std::string_view family, std::string_view member) const;

 private:
  std::uint64_t seed_;
  std::uint64_t environment_seed_;
};

// The draw of this name. `index` is the request's or event's own number, `attempt` its attempt's, and `lane` tells
// several draws for one purpose apart.
[[nodiscard]] Draw draw(StreamKey stream, std::uint64_t index, std::uint32_t attempt = 0, std::uint32_t lane = 0);

// Uniform in [0, 1): the multiples of 2^-53.
constexpr double unit(std::uint64_t bits) {
  return static_cast<double>(static_cast<std::int64_t>(bits >> 11)) * 0x1p-53;
}

// Uniform in (0, 1), never 0 or 1: the odd multiples of 2^-53. Increasing in the bits, and 1 - u is exact.
constexpr double unit_open(std::uint64_t bits) {
  // 1 + m 2^-52 by its bits, less 1: both exact, and no conversion from an integer, which loops of it would wait for.
  return (std::bit_cast<double>(bits >> 12 | 0x3ff0'0000'0000'0000) - 1.0) + 0x1p-53;
}

// Uniform in [0, n), for n >= 1: the high word of bits x n. No value is off its fair share by more than n / 2^64.
constexpr std::uint64_t below(std::uint64_t bits, std::uint64_t n) {
  check(n > 0, "a choice has at least one alternative");
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(bits) * n >> 64);
}

}  // namespace windtunnel::sim
