#pragma once
// The registered waits of a program in words.

#include <cstdint>
#include <string>
#include <vector>

namespace windtunnel::wire {

// Bits of wt_wait_kind, in their order: "epoll", "condition variable".
[[nodiscard]] std::vector<std::string> wait_words(std::uint32_t kinds);

}  // namespace windtunnel::wire
