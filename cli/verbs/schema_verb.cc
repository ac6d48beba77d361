#include "cli/verbs/schema_verb.h"

#include <filesystem>
#include <string>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/manual/manual_files.h"
#include "scenarios/schema.h"

namespace windtunnel::cli {

ExitCode schema(const SchemaArguments& arguments) {
  if (!arguments.write) return print(scenarios::scenario_schema()) ? ExitCode::pass : ExitCode::file_error;
  constexpr const char* kName = "windtunnel.schema.json";
  const auto problem = runs::write_in_folder(arguments.directory, kName, scenarios::scenario_schema());
  if (problem) return complain(*problem);
  const std::string path = (std::filesystem::path(arguments.directory) / kName).string();
  return print(path + ": written\n") ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
