#include "runs/run/reported_run.h"

#include <fmt/format.h>

#include "reports/ci/junit.h"

namespace windtunnel::runs {
namespace {

std::vector<std::string> failures_of(const reports::RunSummary& summary) {
  std::vector<std::string> lines;
  for (const sim::Finding& finding : summary.findings) {
    if (finding.verdict == sim::Verdict::pass) continue;
    lines.push_back(
        fmt::format("{} {}: {}: {}", name_of(finding.verdict), name_of(finding.kind), finding.claim, finding.reason));
  }
  return lines;
}

// All but the files.
RunDone done_of(const RunOutcome& outcome) {
  const RunJob& job = outcome.job;
  RunDone done;
  done.judgement = outcome.judgement;
  done.ended = outcome.result.ended;
  done.cut_short = outcome.cut_short;
  done.divergence = outcome.divergence;
  done.digest = outcome.summary.digest;
  done.failures = failures_of(outcome.summary);
  done.answered = reports::answered_text(outcome.summary);
  if (done.divergence) {
    done.failures.push_back(fmt::format("two runs differ first in event {}", done.divergence->event));
  }
  done.summary_json = reports::summary_json(outcome.summary);
  done.summary_text = reports::summary_text(outcome.summary);
  if (job.wants_annotations) done.annotations = reports::annotations_of(outcome.summary);
  if (job.wants_junit || !job.directory.empty()) {
    done.junit = reports::junit_suite(outcome.summary, outcome.cut_short == CutShort::interrupted);
  }
  return done;
}

}  // namespace

RunDone reported(const RunOutcome& outcome, RunFiles& files) {
  const RunJob& job = outcome.job;
  RunDone done = done_of(outcome);
  done.events_left_out = files.events_left_out();
  const std::string junit = reports::junit_begin() + done.junit + reports::junit_end();
  if (!job.wants_junit) done.junit.clear();
  try {
    files.finish(outcome.result, outcome.summary, {done.summary_text, done.summary_json, junit},
                 outcome.cut_short != CutShort::no);
  } catch (const reports::ReportError& error) {
    done.problem = Problem{ProblemKind::file, error.what()};
  }
  if (job.color) done.summary_text = reports::summary_text(outcome.summary, {.color = true});
  return done;
}

}  // namespace windtunnel::runs
