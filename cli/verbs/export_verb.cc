#include "cli/verbs/export_verb.h"

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"

namespace windtunnel::cli {

ExitCode export_run(const ExportArguments& arguments) {
  const runs::ExportDone done = runs::export_run(arguments.request, [](const std::string& text) { complain(text); });
  if (done.problem) return complain(*done.problem);
  ExitCode code = ExitCode::pass;
  for (const reports::AlertFinding& finding : done.findings)
    code = worst(code, exit_code_of(finding.verdict, ExitCode::threshold, false));
  return print(arguments.format == Format::json ? done.json : done.text) ? code : worst(code, ExitCode::file_error);
}

}  // namespace windtunnel::cli
