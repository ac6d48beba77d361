#pragma once
// Reads a log of requests (telemetry.jsonl[.zst], ours or the seed's) for a fit, and reports what was fitted.
//
// A line that is no record, or that has unknown words, is counted and reported with its number and reason. It never
// ends the reading and is never passed over in silence.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/telemetry/telemetry_reader.h"
#include "sim/fit/backtest.h"
#include "sim/fit/fit.h"

namespace windtunnel::reports {

struct FittedLog {
  std::string file;
  sim::Fit fit;
  std::optional<sim::Backtest> backtest;  // nothing: the log is too short for one
  std::uint64_t bad_count = 0;
  std::vector<BadLine> bad_lines;  // the first of them
};

// Throws ReportError if the file cannot be read. The same for any number of threads; 0: those of the
// machine.
FittedLog read_fit(const std::string& file, unsigned threads = 0);

// For people: a table of the figures with their intervals, then the backtest, the notes and the bad lines.
std::string fit_text(const FittedLog& log);

}  // namespace windtunnel::reports
