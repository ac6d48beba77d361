#pragma once
// The reports over all runs of one command: the JUnit file, and the messages for GitHub Actions.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/files/output_file.h"
#include "runs/ci/github_actions.h"
#include "runs/run/run_job.h"

namespace windtunnel::runs {

struct CommandReportsOptions {
  std::string junit;  // the file; empty: none
  std::string out;    // the folder of the runs' own reports; empty: none
  GithubSettings github;
};

class CommandReports {
 public:
  // Opens the JUnit file, so that a file that cannot be written is found before anything runs.
  explicit CommandReports(CommandReportsOptions options);

  // Asks a run for what is needed here.
  void prepare(RunJob& job) const;
  // `verdict` is the word of the exit code.
  void add_unloaded(const LoadedScenario& loaded, const std::string& verdict);
  void add(const RunJob& job, const RunDone& done, const std::string& verdict, bool passed);
  // Writes what is left; once. An interrupted JUnit file has all its suites and stays .partial.
  void finish(bool interrupted);

  // What could not be written, since the last call.
  [[nodiscard]] std::vector<Problem> take_problems() { return std::exchange(problems_, {}); }

 private:
  template <class Action>
  void guarded(Action action);

  CommandReportsOptions options_;
  GithubActions github_;
  std::unique_ptr<reports::OutputFile> junit_;
  std::vector<Problem> problems_;
};

}  // namespace windtunnel::runs
