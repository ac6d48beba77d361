#pragma once
// The message about a word that is not among the known ones.

#include <span>
#include <string>
#include <string_view>

namespace windtunnel::runs {

// `no verb is named "rnu": did you mean "run"?`, or with the known words if none is near and they are few.
std::string unknown_word(std::string_view noun, std::string_view written, std::span<const std::string> known);

}  // namespace windtunnel::runs
