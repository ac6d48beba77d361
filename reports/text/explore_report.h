#pragma once
// The report of `explore`, for people and for programs, and the file by which a search that was cut short goes on.
//
// Everything but the progress file is the same for any number of threads: it covers the prefix of seeds that was
// checked, and holds no time that the search took.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/explore/explore.h"

namespace windtunnel::reports {

inline constexpr int kExploreVersion = 2;  // behind "windtunnel_explore" and "windtunnel_explore_progress"

// The small world that a failing seed was shrunk to.
struct ShrunkReport {
  std::string file;      // empty: there is no out folder, and `scenario` is printed
  std::string scenario;  // its text
  std::string replay;
  std::uint64_t runs = 0;
  bool is_minimal = false;
  std::string from;  // "5 faults, 3 workloads, 400 s", what was shrunk
  std::string to;
};

struct ExploreReport {
  std::string file;
  std::string title;
  std::uint64_t scenario_hash = 0;
  std::string gateway;  // the file of the real gateway that was searched; empty: our own pipeline
  bool swarm = false;
  std::vector<std::string> checks;
  std::uint64_t first = 0;
  std::optional<std::uint64_t> asked_last;  // nothing: as many as the time allowed
  const sim::Exploration& exploration;
  std::string replay;  // of the failing seed as it was found
  std::optional<ShrunkReport> shrunk;
  sim::Verdict verdict = sim::Verdict::pass;
  bool interrupted = false;  // before its end, and before anything failed
};

std::string explore_text(const ExploreReport& report);
std::string explore_json(const ExploreReport& report);

// How far a search has come: seeds `first` to `last` need not be run again.
struct ExploreProgress {
  std::string program;  // its version
  std::uint64_t scenario_hash = 0;
  bool swarm = false;
  std::vector<std::string> checks;
  std::uint64_t first = 0;
  std::uint64_t first_digest = 0;  // of the first seed's run: another one, and the program has changed
  std::optional<std::uint64_t> last;
  std::optional<std::uint64_t> failing_seed;  // it is `last` then
  sim::SeedTotals totals;
};

std::string progress_text(const ExploreProgress& progress);
// Throws ReportError if this is no such file. `name` stands for it in messages.
ExploreProgress read_progress(const std::string& text, const std::string& name);

}  // namespace windtunnel::reports
