#pragma once
// The summary of one run: summary.txt for people (the seed's statistics block, what we add to it, the verdict) and
// summary.json for programs.
//
// In summary.json durations are exact decimal numbers of the unit in their name, money is an exact decimal in a string
// ("916.176", so that no reader makes a double of it unasked), shares are numbers of at most 6 decimals rounded half
// up, and what is not known (a percentile of nothing) is null. Keys have a fixed order. Two equal runs differ in
// `build` and `timing` only; summary.txt has neither.

#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"
#include "sim/world/world.h"

namespace windtunnel::reports {

class AbSamples;

// The number behind "windtunnel_summary". A reader refuses any other.
inline constexpr int kSummaryVersion = 1;

struct BuildInfo {
  std::string version;   // of windtunnel
  std::string compiler;  // name and version
  std::string type;      // Release, Debug
};
// The compiler that this was built with; what its build type was can only be told by whether it optimises.
BuildInfo this_build(std::string version);

struct RunReport {
  const sim::Scenario& scenario;
  const sim::RunResult& result;
  const sim::Judgement& judgement;
  std::string replay;                  // the one command that replays the run
  BuildInfo build;                     // in summary.json only
  std::optional<Duration> wall;        // how long the run took on a real clock; in summary.json only
  const AbSamples* samples = nullptr;  // of an A/B experiment, if they were taken
};

// summary.txt is written with the defaults.
struct TextStyle {
  bool color = false;   // ANSI escapes around states and verdicts
  bool unicode = true;  // the seed's coloured marks; without it plain ASCII ones
};

std::string summary_text(const RunReport& report, TextStyle style = {});
// Ends with a newline.
std::string summary_json(const RunReport& report);

}  // namespace windtunnel::reports
