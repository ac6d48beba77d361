#pragma once
// What a program writes, passed on line by line with its control characters spelled out.
//
// A terminal that the program is run on is its own: there its output goes as it is, colours included. Anywhere else, a
// file, a pipe or the log of a CI job, a line of it may be taken for a command (base/visible_text.h).

#include <optional>
#include <thread>

#include "runs/processes/pipe.h"

namespace windtunnel::runs {

class ShownOutput {
 public:
  // To this descriptor of ours, which stays open until the end.
  explicit ShownOutput(int to);
  // Waits until every program has closed descriptor(), and passes on what was written.
  ~ShownOutput();
  ShownOutput(const ShownOutput&) = delete;
  ShownOutput& operator=(const ShownOutput&) = delete;

  // Where the program is to write.
  [[nodiscard]] int descriptor() const { return pipe_ ? pipe_->write : to_; }
  // Once the program has been started: ours is closed, and what comes is passed on.
  void start();

 private:
  void pass_on();

  int to_;
  std::optional<Pipe> pipe_;  // nothing: `to_` is a terminal
  std::thread thread_;
};

}  // namespace windtunnel::runs
