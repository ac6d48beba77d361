#pragma once
// SIGINT and SIGTERM ask a verb to stop: what it has measured so far is kept. A second one ends the process at once.

#include <atomic>

namespace windtunnel::cli {

// From now on; before, either signal ends the process as usual.
void watch_signals();

// Set by the first of them.
[[nodiscard]] const std::atomic<bool>& stop_requested();
[[nodiscard]] inline bool interrupted() { return stop_requested().load(); }
// "SIGINT" or "SIGTERM": the one that came first.
[[nodiscard]] const char* interrupted_by();

}  // namespace windtunnel::cli
