#include "cli/interrupt.h"

#include <csignal>

namespace windtunnel::cli {
namespace {

std::atomic<bool> requested{false};
std::atomic<int> requested_by{0};

void on_signal(int signal) {
  requested_by = signal;
  requested = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

const std::atomic<bool>& stop_requested() { return requested; }

const char* interrupted_by() { return requested_by == SIGTERM ? "SIGTERM" : "SIGINT"; }

}  // namespace windtunnel::cli
