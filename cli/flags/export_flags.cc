#include "cli/flags/flags.h"
#include "cli/terminal/command_options.h"
#include "cli/terminal/console.h"
#include "cli/terminal/messages.h"
#include "runs/export/export_job.h"

namespace windtunnel::cli {
namespace {

struct ExportArguments {
  runs::ExportRequest request;
  Format format = Format::text;
};

ExitCode export_run(const ExportArguments& arguments) {
  const runs::ExportDone done = runs::export_run(arguments.request, [](const std::string& text) { complain(text); });
  if (done.problem) return complain(*done.problem);
  ExitCode code = ExitCode::pass;
  for (const reports::AlertFinding& finding : done.findings)
    code = worst(code, exit_code_of(finding.verdict, ExitCode::threshold, false));
  return print(arguments.format == Format::json ? done.json : done.text) ? code : worst(code, ExitCode::file_error);
}

CLI::App& add_format(CLI::App& verb, ExportArguments& arguments, runs::ExportRequest::To to, const char* name,
                     const char* doc, const char* file) {
  CLI::App& format = *verb.add_subcommand(name, doc);
  format.add_option("DIR", arguments.request.directory, "What run --out wrote for one run")->required()->type_name("");
  format.add_option("--out", arguments.request.out, std::string("The file to write, instead of ") + file)
      ->type_name("F");
  format.callback([&arguments, to] { arguments.request.to = to; });
  return format;
}

void add_scrapes(CLI::App& format, ExportArguments& arguments, const char* doc) {
  format.add_option("--interval", arguments.request.interval, doc)->type_name("T");
  format.add_option("--label", arguments.request.labels, "Add a label to every metric")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

}  // namespace

std::unique_ptr<Verb> add_export(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ExportArguments>>(&export_run);
  ExportArguments& arguments = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("export", "Hand a finished run to Prometheus, its rule tests, or a spreadsheet");
  verb.require_subcommand(1);
  using To = runs::ExportRequest::To;
  CLI::App& openmetrics = add_format(verb, arguments, To::openmetrics, "openmetrics",
                                     "Every metric with timestamps, for Prometheus", "DIR/openmetrics.txt");
  add_scrapes(openmetrics, arguments, "Time between two samples, a multiple of the run's step [the step]");
  CLI::App& promtest = add_format(verb, arguments, To::promtest, "promtest", "Try alert rules on the run by promtool",
                                  "DIR/promtest.json");
  add_scrapes(promtest, arguments, "Time between two scrapes and evaluations [15s, or the run's step if it is wider]");
  promtest.add_option("--rules", arguments.request.rules, "A file of Prometheus alert rules")
      ->required()
      ->type_name("F")
      ->allow_extra_args(false);
  promtest
      .add_option("--expect", arguments.request.expectations,
                  "What must come of it: 'ALERT within 60s of FAULT', 'ALERT never'")
      ->type_name("CLAIM")
      ->allow_extra_args(false);
  add_word<Format>(promtest, "--format", arguments.format, {{"text", Format::text}, {"json", Format::json}},
                   "What stdout gets")
      ->type_name("text|json");
  add_format(verb, arguments, To::csv, "csv", "The run over time, one row per step", "DIR/timeline.csv");
  return verb_of;
}

}  // namespace windtunnel::cli
