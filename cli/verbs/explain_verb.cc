#include "cli/verbs/explain_verb.h"

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"

namespace windtunnel::cli {

ExitCode explain(const runs::ExplainJob& arguments) {
  runs::ExplainJob job = arguments;
  for (const ExitCodeMeaning& meaning : kExitCodes) {
    job.exit_code_words.emplace(std::to_string(static_cast<int>(meaning.code)), meaning.word);
  }
  const runs::Explained done = runs::explain(job);
  for (const std::string& message : done.unknown) complain(message);
  if (!print(done.text)) return ExitCode::file_error;
  return done.unknown.empty() ? ExitCode::pass : ExitCode::usage;
}

}  // namespace windtunnel::cli
