#include "wire/clock/clock_library.h"

#include <system_error>

namespace windtunnel::wire {

std::optional<std::filesystem::path> clock_library() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const char* place : {"windtunnel_clock.so", "../lib/windtunnel/windtunnel_clock.so"}) {
    std::filesystem::path file = folder / place;
    if (std::filesystem::is_regular_file(file, error)) return std::filesystem::weakly_canonical(file, error);
  }
  return std::nullopt;
}

}  // namespace windtunnel::wire
