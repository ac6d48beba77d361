#pragma once
// Quotes words for the commands that reports print for replay.

#include <string>

namespace windtunnel::runs {

// The word as a POSIX shell reads it back, in quotes if it needs them.
std::string shell_word(const std::string& word);

}  // namespace windtunnel::runs
