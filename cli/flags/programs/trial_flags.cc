#include "cli/flags/flags.h"
#include "cli/terminal/messages.h"
#include "cli/verbs/run_verb.h"
#include "runs/trial/trial_job.h"

namespace windtunnel::cli {
namespace {

struct TrialArguments {
  RunArguments run;
  runs::TrialSettings settings;
};

ExitCode trial(const TrialArguments& arguments) {
  if (const auto problem = problem_with(arguments.settings, arguments.run.request)) return complain(*problem);
  RunArguments run = arguments.run;
  run.request.verb = "trial";
  run.request.flags = flags_of(arguments.settings);
  runs::TrialSettings settings = arguments.settings;
  settings.sets = run.request.sets;
  run.perform = [&settings](const runs::RunJob& job) { return try_gateway(settings, job); };
  run.is_slow_to_stop = true;
  return cli::run(run);
}

}  // namespace

std::unique_ptr<Verb> add_trial(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<TrialArguments>>(&trial);
  RunArguments& run = verb_of->arguments.run;
  runs::TrialSettings& settings = verb_of->arguments.settings;
  CLI::App& verb =
      *app.add_subcommand("trial", "Try a real gateway: send it the workload, serve it the providers, judge");
  add_files(verb, run.request.files);
  verb.add_option("--gateway", settings.gateway,
                  "How the gateway is started and called, instead of the scenario's own block")
      ->type_name("G.json");
  add_number(verb, "--seed", run.request.seed, {}, "Instead of the scenario's seed", "WINDTUNNEL_SEED")->type_name("N");
  add_seeds(verb, run.request.seeds, "Try once for each seed of a range")->excludes("--seed");
  add_sets(verb, run.request.sets);
  add_faults(verb, run.request.sets);
  add_word<std::optional<sim::GatewayClock>>(
      verb, "--clock", settings.clock,
      {{"real", sim::GatewayClock::real}, {"virtual", sim::GatewayClock::virtual_time}},
      "The time that passes, instead of the gateway file's [virtual]")
      ->type_name("real|virtual");
  verb.add_option("--patience", settings.patience, "Of callers, instead of the gateway's request.timeout")
      ->type_name("T");
  verb.add_flag("--verify-determinism", run.request.verify_determinism, "Try it twice, and compare all that was seen");
  verb.add_flag("--equal", settings.is_equal, "It is `windtunnel gateway`: compare each decision with the simulation");
  add_number(verb, "--predict", settings.predictions, {0, 100'000},
             "Simulations of the same file that it is held against; 0: none [40]")
      ->type_name("N");
  verb.add_flag("--fail-fast", run.fail_fast, "Start no further trial after the first that is not a pass");
  add_run_reports(verb, run);
  add_run_format(verb, run);
  add_require_claims(verb, run.claims_required);
  verb.add_flag("--quiet,-q", run.quiet, "Print nothing that passes");
  add_color(verb, run.color);
  verb.callback([&run] { check_run(run); });
  return verb_of;
}

}  // namespace windtunnel::cli
