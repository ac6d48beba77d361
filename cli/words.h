#pragma once
// What to say of a word that nobody knows.

#include <span>
#include <string>
#include <string_view>

namespace windtunnel::cli {

// `no verb is named "rnu": did you mean "run"?`, or with the known words if none is near and they are few.
std::string unknown_word(std::string_view noun, std::string_view written, std::span<const std::string> known);

}  // namespace windtunnel::cli
