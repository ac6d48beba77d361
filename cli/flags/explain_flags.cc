#include "cli/flags/flags.h"
#include "cli/verbs/explain_verb.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kExplainFooter =
    "Examples:\n"
    "  windtunnel explain 13           an exit code\n"
    "  windtunnel explain flapping     a kind of fault\n"
    "  windtunnel explain resilience4j a breaker preset\n"
    "  windtunnel explain --all";

}  // namespace

std::unique_ptr<Verb> add_explain(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ExplainArguments>>(&cli::explain);
  ExplainArguments& explain = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("explain", "Say what an exit code, a fault, an outcome, a counter, ... means");
  verb.footer(kExplainFooter);
  verb.add_option("WORD", explain.words, "Words of a summary or a scenario")->type_name("");
  verb.add_flag("--all", explain.all, "Everything that can be explained");
  verb.callback([&explain] {
    if (explain.words.empty() && !explain.all) throw UsageError("explain needs a word, or --all");
  });
  return verb_of;
}

}  // namespace windtunnel::cli
