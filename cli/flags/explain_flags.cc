#include "cli/flags/flags.h"
#include "cli/verbs/explain_verb.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kExplainFooter =
    "Examples:\n"
    "  windtunnel explain monitor.circuit_breaker.open  a key of a scenario, with unit, default and range\n"
    "  windtunnel explain ttft                          the keys of this name\n"
    "  windtunnel explain 13 flapping diurnal           an exit code, a fault, an executor\n"
    "  windtunnel explain cost_usd providers.NAME.opened WINDTUNNEL_JOBS  metrics, columns, the environment\n"
    "  windtunnel explain --all";

}  // namespace

std::unique_ptr<Verb> add_explain(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<runs::ExplainJob>>(&cli::explain);
  runs::ExplainJob& explain = verb_of->arguments;
  CLI::App& verb =
      *app.add_subcommand("explain", "Explain a key of a scenario, an exit code, a fault, a metric, a column, ...");
  verb.footer(kExplainFooter);
  verb.add_option("WORD", explain.words, "Words of a scenario, a report or the environment")->type_name("");
  verb.add_flag("--all", explain.all, "Everything that can be explained");
  verb.callback([&explain] {
    if (explain.words.empty() && !explain.all) throw UsageError("explain needs a word, or --all");
  });
  return verb_of;
}

}  // namespace windtunnel::cli
