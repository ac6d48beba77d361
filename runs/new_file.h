#pragma once
// Writes a file that must not exist yet.

#include <optional>
#include <string>
#include <string_view>

#include "runs/problem.h"

namespace windtunnel::runs {

// The file is new, or nothing is written.
std::optional<Problem> write_new_file(const std::string& file, std::string_view text);

}  // namespace windtunnel::runs
