#include "cli/scenario_file.h"

#include <cstdio>

#include "scenarios/diagnostics.h"
#include "scenarios/reader.h"

namespace windtunnel::cli {

LoadedScenario load_scenario(const std::string& file, const std::vector<std::string>& sets,
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

}  // namespace windtunnel::cli
