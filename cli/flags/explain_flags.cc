#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/manual/explain_job.h"

namespace windtunnel::cli {
namespace {

ExitCode explain_words(const runs::ExplainJob& arguments) {
  runs::ExplainJob job = arguments;
  for (const ExitCodeMeaning& meaning : kExitCodes) {
    job.exit_code_words.emplace(std::to_string(static_cast<int>(meaning.code)), meaning.word);
  }
  const runs::Explained done = runs::explain(job);
  for (const std::string& message : done.unknown) complain(message);
  if (!print(done.text)) return ExitCode::file_error;
  return done.unknown.empty() ? ExitCode::pass : ExitCode::usage;
}

}  // namespace

std::unique_ptr<Verb> add_explain(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<runs::ExplainJob>>(&explain_words);
  runs::ExplainJob& explain = verb_of->arguments;
  CLI::App& verb =
      *app.add_subcommand("explain", "Explain a key of a scenario, an exit code, a fault, a metric, a column, ...");
  verb.add_option("WORD", explain.words, "Words of a scenario, a report or the environment")->type_name("");
  verb.add_flag("--all", explain.all, "Everything that can be explained");
  verb.callback([&explain] {
    if (explain.words.empty() && !explain.all) throw UsageError("explain needs a word, or --all");
  });
  return verb_of;
}

}  // namespace windtunnel::cli
