#pragma once
// What one request holds of its limits: a plain copyable value, part of its Flow.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/units.h"
#include "monitor/limits/limit.h"

namespace windtunnel::monitor {

// What a request, or a call, uses; weights make a limit's tokens of it.
struct LimitUse {
  std::int64_t requests = 0;
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t picos = 0;
};

struct LimitHold {
  std::uint32_t account = 0;
  std::int64_t stamp = 0;  // the window or step of its admission
  Instant at{};
};

class LimitTicket {
 public:
  LimitTicket() {}  // NOLINT(modernize-use-equals-default): the union stays as it is

  std::uint8_t own = 0;    // holds of the request; those of the outstanding call follow them
  std::uint8_t holds = 0;  // of both
  LimitUse reserved;       // for the outstanding call, or the one to come
  [[nodiscard]] LimitHold& operator[](std::size_t i) { return holds_[i]; }
  [[nodiscard]] const LimitHold& operator[](std::size_t i) const { return holds_[i]; }

 private:
  // Nothing stands in it before a limit counts the request: most requests of most scenarios have none.
  union {
    std::array<LimitHold, kLimitsMax> holds_;
  };
};

}  // namespace windtunnel::monitor
