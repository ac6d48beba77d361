#pragma once
// What verification of a breaker found, for people: the failing history as a short table, and the names
// of the deviations.

#include <string>

#include "sim/verify/verify.h"

namespace windtunnel::reports {

// The settings, one row a call (time, call, its answer, the expected one, the rule), and what was recognised.
std::string finding_text(const sim::VerifyFinding& finding);

// How much was tried, and what the breaker does not support. Ends with the verdict's line.
std::string verification_text(const sim::Verification& done, const sim::VerifyOptions& options);

}  // namespace windtunnel::reports
