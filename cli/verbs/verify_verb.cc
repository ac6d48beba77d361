#include "cli/verbs/verify_verb.h"

#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"

namespace windtunnel::cli {
namespace {

ExitCode exit_code_of(runs::VerifyVerdict verdict) {
  switch (verdict) {
    case runs::VerifyVerdict::held:
      return ExitCode::pass;
    case runs::VerifyVerdict::failed:
      return ExitCode::invariant_violated;
    case runs::VerifyVerdict::supports_nothing:
      return ExitCode::inconclusive;
  }
  return ExitCode::internal_error;
}

}  // namespace

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
  code = worst(code, exit_code_of(done.verdict));
  if (done.stopped) code = worst(code, report_interrupt());
  return worst(code, complain(done.problems));
}

}  // namespace windtunnel::cli
