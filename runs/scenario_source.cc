#include "runs/scenario_source.h"

#include <fmt/format.h>

#include "scenarios/reader.h"
#include "sim/checks/claims/run_notes.h"

namespace windtunnel::runs {
namespace {

// Lets `read` fill in the scenario. What it throws becomes the problem.
template <class Read>
void read_into(LoadedScenario& loaded, Read read) {
  try {
    read();
  } catch (const scenarios::ScenarioError& error) {
    loaded.problem = Problem{ProblemKind::scenario, error.what()};
    loaded.errors = error.diagnostics();
  } catch (const scenarios::FileError& error) {
    loaded.problem = Problem{ProblemKind::file, error.what()};
  }
}

}  // namespace

LoadedScenario load_scenario_with_any_breakers(const std::string& file, const std::vector<std::string>& sets) {
  LoadedScenario loaded;
  loaded.file = file;
  read_into(loaded, [&] { loaded.scenario = scenarios::read_scenario(file, sets); });
  return loaded;
}

LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets) {
  LoadedScenario loaded = load_scenario_with_any_breakers(file, sets);
  if (!loaded.scenario || loaded.scenario->breaker_command.empty()) return loaded;
  const auto origin = loaded.scenario->origins.find("/monitor/circuit_breaker/command");
  const sim::Origin at = origin == loaded.scenario->origins.end() ? sim::Origin{.file = file} : origin->second;
  loaded.problem = Problem{ProblemKind::scenario,
                           fmt::format("{}:{}:{}: {}: only `run` and `validate` take breakers of another program",
                                       at.file, at.line, at.column, at.pointer)};
  loaded.scenario.reset();
  return loaded;
}

LoadedScenario load_scenario_text(const std::string& text, const std::string& file,
                                  const std::vector<std::string>& sets) {
  LoadedScenario loaded;
  loaded.file = file;
  read_into(loaded, [&] { loaded.scenario = scenarios::read_scenario_text(text, file, sets); });
  return loaded;
}

std::vector<std::string> notes_of(const sim::Scenario& scenario) {
  return scenario.breaker_command.empty() ? sim::notes_beforehand(scenario) : std::vector<std::string>{};
}

}  // namespace windtunnel::runs
