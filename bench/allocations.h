#pragma once
// How often this program asked the heap for memory: every form of operator new is replaced by one that counts.

#include <cstdint>

namespace windtunnel::bench {

// Since the program began, by all threads.
[[nodiscard]] std::uint64_t allocations();

}  // namespace windtunnel::bench
