#include "cli/verbs/generate_verb.h"

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"

namespace windtunnel::cli {

ExitCode generate(const GenerateArguments& arguments) {
  const runs::ManualDone done = runs::write_manual(arguments.request, arguments.program, WINDTUNNEL_VERSION);
  if (done.problem) return complain(*done.problem);
  return print(done.text) ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
