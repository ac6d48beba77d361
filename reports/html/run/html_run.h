#pragma once
// report.html of a run: the verdict first, then the figures, then everything on one time axis, then the tables.
//
// Every figure is a field of summary.json or of timeline.json, so that `run --html` and `windtunnel report DIR` give
// the same bytes. A figure with a data-path is summary.json's; those of the charts are the timeline's, by view.

#include <string>

#include "reports/html/html_bundle.h"
#include "reports/run/run_summary.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// Throws ReportError if the two are not of one run. `name` is for the message.
std::string run_page(const RunSummary& run, const sim::Timeline& timeline, const HtmlBundle& bundle,
                     const std::string& name);

}  // namespace windtunnel::reports
