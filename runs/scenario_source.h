#pragma once
// Reads a scenario for a job, from a file or as the text of one. Errors are returned, so that the caller can print
// them, annotate them and go on with other files.

#include <optional>
#include <string>
#include <vector>

#include "runs/problem.h"
#include "scenarios/json/diagnostics.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

struct LoadedScenario {
  std::string file;
  std::optional<sim::Scenario> scenario;      // nothing: there is a problem
  std::optional<Problem> problem;             // of kind scenario: the text of all errors
  std::vector<scenarios::Diagnostic> errors;  // of kind scenario: each error by itself
  std::string fitted;                         // of load_fitted(): the figures of the fit, for people
  std::string spent;                          // likewise: of the month of the start before it, as --spent has it
};

// A scenario whose breakers are another program's is refused, because many runs of it would wait for that program at
// every call.
LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets);

// For a job that accepts breakers of another program.
LoadedScenario load_scenario_with_any_breakers(const std::string& file, const std::vector<std::string>& sets);

// The same of a text that is `file` in errors.
LoadedScenario load_scenario_text(const std::string& text, const std::string& file,
                                  const std::vector<std::string>& sets);

// Notes that its first events give rise to; nothing of a scenario whose breakers are another program's,
// which is not started for this.
[[nodiscard]] std::vector<std::string> notes_of(const sim::Scenario& scenario);

}  // namespace windtunnel::runs
