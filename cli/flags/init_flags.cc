#include "cli/flags/flags.h"
#include "cli/verbs/init_verb.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kInitFooter =
    "Examples:\n"
    "  windtunnel init                 writes scenario.json\n"
    "  windtunnel init ci/outage.json\n"
    "  windtunnel init month.json --from-telemetry telemetry.jsonl.zst";

}  // namespace

std::unique_ptr<Verb> add_init(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<InitArguments>>(&cli::init);
  InitArguments& init = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("init", "Write a scenario to start from, with comments");
  verb.footer(kInitFooter);
  verb.add_option("FILE", init.file, "The file to write; one that exists is left alone")
      ->type_name("")
      ->capture_default_str();
  verb.add_option("--from-telemetry", init.from_telemetry,
                  "Fit the scenario to this log (telemetry.jsonl[.zst], ours or the seed's) and say what was fitted")
      ->type_name("LOG");
  return verb_of;
}

}  // namespace windtunnel::cli
