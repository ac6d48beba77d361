#include "cli/verbs/init_verb.h"

#include <fmt/format.h>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "reports/telemetry/fit_report.h"
#include "runs/new_file.h"
#include "runs/shell_word.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/starter.h"
#include "scenarios/writer.h"

namespace windtunnel::cli {
namespace {

ExitCode write(const std::string& file, std::string_view text, const char* next) {
  if (const auto problem = runs::write_new_file(file, text)) return complain(*problem);
  const bool said = print(fmt::format("{} written. Now: windtunnel {} {}\n", file, next, runs::shell_word(file)));
  return said ? ExitCode::pass : ExitCode::file_error;
}

// The figures of the fit go to stdout; the scenario is written if there is one.
ExitCode init_from_log(const InitArguments& arguments) {
  try {
    const reports::FittedLog log = reports::read_fit(arguments.from_telemetry);
    if (!print(reports::fit_text(log))) return ExitCode::file_error;
    if (log.fit.problem) return complain({runs::ProblemKind::no_data, log.file + ": " + *log.fit.problem});
    const std::string text = scenarios::write_scenario(log.fit.scenario);
    // A fit that is no valid scenario is our mistake, and no file is better than one that cannot be run.
    (void)scenarios::read_scenario_text(text, arguments.file, {});
    return write(arguments.file, text, "forecast");
  } catch (const reports::ReportError& error) {
    complain(error.what());
    return ExitCode::file_error;
  } catch (const scenarios::ScenarioError& error) {
    complain(std::string("what was fitted is no valid scenario, and nothing was written:\n") + error.what());
    return ExitCode::internal_error;
  }
}

}  // namespace

ExitCode init(const InitArguments& arguments) {
  if (!arguments.from_telemetry.empty()) return init_from_log(arguments);
  return write(arguments.file, scenarios::starter_scenario(), "run");
}

}  // namespace windtunnel::cli
