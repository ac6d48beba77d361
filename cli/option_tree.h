#pragma once
// The command line: every verb with its flags, in the order of the help. A flag wins over the environment, the
// environment over the scenario file.

#include <memory>

#include "cli/terminal/command_options.h"

namespace windtunnel::cli {

struct Parsed {
  std::unique_ptr<Verb> verb;      // none: everything was printed while parsing (help, version, an error)
  ExitCode code = ExitCode::pass;  // then
};

Parsed parse_arguments(int argc, const char* const* argv);

}  // namespace windtunnel::cli
