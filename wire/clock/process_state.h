#pragma once
// What Linux says of a process, for the cases that registered waits do not cover. Reading /proc is slow, so that it is
// asked only of a process that has stayed silent for a while.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace windtunnel::wire {

struct ProcessState {
  bool is_asleep = false;      // each of its threads sleeps
  std::uint64_t run_time = 0;  // of all its threads since they began, nanoseconds
  friend bool operator==(const ProcessState&, const ProcessState&) = default;
};

// Nothing: it has ended, or is a zombie.
[[nodiscard]] std::optional<ProcessState> process_state(pid_t process);

}  // namespace windtunnel::wire
