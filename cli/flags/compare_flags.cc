#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "cli/flags/flags.h"
#include "cli/terminal/command_options.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/ci/github_reports.h"
#include "runs/compare/compare_job.h"
#include "runs/outputs.h"
#include "runs/trial/gateway_comparison.h"

namespace windtunnel::cli {
namespace {

enum class CompareFormat : std::uint8_t { text, json, markdown, csv };

struct CompareArguments {
  runs::CompareRequest request;
  std::string out;  // empty: no files
  CompareFormat format = CompareFormat::text;
  bool claims_required = false;
  bool quiet = false;
  std::vector<std::string> gateways;  // if any: these are compared
  std::optional<sim::GatewayClock> clock;
};

ExitCode compare_programs(const CompareArguments& arguments) {
  install_signal_handlers(false);
  const runs::GatewayComparisonDone done = runs::compare_gateways({.file = arguments.request.files.front(),
                                                                   .sets = arguments.request.sets,
                                                                   .gateways = arguments.gateways,
                                                                   .seeds = arguments.request.seeds,
                                                                   .clock = arguments.clock,
                                                                   .stop = &stop_requested()});
  if (done.problem) return complain(*done.problem);
  ExitCode code = print(done.text) ? ExitCode::pass : ExitCode::file_error;
  for (const sim::Judgement& judgement : done.judgements) code = worst(code, exit_code_of(judgement, false));
  return interrupted() ? worst(code, report_interrupt()) : code;
}

std::string comparison_text(const reports::CompareSummary& summary, CompareFormat format) {
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

ExitCode code_of_comparison(const reports::CompareSummary& summary, bool claims_required) {
  const ExitCode code = exit_code_of(summary.verdict, ExitCode::regression, claims_required);
  return summary.interrupted ? worst(code, ExitCode::interrupted) : code;
}

runs::CompareDone make_comparison(runs::ComparePlan plan, const CompareArguments& arguments) {
  Progress progress{arguments.quiet};
  return runs::compare(std::move(plan), arguments.request, &stop_requested(),
                       [&](std::uint64_t done, std::uint64_t of) {
                         if (progress.due()) progress.show(fmt::format("{} of {} runs", done, of));
                       });
}

ExitCode compare(const CompareArguments& arguments) {
  if (!arguments.gateways.empty()) return compare_programs(arguments);
  ExitCode code = ExitCode::pass;
  std::set<std::string> warned;
  runs::ComparePlan plan = plan_comparison(
      arguments.request, [&](const runs::LoadedScenario& loaded) { code = worst(code, report_load(loaded, &warned)); });
  if (plan.problem) return complain(*plan.problem);
  if (!plan.complete) return code;
  for (const std::string& warning : plan.warnings) print_message(warning);
  if (const auto problem = problem_with_outputs(plan, arguments.out)) return complain(*problem);
  const runs::LockedFolder folder = runs::lock_folder(arguments.out);
  if (folder.problem) return complain(*folder.problem);
  install_signal_handlers();
  runs::limit_memory(arguments.request.memory_max);
  const runs::CompareDone done = make_comparison(std::move(plan), arguments);
  acknowledge_interrupt();
  const reports::CompareSummary summary = done.summary();
  code = code_of_comparison(summary, arguments.claims_required);
  const bool silent = arguments.quiet && code == ExitCode::pass;
  if (!silent && !print(comparison_text(summary, arguments.format))) code = worst(code, ExitCode::file_error);
  if (!arguments.out.empty()) code = worst(code, complain(runs::write_comparison(summary, arguments.out)));
  if (summary.interrupted) {
    report_interrupt(
        fmt::format("; what was measured of {} of {} pairs is kept", summary.seeds.complete, summary.seeds.asked));
  }
  runs::GithubActions github{github_settings()};
  runs::add_comparison(github, summary);
  return worst(code, complain(github.finish()));
}

// Ends the command line with what is wrong, if anything is.
void expect_none(const std::optional<std::string>& problem) {
  if (problem) throw UsageError(*problem);
}

}  // namespace

std::unique_ptr<Verb> add_compare(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<CompareArguments>>(&compare);
  CompareArguments& compare = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("compare", "Compare variations of a scenario on common random numbers");
  add_files(verb, compare.request.files);
  using Texts = std::vector<std::string>;
  verb.add_option_function<Texts>(
          "--vary", [&compare](const Texts& texts) { expect_none(read_varied(texts, compare.request)); },
          "One variation for each value, several --vary: each with each; preset=all is every breaker preset")
      ->type_name("PATH=V1,V2,...")
      ->allow_extra_args(false);
  verb.add_option("--gateways", compare.gateways,
                  "Compare gateways by trials of the first file; simulated: its simulation")
      ->delimiter(',')
      ->type_name("simulated,G.json,...");
  add_word<std::optional<sim::GatewayClock>>(
      verb, "--clock", compare.clock, {{"real", sim::GatewayClock::real}, {"virtual", sim::GatewayClock::virtual_time}},
      "Of these trials, instead of the gateway file's [virtual]")
      ->type_name("real|virtual");
  add_sets(verb, compare.request.sets);
  add_faults(verb, compare.request.sets);
  CLI::Option* seeds =
      add_seeds(verb, compare.request.seeds, "Seeds of each variation [20 from the first scenario's own on]");
  CLI::Option* forecast = verb.add_flag("--forecast", compare.request.of_forecasts,
                                        "Compare forecasts: cost, P(exceed), refusals, p95 over the horizon")
                              ->excludes(seeds);
  verb.add_option("--horizon", compare.request.horizon, "How far the forecasts look")
      ->needs(forecast)
      ->capture_default_str()
      ->type_name("T");
  add_number(verb, "--replications", compare.request.replications, {2, 1'000'000}, "Of each forecast")
      ->needs(forecast)
      ->default_str(std::to_string(compare.request.replications))
      ->type_name("R");
  add_jobs(verb, compare.request.jobs);
  add_memory(verb, compare.request.memory_max);
  verb.add_option_function<Texts>(
          "--max-regression", [&compare](const Texts& texts) { expect_none(read_rules(texts, compare.request)); },
          "Exit 15 if a variation is worse than the first beyond this bound")
      ->type_name("METRIC<=BOUND")
      ->allow_extra_args(false);
  add_checks(verb, compare.request.checks);
  verb.add_option("--out", compare.out, "Write compare.txt, .json, .md, .csv and compare_runs.csv there")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  add_word<CompareFormat>(verb, "--format", compare.format,
                          {{"text", CompareFormat::text},
                           {"json", CompareFormat::json},
                           {"markdown", CompareFormat::markdown},
                           {"csv", CompareFormat::csv}},
                          "What stdout gets")
      ->envname("WINDTUNNEL_FORMAT")
      ->type_name("text|json|markdown|csv");
  add_require_claims(verb, compare.claims_required);
  verb.add_flag("--quiet,-q", compare.quiet, "Print nothing if nothing is wrong");
  verb.callback([&compare] {
    if (!compare.gateways.empty()) return;
    expect_none(problem_with(compare.request));
    check_names(compare.request.checks);
  });
  return verb_of;
}

}  // namespace windtunnel::cli
