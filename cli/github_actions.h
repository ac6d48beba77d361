#pragma once
// Tells GitHub Actions what was found, if we run there: annotations when GITHUB_ACTIONS=true, on stderr, which it reads
// as it reads stdout, so that results stay what they are; a table of runs in the file that GITHUB_STEP_SUMMARY names.

#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "reports/ci/github.h"

namespace windtunnel::cli {

class GithubActions {
 public:
  // Reads the environment.
  GithubActions();

  [[nodiscard]] bool wants_annotations() const { return annotates_; }
  [[nodiscard]] bool wants_rows() const { return !summary_file_.empty(); }

  void annotate(reports::Annotation annotation);
  // The errors of a file that could not be loaded. It is read once more; they were printed when it was read first.
  void annotate_errors_of(const std::string& file, const std::vector<std::string>& sets);
  void add(reports::JobSummary::Row row);
  // Markdown of its own below the table of runs, or instead of it if there are none.
  void add_section(const std::string& markdown) { sections_ += markdown; }

  // Writes what is left; once. A file error has been printed.
  ExitCode finish();

 private:
  [[nodiscard]] std::string in_repository(const std::string& file) const;

  bool annotates_ = false;
  std::string workspace_;  // the repository's folder; empty: unknown
  std::string summary_file_;
  reports::AnnotationLimit limit_;
  reports::JobSummary summary_;
  bool has_rows_ = false;
  std::string sections_;
};

// Why this file cannot be loaded, as it was printed; empty if it can.
std::string load_problem(const std::string& file, const std::vector<std::string>& sets);

}  // namespace windtunnel::cli
