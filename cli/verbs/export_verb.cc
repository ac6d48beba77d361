#include "cli/verbs/export_verb.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/calendar.h"
#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "cli/console.h"
#include "cli/export_promtest.h"
#include "cli/one_run.h"
#include "reports/prometheus/alert_history.h"
#include "reports/prometheus/openmetrics.h"
#include "reports/prometheus/run_metrics.h"
#include "reports/timeline/timeline_csv.h"
#include "reports/timeline/timeline_reader.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::cli {
namespace {

using namespace std::chrono_literals;

// A Prometheus that does not say otherwise is scraped this often where it matters.
constexpr Duration kScrapeInterval = 15s;
// Prometheus takes a series that had no sample for this long as gone.
constexpr Duration kLookback = 5min;
// promtool divides what is longer into blocks of at most 2 h, which takes it minutes for a month.
constexpr Duration kBlock = 2h;

ExitCode export_usage_error(const std::string& message) {
  std::fprintf(stderr, "windtunnel: %s\n", message.c_str());
  return ExitCode::usage;
}

std::string in_directory(const ExportArguments& arguments, const char* name) {
  return arguments.out.empty() ? (std::filesystem::path(arguments.directory) / name).string() : arguments.out;
}

// Nothing: it was not given, or is wrong, which has been said.
std::optional<Duration> interval_of(const ExportArguments& arguments, const sim::Timeline& timeline) {
  if (arguments.interval.empty()) {
    const bool fine = arguments.to == ExportArguments::To::openmetrics;
    return reports::interval_at_least(timeline, fine ? Duration{1} : kScrapeInterval);
  }
  const scenarios::ExactNumber parsed = scenarios::exact_duration(arguments.interval);
  std::optional<std::string> problem = "is not a duration such as 15s or 1m";
  const Duration interval{parsed.value};
  if (parsed.problem == scenarios::NumberProblem::none) problem = reports::interval_problem(timeline, interval);
  if (!problem) return interval;
  export_usage_error("--interval " + arguments.interval + " " + *problem);
  return std::nullopt;
}

std::optional<reports::MetricLabels> labels_of(const ExportArguments& arguments) {
  reports::MetricLabels labels;
  for (const std::string& text : arguments.labels) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      export_usage_error("--label " + text + ": a label is NAME=VALUE, such as run=before");
      return std::nullopt;
    }
    labels.push_back({text.substr(0, equals), text.substr(equals + 1)});
    std::optional<std::string> problem = label_problem(labels.back());
    for (std::size_t i = 0; i + 1 < labels.size(); ++i) {
      if (labels[i].name == labels.back().name) problem = "it was given twice";
    }
    if (!problem) continue;
    export_usage_error("--label " + text + ": " + *problem);
    return std::nullopt;
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

ExitCode export_openmetrics(const ExportArguments& arguments, const sim::Timeline& timeline,
                            const reports::Scrapes& scrapes, const reports::MetricLabels& labels) {
  const std::string path = in_directory(arguments, "openmetrics.txt");
  reports::OutputFile file{path};
  const reports::OpenMetricsWritten written = write_openmetrics(timeline, scrapes, labels, file);
  file.finish();
  const std::string data = (std::filesystem::path(arguments.directory) / "prometheus").string();
  const std::string text =
      fmt::format("{}: {} series, {} samples, one every {}\n", path,
                  with_thousands(static_cast<Int128>(written.series)),
                  with_thousands(static_cast<Int128>(written.samples)), span_text(scrapes.interval)) +
      backfill_text(path, data, timeline, scrapes);
  return print(text) ? ExitCode::pass : ExitCode::file_error;
}

ExitCode export_csv(const ExportArguments& arguments, const sim::Timeline& timeline) {
  reports::OutputFile file{in_directory(arguments, "timeline.csv")};
  const reports::CsvWritten written = write_timeline_csv(timeline, file);
  file.finish();
  const bool said =
      print(fmt::format("{}: {} rows of {} columns, one every {}\n", file.path(),
                        with_thousands(static_cast<Int128>(written.rows)), written.columns, span_text(timeline.step)));
  return said ? ExitCode::pass : ExitCode::file_error;
}

ExitCode export_timeline(const ExportArguments& arguments, const sim::Timeline& timeline) {
  if (arguments.to == ExportArguments::To::csv) return export_csv(arguments, timeline);
  const auto interval = interval_of(arguments, timeline);
  const auto labels = labels_of(arguments);
  if (!interval || !labels) return ExitCode::usage;
  const reports::Scrapes scrapes = reports::scrapes_of(timeline, *interval);
  if (arguments.to == ExportArguments::To::promtest) return export_promtest(arguments, timeline, scrapes, *labels);
  return export_openmetrics(arguments, timeline, scrapes, *labels);
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

ExitCode export_run(const ExportArguments& arguments) {
  const std::filesystem::path path = std::filesystem::path(arguments.directory) / "timeline.json";
  try {
    return export_timeline(arguments, reports::read_timeline_file(path.string()));
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      std::fprintf(stderr, "  %s\n", remedy(arguments.directory).c_str());
    }
    return ExitCode::file_error;
  }
}

}  // namespace windtunnel::cli
