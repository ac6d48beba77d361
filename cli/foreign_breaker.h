#pragma once
// A breaker of another program, asked through the breaker protocol on its standard input and output.

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/child_process.h"
#include "cli/exit_code.h"
#include "monitor/breaker/breaker_protocol.h"
#include "sim/world/scenario.h"

namespace windtunnel::cli {

class ProcessBreaker final : public monitor::ForeignBreaker {
 public:
  explicit ProcessBreaker(ChildOptions options) : child_(std::move(options)) {}

  // Both throw ChildError (it died, hangs, floods, or its answer is none) and ChildInterrupted.
  std::optional<std::string> reset(const monitor::BreakerConfig& config) override;
  monitor::BreakerAnswer ask(const monitor::BreakerQuestion& question) override;

  // The latest line that was written to it: what it was about when it failed.
  [[nodiscard]] const std::string& latest_line() const { return latest_line_; }
  // With the end of its stderr: for the caller to whom an answer makes no sense.
  [[nodiscard]] ChildError error(const std::string& what_happened) { return child_.error(what_happened); }

 private:
  std::string converse(std::string line);

  ChildProcess child_;
  std::string latest_line_;
};

// What is said of a child that failed: the command, what happened, what it had been asked, the end of its stderr.
std::string child_error_text(const ChildError& error, const std::vector<std::string>& command,
                             const std::string& latest_line);

// Why a run has to end: a breaker's program failed, or cannot honour the scenario's settings.
class BreakerCommandError : public std::exception {
 public:
  BreakerCommandError(ExitCode code, std::string text) : code_(code), text_(std::move(text)) {}
  [[nodiscard]] ExitCode code() const { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ExitCode code_;
  std::string text_;
};

// The breakers of one run: a process for each provider if the scenario has a breaker_command, none otherwise. They work
// in the scenario's folder and answer within 5 s each time. What they throw is a BreakerCommandError.
class ScenarioBreakers {
 public:
  explicit ScenarioBreakers(const sim::Scenario& scenario);
  // One for each provider, or none.
  [[nodiscard]] std::vector<monitor::ForeignBreaker*> all() const;

 private:
  std::vector<std::unique_ptr<monitor::ForeignBreaker>> breakers_;
};

}  // namespace windtunnel::cli
