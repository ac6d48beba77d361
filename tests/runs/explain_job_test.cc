// Every word that a user may meet is explained: each key, executor, fault, metric, column and environment variable.

#include "runs/manual/explain_job.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "reports/compare/compare_columns.h"
#include "reports/prometheus/run_metrics.h"
#include "reports/telemetry/telemetry_columns.h"
#include "reports/timeline/timeline_columns.h"
#include "runs/manual/environment.h"
#include "scenarios/grammar/forecast_grammar.h"
#include "scenarios/grammar/threshold_grammar.h"
#include "scenarios/setting_catalogue.h"
#include "sim/faults/fault.h"
#include "sim/load/executor.h"

namespace windtunnel::runs::explain_job_test {
namespace {

Explained explained(const std::string& word) { return explain({.words = {word}, .all = false, .exit_code_words = {}}); }

// The explanation of the word has this heading.
void expect_heading(const std::string& word, const std::string& kind) {
  const Explained done = explained(word);
  EXPECT_TRUE(done.unknown.empty()) << word;
  EXPECT_NE(done.text.find("(" + kind + ")\n  "), std::string::npos) << word << "\n" << done.text;
}

TEST(ExplainJob, explains_every_key_by_its_path) {
  for (const scenarios::Setting& setting : scenarios::setting_catalogue()) {
    const Explained done = explained(setting.path);
    EXPECT_TRUE(done.unknown.empty()) << setting.path;
    const bool is_first = ("\n" + done.text).find("\n" + setting.path + " (setting)\n") != std::string::npos;
    EXPECT_TRUE(is_first) << setting.path << "\n" << done.text;
  }
}

TEST(ExplainJob, explains_the_words_of_verdicts_and_of_tables) {
  for (const char* verdict : {"PASS", "FAIL", "INCONCLUSIVE", "NOTHING CLAIMED"}) expect_heading(verdict, "verdict");
  for (const char* column : {"Wishes", "Tries", "Left", "Unread Answers"}) expect_heading(column, "column of callers");
  for (const char* row : {"difference", "reduction"}) expect_heading(row, "row of a comparison");
  for (const char* figure : {"hit_rate", "cost.replayed", "split"}) expect_heading(figure, "figure of a fit");
}

TEST(ExplainJob, gives_the_facts_of_a_key) {
  const std::string text = explained("monitor.circuit_breaker.open").text;
  EXPECT_TRUE(text.starts_with("monitor.circuit_breaker.open (setting)\n  How long it stays open")) << text;
  for (const char* fact : {"\n  Unit:     duration", "\n  Default:  \"30s\"", "\n  Range:    0s to ",
                           "\n  Example:  {\"monitor\": {\"circuit_breaker\": {\"open\": \"30s\"}}}\n"}) {
    EXPECT_NE(text.find(fact), std::string::npos) << fact << "\n" << text;
  }
  EXPECT_NE(explained("vus").text.find("\n  Used by:  executor constant-vus\n"), std::string::npos);
}

TEST(ExplainJob, a_name_of_many_keys_lists_those_that_it_does_not_explain) {
  const std::string text = explained("p50").text;
  EXPECT_NE(text.find("\nSettings of the same name:\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  faults.N.up.p50\n"), std::string::npos) << text;
  const std::string path = explained("duration").text;
  EXPECT_TRUE(path.starts_with("duration (setting)\n")) << path;
  EXPECT_NE(path.find("  faults.N.duration\n"), std::string::npos) << path;
}

TEST(ExplainJob, explains_executors_faults_and_metrics) {
  for (int i = 0; i < sim::kExecutorKinds; ++i) {
    expect_heading(name_of(static_cast<sim::ExecutorKind>(i)), "executor");
    const std::string text = explained(name_of(static_cast<sim::ExecutorKind>(i))).text;
    EXPECT_NE(text.find("\n  Keys:     "), std::string::npos) << text;
    EXPECT_NE(text.find("\n  Example:  "), std::string::npos) << text;
  }
  for (int i = 0; i < sim::kFaultKinds; ++i) {
    const std::string word = name_of(static_cast<sim::FaultKind>(i));
    expect_heading(word, "fault");
    const std::string text = explained(word).text;
    const std::string entry = text.substr(0, text.find("\n\n"));  // the fault is explained first
    EXPECT_NE(entry.find("\n  Example:  {\"faults\": [{"), std::string::npos) << text;
    EXPECT_NE(entry.find("\"kind\": \"" + word + "\""), std::string::npos) << text;
  }
  for (const std::string& metric : scenarios::metric_names()) expect_heading(metric, "threshold metric");
  for (const std::string& metric : scenarios::forecast_names()) expect_heading(metric, "forecast metric");
  const auto families = reports::metric_families();
  EXPECT_GT(families.size(), 30U);
  for (const reports::MetricFamily& family : families) expect_heading(family.name, "Prometheus metric");
  expect_heading("windtunnel_requests_total", "Prometheus metric");
}

TEST(ExplainJob, explains_columns) {
  for (const reports::Explanation& column : reports::telemetry_columns())
    expect_heading(column.word, "telemetry column");
  for (const reports::Explanation& column : reports::timeline_columns()) {
    expect_heading(column.word, "timeline column");
    if (!column.also.empty()) expect_heading(column.also, "timeline column");
  }
  expect_heading("providers.openai.replies.ok", "timeline column");
  for (const reports::Explanation& column : reports::compare_columns()) {
    expect_heading(column.word, "comparison column");
    if (!column.also.empty()) expect_heading(column.also, "comparison column");
  }
  for (const char* heading : {"Failover s", "Cost USD", "p95 s", "Variation", "time_to_failover_ms"}) {
    expect_heading(heading, "comparison column");
  }
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The variables whose names the program's sources pass to the environment, to a flag or to a helper of either.
std::set<std::string> variables_in_the_sources() {
  const std::regex reading{R"re((?:getenv|environment|envname)\("([A-Z_]+)"\)|"(WINDTUNNEL_[A-Z]+)")re"};
  std::set<std::string> names;
  for (const char* folder : {"base", "monitor", "sim", "scenarios", "reports", "runs", "cli"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(WINDTUNNEL_ROOT "/" + std::string(folder))) {
      const std::string extension = entry.path().extension();
      if ((extension != ".cc" && extension != ".h") || entry.path().filename() == "environment.cc") continue;
      const std::string text = text_of(entry.path());
      for (auto found = std::sregex_iterator(text.begin(), text.end(), reading); found != std::sregex_iterator();
           ++found) {
        names.insert((*found)[1].matched ? (*found)[1].str() : (*found)[2].str());
      }
    }
  }
  return names;
}

TEST(ExplainJob, explains_the_environment_variables_that_the_program_reads_and_no_others) {
  std::set<std::string> listed;
  for (const EnvironmentVariable& variable : environment_variables()) {
    listed.insert(std::string(variable.name));
    expect_heading(std::string(variable.name), "environment variable");
  }
  EXPECT_EQ(listed, variables_in_the_sources());
}

TEST(ExplainJob, suggests_the_nearest_key) {
  const Explained done = explained("monitor.circuit_braker.open");
  ASSERT_EQ(done.unknown.size(), 1U);
  EXPECT_NE(done.unknown.front().find("did you mean \"monitor.circuit_breaker.open\"?"), std::string::npos)
      << done.unknown.front();
  EXPECT_NE(explained("min_outptu_tokens").unknown.front().find("did you mean \"min_output_tokens\"?"),
            std::string::npos);
}

}  // namespace
}  // namespace windtunnel::runs::explain_job_test
