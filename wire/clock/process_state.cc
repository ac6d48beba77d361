#include "wire/clock/process_state.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace windtunnel::wire {
namespace {

// Field 3 of /proc/PID/task/TID/stat; the name before it may hold spaces and brackets.
char letter_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) return 'X';
  const std::size_t end = line.rfind(')');
  return end == std::string::npos || end + 2 >= line.size() ? 'X' : line[end + 2];
}

// The first number of /proc/PID/task/TID/schedstat.
std::uint64_t run_time_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::uint64_t result = 0;
  in >> result;
  return result;
}

}  // namespace

std::optional<ProcessState> process_state(pid_t process) {
  std::error_code error;
  ProcessState result{.is_asleep = true};
  bool lives = false;
  for (std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", process), error), end;
       !error && threads != end; threads.increment(error)) {
    const char letter = letter_of(threads->path() / "stat");
    if (letter == 'Z' || letter == 'X') continue;
    lives = true;
    result.is_asleep = result.is_asleep && letter == 'S';
    result.run_time += run_time_of(threads->path() / "schedstat");
  }
  if (!lives) return std::nullopt;
  return result;
}

}  // namespace windtunnel::wire
