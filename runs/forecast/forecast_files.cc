#include "runs/forecast/forecast_files.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "reports/files/output_file.h"
#include "reports/html/forecast/html_forecast.h"

namespace windtunnel::runs {
namespace {

void write_file(const std::filesystem::path& path, const std::string& text, bool whole) {
  reports::OutputFile file{path.string()};
  file.append(text);
  whole ? file.finish() : file.flush();
}

}  // namespace

std::vector<Output> outputs_of_forecast(const std::string& folder) {
  return outputs_in(folder, {"forecast.json", "forecast.txt", "forecast.csv", "report.html"});
}

std::optional<Problem> problem_with_outputs(const ForecastRequest& request, const sim::Scenario& scenario,
                                            const std::string& file, const std::string& out) {
  std::vector<std::string> inputs = inputs_of(scenario, file);
  inputs.push_back(request.log.prices);
  if (!request.shard.empty()) return problem_with_outputs({{"--out", out}}, inputs);
  std::vector<Output> outputs = outputs_of_forecast(out);
  std::ranges::move(outputs_in(out, {"part.json"}), std::back_inserter(outputs));
  return problem_with_outputs(outputs, inputs);
}

std::optional<Problem> write_forecast(const reports::ForecastSummary& forecast, const std::string& folder, bool html,
                                      bool whole) {
  try {
    std::error_code ignored;  // the first file reports the reason
    std::filesystem::create_directories(folder, ignored);
    const std::filesystem::path path{folder};
    write_file(path / "forecast.json", reports::forecast_json(forecast), whole);
    write_file(path / "forecast.txt", reports::forecast_text(forecast), whole);
    write_file(path / "forecast.csv", reports::forecast_csv(forecast), whole);
    if (html) {
      write_file(path / "report.html", reports::forecast_page(forecast, *reports::html_bundle()), whole);
    }
  } catch (const reports::ReportError& error) {
    return Problem{ProblemKind::file, error.what()};
  }
  return std::nullopt;
}

}  // namespace windtunnel::runs
