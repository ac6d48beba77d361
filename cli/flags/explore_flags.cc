#include "cli/flags/flags.h"
#include "cli/verbs/explore_verb.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kExploreFooter =
    "Examples:\n"
    "  windtunnel explore outage.json --seeds 1..10000 --jobs 2\n"
    "  windtunnel explore outage.json --swarm --time 60s --out found\n"
    "  windtunnel explore outage.json --swarm --seeds 1..20000 --set explore.keep='[\"circuit_breaker\"]'\n"
    "\n"
    "Looks for the first seed that breaks an invariant, liveness or a threshold. With --swarm each seed has a world "
    "of\n"
    "its own: faults, load and every setting are drawn, within the ranges of the file's explore block. What fails is\n"
    "shrunk to a scenario file from which nothing more can go. The answer does not depend on --jobs. With --out a "
    "search\n"
    "that was stopped or killed goes on where it was. Speed and progress go to stderr.";

Duration parse_time(const std::string& text) {
  const scenarios::ExactNumber parsed = scenarios::exact_duration(text);
  if (parsed.problem == scenarios::NumberProblem::none && parsed.value > 0) return Duration{parsed.value};
  throw CLI::ValidationError("--time", "'" + text + "' is not a duration such as 60s or 5m");
}

}  // namespace

std::unique_ptr<Verb> add_explore(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ExploreArguments>>(&cli::explore);
  ExploreArguments& explore = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("explore", "Search seeds for one that fails, and shrink it");
  verb.footer(kExploreFooter);
  verb.add_option("FILE", explore.request.file, "Scenario file")->required()->type_name("");
  add_seeds(verb, explore.request.seeds, "The seeds to look at [1..1000]");
  verb.add_option_function<std::string>(
          "--time", [&explore](const std::string& text) { explore.request.time = parse_time(text); },
          "As many seeds as this time allows, from 1 on")
      ->type_name("T")
      ->excludes("--seeds");
  add_jobs(verb, explore.request.jobs);
  verb.add_flag("--swarm", explore.request.swarm, "Draw faults, load and settings for each seed");
  add_memory(verb, explore.request.memory_max);
  add_sets(verb, explore.request.sets);
  add_checks(verb, explore.request.checks);
  verb.add_option("--out", explore.request.out, "Write what is found and the progress there, and go on from it")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  add_word<Format>(verb, "--format", explore.format, {{"text", Format::text}, {"json", Format::json}},
                   "What stdout gets")
      ->envname("WINDTUNNEL_FORMAT")
      ->type_name("text|json");
  add_require_claims(verb, explore.claims_required);
  verb.add_flag("--quiet,-q", explore.quiet, "Print nothing if nothing fails");
  verb.callback([&explore] { check_names(explore.request.checks); });
  return verb_of;
}

}  // namespace windtunnel::cli
