#pragma once
// A name out of a file that somebody may have written to forge our output.

#include <stdexcept>
#include <string>

#include "base/visible_text.h"

namespace windtunnel::reports {

// Throws std::invalid_argument if it would steer a terminal or a CI job.
inline std::string checked_name(std::string name) {
  if (const auto problem = problem_with_name(name)) {
    throw std::invalid_argument("\"" + visible_text(name) + "\" " + *problem);
  }
  return name;
}

}  // namespace windtunnel::reports
