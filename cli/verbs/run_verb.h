#pragma once
// Runs scenarios and judges them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace windtunnel::cli {

struct RunArguments {
  std::vector<std::string> files;
  std::optional<std::uint64_t> seed;
  std::optional<SeedRange> seeds;
  unsigned jobs = 1;
  std::vector<std::string> sets;
  std::string out;            // empty: no report files
  std::string telemetry;      // empty: none but that in `out`
  bool html = false;          // report.html in `out`
  std::string timeline_step;  // a duration; empty: chosen by the length of the run
  std::string junit;          // one file for all runs; empty: none but those in `out`
  bool fail_fast = false;
  Format format = Format::text;
  std::string until;                       // a duration; empty: to the end
  std::vector<std::string> checks{"all"};  // ids of invariants, "all" or "none"
  bool keep_going = false;                 // after a violation
  bool verify_determinism = false;
  bool quiet = false;
  Color color = Color::automatic;
};

ExitCode run(const RunArguments& arguments);

}  // namespace windtunnel::cli
