#pragma once
// Verifies a circuit breaker of another program, which speaks the breaker protocol.

#include "cli/terminal/exit_code.h"
#include "runs/verify/verify_job.h"

namespace windtunnel::cli {

using VerifyArguments = runs::VerifyRequest;

// 0 when everything held; 10 when something did not; 13 when the command supports none of the settings; 4 when it dies,
// hangs, floods or answers nonsense, or a file cannot be read or written; 3 when a file of settings or a recorded
// history has errors; 130 after SIGINT or SIGTERM.
ExitCode verify(const VerifyArguments& arguments);

}  // namespace windtunnel::cli
