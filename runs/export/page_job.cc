#include "runs/export/page_job.h"

#include <filesystem>

#include "reports/files/line_source.h"
#include "reports/files/output_file.h"
#include "reports/html/forecast/html_forecast.h"
#include "reports/html/run/html_run.h"
#include "reports/timeline/timeline_reader.h"
#include "runs/outputs.h"

namespace windtunnel::runs {
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

std::optional<Problem> write_page(const std::string& directory, const std::string& output) {
  const std::filesystem::path folder = directory;
  if (auto problem = problem_with_outputs({{"--output", output}}, files_of_run(directory))) return problem;
  try {
    const std::string page = page_of(folder, *reports::html_bundle());
    reports::OutputFile file{output};
    file.append(page);
    file.finish();
  } catch (const reports::ReportError& error) {
    std::string text = error.what();
    if (std::filesystem::exists(folder / "summary.json.partial")) {
      text += "\nThe run in " + directory + " was interrupted: its files are named .partial.";
    }
    return Problem{ProblemKind::file, text};
  }
  return std::nullopt;
}

}  // namespace windtunnel::runs
