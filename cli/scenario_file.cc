#include "cli/scenario_file.h"

#include <cstdio>

#include "reports/telemetry/fit_report.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::cli {

LoadedScenario load_scenario_with_any_breakers(const std::string& file, const std::vector<std::string>& sets,
                                               std::set<std::string>* warned) {
  LoadedScenario loaded;
  try {
    loaded.scenario = scenarios::read_scenario(file, sets);
    for (const std::string& warning : loaded.scenario->warnings) {
      if (warned == nullptr || warned->insert(warning).second) std::fprintf(stderr, "%s\n", warning.c_str());
    }
  } catch (const scenarios::ScenarioError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    loaded.code = ExitCode::scenario_invalid;
  } catch (const scenarios::FileError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    loaded.code = ExitCode::file_error;
  }
  return loaded;
}

LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets,
                             std::set<std::string>* warned) {
  LoadedScenario loaded = load_scenario_with_any_breakers(file, sets, warned);
  if (!loaded.scenario || loaded.scenario->breaker_command.empty()) return loaded;
  const auto origin = loaded.scenario->origins.find("/monitor/circuit_breaker/command");
  const sim::Origin at = origin == loaded.scenario->origins.end() ? sim::Origin{.file = file} : origin->second;
  std::fprintf(stderr, "%s:%d:%d: %s: only `run` and `validate` take breakers of another program\n", at.file.c_str(),
               at.line, at.column, at.pointer.c_str());
  return {.scenario = std::nullopt, .code = ExitCode::scenario_invalid};
}

LoadedScenario load_fitted(const std::string& log, const std::vector<std::string>& sets, bool tells) {
  LoadedScenario loaded;
  try {
    const reports::FittedLog fitted = reports::read_fit(log);
    if (tells) std::fputs(reports::fit_text(fitted).c_str(), stderr);
    if (!fitted.fit.problem) {
      loaded.scenario = scenarios::read_scenario_text(scenarios::write_scenario(fitted.fit.scenario), log, sets);
      return loaded;
    }
    std::fprintf(stderr, "windtunnel: %s: %s\n", log.c_str(), fitted.fit.problem->c_str());
    loaded.code = ExitCode::inconclusive;
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    loaded.code = ExitCode::file_error;
  } catch (const scenarios::ScenarioError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    loaded.code = ExitCode::scenario_invalid;
  }
  return loaded;
}

}  // namespace windtunnel::cli
