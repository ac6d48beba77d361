#include "cli/terminal/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace windtunnel::cli {
namespace {

std::atomic<bool> requested{false};
std::atomic<int> requested_by{0};
std::atomic<bool> has_alarm{true};
std::atomic<std::uint64_t> reloads{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a signal handler takes no lock");

void on_signal(int signal) {
  requested_by = signal;
  requested = true;
  std::signal(signal, SIG_DFL);
  if (has_alarm) ualarm(500'000, 0);  // the system takes the rest of a second to free the memory of a large run
}

void on_reload(int /*signal*/) { ++reloads; }

// The verb has not stopped. Nothing here may allocate or lock.
void on_alarm(int /*signal*/) {
  constexpr char kText[] = "windtunnel: interrupted; it did not stop within half a second and was ended as it stood\n";
  if (write(STDERR_FILENO, kText, sizeof kText - 1) < 0) _exit(130);
  _exit(130);
}

}  // namespace

void install_signal_handlers(bool in_time) {
  has_alarm = in_time;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGALRM, on_alarm);
}

void acknowledge_interrupt() {
  if (requested) alarm(0);
}

void count_reload_requests() { std::signal(SIGHUP, on_reload); }

const std::atomic<std::uint64_t>& reload_requests() { return reloads; }

const std::atomic<bool>& stop_requested() { return requested; }

const char* interrupted_by() { return requested_by == SIGTERM ? "SIGTERM" : "SIGINT"; }

}  // namespace windtunnel::cli
