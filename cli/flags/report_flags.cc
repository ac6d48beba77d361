#include <filesystem>

#include "base/visible_text.h"
#include "cli/flags/flags.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/export/page_job.h"

namespace windtunnel::cli {
namespace {

struct ReportArguments {
  std::string directory;  // with summary.json and timeline.json, or with forecast.json
  std::string output;     // empty: report.html in `directory`
};

ExitCode make_page(const ReportArguments& arguments) {
  if (!can_write_html(true)) return ExitCode::usage;
  const std::string output = arguments.output.empty()
                                 ? (std::filesystem::path(arguments.directory) / "report.html").string()
                                 : arguments.output;
  if (const auto problem = runs::write_page(arguments.directory, output)) return complain(*problem);
  return print(visible_text(output) + ": written\n") ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace

std::unique_ptr<Verb> add_report(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ReportArguments>>(&make_page);
  ReportArguments& report = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("report", "Make an HTML page of the reports in a folder");
  verb.add_option("DIR", report.directory, "What run --out or forecast --out wrote")->required()->type_name("");
  verb.add_option("--output", report.output, "Instead of DIR/report.html")->type_name("F");
  return verb_of;
}

}  // namespace windtunnel::cli
