#include "reports/timeline/timeline_csv.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "sim/timeline/timeline_recorder.h"
#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::timeline_csv_test {
namespace {

using Columns = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

Columns columns_of(const sim::Scenario& scenario, sim::TimelineWidths widths) {
  sim::TimelineRecorder watch{scenario, widths};
  const sim::Timeline timeline = watch.finish(sim::run(scenario, {.observers = {&watch}}));
  const ScratchFolder folder;
  OutputFile file{folder.file("t.csv")};
  const CsvWritten written = write_timeline_csv(timeline, file);
  file.finish();
  std::istringstream text{text_in(folder.file("t.csv"))};
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(text, line);) {
    EXPECT_TRUE(line.ends_with('\r'));
    line.pop_back();
    rows.push_back(cells_of(line));
    EXPECT_EQ(rows.back().size(), written.columns);
  }
  EXPECT_EQ(rows.size(), written.rows + 1);
  Columns columns;
  for (std::size_t i = 0; i < rows.front().size(); ++i) {
    for (std::size_t row = 1; row < rows.size(); ++row) columns[rows[0][i]].push_back(rows[row][i]);
  }
  EXPECT_EQ(columns.size(), written.columns) << "no two columns have one name";
  return columns;
}

// Ten requests, one a second, each of 300 ms; steps of 5 s.
TEST(TimelineCsv, has_a_row_for_each_step_and_a_column_for_each_series) {
  const sim::Scenario scenario = small_world();
  Columns columns = columns_of(scenario, sim::timeline_widths(scenario, {}, 5s));
  EXPECT_EQ(columns["time"], (std::vector<std::string>{"2026-01-20T10:00:05.000000Z", "2026-01-20T10:00:10.000000Z"}));
  EXPECT_EQ(columns["from_s"], (std::vector<std::string>{"0", "5"}));
  EXPECT_EQ(columns["to_s"], (std::vector<std::string>{"5", "10"}));
  EXPECT_EQ(columns["requests.outcomes.served"], (std::vector<std::string>{"5", "5"}));
  EXPECT_EQ(columns["providers.openai.replies.ok"], (std::vector<std::string>{"5", "5"}));
  EXPECT_EQ(columns["providers.anthropic.replies.ok"], (std::vector<std::string>{"0", "0"}));
  EXPECT_EQ(columns["requests.cost_usd"], (std::vector<std::string>{"0.0175", "0.0175"}));
  EXPECT_EQ(columns["requests.latency.sum_s"], (std::vector<std::string>{"1.5", "1.5"}));
}

TEST(TimelineCsv, quantiles_stand_where_their_view_ends) {
  const sim::Scenario scenario = small_world();
  sim::TimelineWidths widths = sim::timeline_widths(scenario, {}, 1s);
  widths.view_steps = 4;
  Columns columns = columns_of(scenario, widths);
  EXPECT_EQ(columns["latency_quantiles.p95_s"],
            (std::vector<std::string>{"", "", "", "0.3", "", "", "", "0.3", "", "0.3"}));
}

// The second workload has twice the requests, and both a version and an arm have what is theirs.
TEST(TimelineCsv, versions_and_arms_have_columns_of_their_own) {
  sim::Scenario scenario = small_world();
  scenario.workloads.push_back(scenario.workloads[0]);
  scenario.workloads[1].name = "search";
  scenario.workloads[1].feature_version = "2.0";
  scenario.workloads[1].rate.count = Millionths{2'000'000};
  scenario.monitor.ab_router = {"e", {{"all", monitor::ProviderId{0}, 1}, {"none", monitor::ProviderId{1}, 0}}};
  Columns columns = columns_of(scenario, sim::timeline_widths(scenario, {}, 10s));
  EXPECT_EQ(columns["versions.1.2.3/v2.1.outcomes.served"], (std::vector<std::string>{"10"}));
  EXPECT_EQ(columns["versions.2.0/v2.1.outcomes.served"], (std::vector<std::string>{"20"}));
  EXPECT_EQ(columns["versions.2.0/v2.1.cost_usd"], (std::vector<std::string>{"0.07"}));
  EXPECT_EQ(columns["variants.all.outcomes.served"], (std::vector<std::string>{"30"}));
  EXPECT_EQ(columns["variants.none.outcomes.served"], (std::vector<std::string>{"0"}));
}

// An outage that hangs: what the failed calls took stands apart from what the others did.
TEST(TimelineCsv, failed_calls_have_durations_of_their_own) {
  sim::Scenario scenario = small_world();
  scenario.monitor.provider_call.timeout = 2s;
  scenario.monitor.circuit_breaker.consecutive_threshold = 100;
  scenario.monitor.circuit_breaker.minimum_calls = 100;
  scenario.faults = {outage_of("openai")};
  scenario.faults[0].settings = sim::Outage{.mode = sim::OutageMode::hang};
  scenario.faults[0].at = 3s;
  scenario.faults[0].duration = 3s;
  Columns columns = columns_of(scenario, sim::timeline_widths(scenario, {}, 10s));
  EXPECT_EQ(columns["providers.openai.failed_latency.sum_s"], (std::vector<std::string>{"6"}));
  EXPECT_EQ(columns["providers.openai.latency.sum_s"], (std::vector<std::string>{"2.1"}));
}

TEST(TimelineCsv, a_name_with_a_comma_is_quoted) {
  sim::Scenario scenario = small_world();
  scenario.providers[0].name = "a,b";
  EXPECT_EQ(columns_of(scenario, sim::timeline_widths(scenario, {}, 10s))["providers.a,b.replies.ok"].size(), 1U);
}

}  // namespace
}  // namespace windtunnel::reports::timeline_csv_test
