#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "base/check.h"
#include "base/visible_text.h"
#include "cli/option_tree.h"

namespace {

// Called on any thread, where nothing can be allocated any more. Files that were not finished stay .partial.
void end_out_of_memory() {
  constexpr char kText[] = "windtunnel: out of memory: fewer --jobs, a shorter run or a smaller scenario take less\n";
  constexpr int kCode = static_cast<int>(windtunnel::cli::ExitCode::internal_error);
  if (write(STDERR_FILENO, kText, sizeof kText - 1) < 0) _exit(kCode);
  _exit(kCode);
}

}  // namespace

int main(int argc, char** argv) {
  windtunnel::set_check_handler(windtunnel::end_process);
  // A closed pipe is an error of the write that finds it, with a reason, and not a silent death.
  std::signal(SIGPIPE, SIG_IGN);
  std::set_new_handler(end_out_of_memory);
  try {
    const windtunnel::cli::Parsed parsed = windtunnel::cli::parse_arguments(argc, argv);
    return static_cast<int>(parsed.verb ? parsed.verb->perform() : parsed.code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "windtunnel: internal error: %s\n", windtunnel::visible_lines(error.what()).c_str());
    return static_cast<int>(windtunnel::cli::ExitCode::internal_error);
  }
}
