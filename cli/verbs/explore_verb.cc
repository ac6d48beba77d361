#include "cli/verbs/explore_verb.h"

#include <fmt/format.h>

#include <utility>

#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/ci/github_reports.h"

namespace windtunnel::cli {
namespace {

ExitCode code_of(const runs::SearchDone& done, bool claims_required) {
  const auto& failure = done.exploration.failure;
  const ExitCode on_failure = failure ? exit_code_of(failure->finding.kind) : ExitCode::pass;
  const ExitCode code = exit_code_of(done.verdict, on_failure, claims_required);
  return done.interrupted ? worst(code, ExitCode::interrupted) : code;
}

runs::SearchDone search(const ExploreArguments& arguments, sim::Scenario base) {
  Progress progress{arguments.quiet};
  return runs::search({.request = arguments.request,
                       .base = std::move(base),
                       .version = WINDTUNNEL_VERSION,
                       .stop = &stop_requested(),
                       .note = [](const std::string& text) { complain(text); },
                       .due = [&] { return progress.due(); },
                       .show = [&](const std::string& line) { progress.show(line); },
                       // On stderr, where what depends on the machine belongs.
                       .searched =
                           [&](std::uint64_t seeds, std::chrono::duration<double> lasted) {
                             progress.clear();
                             if (arguments.quiet || seeds == 0) return;
                             complain(fmt::format("{} seeds in {:.1f} s, {:.0f} a second", seeds, lasted.count(),
                                                  static_cast<double>(seeds) / lasted.count()));
                           }});
}

}  // namespace

ExitCode explore(const ExploreArguments& arguments) {
  runs::LoadedScenario loaded = runs::load_scenario(arguments.request.file, arguments.request.sets);
  if (const ExitCode code = report_load(loaded); code != ExitCode::pass) return code;
  install_signal_handlers();
  runs::limit_memory(arguments.request.memory_max);
  const runs::SearchDone done = search(arguments, *std::move(loaded.scenario));
  acknowledge_interrupt();
  if (done.problem) return complain(*done.problem);
  ExitCode code = code_of(done, arguments.claims_required);
  const bool silent = arguments.quiet && code == ExitCode::pass;
  if (!silent && !print(arguments.format == Format::json ? done.json : done.text)) {
    code = worst(code, ExitCode::file_error);
  }
  if (done.interrupted) {
    report_interrupt(arguments.request.out.empty() ? "" : "; the same command goes on from here");
  }
  runs::GithubActions github{github_settings()};
  runs::add_search(github, done, arguments.request.file);
  return worst(code, complain(github.finish()));
}

}  // namespace windtunnel::cli
