#pragma once
// Our own breaker behind the breaker protocol: answers each line of an input until it ends.

#include <functional>
#include <optional>
#include <string>

#include "runs/problem.h"

namespace windtunnel::runs {

// `input` is a file descriptor. `print` gets each answer with its line end; the serving ends when it returns false.
std::optional<Problem> serve_breaker(int input, const std::function<bool(const std::string&)>& print);

}  // namespace windtunnel::runs
