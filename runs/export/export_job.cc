#include "runs/export/export_job.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "base/calendar.h"
#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "reports/prometheus/openmetrics.h"
#include "reports/prometheus/run_metrics.h"
#include "reports/timeline/timeline_csv.h"
#include "reports/timeline/timeline_reader.h"
#include "runs/export/alert_job.h"
#include "runs/outputs.h"
#include "runs/shell_word.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::runs {
namespace {

using namespace std::chrono_literals;

// The scrape interval of most configurations of Prometheus.
constexpr Duration kScrapeInterval = 15s;
// Prometheus takes a series that had no sample for this long as gone.
constexpr Duration kLookback = 5min;
// promtool divides what is longer into blocks of at most 2 h, which takes it minutes for a month.
constexpr Duration kBlock = 2h;

std::string in_directory(const ExportRequest& request, const char* name) {
  return request.out.empty() ? (std::filesystem::path(request.directory) / name).string() : request.out;
}

Duration interval_of(const ExportRequest& request, const sim::Timeline& timeline) {
  if (request.interval.empty()) {
    const bool fine = request.to == ExportRequest::To::openmetrics;
    return reports::interval_at_least(timeline, fine ? Duration{1} : kScrapeInterval);
  }
  const scenarios::ExactNumber parsed = scenarios::exact_duration(request.interval);
  std::optional<std::string> problem = "is not a duration such as 15s or 1m";
  const Duration interval{parsed.value};
  if (parsed.problem == scenarios::NumberProblem::none) problem = reports::interval_problem(timeline, interval);
  if (problem) refuse("--interval " + request.interval + " " + *problem);
  return interval;
}

reports::MetricLabels labels_of(const ExportRequest& request) {
  reports::MetricLabels labels;
  for (const std::string& text : request.labels) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) refuse("--label " + text + ": a label is NAME=VALUE, such as run=before");
    labels.push_back({text.substr(0, equals), text.substr(equals + 1)});
    std::optional<std::string> problem = label_problem(labels.back());
    for (std::size_t i = 0; i + 1 < labels.size(); ++i) {
      if (labels[i].name == labels.back().name) problem = "it was given twice";
    }
    if (problem) refuse("--label " + text + ": " + *problem);
  }
  return labels;
}

// How to get the metrics into a Prometheus, word for word.
std::string backfill_text(const std::string& file, const std::string& data, const sim::Timeline& timeline,
                          const reports::Scrapes& scrapes) {
  const Duration span = scrapes.after_start(scrapes.count - 1);
  std::string text =
      "\nTo make blocks of it that a Prometheus can read, in its own data folder or in one for this run:\n\n";
  text += fmt::format("  promtool tsdb create-blocks-from openmetrics{} {} {}\n",
                      span > kBlock ? " --max-block-duration=744h" : "", shell_word(file), shell_word(data));
  text += fmt::format("\nTo look at {} to {} there (what is older than the retention is deleted):\n\n",
                      iso8601(timeline.start), iso8601(timeline.start + span));
  text += fmt::format(
      "  prometheus --config.file=/dev/null --storage.tsdb.path={} --storage.tsdb.retention.time=100y{} "
      "--web.listen-address=127.0.0.1:9090\n",
      shell_word(data),
      scrapes.interval < kLookback
          ? ""
          : " --query.lookback-delta=" + std::to_string(2 * scrapes.interval / std::chrono::seconds{1}) + "s");
  return text;
}

ExportDone export_openmetrics(const ExportRequest& request, const sim::Timeline& timeline,
                              const reports::Scrapes& scrapes, const reports::MetricLabels& labels) {
  const std::string path = in_directory(request, "openmetrics.txt");
  reports::OutputFile file{path};
  const reports::OpenMetricsWritten written = write_openmetrics(timeline, scrapes, labels, file);
  file.finish();
  const std::string data = (std::filesystem::path(request.directory) / "prometheus").string();
  ExportDone done;
  done.text = fmt::format("{}: {} series, {} samples, one every {}\n", visible_text(path),
                          with_thousands(static_cast<Int128>(written.series)),
                          with_thousands(static_cast<Int128>(written.samples)), span_text(scrapes.interval)) +
              backfill_text(path, data, timeline, scrapes);
  return done;
}

ExportDone export_csv(const ExportRequest& request, const sim::Timeline& timeline) {
  reports::OutputFile file{in_directory(request, "timeline.csv")};
  const reports::CsvWritten written = write_timeline_csv(timeline, file);
  file.finish();
  ExportDone done;
  done.text = fmt::format("{}: {} rows of {} columns, one every {}\n", visible_text(file.path()),
                          with_thousands(static_cast<Int128>(written.rows)), written.columns, span_text(timeline.step));
  return done;
}

ExportDone export_promtest(const ExportRequest& request, const sim::Timeline& timeline, const reports::Scrapes& scrapes,
                           const reports::MetricLabels& labels, const std::function<void(const std::string&)>& note) {
  AlertDone tried = try_alerts({.rules = request.rules,
                                .expectations = request.expectations,
                                .file = in_directory(request, "promtest.json"),
                                .note = note},
                               timeline, scrapes, labels);
  return {.problem = std::move(tried.problem),
          .text = std::move(tried.text),
          .json = std::move(tried.json),
          .findings = std::move(tried.findings)};
}

ExportDone export_timeline(const ExportRequest& request, const sim::Timeline& timeline,
                           const std::function<void(const std::string&)>& note) {
  std::vector<std::string> inputs = files_of_run(request.directory);
  inputs.insert(inputs.end(), request.rules.begin(), request.rules.end());
  if (const auto problem = problem_with_outputs({{"--out", request.out}}, inputs)) refuse(problem->text);
  if (request.to == ExportRequest::To::csv) return export_csv(request, timeline);
  const Duration interval = interval_of(request, timeline);
  const reports::MetricLabels labels = labels_of(request);
  const reports::Scrapes scrapes = reports::scrapes_of(timeline, interval);
  if (request.to == ExportRequest::To::promtest) return export_promtest(request, timeline, scrapes, labels, note);
  return export_openmetrics(request, timeline, scrapes, labels);
}

// What to do about a folder without a timeline.
std::string remedy(const std::string& directory) {
  const std::filesystem::path folder = directory;
  std::error_code error;
  if (std::filesystem::exists(folder / "timeline.json.partial", error)) {
    return "the run was interrupted; its timeline.json.partial can be renamed if it is enough";
  }
  return "it is written by: windtunnel run SCENARIO --out " + shell_word(directory) +
         " (of several runs each has a folder of its own)";
}

}  // namespace

ExportDone export_run(const ExportRequest& request, const std::function<void(const std::string&)>& note) {
  const std::filesystem::path path = std::filesystem::path(request.directory) / "timeline.json";
  ExportDone failed;
  try {
    return export_timeline(request, reports::read_timeline_file(path.string()), note);
  } catch (const ProblemError& error) {
    failed.problem = error.problem();
  } catch (const reports::ReportError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) failed.problem->text += "\n  " + remedy(request.directory);
  }
  return failed;
}

}  // namespace windtunnel::runs
