#pragma once
// Our own breaker behind the breaker protocol: answers each line of standard input until it ends.

#include "cli/terminal/exit_code.h"

namespace windtunnel::cli {

struct BreakerArguments {};

// 0 at the end of input; 4 if standard input cannot be read or standard output cannot be written.
ExitCode breaker(const BreakerArguments& arguments);

}  // namespace windtunnel::cli
