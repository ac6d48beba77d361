#pragma once
// Another program, asked line by line: every line written to it is answered by one line. It may die, hang, flood or
// never read; each of that ends in a ChildError with the cause and the end of its stderr.
//
// When a ChildProcess ends, however that comes about, its input is closed, and what has not ended within a moment is
// killed: the child and every process that descends from it (supervised_program.h). The child receives no signals of
// the terminal.

#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runs/processes/supervised_program.h"

namespace windtunnel::runs {

class ChildError : public std::exception {
 public:
  // `what_happened` has no full stop; `stderr_tail` is the end of the child's stderr.
  ChildError(std::string what_happened, std::string stderr_tail)
      : what_(std::move(what_happened)), stderr_tail_(std::move(stderr_tail)) {}
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }
  [[nodiscard]] const std::string& stderr_tail() const { return stderr_tail_; }

 private:
  std::string what_;
  std::string stderr_tail_;
};

// ChildOptions::end_at came while a child was waited for.
class ChildTimeUp : public std::exception {};

// ChildOptions::stop was set while a child was waited for.
class ChildInterrupted : public std::exception {};

struct ChildOptions {
  std::vector<std::string> command;  // a program, found as a shell finds it, and its arguments
  std::string directory;             // where it works; empty: where we do
  std::chrono::nanoseconds timeout = std::chrono::seconds{5};  // for one answer
  std::size_t line_max = std::size_t{64} << 10;                // an answer that is longer is a flood
  const std::atomic<bool>* stop = nullptr;                     // set from elsewhere: no wait goes on
  // No question is asked and no answer waited for from here on, whatever the questions were.
  std::chrono::steady_clock::time_point end_at = std::chrono::steady_clock::time_point::max();
};

class ChildProcess {
 public:
  // Throws a ChildError if it cannot be started.
  explicit ChildProcess(ChildOptions options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Writes the line and waits for the answer, both without their line ends. Throws ChildError, ChildInterrupted.
  std::string ask(std::string_view line);

  // What ended the conversation before: for the caller that sees nonsense in an answer.
  [[nodiscard]] ChildError error(const std::string& what_happened);
  [[nodiscard]] const ChildOptions& options() const { return options_; }

 private:
  using Clock = std::chrono::steady_clock;

  void start();
  void write_some(std::string_view& rest);
  void wait(bool to_write, Clock::time_point deadline, const char* what_for);
  bool read_output();
  void read_errors();
  void refuse_unasked();
  [[noreturn]] void fail_ended();
  void end();
  [[nodiscard]] bool is_stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  ChildOptions options_;
  std::optional<SupervisedProgram> program_;
  int input_ = -1;       // its standard input
  int output_ = -1;      // its standard output
  int errors_ = -1;      // its standard error
  std::string pending_;  // of its output, not yet a line
  std::string tail_;     // of its standard error
};

}  // namespace windtunnel::runs
