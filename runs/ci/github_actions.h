#pragma once
// The messages for GitHub Actions: annotations, which it reads from the output of a step, and a table of runs in the
// file that GITHUB_STEP_SUMMARY names.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "reports/ci/github.h"
#include "runs/problem.h"
#include "runs/scenario_source.h"

namespace windtunnel::runs {

struct GithubSettings {
  bool annotates = false;
  std::string workspace;                        // the repository's folder; empty: unknown
  std::string summary_file;                     // empty: no summary
  std::function<void(std::string_view)> print;  // gets the annotations
};

class GithubActions {
 public:
  explicit GithubActions(GithubSettings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] bool wants_annotations() const { return settings_.annotates; }
  [[nodiscard]] bool wants_rows() const { return !settings_.summary_file.empty(); }

  void annotate(reports::Annotation annotation);
  // The errors of a file that could not be loaded.
  void annotate_errors_of(const LoadedScenario& loaded);
  void add(reports::JobSummary::Row row);
  // Markdown of its own below the table of runs, or instead of it if there are none.
  void add_section(const std::string& markdown) { sections_ += markdown; }

  // Writes what is left; once. Returns what kept the summary from being written.
  [[nodiscard]] std::optional<Problem> finish();

 private:
  [[nodiscard]] std::string in_repository(const std::string& file) const;

  GithubSettings settings_;
  reports::AnnotationLimit limit_;
  reports::JobSummary summary_;
  bool has_rows_ = false;
  std::string sections_;
};

}  // namespace windtunnel::runs
