#include "cli/flags/flags.h"
#include "cli/verbs/schema_verb.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kSchemaFooter =
    "Examples:\n"
    "  windtunnel schema               prints it\n"
    "  windtunnel schema --write       writes schema/windtunnel.schema.json; name it in a file's \"$schema\"";

}  // namespace

std::unique_ptr<Verb> add_schema(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<SchemaArguments>>(&cli::schema);
  SchemaArguments& schema = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("schema", "Print the JSON Schema of scenario files, or write it");
  verb.footer(kSchemaFooter);
  verb.add_flag("--write", schema.write, "Write it to DIR/windtunnel.schema.json");
  verb.add_option("DIR", schema.directory, "With --write: the folder")->type_name("")->capture_default_str();
  return verb_of;
}

}  // namespace windtunnel::cli
