#pragma once
// A port of 127.0.0.1 that nothing listens on now, for a program that cannot choose one itself.

#include <cstdint>

namespace windtunnel::wire {

// 0: there is none. Another program may take it before it is used.
[[nodiscard]] std::uint16_t free_port();

}  // namespace windtunnel::wire
