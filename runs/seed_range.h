#pragma once
// A range of seeds. It is never expanded into a list, because it may hold millions.

#include <cstdint>

namespace windtunnel::runs {

// Seeds first to last, both included.
struct SeedRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  // All 2^64 seeds are one more than fit into the number; no reader of ranges accepts that many.
  [[nodiscard]] constexpr std::uint64_t count() const { return last - first + 1; }
  [[nodiscard]] constexpr bool is_single() const { return first == last; }
};

}  // namespace windtunnel::runs
