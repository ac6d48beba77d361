#include "runs/ci/command_reports.h"

#include <filesystem>

#include "reports/ci/junit.h"
#include "runs/shell_word.h"

namespace windtunnel::runs {
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
    problems_.push_back({ProblemKind::file, error.what()});
    junit_.reset();
  }
}

CommandReports::CommandReports(CommandReportsOptions options) : options_(std::move(options)), github_(options_.github) {
  if (options_.junit.empty()) return;
  guarded([&] {
    // The JUnit file often lies in the folder of the runs' reports, which no run has made yet. A run reports what is
    // wrong with that folder.
    std::error_code error;
    if (!options_.out.empty()) std::filesystem::create_directories(options_.out, error);
    junit_ = std::make_unique<reports::OutputFile>(options_.junit);
    junit_->append(reports::junit_begin());
  });
}

void CommandReports::prepare(RunJob& job) const {
  job.wants_junit = junit_ != nullptr;
  job.keeps_junit = !junit_ || !same_file(options_.junit, std::filesystem::path(job.directory) / "junit.xml");
  job.wants_annotations = github_.wants_annotations();
}

void CommandReports::add_unloaded(const LoadedScenario& loaded, const std::string& verdict) {
  if (junit_) {
    const std::string text = loaded.problem ? loaded.problem->text : "";
    guarded([&] { junit_->append(reports::junit_error_suite(loaded.file, verdict, text)); });
  }
  github_.annotate_errors_of(loaded);
  github_.add(
      {.verdict = verdict, .scenario = loaded.file, .replay = "windtunnel validate " + shell_word(loaded.file)});
}

void CommandReports::add(const RunJob& job, const RunDone& done, const std::string& verdict, bool passed) {
  const std::string error = error_of(done);
  if (junit_) {
    guarded([&] {
      if (!done.junit.empty()) junit_->append(done.junit);
      if (!error.empty()) junit_->append(reports::junit_error_suite(job.scenario->file, verdict, error));
    });
  }
  for (const reports::Annotation& annotation : done.annotations) github_.annotate(annotation);
  if (!github_.wants_rows()) return;
  reports::JobSummary::Row row{.passed = passed,
                               .verdict = verdict,
                               .scenario = job.scenario->file,
                               .seed = std::to_string(job.seed),
                               .findings = done.failures,
                               .replay = {}};
  row.is_unclaimed = passed && done.judgement.verdict == sim::Verdict::nothing_claimed;
  if (row.is_unclaimed) row.findings = done.judgement.notes;
  if (!error.empty()) row.findings.push_back(error);
  if (!row.passed) row.replay = job.replay;
  github_.add(std::move(row));
}

void CommandReports::finish(bool interrupted) {
  if (junit_) {
    guarded([&] {
      junit_->append(reports::junit_end());
      interrupted ? junit_->flush() : junit_->finish();
    });
  }
  if (auto problem = github_.finish()) problems_.push_back(*std::move(problem));
}

}  // namespace windtunnel::runs
