#pragma once
// The parts of a run's page, from its top to its end.

#include <string>
#include <string_view>

#include "reports/fields/field_places.h"
#include "reports/html/html_writer.h"
#include "reports/run/run_summary.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// The summary, and the place of each of its figures in summary.json.
struct PlacedSummary {
  const RunSummary& run;
  FieldPlaces places;
};

// What the page calls the cost wherever it stands: in the card, the chart and its table.
inline constexpr std::string_view kBilledWords = "billed by the providers";

// Verdict, title, what was run and how to run it again; the reasons first if it is no pass.
void put_head(HtmlWriter& html, const PlacedSummary& summary, const sim::Timeline& timeline);
void put_tiles(HtmlWriter& html, const PlacedSummary& summary);
// One figure for each panel, with a table in it for those without scripts; the script draws the charts.
void put_panels(HtmlWriter& html, const sim::Timeline& timeline);
// What the script draws, by view. Milliseconds, micro-dollars, seconds.
std::string panel_figures(const sim::Timeline& timeline);

void put_findings(HtmlWriter& html, const PlacedSummary& summary);
// Of a trial alone: what callers and providers saw, and what the simulation had predicted.
void put_trial(HtmlWriter& html, const PlacedSummary& summary);
void put_faults_and_coverage(HtmlWriter& html, const PlacedSummary& summary);
void put_providers(HtmlWriter& html, const PlacedSummary& summary);
// Whom requests were assigned to, and who answered them, or what became of them.
void put_matrix(HtmlWriter& html, const sim::Timeline& timeline);
void put_experiment(HtmlWriter& html, const PlacedSummary& summary);
void put_workloads(HtmlWriter& html, const PlacedSummary& summary);
void put_limiters(HtmlWriter& html, const PlacedSummary& summary);

}  // namespace windtunnel::reports
