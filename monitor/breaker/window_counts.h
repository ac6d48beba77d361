#pragma once
// How many outcomes a breaker's window holds.

#include <cstdint>

namespace windtunnel::monitor {

struct WindowCounts {
  std::int64_t calls = 0;
  std::int64_t failures = 0;
  std::int64_t attempts = 0;  // under volume attempts alone
  [[nodiscard]] std::int64_t successes() const { return calls - failures; }
  friend bool operator==(WindowCounts, WindowCounts) = default;
};

}  // namespace windtunnel::monitor
