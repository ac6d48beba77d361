#pragma once
// JSON pointers (RFC 6901): "/providers/openai/models/gpt-4o".

#include <string>
#include <string_view>

namespace windtunnel::inline base {

// One step: "/" and the key, with ~ and / escaped.
[[nodiscard]] std::string pointer_step(std::string_view key);

}  // namespace windtunnel::inline base
