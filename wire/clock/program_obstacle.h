#pragma once
// Why a program cannot live in virtual time, as far as its file shows: the library of the clock is preloaded, so that
// it reaches only programs that are linked dynamically and wait through libc. What a program starts later is not read.

#include <optional>
#include <string>

namespace windtunnel::wire {

// "it is a Go program, whose waits do not go through libc", to follow the program's name; nothing: no reason was found.
// `program` is found as a shell finds it; of a script its interpreter is read.
[[nodiscard]] std::optional<std::string> obstacle_of(const std::string& program);

}  // namespace windtunnel::wire
