#include "cli/command_reports.h"

#include <cstdio>
#include <filesystem>

#include "reports/ci/junit.h"

namespace windtunnel::cli {
namespace {

// However they are spelled, and before there is any.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  return std::filesystem::weakly_canonical(a, error) == std::filesystem::weakly_canonical(b, error);
}

}  // namespace

// After a failure the file takes nothing more and the runs go on: their own reports are not lost with it.
template <class Action>
void CommandReports::guarded(Action action) {
  try {
    action();
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    code_ = worst(code_, ExitCode::file_error);
    junit_.reset();
  }
}

CommandReports::CommandReports(const RunArguments& arguments) : arguments_(arguments) {
  if (arguments.junit.empty()) return;
  guarded([&] {
    // --junit often lies in the folder of --out, which no run has made yet; what is wrong with it the runs will say.
    std::error_code error;
    if (!arguments.out.empty()) std::filesystem::create_directories(arguments.out, error);
    junit_ = std::make_unique<reports::OutputFile>(arguments.junit);
    junit_->append(reports::junit_begin());
  });
}

void CommandReports::prepare(OneRun& one) const {
  one.wants_junit = junit_ != nullptr;
  one.keeps_junit = !junit_ || !same_file(arguments_.junit, std::filesystem::path(one.directory) / "junit.xml");
  one.wants_annotations = github_.wants_annotations();
}

void CommandReports::add_unloaded(const std::string& file, ExitCode code) {
  const std::string word{meaning_of(code).word};
  if (junit_) {
    const std::string problem = load_problem(file, arguments_.sets);
    guarded([&] { junit_->append(reports::junit_error_suite(file, word, problem)); });
  }
  github_.annotate_errors_of(file, arguments_.sets);
  github_.add({.verdict = word, .scenario = file, .replay = "windtunnel validate " + shell_word(file)});
}

void CommandReports::add(const OneRun& one, const OneResult& result) {
  if (junit_) {
    guarded([&] {
      if (!result.junit.empty()) junit_->append(result.junit);
      if (!result.error.empty()) {
        junit_->append(reports::junit_error_suite(one.scenario->file, meaning_of(result.code).word, result.error));
      }
    });
  }
  for (const reports::Annotation& annotation : result.annotations) github_.annotate(annotation);
  if (!github_.wants_rows()) return;
  reports::JobSummary::Row row{.passed = result.code == ExitCode::pass,
                               .verdict = std::string{meaning_of(result.code).word},
                               .scenario = one.scenario->file,
                               .seed = std::to_string(one.seed),
                               .findings = result.failures,
                               .replay = {}};
  if (!result.error.empty()) row.findings.push_back(result.error);
  if (!row.passed) row.replay = one.replay;
  github_.add(std::move(row));
}

void CommandReports::finish(bool interrupted) {
  if (junit_) {
    guarded([&] {
      junit_->append(reports::junit_end());
      interrupted ? junit_->flush() : junit_->finish();
    });
  }
  code_ = worst(code_, github_.finish());
}

}  // namespace windtunnel::cli
