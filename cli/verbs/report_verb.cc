#include "cli/verbs/report_verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "cli/console.h"
#include "reports/files/line_source.h"
#include "reports/files/output_file.h"
#include "reports/html/forecast/html_forecast.h"
#include "reports/html/run/html_run.h"
#include "reports/timeline/timeline_reader.h"

namespace windtunnel::cli {
namespace {

// Of a forecast if there is one and no run.
std::string page_of(const std::filesystem::path& directory, const reports::HtmlBundle& bundle) {
  const std::string forecast = (directory / "forecast.json").string();
  if (std::filesystem::exists(forecast)) {
    if (std::filesystem::exists(directory / "summary.json")) {
      throw reports::ReportError(directory.string(), "make one page",
                                 "it holds a run (summary.json) and a forecast (forecast.json); give each a folder");
    }
    return reports::forecast_page(reports::read_forecast_summary(reports::read_whole_file(forecast), forecast), bundle);
  }
  const std::string name = (directory / "summary.json").string();
  const reports::RunSummary summary = reports::read_run_summary(reports::read_whole_file(name), name);
  const sim::Timeline timeline = reports::read_timeline_file((directory / "timeline.json").string());
  return reports::run_page(summary, timeline, bundle, directory.string());
}

}  // namespace

ExitCode report(const ReportArguments& arguments) {
  const reports::HtmlBundle* bundle = reports::html_bundle();
  if (bundle == nullptr) {
    std::fprintf(stderr, "windtunnel: %s\n", std::string{reports::kNoHtmlBundle}.c_str());
    return ExitCode::usage;
  }
  const std::filesystem::path directory = arguments.directory;
  const std::string output = arguments.output.empty() ? (directory / "report.html").string() : arguments.output;
  try {
    const std::string page = page_of(directory, *bundle);
    reports::OutputFile file{output};
    file.append(page);
    file.finish();
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    if (std::filesystem::exists(directory / "summary.json.partial")) {
      std::fprintf(stderr, "The run in %s was interrupted: its files are named .partial.\n", directory.c_str());
    }
    return ExitCode::file_error;
  }
  return print(fmt::format("{}: written\n", output)) ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
