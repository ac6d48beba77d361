#pragma once
// windtunnel export promtest: lets promtool try alert rules on a run and says which alert fired when.

#include "cli/verbs/export_verb.h"
#include "reports/prometheus/run_metrics.h"

namespace windtunnel::cli {

// Throws reports::ReportError.
ExitCode export_promtest(const ExportArguments& arguments, const sim::Timeline& timeline,
                         const reports::Scrapes& scrapes, const reports::MetricLabels& labels);

}  // namespace windtunnel::cli
