#pragma once
// One function per verb; each has a file of its own.

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace windtunnel::cli {

ExitCode run(const RunArguments& arguments);
ExitCode validate(const ValidateArguments& arguments);
ExitCode init(const InitArguments& arguments);
ExitCode explain(const ExplainArguments& arguments);
ExitCode schema(const SchemaArguments& arguments);

}  // namespace windtunnel::cli
