#pragma once
// How often each of a catalogue's items is chosen.

#include <cstdint>
#include <vector>

namespace windtunnel::sim {

// A popularity law over [0, count): item k has weight 1 / (k + 1)^exponent.
class Popularity {
 public:
  Popularity(std::int64_t count, double exponent);
  [[nodiscard]] std::uint32_t pick(std::uint64_t bits) const;

 private:
  std::uint64_t count_;
  std::vector<double> cumulative_;  // empty: all alike
};

}  // namespace windtunnel::sim
