#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/doctor/doctor_job.h"

namespace windtunnel::cli {
namespace {

ExitCode doctor(const runs::DoctorRequest& request) {
  const runs::DoctorDone done =
      runs::diagnose({.request = request, .stop = &stop_requested(), .starts = [] { install_signal_handlers(); }});
  acknowledge_interrupt();
  if (done.problem) return complain(*done.problem);
  if (!print(done.text)) return ExitCode::file_error;
  if (done.stopped) return report_interrupt();
  return done.holds ? ExitCode::pass : ExitCode::inconclusive;
}

}  // namespace

std::unique_ptr<Verb> add_doctor(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<runs::DoctorRequest>>(&doctor);
  runs::DoctorRequest& request = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("doctor", "Try whether a program lives in virtual time");
  verb.add_option("COMMAND", request.command, "The program and its arguments, after --")->required()->type_name("");
  verb.add_option("--until", request.until, "End it after this much virtual time")
      ->capture_default_str()
      ->type_name("T");
  verb.add_option("--within", request.within, "End it after this much real time")
      ->capture_default_str()
      ->type_name("T");
  add_number(verb, "--seed", request.seed, {}, "The seed of its random bytes", "WINDTUNNEL_SEED")
      ->default_str(std::to_string(request.seed))
      ->type_name("N");
  add_word<bool>(verb, "--entropy", request.real_entropy, {{"seed", false}, {"real", true}}, "Its random bytes")
      ->type_name("seed|real");
  add_word<bool>(verb, "--format", request.json, {{"text", false}, {"json", true}}, "Of the report")
      ->type_name("text|json");
  return verb_of;
}

}  // namespace windtunnel::cli
