#pragma once
// The parts of a run's page, from its top to its end.

#include <string>

#include "reports/files/json_tree.h"
#include "reports/html/html_writer.h"
#include "sim/world/timeline.h"

namespace windtunnel::reports {

// Verdict, title, what was run and how to run it again; the reasons first if it is no pass.
void put_head(HtmlWriter& html, const JsonTree& summary, const sim::Timeline& timeline);
void put_tiles(HtmlWriter& html, const JsonTree& summary);
// One figure for each panel, with a table in it for those without scripts; the script draws the charts.
void put_panels(HtmlWriter& html, const sim::Timeline& timeline);
// What the script draws, by view. Milliseconds, micro-dollars, seconds.
std::string panel_figures(const sim::Timeline& timeline);

void put_findings(HtmlWriter& html, const JsonTree& summary);
void put_faults_and_coverage(HtmlWriter& html, const JsonTree& summary);
void put_providers(HtmlWriter& html, const JsonTree& summary);
// Whom requests were assigned to, and who answered them, or what became of them.
void put_matrix(HtmlWriter& html, const sim::Timeline& timeline);
void put_experiment(HtmlWriter& html, const JsonTree& summary);
void put_workloads(HtmlWriter& html, const JsonTree& summary);
void put_limiters(HtmlWriter& html, const JsonTree& summary);

}  // namespace windtunnel::reports
