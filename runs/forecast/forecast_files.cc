#include "runs/forecast/forecast_files.h"

#include <filesystem>
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
