#include "runs/ci/github_actions.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace windtunnel::runs {

// Annotations are placed by paths from the repository's root; ours start where we were called.
std::string GithubActions::in_repository(const std::string& file) const {
  if (settings_.workspace.empty()) return file;
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(file, error).lexically_normal();
  if (error) return file;
  const std::string relative =
      whole.lexically_relative(std::filesystem::path(settings_.workspace).lexically_normal()).string();
  return relative.empty() || relative.starts_with("..") ? file : relative;
}

void GithubActions::annotate(reports::Annotation annotation) {
  if (!settings_.annotates) return;
  annotation.file = in_repository(annotation.file);
  settings_.print(limit_.take(annotation));
}

void GithubActions::annotate_errors_of(const LoadedScenario& loaded) {
  if (!loaded.problem) return;
  if (loaded.problem->kind == ProblemKind::file) {
    return annotate({.file = loaded.file, .title = "windtunnel: file error", .message = loaded.problem->text});
  }
  for (const scenarios::Diagnostic& diagnostic : loaded.errors) {
    if (diagnostic.severity != scenarios::Diagnostic::Severity::error) continue;
    const bool in_set = diagnostic.file.starts_with("--set");
    reports::Annotation annotation{in_set ? loaded.file : diagnostic.file,
                                   in_set ? 0 : diagnostic.line,
                                   in_set ? 0 : diagnostic.column,
                                   "windtunnel: scenario invalid",
                                   {}};
    annotation.message = (diagnostic.pointer.empty() ? "" : diagnostic.pointer + ": ") + diagnostic.message;
    if (in_set) annotation.message = diagnostic.file + ": " + annotation.message;
    if (!diagnostic.help.empty()) annotation.message += "\n" + diagnostic.help;
    annotate(std::move(annotation));
  }
}

void GithubActions::add(reports::JobSummary::Row row) {
  if (!wants_rows()) return;
  summary_.add(std::move(row));
  has_rows_ = true;
}

std::optional<Problem> GithubActions::finish() {
  if (settings_.annotates) settings_.print(limit_.closing());
  if (!wants_rows()) return std::nullopt;
  // Other steps write to the same file, so it is appended to.
  const bool has_table = has_rows_ || sections_.empty();
  const std::string text = (has_table ? summary_.markdown() : std::string{}) + sections_;
  std::FILE* file = std::fopen(settings_.summary_file.c_str(), "a");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (written) return std::nullopt;
  return Problem{ProblemKind::file,
                 settings_.summary_file + " (GITHUB_STEP_SUMMARY): cannot append: " + std::strerror(errno)};
}

}  // namespace windtunnel::runs
