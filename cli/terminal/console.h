#pragma once
// The terminal: results go to stdout, progress to stderr, colour only where it is wanted.

#include <chrono>
#include <string>
#include <string_view>

#include "cli/terminal/command_options.h"

namespace windtunnel::cli {

// NO_COLOR, a dumb terminal or a stdout that is no terminal: no colour, unless asked for.
bool wants_color(Color color);

// Writes to stdout. False if it cannot be written (a closed pipe, a full disk); the reason then goes to stderr, once.
bool print(std::string_view text);

// One line on stderr that is rewritten in place, at most ten times a second, and only if stderr is a terminal that can
// do so and a second has passed since the start. What is wider than the terminal is cut: a line that wraps cannot be
// rewritten.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether anybody will see it.
  [[nodiscard]] bool enabled() const { return enabled_; }
  // True if a new line may be shown now: ask before formatting one.
  [[nodiscard]] bool due();
  void show(const std::string& line);
  // Wipes the line, so that what is printed next begins where it began.
  void clear();

 private:
  bool enabled_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace windtunnel::cli
