#pragma once
// The reports over all runs of one command: the JUnit file, and what GitHub Actions is told.

#include <memory>
#include <string>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/github_actions.h"
#include "cli/one_run.h"
#include "reports/files/output_file.h"

namespace windtunnel::cli {

class CommandReports {
 public:
  // Opens the JUnit file, so that one that cannot be written is known before anything runs. `arguments` must outlive
  // this.
  explicit CommandReports(const RunArguments& arguments);

  // Asks a run for what is needed here.
  void prepare(OneRun& one) const;
  void add_unloaded(const std::string& file, ExitCode code);
  void add(const OneRun& one, const OneResult& result);
  // Writes what is left; once. An interrupted JUnit file has all its suites and stays .partial.
  void finish(bool interrupted);

  // file_error once something could not be written; the reason has been printed.
  [[nodiscard]] ExitCode code() const { return code_; }

 private:
  template <class Action>
  void guarded(Action action);

  const RunArguments& arguments_;
  GithubActions github_;
  std::unique_ptr<reports::OutputFile> junit_;
  ExitCode code_ = ExitCode::pass;
};

}  // namespace windtunnel::cli
