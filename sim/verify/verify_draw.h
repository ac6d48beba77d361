#pragma once
// Draws histories of calls to a breaker that come near the edges of its settings.

#include <cstdint>

#include "sim/kernel/chance.h"
#include "sim/verify/verify_history.h"

namespace windtunnel::sim {

// The history of this number: sequential and overlapping calls, some of which never report, at instants that are biased
// to the edges of the settings (0, 1, the end of OPEN and a millisecond to either side, the ends of windows and
// buckets). Depends on nothing but its arguments. With quirks it aims at the edges of a breaker that has them.
History draw_history(const monitor::BreakerConfig& config, StreamKey stream, std::uint64_t number,
                     BreakerQuirks quirks = {});

}  // namespace windtunnel::sim
