#pragma once
// A running 64-bit fingerprint of a run: every event is added in order, and two runs are the same run if their digests
// are equal. It detects difference, it does not resist malice, and it is not the hash of any other program.
//
// Properties (each is a test or a consequence of the step being one-to-one in the word and in the state):
//   two sequences of equal length that differ in one word never share a digest.
//   order and length count: [a, b] differs from [b, a], and [a] from [a, 0].
//   the value of a given sequence is fixed for ever; tests pin it.

#include <cstdint>

#include "base/units.h"

namespace windtunnel::sim {

class Digest {
 public:
  // One word in about 2 ns: state = xorshift((state xor word) * odd + odd).
  void add(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9e37'79b9'7f4a'7c15ULL + 0xd1b5'4a32'd192'ed03ULL;
    state_ ^= state_ >> 32;
  }
  void add(Instant instant) { add(static_cast<std::uint64_t>(instant.time_since_epoch().count())); }
  void add(Usd money) { add(static_cast<std::uint64_t>(money.picos())); }

  // Reading changes nothing: more words may follow.
  [[nodiscard]] std::uint64_t value() const {
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58'476d'1ce4'e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11ebULL;
    return mixed ^ mixed >> 31;
  }

  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  std::uint64_t state_ = 0x243f'6a88'85a3'08d3ULL;
};

}  // namespace windtunnel::sim
