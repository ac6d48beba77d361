#pragma once
// Reports what was fitted to a log (reports/logs/log_fit.h), with the lines that are no records.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/telemetry/telemetry_reader.h"
#include "sim/fit/backtest.h"
#include "sim/fit/fit.h"

namespace windtunnel::reports {

struct FittedLog {
  std::string file;
  std::string title = "telemetry";  // of its format
  std::string unit = "line";        // that bad ones are counted in
  sim::Fit fit;
  std::optional<sim::Backtest> backtest;  // nothing: the log is too short for one
  std::string unrecognised;  // what the log has instead of a known format's fields; empty: one was recognised
  std::map<std::string, std::int64_t> unpriced;  // requests of models without a price, which were left out
  std::uint64_t bad_count = 0;
  std::vector<BadLine> bad_lines;  // the first of them
};

// For people: a table of the figures with their intervals, then the backtest, the notes and the bad lines.
std::string fit_text(const FittedLog& log);

}  // namespace windtunnel::reports
