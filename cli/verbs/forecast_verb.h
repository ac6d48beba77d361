#pragma once
// Forecasts spend, budget and latency over a horizon from many replications of one scenario, and puts the parts of a
// sharded forecast together.

#include <cstdint>
#include <string>

#include "cli/terminal/command_options.h"
#include "runs/forecast/forecast_merge.h"
#include "runs/forecast/forecast_plan.h"

namespace windtunnel::cli {

enum class ForecastFormat : std::uint8_t { text, json, csv };

struct ForecastOutput {
  std::string out;    // a folder for forecast.json, forecast.txt and forecast.csv; of a shard its part; empty: none
  bool html = false;  // and for report.html
  ForecastFormat format = ForecastFormat::text;
  bool claims_required = false;
  bool quiet = false;
  Color color = Color::automatic;
};

struct ForecastArguments {
  runs::ForecastRequest request;
  ForecastOutput output;
};
ExitCode forecast(const ForecastArguments& arguments);

struct MergeArguments {
  runs::MergeRequest request;
  ForecastOutput output;
};
ExitCode merge(const MergeArguments& arguments);

}  // namespace windtunnel::cli
