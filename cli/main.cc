#include <csignal>
#include <cstdio>
#include <exception>

#include "cli/arguments.h"

int main(int argc, char** argv) {
  // A closed pipe is an error of the write that finds it, with a reason, and not a silent death.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const windtunnel::cli::Parsed parsed = windtunnel::cli::parse_arguments(argc, argv);
    return static_cast<int>(parsed.verb ? parsed.verb->carry_out() : parsed.code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "windtunnel: internal error: %s\n", error.what());
    return static_cast<int>(windtunnel::cli::ExitCode::internal_error);
  }
}
