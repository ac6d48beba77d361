#include "cli/verbs/report_verb.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/export/page_job.h"

namespace windtunnel::cli {

ExitCode report(const ReportArguments& arguments) {
  if (!can_write_html(true)) return ExitCode::usage;
  const std::string output = arguments.output.empty()
                                 ? (std::filesystem::path(arguments.directory) / "report.html").string()
                                 : arguments.output;
  if (const auto problem = runs::write_page(arguments.directory, output)) return complain(*problem);
  return print(fmt::format("{}: written\n", output)) ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
