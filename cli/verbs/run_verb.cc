#include "cli/verbs/run_verb.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/in_order.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "reports/html/html_bundle.h"
#include "runs/ci/command_reports.h"
#include "runs/outputs.h"
#include "runs/run/run_list.h"

namespace windtunnel::cli {
namespace {

ExitCode code_of(const runs::RunDone& done, bool claims_required) {
  const bool was_interrupted = done.cut_short == runs::CutShort::interrupted;
  ExitCode code = was_interrupted ? ExitCode::interrupted : exit_code_of(done.judgement, claims_required);
  if (done.divergence || !done.difference.empty()) code = worst(code, ExitCode::not_deterministic);
  if (done.problem) code = worst(code, exit_code_of(done.problem->kind));
  return code;
}

std::string word_of(ExitCode code) { return std::string{meaning_of(code).word}; }

// Of a run that claimed nothing its own word, unless something worse happened.
std::string word_of(const runs::RunDone& done, ExitCode code) {
  const bool is_unclaimed = done.judgement.verdict == sim::Verdict::nothing_claimed;
  return is_unclaimed && worst(code, ExitCode::inconclusive) == ExitCode::inconclusive ? "nothing claimed"
                                                                                       : word_of(code);
}

// What became of the runs of one command.
struct Done {
  ExitCode code = ExitCode::pass;
  std::uint64_t runs = 0;
};

const char* why_not_run() { return interrupted() ? "interrupted" : "--fail-fast"; }

// Performs the runs of a plan and prints them.
class Performer {
 public:
  Performer(const runs::RunPlan& plan, const RunArguments& arguments, runs::CommandReports& reports)
      : plan_(plan), arguments_(arguments), reports_(reports), color_(wants_color(arguments.color)) {}

  Done one() {
    Progress progress{arguments_.quiet};
    runs::RunJob job = job_of(0);
    if (progress.enabled()) {
      job.progress = [&](double share, std::uint64_t events) {
        if (progress.due()) progress.show(fmt::format("{:3.0f} %  {} events", 100 * share, events));
      };
    }
    const runs::RunDone done = arguments_.perform(job);
    progress.clear();
    const ExitCode code = report(job, done);
    const bool silent = arguments_.quiet && word_of(done, code) == "pass" && arguments_.format == Format::text;
    const std::string text = summary_of(done, arguments_.format == Format::json);
    return {silent || text.empty() || print(text) ? code : worst(code, ExitCode::file_error), 1};
  }

  Done many() {
    Progress progress{arguments_.quiet};
    // With --fail-fast no run is started once one was not a pass; those under way are finished and reported too.
    InOrder<runs::RunDone> results{plan_.size(), arguments_.jobs, [&](std::uint64_t place) {
                                     runs::RunDone done = arguments_.perform(job_of(place));
                                     const bool failed = arguments_.fail_fast &&
                                                         code_of(done, arguments_.claims_required) != ExitCode::pass;
                                     if (failed || interrupted()) results.give_up();
                                     return done;
                                   }};
    const bool is_json = arguments_.format == Format::json;
    runs::SummaryList list{print};
    Done done;
    bool open = true;
    while (done.runs < plan_.size() && open) {
      const std::optional<runs::RunDone> result = results.take();
      if (!result) break;
      const runs::RunJob job = job_of(done.runs++);
      progress.clear();
      const ExitCode code = report(job, *result);
      done.code = worst(done.code, code);
      ++counts_[{severity_of(code), word_of(*result, code)}];
      if (is_json) {
        open = list.add(result->summary_json);
      } else if (!arguments_.quiet || word_of(*result, code) != "pass") {
        open = print(line_of(job, *result, word_of(*result, code), code == ExitCode::pass));
      }
      if (progress.due()) progress.show(fmt::format("{} of {} runs", done.runs, plan_.size()));
    }
    if (open) open = is_json ? list.end() : print(totals());
    if (!open) done.code = worst(done.code, ExitCode::file_error);
    // Stdout holds one JSON list and nothing else.
    if (is_json && open && done.runs < plan_.size()) report_not_run(done.runs);
    return done;
  }

