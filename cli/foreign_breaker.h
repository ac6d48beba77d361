#pragma once
// A breaker of another program, asked through the breaker protocol on its standard input and output.

#include "cli/child_process.h"
#include "monitor/breaker_protocol.h"

namespace windtunnel::cli {

class ProcessBreaker final : public monitor::ForeignBreaker {
 public:
  explicit ProcessBreaker(ChildOptions options) : child_(std::move(options)) {}

  // Both throw ChildError (it died, hangs, floods, or its answer is none) and ChildInterrupted.
  std::optional<std::string> reset(const monitor::BreakerConfig& config) override;
  monitor::BreakerAnswer ask(const monitor::BreakerQuestion& question) override;

  // The latest line that was written to it: what it was about when it failed.
  [[nodiscard]] const std::string& latest_line() const { return latest_line_; }

 private:
  std::string converse(std::string line);

  ChildProcess child_;
  std::string latest_line_;
};

// What is said of a child that failed: the command, what happened, what it had been asked, the end of its stderr.
std::string child_error_text(const ChildError& error, const std::vector<std::string>& command,
                             const std::string& latest_line);

}  // namespace windtunnel::cli
