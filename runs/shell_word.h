#pragma once
// Quotes words for the commands that reports print for replay.

#include <string>

namespace windtunnel::runs {

// The word as a POSIX shell reads it back, in quotes if it needs them. Control characters, and bytes that are no UTF-8,
// are spelled out.
std::string shell_word(const std::string& word);

}  // namespace windtunnel::runs
