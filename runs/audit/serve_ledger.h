#pragma once
// The ledger of `windtunnel serve`: a line for each call as its provider billed it (docs/serve.md).
//
// Its times are of the scenario's clock, so that days do not match those of a log. Calls match by number: an answer's
// id ends in "wt17" for call 17, and a gateway that keeps the id logs it.

#include <string>
#include <string_view>

#include "reports/logs/log_choice.h"

namespace windtunnel::runs {

// The ledger's name as a format.
inline constexpr std::string_view kServeFormat = "serve";

// Whether the file's first record is a line of such a ledger. A pipe is not looked into: --ledger-format names it.
[[nodiscard]] bool is_serve_ledger(const reports::LogChoice& choice);

// How a reader of logs reads it: by its columns.
[[nodiscard]] reports::LogChoice serve_choice(const std::string& file);

}  // namespace windtunnel::runs
