#pragma once
// Prints a forecast and writes its files.

#include <string>

#include "cli/exit_code.h"
#include "cli/verbs/forecast_verb.h"
#include "reports/forecast/forecast_summary.h"

namespace windtunnel::cli {

struct ForecastOutput {
  ForecastFormat format = ForecastFormat::text;
  std::string out;    // a folder for forecast.json, forecast.txt and forecast.csv; empty: none
  bool html = false;  // and for report.html
  bool whole = true;  // false: it was interrupted, and the files stay .partial
  bool quiet = false;
  Color color = Color::automatic;
};

// False: this build has no page; that, and how to get it, has been printed. Asked before anything is made.
bool can_write_html(bool wanted);

// The exit code is that of the verdict, or file_error; the reason has then been printed.
ExitCode say(const reports::ForecastSummary& forecast, const ForecastOutput& output);

}  // namespace windtunnel::cli
