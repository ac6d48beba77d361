#include "cli/verbs/compare_verb.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/ci/github_reports.h"
#include "runs/outputs.h"

namespace windtunnel::cli {
namespace {

std::string text_of(const reports::CompareSummary& summary, CompareFormat format) {
  switch (format) {
    case CompareFormat::text:
      return reports::compare_text(summary);
    case CompareFormat::json:
      return reports::compare_json(summary);
    case CompareFormat::markdown:
      return reports::compare_markdown(summary);
    case CompareFormat::csv:
      return reports::compare_csv(summary);
  }
  return {};
}

ExitCode code_of(const reports::CompareSummary& summary, bool claims_required) {
  const ExitCode code = exit_code_of(summary.verdict, ExitCode::regression, claims_required);
  return summary.interrupted ? worst(code, ExitCode::interrupted) : code;
}

runs::CompareDone perform(runs::ComparePlan plan, const CompareArguments& arguments) {
  Progress progress{arguments.quiet};
  return runs::compare(std::move(plan), arguments.request, &stop_requested(),
                       [&](std::uint64_t done, std::uint64_t of) {
                         if (progress.due()) progress.show(fmt::format("{} of {} runs", done, of));
                       });
}

}  // namespace

ExitCode compare(const CompareArguments& arguments) {
  ExitCode code = ExitCode::pass;
  std::set<std::string> warned;
  runs::ComparePlan plan = plan_comparison(
      arguments.request, [&](const runs::LoadedScenario& loaded) { code = worst(code, report_load(loaded, &warned)); });
  if (plan.problem) return complain(*plan.problem);
  if (!plan.complete) return code;
  for (const std::string& warning : plan.warnings) print_note(warning + "\n");
  const runs::LockedFolder folder = runs::lock_folder(arguments.out);
  if (folder.problem) return complain(*folder.problem);
  install_signal_handlers();
  runs::limit_memory(arguments.request.memory_max);
  const runs::CompareDone done = perform(std::move(plan), arguments);
  acknowledge_interrupt();
  const reports::CompareSummary summary = done.summary();
  code = code_of(summary, arguments.claims_required);
  const bool silent = arguments.quiet && code == ExitCode::pass;
  if (!silent && !print(text_of(summary, arguments.format))) code = worst(code, ExitCode::file_error);
  if (!arguments.out.empty()) code = worst(code, complain(runs::write_comparison(summary, arguments.out)));
  if (summary.interrupted) {
    report_interrupt(
        fmt::format("; what was measured of {} of {} pairs is kept", summary.seeds.complete, summary.seeds.asked));
  }
  runs::GithubActions github{github_settings()};
  runs::add_comparison(github, summary);
  return worst(code, complain(github.finish()));
}

}  // namespace windtunnel::cli
