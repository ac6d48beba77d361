#include "cli/verbs/breaker_verb.h"

#include <unistd.h>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/processes/breaker_server.h"

namespace windtunnel::cli {

ExitCode breaker(const BreakerArguments& /*arguments*/) {
  bool open = true;
  const auto problem = runs::serve_breaker(STDIN_FILENO, [&](const std::string& line) { return open = print(line); });
  return open ? complain(problem) : ExitCode::file_error;
}

}  // namespace windtunnel::cli
