#pragma once
// Another program, asked line by line: every line written to it is answered by one line. It may die, hang, flood or
// never read; each of that ends in a ChildError that says what happened, with the end of its stderr.
//
// The child is the leader of a process group of its own and receives no signals of the terminal. When a ChildProcess
// ends, however that comes about, its input is closed, and what has not ended within a moment is killed: the child, its
// group, and every process that descends from it, whatever group or session that has moved to; all of them are reaped.
// If this program itself is killed, the child is killed by the kernel.

#include <sys/types.h>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::cli {

class ChildError : public std::exception {
 public:
  // `what_happened` has no full stop; `stderr_tail` is the end of what the child said there.
  ChildError(std::string what_happened, std::string stderr_tail)
      : what_(std::move(what_happened)), stderr_tail_(std::move(stderr_tail)) {}
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }
  [[nodiscard]] const std::string& stderr_tail() const { return stderr_tail_; }

 private:
  std::string what_;
  std::string stderr_tail_;
};

// SIGINT or SIGTERM came while a child was waited for.
class ChildInterrupted : public std::exception {};

struct ChildOptions {
  std::vector<std::string> command;  // a program, found as a shell finds it, and its arguments
  std::string directory;             // where it works; empty: where we do
  std::chrono::nanoseconds timeout = std::chrono::seconds{5};  // for one answer
  std::size_t line_max = std::size_t{64} << 10;                // an answer that is longer is a flood
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
  [[noreturn]] void run_program(int input, int output, int errors, int report) const;
  void write_some(std::string_view& rest);
  void wait(bool to_write, Clock::time_point deadline, const char* what_for);
  bool read_output();
  void read_errors();
  void refuse_unasked();
  [[noreturn]] void fail_ended();
  void end();

  ChildOptions options_;
  pid_t pid_ = -1;
  int input_ = -1;       // its standard input
  int output_ = -1;      // its standard output
  int errors_ = -1;      // its standard error
  std::string pending_;  // of its output, not yet a line
  std::string tail_;     // of its standard error
};

}  // namespace windtunnel::cli
