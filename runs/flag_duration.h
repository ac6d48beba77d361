#pragma once
// A flag whose value is a duration, such as "5s" or "500ms".

#include <string>

#include "base/units.h"

namespace windtunnel::runs {

// Throws a ProblemError that names the flag if the text is no duration above 0.
[[nodiscard]] Duration flag_duration(const char* flag, const std::string& text);

}  // namespace windtunnel::runs
