#pragma once
// windtunnel export promtest: lets promtool try alert rules on a run and says which alert fired when.

#include "cli/export.h"
#include "reports/run_metrics.h"

namespace windtunnel::cli {

// Throws reports::ReportError.
ExitCode export_promtest(const ExportArguments& arguments, const sim::Timeline& timeline,
                         const reports::Scrapes& scrapes, const reports::MetricLabels& labels);

}  // namespace windtunnel::cli
