#include <filesystem>

#include "base/visible_text.h"
#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/manual/manual_files.h"
#include "scenarios/schema.h"

namespace windtunnel::cli {
namespace {

struct SchemaArguments {
  bool write = false;
  std::string directory = "schema";
};

ExitCode write_schema(const SchemaArguments& arguments) {
  if (!arguments.write) return print(scenarios::scenario_schema()) ? ExitCode::pass : ExitCode::file_error;
  constexpr const char* kName = "windtunnel.schema.json";
  const auto problem = runs::write_in_folder(arguments.directory, kName, scenarios::scenario_schema());
  if (problem) return complain(*problem);
  const std::string path = (std::filesystem::path(arguments.directory) / kName).string();
  return print(visible_text(path) + ": written\n") ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace

std::unique_ptr<Verb> add_schema(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<SchemaArguments>>(&write_schema);
  SchemaArguments& schema = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("schema", "Print the JSON Schema of scenario files, or write it");
  verb.add_flag("--write", schema.write, "Write it to DIR/windtunnel.schema.json");
  verb.add_option("DIR", schema.directory, "With --write: the folder")->type_name("")->capture_default_str();
  return verb_of;
}

}  // namespace windtunnel::cli
