#pragma once
// When a run is looked at: scrape i comes at start + i x interval of virtual time and finds what happened before that
// instant. Scrape 0 finds nothing, the last one everything.

#include <cstddef>
#include <optional>
#include <string>

#include "base/units.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

struct Scrapes {
  WallTime start{};
  Duration interval{0};   // a whole number of steps and of milliseconds
  std::size_t count = 0;  // the one at the start included
  [[nodiscard]] Duration after_start(std::size_t scrape) const { return interval * static_cast<std::int64_t>(scrape); }
};

// The least interval that is not below `least` and that the timeline resolves.
Duration interval_at_least(const sim::Timeline& timeline, Duration least);
// Why the timeline is too coarse for scrapes at this interval; nothing if it is not.
std::optional<std::string> interval_problem(const sim::Timeline& timeline, Duration interval);
Scrapes scrapes_of(const sim::Timeline& timeline, Duration interval);

}  // namespace windtunnel::reports
