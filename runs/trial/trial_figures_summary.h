#pragma once
// The figures of a trial as its summary holds them.

#include "reports/run/trial_summary.h"
#include "wire/trial/reported_spans.h"
#include "wire/trial/trial_figures.h"

namespace windtunnel::runs {

// Without the gateway's name, the clock, the comparison and the list of what is not observed.
[[nodiscard]] reports::TrialSummary summary_of(const wire::TrialFigures& figures);
[[nodiscard]] reports::TrialSpansSummary summary_of(const wire::ReportedSpans& spans);

}  // namespace windtunnel::runs
