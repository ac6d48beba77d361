#pragma once
// Reads timeline.json back.

#include <string>
#include <string_view>

#include "reports/files/report_error.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// Throws ReportError if this is no timeline, one of another version than kTimelineVersion, or one that contradicts
// itself: a series longer than the run, a provider that is not listed. `name` is for the message.
sim::Timeline read_timeline(std::string_view text, const std::string& name);
sim::Timeline read_timeline_file(const std::string& path);

}  // namespace windtunnel::reports
