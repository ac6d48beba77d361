#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/flags/flags.h"
#include "cli/terminal/command_options.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/ci/github_reports.h"
#include "runs/flag_duration.h"
#include "runs/search/frontier_job.h"
#include "runs/search/search_job.h"

namespace windtunnel::cli {
namespace {

struct ExploreArguments {
  runs::SearchRequest request;
  std::vector<std::string> frontier;
  std::string against;
  Format format = Format::text;
  bool claims_required = false;
  bool quiet = false;
};

ExitCode code_of_search(const runs::SearchDone& done, bool claims_required) {
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

ExitCode frontier(const ExploreArguments& arguments) {
  const runs::SearchRequest& request = arguments.request;
  install_signal_handlers();
  runs::limit_memory(request.memory_max);
  Progress progress{arguments.quiet};
  const runs::FrontierDone done = runs::draw_frontier({.file = request.file,
                                                       .sets = request.sets,
                                                       .axes = arguments.frontier,
                                                       .against = arguments.against,
                                                       .seeds = request.seeds.value_or(runs::SeedRange{1, 3}),
                                                       .jobs = request.jobs,
                                                       .memory_max = request.memory_max,
                                                       .out = request.out,
                                                       .stop = &stop_requested(),
                                                       .ran = [&](std::uint64_t count) {
                                                         if (progress.due())
                                                           progress.show(fmt::format("{} runs", count));
                                                       }});
  progress.clear();
  if (done.problem) return complain(*done.problem);
  if (!print(arguments.format == Format::json ? done.json : done.text)) return ExitCode::file_error;
  return done.undecided ? ExitCode::inconclusive : ExitCode::pass;
}

ExitCode explore(const ExploreArguments& arguments) {
  if (!arguments.frontier.empty()) return frontier(arguments);
  runs::LoadedScenario loaded = runs::load_scenario(arguments.request.file, arguments.request.sets);
  if (const ExitCode code = report_load(loaded); code != ExitCode::pass) return code;
  install_signal_handlers();
  runs::limit_memory(arguments.request.memory_max);
  const runs::SearchDone done = search(arguments, *std::move(loaded.scenario));
  acknowledge_interrupt();
  if (done.problem) return complain(*done.problem);
  ExitCode code = code_of_search(done, arguments.claims_required);
  const bool silent = arguments.quiet && code == ExitCode::pass && done.verdict == sim::Verdict::pass;
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

}  // namespace

std::unique_ptr<Verb> add_explore(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ExploreArguments>>(&explore);
  ExploreArguments& explore = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("explore", "Search seeds for one that fails, and shrink it");
  verb.add_option("FILE", explore.request.file, "Scenario file")->required()->type_name("");
  add_seeds(verb, explore.request.seeds, "The seeds to look at [1..1000]");
  verb.add_option_function<std::string>(
          "--time", [&explore](const std::string& text) { explore.request.time = runs::flag_duration("--time", text); },
          "As many seeds as this time allows, from 1 on")
      ->type_name("T")
      ->excludes("--seeds");
  add_jobs(verb, explore.request.jobs);
  verb.add_flag("--swarm", explore.request.swarm, "Draw faults, load and settings for each seed");
  auto* axes = verb.add_option("--frontier", explore.frontier,
                               "Instead, draw where the claims begin to fail in one setting, or in two of them");
  axes->type_name("PATH=LOW..HIGH")->allow_extra_args(false);
  verb.add_option("--against", explore.against, "Of --frontier: the metric whose thresholds count, or liveness")
      ->needs(axes)
      ->type_name("METRIC");
  add_memory(verb, explore.request.memory_max);
  add_sets(verb, explore.request.sets);
  add_faults(verb, explore.request.sets);
  add_checks(verb, explore.request.checks);
  verb.add_option("--gateway", explore.request.gateway, "Search a real gateway in virtual time")->type_name("G.json");
  verb.add_option("--out", explore.request.out, "Write what is found and the progress there, and go on from it")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  add_word<Format>(verb, "--format", explore.format, {{"text", Format::text}, {"json", Format::json}},
                   "What stdout gets")
      ->envname("WINDTUNNEL_FORMAT")
      ->type_name("text|json");
  add_require_claims(verb, explore.claims_required);
  verb.add_flag("--quiet,-q", explore.quiet, "Print nothing that passes");
  verb.callback([&explore] { check_names(explore.request.checks); });
  return verb_of;
}

}  // namespace windtunnel::cli
