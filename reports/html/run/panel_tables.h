#pragma once
// The tables that say in numbers what the charts of a run draw, for those who do not see the charts or have no scripts.
// Several buckets share a row, so that a table stays short.

#include <string>
#include <vector>

#include "reports/html/html_writer.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

struct TableColumn {
  std::string name;
  std::vector<std::string> cells;  // one for each row
};

std::vector<TableColumn> outcome_table(const sim::Timeline& timeline);
std::vector<TableColumn> answer_table(const sim::Timeline& timeline);
// By the route that a request asks for; of a run with routes.
std::vector<TableColumn> route_table(const sim::Timeline& timeline);
std::vector<TableColumn> lane_table(const sim::Timeline& timeline);
std::vector<TableColumn> failure_table(const sim::Timeline& timeline);
std::vector<TableColumn> latency_table(const sim::Timeline& timeline);
std::vector<TableColumn> in_flight_table(const sim::Timeline& timeline);
std::vector<TableColumn> spend_table(const sim::Timeline& timeline);

// Open until the page's script has drawn the chart and closes it.
void put_panel_table(HtmlWriter& html, const sim::Timeline& timeline, const std::vector<TableColumn>& columns);

}  // namespace windtunnel::reports
