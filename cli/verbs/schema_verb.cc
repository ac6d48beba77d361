#include "cli/verbs/schema_verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "cli/console.h"
#include "reports/files/output_file.h"
#include "scenarios/schema.h"

namespace windtunnel::cli {

ExitCode schema(const SchemaArguments& arguments) {
  if (!arguments.write) return print(scenarios::scenario_schema()) ? ExitCode::pass : ExitCode::file_error;
  const std::filesystem::path path = std::filesystem::path(arguments.directory) / "windtunnel.schema.json";
  std::error_code error;
  std::filesystem::create_directories(arguments.directory, error);
  if (error) {
    std::fprintf(stderr, "windtunnel: %s: cannot create: %s\n", arguments.directory.c_str(), error.message().c_str());
    return ExitCode::file_error;
  }
  try {
    reports::OutputFile file{path.string()};
    file.append(scenarios::scenario_schema());
    file.finish();
  } catch (const reports::ReportError& failure) {
    std::fprintf(stderr, "windtunnel: %s\n", failure.what());
    return ExitCode::file_error;
  }
  return print(fmt::format("{}: written\n", path.string())) ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
