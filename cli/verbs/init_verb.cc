#include "cli/verbs/init_verb.h"

#include <fmt/format.h>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/new_file.h"
#include "runs/scenario_source.h"
#include "runs/shell_word.h"
#include "scenarios/starter.h"

namespace windtunnel::cli {
namespace {

ExitCode write(const std::string& file, std::string_view text, const char* next) {
  if (const auto problem = runs::write_new_file(file, text)) return complain(*problem);
  const bool output = print(fmt::format("{} written. Now: windtunnel {} {}\n", file, next, runs::shell_word(file)));
  return output ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace

ExitCode init(const InitArguments& arguments) {
  if (arguments.from_telemetry.empty()) return write(arguments.file, scenarios::starter_scenario(), "run");
  const runs::FittedScenario fitted = runs::fit_scenario(arguments.from_telemetry, arguments.file);
  if (!fitted.figures.empty() && !print(fitted.figures)) return ExitCode::file_error;
  if (fitted.problem) return complain(*fitted.problem);
  return write(arguments.file, fitted.text, "forecast");
}

}  // namespace windtunnel::cli
