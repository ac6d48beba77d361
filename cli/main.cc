#include <csignal>
#include <cstdio>
#include <exception>
#include <variant>

#include "cli/arguments.h"
#include "cli/verbs.h"

namespace {

using namespace windtunnel::cli;

struct Verb {
  ExitCode operator()(const Nothing& nothing) const { return nothing.code; }
  ExitCode operator()(const RunArguments& arguments) const { return run(arguments); }
  ExitCode operator()(const ValidateArguments& arguments) const { return validate(arguments); }
  ExitCode operator()(const InitArguments& arguments) const { return init(arguments); }
  ExitCode operator()(const ExplainArguments& arguments) const { return explain(arguments); }
  ExitCode operator()(const SchemaArguments& arguments) const { return schema(arguments); }
};

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe is an error of the write that finds it, with a reason, and not a silent death.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return static_cast<int>(std::visit(Verb{}, parse_arguments(argc, argv)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "windtunnel: internal error: %s\n", error.what());
    return static_cast<int>(ExitCode::internal_error);
  }
}