  void report_not_run(std::uint64_t runs) const {
    complain(fmt::format("{} of {} runs were not run: {}", plan_.size() - runs, plan_.size(), why_not_run()));
  }

 private:
  [[nodiscard]] runs::RunJob job_of(std::uint64_t place) const {
    runs::RunJob job = plan_.job(place);
    job.version = WINDTUNNEL_VERSION;
    job.color = color_;
    job.stop = &stop_requested();
    job.ended = acknowledge_interrupt;
    reports_.prepare(job);
    return job;
  }

  ExitCode report(const runs::RunJob& job, const runs::RunDone& done) {
    const ExitCode code = code_of(done, arguments_.claims_required);
    if (done.events_left_out > 0) {
      complain(fmt::format("{} events are not in {}/events.jsonl, which --events-max limits", done.events_left_out,
                           job.directory));
    }
    if (const std::string error = error_of(done); !error.empty()) complain(error);
    reports_.add(job, done, word_of(done, code), code == ExitCode::pass);
    return code;
  }

  // The line below all runs, the worst first.
  [[nodiscard]] std::string totals() const {
    std::vector<runs::VerdictCount> counts;
    for (auto row = counts_.rbegin(); row != counts_.rend(); ++row) counts.push_back({row->first.second, row->second});
    return totals_line(counts, plan_.size(), why_not_run());
  }

  const runs::RunPlan& plan_;
  const RunArguments& arguments_;
  runs::CommandReports& reports_;
  bool color_;
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> counts_;  // of runs, by severity and word
};

// An invalid scenario is not a pass, so that with --fail-fast nothing runs beside it.
Done perform_all(const runs::RunPlan& plan, const RunArguments& arguments, runs::CommandReports& reports,
                 ExitCode loaded) {
  if (plan.size() == 0) return {};
  Performer performer{plan, arguments, reports};
  if (arguments.fail_fast && loaded != ExitCode::pass) {
    performer.report_not_run(0);
    return {};
  }
  install_signal_handlers(!arguments.is_slow_to_stop);
  Done done = plan.size() == 1 && arguments.request.files.size() == 1 ? performer.one() : performer.many();
  if (interrupted() && done.runs < plan.size()) done.code = worst(done.code, ExitCode::interrupted);
  return done;
}

}  // namespace

ExitCode run(const RunArguments& arguments) {
  const runs::RunRequest& request = arguments.request;
  if (!can_write_html(request.html)) return ExitCode::usage;
  if (const auto problem = problem_with(request)) return complain(*problem);
  ExitCode code = ExitCode::pass;
  std::vector<runs::LoadedScenario> loaded;
  for (const std::string& file : request.files) {
    loaded.push_back(runs::load_scenario_with_any_breakers(file, request.sets));
    code = worst(code, report_load(loaded.back()));
  }
  const runs::RunPlan plan{request, loaded};
  if (const auto problem = plan.problem_with_outputs(arguments.junit)) return complain(*problem);
  if (const auto problem = plan.problem_with_memory(arguments.jobs)) return complain(*problem);
  runs::limit_memory(request.memory_max);
  // Each of several runs locks a folder of its own, one after the other; this lock is for all of them.
  const runs::LockedFolder folder = runs::lock_folder(plan.size() > 1 ? request.out : "");
  if (folder.problem) return complain(*folder.problem);
  runs::CommandReports reports{{.junit = arguments.junit, .out = request.out, .github = github_settings()}};
  if (const auto problems = reports.take_problems(); !problems.empty()) return worst(code, complain(problems));
  for (const runs::LoadedScenario& scenario : loaded) {
    if (scenario.problem) reports.add_unloaded(scenario, word_of(exit_code_of(scenario.problem->kind)));
  }
  const Done done = perform_all(plan, arguments, reports, code);
  // A signal that came after the last event interrupted nothing.
  const bool was_cut = interrupted() && worst(done.code, ExitCode::interrupted) == done.code;
  reports.finish(was_cut);
  code = worst(worst(code, done.code), complain(reports.take_problems()));
  if (was_cut) report_interrupt("; what was measured so far is kept, in files named .partial");
  return code;
}

}  // namespace windtunnel::cli
