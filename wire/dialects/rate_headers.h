#pragma once
// The headers that show a caller what a provider's own rate limit leaves, in the words of its family. A dimension
// without a limit has no headers, and neither has a provider without one.

#include <vector>

#include "base/units.h"
#include "sim/faults/rate_window.h"
#include "wire/dialects/api.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

// `calendar` is the present, because Anthropic's resets are timestamps.
[[nodiscard]] std::vector<HttpHeader> rate_headers(Family family, const sim::RateLimit& limit,
                                                   const sim::RateLeft& left, WallTime calendar);

}  // namespace windtunnel::wire
