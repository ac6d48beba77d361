#pragma once
// The headers that show a caller what a provider's own rate limit leaves, in the words of its family. A kind
// without a limit has no headers, and neither has a provider without one. Of a minute's limit and a day's the one that
// leaves less is shown. OpenAI has no words for input and output tokens: the fewest left of any kind stand as its
// tokens.

#include <vector>

#include "base/units.h"
#include "sim/faults/rate_window.h"
#include "wire/dialects/api.h"
#include "wire/http/http_message.h"

namespace windtunnel::wire {

// `calendar` is the present, because Anthropic's resets are timestamps.
[[nodiscard]] std::vector<HttpHeader> rate_headers(Family family, const sim::RateLeft& left, WallTime calendar);

}  // namespace windtunnel::wire
