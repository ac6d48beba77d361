#pragma once
// Refuses a job that would take more memory than it may, before it takes any, and keeps one that grows beyond what was
// computed from taking the whole machine.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runs/problem.h"
#include "sim/world/memory_need.h"

namespace windtunnel::runs {

inline constexpr std::uint64_t kMemoryMax = 8'000'000'000;  // bytes

// A number of bytes with a unit: "8GB", "500MB". Nothing: the text is none, or 0, or more than a million units.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// `times` runs are made at once. `file` stands for the scenario in the message.
std::optional<Problem> problem_with_memory(const std::string& file, const sim::MemoryNeed& need, std::uint64_t times,
                                           std::uint64_t bytes_max);

// Further memory is refused to this process beyond `bytes_max`, so that an allocation fails there. Sanitizers reserve
// far more than is used; under them nothing is limited.
void limit_memory(std::uint64_t bytes_max);

}  // namespace windtunnel::runs
