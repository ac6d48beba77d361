#include <cstdio>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/scenario_file.h"
#include "cli/verbs.h"

namespace windtunnel::cli {

ExitCode validate(const ValidateArguments& arguments) {
  ExitCode worst_code = ExitCode::pass;
  std::size_t valid = 0;
  for (const std::string& file : arguments.files) {
    const LoadedScenario loaded = load_scenario(file, arguments.sets);
    worst_code = worst(worst_code, loaded.code);
    if (!loaded.scenario) continue;
    ++valid;
    if (!arguments.quiet && !print(fmt::format("{}: valid\n", file))) return ExitCode::file_error;
  }
  if (arguments.files.size() > 1 && !arguments.quiet) {
    const std::string line = fmt::format("{} files: {} valid, {} not\n", arguments.files.size(), valid,
                                         arguments.files.size() - valid);
    if (!print(line)) return ExitCode::file_error;
  }
  return worst_code;
}

}  // namespace windtunnel::cli
