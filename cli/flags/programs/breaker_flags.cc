#include <unistd.h>

#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/processes/breaker_server.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kBreakerFooter =
    "One JSON object a line, one answer line for each; times are whole milliseconds since the reset:\n"
    "  {\"op\":\"reset\",\"config\":{\"consecutive_threshold\":2,\"open_ms\":1000}}  {} or {\"unsupported\":true,...}\n"
    "  {\"op\":\"acquire\",\"t_ms\":0}                           "
    "{\"admitted\":true,\"state\":\"closed\",\"permit\":1}\n"
    "  {\"op\":\"report\",\"t_ms\":5,\"permit\":1,\"ok\":false}      {\"state\":\"closed\"}; ok null: ignored outcome\n"
    "  {\"op\":\"state\",\"t_ms\":5}                             {\"state\":\"closed\"}\n"
    "A wrong line is answered {\"error\":\"...\"} and changes nothing. The settings are those of a scenario's\n"
    "circuit_breaker block, durations as open_ms, window_ms, open_ms_max; an absent one is off.\n"
    "\n"
    "Examples:\n"
    "  windtunnel breaker < history.jsonl\n"
    "  windtunnel verify -- windtunnel breaker";

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
  verb.footer(kBreakerFooter);
  return std::make_unique<VerbOf<BreakerArguments>>(&breaker);
}

}  // namespace windtunnel::cli
