#include "runs/run/run_job.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <new>

#include "reports/run/ab_table.h"
#include "reports/run/run_summary.h"
#include "runs/processes/breaker_process.h"
#include "runs/run/reported_run.h"
#include "runs/run/run_files.h"
#include "sim/checks/claims/run_notes.h"
#include "sim/world/world.h"

namespace windtunnel::runs {
namespace {

// Reports how far a run has come.
class ProgressObserver final {
 public:
  explicit ProgressObserver(const RunJob& job) : job_(job) {}

  void on(const sim::ScheduledDone& event) {
    if (++events_ % 4096 != 0) return;
    const auto whole = static_cast<double>(job_.scenario->duration.count());
    job_.progress(static_cast<double>(event.at.time_since_epoch().count()) / whole, events_);
  }

 private:
  const RunJob& job_;
  std::uint64_t events_ = 0;
};

CutShort cut_short_of(const RunJob& job, const sim::RunResult& result, const RunFiles& files) {
  if (job.stop != nullptr && job.stop->load() && result.stopped) return CutShort::interrupted;
  return files.wants_stop() ? CutShort::by_full_file : CutShort::no;
}

RunDone judged(const RunJob& job) {
  RunFiles files{job};
  sim::Judge judge{*job.scenario, job.checks};
  std::vector<sim::Observer> observers{&judge};
  files.add_to(observers);
  std::optional<reports::AbSamples> samples;
  if (const auto& variants = job.scenario->monitor.ab_router.variants; !variants.empty()) {
    observers.push_back(&samples.emplace(variants.size()));
  }
  sim::RunNotes notes{*job.scenario};
  observers.push_back(&notes);
  ProgressObserver recorder{job};
  if (job.progress) observers.push_back(&recorder);
  const ScenarioBreakers breakers{*job.scenario, job.stop};
  const auto began = std::chrono::steady_clock::now();
  const sim::RunResult result = sim::run(
      *job.scenario,
      {.seed = job.seed, .until = job.until, .observers = observers, .breakers = breakers.all(), .stop = job.stop});
  if (job.ended) job.ended();
  const auto wall = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  sim::Judgement judgement = judge.judge(result);
  judgement.notes = notes.notes(result.faults);
  const CutShort cut_short = cut_short_of(job, result, files);
  const reports::RunSummary summary = reports::run_summary({.scenario = *job.scenario,
                                                            .result = result,
                                                            .judgement = judgement,
                                                            .replay = job.replay,
                                                            .build = reports::this_build(job.version),
                                                            .wall = wall,
                                                            .samples = samples ? &*samples : nullptr});
  // Two more runs, compared event by event.
  std::optional<sim::Divergence> divergence;
  if (job.verify_determinism && cut_short == CutShort::no) {
    const sim::RunOptions options{.seed = job.seed, .until = job.until, .breakers = breakers.all()};
    divergence = sim::first_divergence(*job.scenario, options, options);
  }
  return reported({.job = job,
                   .result = result,
                   .judgement = judgement,
                   .summary = summary,
                   .cut_short = cut_short,
                   .divergence = std::move(divergence)},
                  files);
}

RunDone failed(ProblemKind kind, std::string text) {
  RunDone done;
  done.problem = Problem{kind, std::move(text)};
  return done;
}

}  // namespace

std::string error_of(const RunDone& done) {
  if (done.problem) return done.problem->text;
  if (!done.divergence) return done.difference;
  return done.difference +
         fmt::format("not deterministic: two runs differ first in event {}\n  the first run:\n{}  the second run:\n{}",
                     done.divergence->event, done.divergence->first, done.divergence->second);
}

std::string summary_of(const RunDone& done, bool as_json) {
  if (as_json) return done.summary_json;
  if (done.cut_short == CutShort::no) return done.summary_text;
  const bool interrupted = done.cut_short == CutShort::interrupted;
  return done.summary_text + fmt::format("{} at {:.3f} s of virtual time; files are marked .partial.\n",
                                         interrupted ? "Interrupted" : "Stopped by a file that takes no more",
                                         static_cast<double>(done.ended.time_since_epoch().count()) / 1e9);
}

std::string line_of(const RunJob& job, const RunDone& done, const std::string& verdict, bool passed) {
  std::string line =
      fmt::format("{:<20} {} seed {} digest {:016x}\n", verdict, job.scenario->file, job.seed, done.digest);
  if (passed && done.judgement.verdict == sim::Verdict::nothing_claimed) {
    line += "  answered: " + done.answered + "\n";
    for (const std::string& note : done.judgement.notes) line += "  note: " + note + "\n";
  }
  if (passed) return line;
  for (const std::string& finding : done.failures) line += "  " + finding + "\n";
  return line + "  replay: " + job.replay + "\n";
}

RunDone perform(const RunJob& job) {
  try {
    return judged(job);
  } catch (const reports::ReportError& error) {
    return failed(ProblemKind::file, error.what());
  } catch (const ProblemError& error) {
    return failed(error.problem().kind, error.problem().text);
  } catch (const std::bad_alloc&) {
    return failed(ProblemKind::internal, "out of memory: fewer jobs, a shorter run or a smaller scenario need less");
  } catch (const std::exception& error) {
    // A thread of its own has no other place that catches it.
    return failed(ProblemKind::internal, std::string("internal error: ") + error.what());
  }
}

}  // namespace windtunnel::runs
