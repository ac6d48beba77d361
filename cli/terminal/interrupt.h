#pragma once
// SIGINT and SIGTERM ask a verb to stop: what it has measured so far is kept. A second one ends the process at once,
// and so does the first one where the verb has not stopped within half a second, because some input keeps a job busy
// for hours between two of its polls of the request. Files that were not finished stay .partial.

#include <atomic>
#include <cstdint>

namespace windtunnel::cli {

// From now on; before, either signal ends the process as usual. Not `in_time`: a verb that does not stop goes on.
void install_signal_handlers(bool in_time = true);

// To be called when the work has ended: the verb may take its time to write what it has, if it was interrupted.
void acknowledge_interrupt();

// Set by the first of them.
[[nodiscard]] const std::atomic<bool>& stop_requested();
[[nodiscard]] inline bool interrupted() { return stop_requested().load(); }
// From now on SIGHUP does not end the process: it is counted, for a verb that reads its file again.
void count_reload_requests();
[[nodiscard]] const std::atomic<std::uint64_t>& reload_requests();
// "SIGINT" or "SIGTERM": the one that came first.
[[nodiscard]] const char* interrupted_by();

}  // namespace windtunnel::cli
