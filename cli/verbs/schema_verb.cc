#include "cli/verbs/schema_verb.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "reports/files/output_file.h"
#include "scenarios/schema.h"

namespace windtunnel::cli {

ExitCode schema(const SchemaArguments& arguments) {
  if (!arguments.write) return print(scenarios::scenario_schema()) ? ExitCode::pass : ExitCode::file_error;
  const std::filesystem::path path = std::filesystem::path(arguments.directory) / "windtunnel.schema.json";
  std::error_code error;
  std::filesystem::create_directories(arguments.directory, error);
  if (error) {
    complain(arguments.directory + ": cannot create: " + error.message());
    return ExitCode::file_error;
  }
  try {
    reports::OutputFile file{path.string()};
    file.append(scenarios::scenario_schema());
    file.finish();
  } catch (const reports::ReportError& failure) {
    complain(failure.what());
    return ExitCode::file_error;
  }
  return print(fmt::format("{}: written\n", path.string())) ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
