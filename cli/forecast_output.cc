#include "cli/forecast_output.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "cli/console.h"
#include "reports/files/output_file.h"
#include "reports/html/forecast/html_forecast.h"

namespace windtunnel::cli {
namespace {

ExitCode code_of_verdict(sim::Verdict verdict) {
  switch (verdict) {
    case sim::Verdict::pass:
      return ExitCode::pass;
    case sim::Verdict::fail:
      return ExitCode::threshold;
    case sim::Verdict::inconclusive:
      return ExitCode::inconclusive;
  }
  return ExitCode::internal_error;
}

void write_file(const std::filesystem::path& path, const std::string& text, bool whole) {
  reports::OutputFile file{path.string()};
  file.append(text);
  whole ? file.finish() : file.flush();
}

}  // namespace

bool can_write_html(bool wanted) {
  if (!wanted || reports::html_bundle() != nullptr) return true;
  std::fprintf(stderr, "windtunnel: %s\n", std::string{reports::kNoHtmlBundle}.c_str());
  return false;
}

ExitCode say(const reports::ForecastSummary& forecast, const ForecastOutput& output) {
  ExitCode code = code_of_verdict(forecast.verdict);
  if (!output.out.empty()) {
    try {
      std::error_code ignored;  // the first file says why
      std::filesystem::create_directories(output.out, ignored);
      const std::filesystem::path folder{output.out};
      write_file(folder / "forecast.json", reports::forecast_json(forecast), output.whole);
      write_file(folder / "forecast.txt", reports::forecast_text(forecast), output.whole);
      write_file(folder / "forecast.csv", reports::forecast_csv(forecast), output.whole);
      if (output.html) {
        write_file(folder / "report.html", reports::forecast_page(forecast, *reports::html_bundle()), output.whole);
      }
    } catch (const reports::ReportError& error) {
      std::fprintf(stderr, "windtunnel: %s\n", error.what());
      code = worst(code, ExitCode::file_error);
    }
  }
  if (output.quiet && code == ExitCode::pass && output.format == ForecastFormat::text) return code;
  std::string text;
  switch (output.format) {
    case ForecastFormat::text:
      text = reports::forecast_text(forecast, {.color = wants_color(output.color)});
      break;
    case ForecastFormat::json:
      text = reports::forecast_json(forecast);
      break;
    case ForecastFormat::csv:
      text = reports::forecast_csv(forecast);
      break;
  }
  return print(text) ? code : worst(code, ExitCode::file_error);
}

}  // namespace windtunnel::cli
