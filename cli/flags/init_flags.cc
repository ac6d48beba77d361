#include "base/visible_text.h"
#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/import/import_job.h"
#include "runs/logs/log_source.h"
#include "runs/new_file.h"
#include "runs/shell_word.h"
#include "scenarios/starter.h"

namespace windtunnel::cli {
namespace {

struct InitArguments {
  std::string file = "scenario.json";
  reports::LogChoice log;  // without a file: the starter
  runs::ImportChoice gateway;
};

ExitCode write(const std::string& file, std::string_view text, const char* next) {
  if (const auto problem = runs::write_new_file(file, text)) return complain(*problem);
  const std::string command = "windtunnel " + std::string(next) + " " + visible_text(runs::shell_word(file));
  return print(visible_text(file) + " written. Now: " + command + "\n") ? ExitCode::pass : ExitCode::file_error;
}

ExitCode import_gateway(const InitArguments& arguments) {
  const runs::ImportedScenario imported = runs::import_scenario(arguments.gateway, arguments.log, arguments.file);
  if (!imported.keys.empty() && !print(imported.keys + "\n")) return ExitCode::file_error;
  if (imported.problem) return complain(*imported.problem);
  return write(arguments.file, imported.text, "run");
}

ExitCode start_scenario(const InitArguments& arguments) {
  if (const auto problem = runs::problem_with(arguments.gateway, arguments.log)) return complain(*problem);
  if (arguments.gateway.is_given()) return import_gateway(arguments);
  if (arguments.log.file.empty()) return write(arguments.file, scenarios::starter_scenario(), "run");
  const runs::FittedScenario fitted = runs::fit_scenario(arguments.log, arguments.file);
  if (!fitted.figures.empty() && !print(fitted.figures)) return ExitCode::file_error;
  if (fitted.problem) return complain(*fitted.problem);
  return write(arguments.file, fitted.text, "forecast");
}

}  // namespace

std::unique_ptr<Verb> add_init(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<InitArguments>>(&start_scenario);
  InitArguments& init = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("init", "Write a scenario to start from, with comments");
  verb.add_option("FILE", init.file, "The file to write; one that exists is left alone")
      ->type_name("")
      ->capture_default_str();
  add_prices_file(verb, init.log);
  add_log(verb, init.log, "--from,--from-telemetry", "Fit the scenario to this log and say what was fitted");
  const auto add = [&](const char* flag, std::string& value, const char* doc) {
    verb.add_option(flag, value, doc)->type_name("FILE");
  };
  add("--from-litellm", init.gateway.litellm, "Import this config.yaml of LiteLLM");
  add("--litellm-keys", init.gateway.litellm_keys, "What LiteLLM's /key/list and /team/list return, as JSON");
  add("--from-portkey", init.gateway.portkey, "Import this config of Portkey, as JSON");
  add("--from-tensorzero", init.gateway.tensorzero, "Import this tensorzero.toml");
  add("--from-envoy-ai", init.gateway.envoy_ai, "Import these resources of Envoy AI Gateway, as YAML");
  verb.add_option("--semantics", init.gateway.semantics, "The version of the gateway whose rules are to hold")
      ->type_name("VERSION");
  return verb_of;
}

}  // namespace windtunnel::cli
