#pragma once
// A breaker of another program, asked through the breaker protocol on its standard input and output.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "monitor/breaker/breaker_protocol.h"
#include "runs/problem.h"
#include "runs/processes/child_process.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

class BreakerProcess final : public monitor::ForeignBreaker {
 public:
  explicit BreakerProcess(ChildOptions options) : child_(std::move(options)) {}

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

// The message about a child that failed: the command, what happened, the last line that it was asked, the end of its
// stderr. It ends without a line end.
std::string child_error_text(const ChildError& error, const std::vector<std::string>& command,
                             const std::string& latest_line);

// The breakers of one run: a process for each provider if the scenario has a breaker_command, none otherwise. They work
// in the scenario's folder and answer within 5 s each time. A program that fails, or that cannot honour the scenario's
// settings, ends the run with a ProblemError.
class ScenarioBreakers {
 public:
  ScenarioBreakers(const sim::Scenario& scenario, const std::atomic<bool>* stop);
  // One for each provider, or none.
  [[nodiscard]] std::vector<monitor::ForeignBreaker*> all() const;

 private:
  std::vector<std::unique_ptr<monitor::ForeignBreaker>> breakers_;
};

}  // namespace windtunnel::runs
