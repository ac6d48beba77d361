#include "cli/github_actions.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"

namespace windtunnel::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

GithubActions::GithubActions()
    : annotates_(environment("GITHUB_ACTIONS") == "true"),
      workspace_(environment("GITHUB_WORKSPACE")),
      summary_file_(environment("GITHUB_STEP_SUMMARY")) {}

// Annotations are placed by paths from the repository's root; ours start where we were called.
std::string GithubActions::in_repository(const std::string& file) const {
  if (workspace_.empty()) return file;
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(file, error).lexically_normal();
  if (error) return file;
  const std::string relative = whole.lexically_relative(std::filesystem::path(workspace_).lexically_normal()).string();
  return relative.empty() || relative.starts_with("..") ? file : relative;
}

void GithubActions::annotate(reports::Annotation annotation) {
  if (!annotates_) return;
  annotation.file = in_repository(annotation.file);
  std::fputs(limit_.take(annotation).c_str(), stderr);
}

void GithubActions::annotate_errors_of(const std::string& file, const std::vector<std::string>& sets) {
  if (!annotates_) return;
  try {
    (void)scenarios::read_scenario(file, sets);
  } catch (const scenarios::ScenarioError& error) {
    for (const scenarios::Diagnostic& one : error.diagnostics()) {
      if (one.severity != scenarios::Diagnostic::Severity::error) continue;
      const bool in_set = one.file.starts_with("--set");
      reports::Annotation annotation{
          in_set ? file : one.file, in_set ? 0 : one.line, in_set ? 0 : one.column, "windtunnel: scenario invalid", {}};
      annotation.message = (one.pointer.empty() ? "" : one.pointer + ": ") + one.message;
      if (in_set) annotation.message = one.file + ": " + annotation.message;
      if (!one.help.empty()) annotation.message += "\n" + one.help;
      annotate(std::move(annotation));
    }
  } catch (const scenarios::FileError& error) {
    annotate({.file = file, .title = "windtunnel: file error", .message = error.what()});
  }
}

void GithubActions::add(reports::JobSummary::Row row) {
  if (!wants_rows()) return;
  summary_.add(std::move(row));
  has_rows_ = true;
}

ExitCode GithubActions::finish() {
  if (annotates_) std::fputs(limit_.closing().c_str(), stderr);
  if (!wants_rows()) return ExitCode::pass;
  // Other steps write to the same file, so it is appended to.
  const bool has_table = has_rows_ || sections_.empty();
  const std::string text = (has_table ? summary_.markdown() : std::string{}) + sections_;
  std::FILE* file = std::fopen(summary_file_.c_str(), "a");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (written) return ExitCode::pass;
  std::fprintf(stderr, "windtunnel: %s (GITHUB_STEP_SUMMARY): cannot append: %s\n", summary_file_.c_str(),
               std::strerror(errno));
  return ExitCode::file_error;
}

std::string load_problem(const std::string& file, const std::vector<std::string>& sets) {
  try {
    (void)scenarios::read_scenario(file, sets);
  } catch (const scenarios::ScenarioError& error) {
    return error.what();
  } catch (const scenarios::FileError& error) {
    return error.what();
  }
  return {};
}

}  // namespace windtunnel::cli
