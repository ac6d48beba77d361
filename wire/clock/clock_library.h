#pragma once
// Where the library lies that a program preloads to live in virtual time.

#include <filesystem>
#include <optional>

namespace windtunnel::wire {

// windtunnel_clock.so beside this program, where a build leaves it, or in ../lib/windtunnel, where an installation
// does. Nothing: it is in neither.
[[nodiscard]] std::optional<std::filesystem::path> clock_library();

}  // namespace windtunnel::wire
