#pragma once
// The scenario file that a user starts from.

#include <string_view>

namespace windtunnel::scenarios {

// A text with comments, which the reader accepts and which passes.
std::string_view starter_scenario();

}  // namespace windtunnel::scenarios
