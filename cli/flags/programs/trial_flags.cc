#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/trial/trial_job.h"

namespace windtunnel::cli {
namespace {

struct TrialArguments {
  runs::TrialRequest request;
  bool json = false;
};

ExitCode trial(const TrialArguments& arguments) {
  install_signal_handlers(false);
  const runs::TrialDone done =
      runs::try_gateway({.request = arguments.request, .stop = &stop_requested(), .note = [](const std::string& text) {
                           complain(text);
                         }});
  if (done.problem) return complain(*done.problem);
  const ExitCode code = print(arguments.json ? done.json : done.text) ? ExitCode::pass : ExitCode::file_error;
  const ExitCode same = done.difference.empty() ? ExitCode::pass : ExitCode::not_deterministic;
  const ExitCode judged = worst(worst(code, same), exit_code_of(done.judgement, false));
  return done.interrupted ? worst(judged, report_interrupt()) : judged;
}

}  // namespace

std::unique_ptr<Verb> add_trial(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<TrialArguments>>(&trial);
  runs::TrialRequest& request = verb_of->arguments.request;
  CLI::App& verb =
      *app.add_subcommand("trial", "Try a real gateway: send it the workload, serve it the providers, judge");
  verb.footer(runs::footer_of("trial"));
  verb.add_option("FILE", request.file, "A scenario file")->required()->type_name("");
  verb.add_option("--gateway", request.gateway, "How the gateway is started and called")
      ->required()
      ->type_name("G.json");
  add_sets(verb, request.sets);
  add_number(verb, "--seed", request.seed, {}, "Instead of the scenario's", "WINDTUNNEL_SEED")->type_name("N");
  verb.add_option("--out", request.out, "Keep trial.json, ledger.jsonl and gateway.log there")->type_name("DIR");
  add_word<bool>(verb, "--clock", request.is_virtual, {{"real", false}, {"virtual", true}},
                 "The time that passes [real]")
      ->type_name("real|virtual");
  verb.add_flag("--verify-determinism", request.twice, "Try it twice, and compare all that was seen");
  add_word<bool>(verb, "--format", verb_of->arguments.json, {{"text", false}, {"json", true}}, "Of what stdout gets")
      ->type_name("text|json");
  return verb_of;
}

}  // namespace windtunnel::cli
