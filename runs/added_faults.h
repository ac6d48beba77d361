#pragma once
// Faults of other scenarios as `--set`s, so that every command that takes those can run a scenario with them, and the
// command that a report prints for doing it again needs no further word.

#include <string>
#include <vector>

namespace windtunnel::runs {

// One `faults.+=...` for each fault of the files, in their order. `maps` rename providers: "openai=azure-eu" puts the
// faults of openai on azure-eu. Throws ProblemError: a file is no scenario or has no fault, or a map names no provider
// of the faults. Whether the scenario has the providers is seen when the sets are applied.
[[nodiscard]] std::vector<std::string> sets_of_faults(const std::vector<std::string>& files,
                                                      const std::vector<std::string>& maps);

}  // namespace windtunnel::runs
