#pragma once
// The pause before a retry, from its documented law: base x multiplier^k, at most the cap, where k counts the retries
// that were made at this provider before. Full jitter takes the share of it that the hash of the request's number and
// of the attempts made so far gives. Written apart from monitor/retry.

#include <algorithm>
#include <cstdint>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/models/hash_finisher.h"

namespace windtunnel::sim {

struct RetryModel {
  std::int64_t base = 0;        // nanoseconds
  std::int64_t multiplier = 0;  // millionths, at least 1,000,000
  std::int64_t cap = 0;         // nanoseconds
  bool jitter = false;

  // After `calls_here` calls of the request at the provider, the last of which failed, and `calls` of it in all.
  [[nodiscard]] Duration pause(int calls_here, RequestId request, std::uint64_t calls) const {
    Int128 longest = std::min(base, cap);
    for (int retry = 1; retry < calls_here; ++retry) longest = std::min<Int128>(cap, longest * multiplier / 1'000'000);
    if (!jitter) return Duration{static_cast<std::int64_t>(longest)};
    const std::uint64_t share = finish_hash(finish_hash(number_of(request)) + calls);
    return Duration{static_cast<std::int64_t>(Uint128{share} * static_cast<Uint128>(longest) >> 64)};
  }
};

}  // namespace windtunnel::sim
