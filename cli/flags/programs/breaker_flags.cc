#include <unistd.h>

#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/processes/breaker_server.h"

namespace windtunnel::cli {
namespace {

struct BreakerArguments {};

// 0 at the end of input; 4 if standard input cannot be read or standard output cannot be written.
ExitCode breaker(const BreakerArguments& /*arguments*/) {
  bool open = true;
  const auto problem = runs::serve_breaker(STDIN_FILENO, [&](const std::string& line) { return open = print(line); });
  return open ? complain(problem) : ExitCode::file_error;
}

}  // namespace

std::unique_ptr<Verb> add_breaker(CLI::App& app) {
  CLI::App& verb =
      *app.add_subcommand("breaker", "Our circuit breaker on standard input and output, for comparing others");
  return std::make_unique<VerbOf<BreakerArguments>>(&breaker);
}

}  // namespace windtunnel::cli
