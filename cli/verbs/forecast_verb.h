#pragma once
// Forecasts spend, budget and latency over a horizon from many replications of one scenario.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace windtunnel::cli {

enum class ForecastFormat : std::uint8_t { text, json, csv };

struct ForecastArguments {
  std::string file;            // empty: the scenario is fitted to a log
  std::string from_telemetry;  // the log; empty: none
  std::vector<std::string> sets;
  std::optional<std::uint64_t> seed;
  std::uint64_t replications = 1000;
  std::string until;  // a stop rule; empty: `replications` are made
  std::uint64_t replications_max = 10'000;
  std::string horizon = "30d";
  unsigned jobs = 1;
  std::string as_of;  // a date; empty: the scenario's start
  std::string spent;  // provider=USD,...; empty: nothing
  std::vector<std::string> asserts;
  std::string shard;  // i/n; empty: all of it
  std::string out;    // of a shard its part, else a folder; empty: none
  ForecastFormat format = ForecastFormat::text;
  bool headroom = false;
  bool html = false;
  bool quiet = false;
  Color color = Color::automatic;
};

ExitCode forecast(const ForecastArguments& arguments);

}  // namespace windtunnel::cli
