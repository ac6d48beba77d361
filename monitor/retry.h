#pragma once
// How long to wait: back-off before a retry, and what a Retry-After header asks for.

#include <cstdint>

#include "base/units.h"
#include "monitor/config.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

// The pause before the k-th retry at the same provider, k from 0: min(cap, base x multiplier^k), and with full jitter a
// uniform share of it. The share comes from a stable hash of the request and its attempt ordinal: no chance is needed,
// and the same request waits the same time in every run.
Duration backoff(const RetryConfig& config, std::int32_t k, RequestId request, std::uint32_t attempt);

// The wait that a header asks for, within [0, cap] whatever was sent: NaN, negative or unreadable is 0, absurd is cap,
// a date counts from `wall`.
Duration wait_of(const RetryAfter& retry_after, WallTime wall, Duration cap);

}  // namespace windtunnel::monitor
