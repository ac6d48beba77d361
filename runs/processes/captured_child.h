#pragma once
// Runs another program to its end and keeps its output.

#include <optional>
#include <string>
#include <vector>

namespace windtunnel::runs {

struct ChildResult {
  int exit = 0;      // 128 + N: ended by signal N
  std::string text;  // stdout and stderr, as they came
};

// `command` is a program, searched in PATH, and its arguments; no shell reads them. It gets an empty stdin. Nothing:
// it could not be started, and `why` holds the reason.
std::optional<ChildResult> run_child(const std::vector<std::string>& command, std::string& why);

}  // namespace windtunnel::runs
