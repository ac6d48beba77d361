#pragma once
// Prints the JSON Schema of scenario files, or writes it.

#include <string>

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

struct SchemaArguments {
  bool write = false;
  std::string directory = "schema";
};

ExitCode schema(const SchemaArguments& arguments);

}  // namespace windtunnel::cli
