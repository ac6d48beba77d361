#pragma once
// Searches seeds for the first that breaks a claim, and shrinks what it finds to a file that a person can read.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace windtunnel::cli {

inline constexpr std::uint64_t kExploreSeeds = 1000;  // where nothing else is said

struct ExploreArguments {
  std::string file;
  std::vector<std::string> sets;
  std::optional<SeedRange> seeds;
  std::optional<Duration> time;  // on a real clock, instead of a last seed
  unsigned jobs = 1;
  bool swarm = false;
  std::string out;  // empty: no files, and nothing to go on from
  std::vector<std::string> checks{"all"};
  Format format = Format::text;
  bool quiet = false;
};

ExitCode explore(const ExploreArguments& arguments);

}  // namespace windtunnel::cli
