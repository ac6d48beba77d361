#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/exit_code.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/verify/verify_job.h"

namespace windtunnel::cli {
namespace {

using VerifyArguments = runs::VerifyRequest;

ExitCode code_of_verdict(runs::VerifyVerdict verdict) {
  switch (verdict) {
    case runs::VerifyVerdict::held:
      return ExitCode::pass;
    case runs::VerifyVerdict::failed:
      return ExitCode::invariant_violated;
    case runs::VerifyVerdict::shows_nothing:
      return ExitCode::inconclusive;
  }
  return ExitCode::internal_error;
}

// 0 when everything held; 10 when something did not; 13 when nothing was asked or supported; 4 when it dies,
// hangs, floods or answers nonsense, or a file cannot be read or written; 3 when a file of settings or a recorded
// history has errors; 130 after SIGINT or SIGTERM.
ExitCode verify(const VerifyArguments& arguments) {
  ExitCode code = ExitCode::pass;
  Progress progress{false};
  const runs::VerifyDone done = runs::verify({.request = arguments,
                                              .stop = &stop_requested(),
                                              .starts = [] { install_signal_handlers(); },
                                              .print =
                                                  [&](const std::string& text) {
                                                    progress.clear();
                                                    if (!print(text)) code = ExitCode::file_error;
                                                  },
                                              .due = [&] { return progress.due(); },
                                              .show = [&](const std::string& line) { progress.show(line); }});
  acknowledge_interrupt();
  progress.clear();
  code = worst(code, code_of_verdict(done.verdict));
  if (done.stopped) code = worst(code, report_interrupt());
  return worst(code, complain(done.problems));
}

}  // namespace

std::unique_ptr<Verb> add_verify(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<VerifyArguments>>(&verify);
  VerifyArguments& verify = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("verify", "Verify a circuit breaker of another program against the rules");
  verb.add_option("COMMAND", verify.command, "The program and its arguments, after --")->required()->type_name("");
  verb.add_option("--config", verify.config, "Only these settings: a file with the `config` of a reset")
      ->type_name("F.json");
  add_number(verb, "--cases", verify.cases, {1, 100'000'000}, "Histories for each of the settings")
      ->default_str(std::to_string(verify.cases))
      ->type_name("N");
  add_number(verb, "--seed", verify.seed, {}, "The seed that histories are drawn by", "WINDTUNNEL_SEED")
      ->default_str(std::to_string(verify.seed))
      ->type_name("N");
  verb.add_option("--timeout", verify.timeout, "The longest wait for one answer")
      ->capture_default_str()
      ->type_name("T");
  verb.add_option("--time-max", verify.time_max, "The longest time for all of it; what is left then is undecided")
      ->capture_default_str()
      ->type_name("T");
  verb.add_flag("--keep-going", verify.keep_going, "Go on after the first settings under which it fails");
  verb.add_option("--out", verify.out, "Keep each failing history there as lines that can be replayed")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  verb.add_option("--replay", verify.replay, "Ask a kept history once more, instead of drawing histories")
      ->excludes("--config")
      ->type_name("F.jsonl");
  return verb_of;
}

}  // namespace windtunnel::cli
