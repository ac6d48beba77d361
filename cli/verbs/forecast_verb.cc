#include "cli/verbs/forecast_verb.h"

#include <utility>

#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/forecast/forecast_files.h"
#include "runs/forecast/forecast_job.h"
#include "runs/logs/log_source.h"
#include "runs/outputs.h"
#include "runs/processes/mpi.h"

namespace windtunnel::cli {
namespace {

std::string text_of(const reports::ForecastSummary& summary, const ForecastOutput& output) {
  switch (output.format) {
    case ForecastFormat::text:
      return reports::forecast_text(summary, {.color = wants_color(output.color)});
    case ForecastFormat::json:
      return reports::forecast_json(summary);
    case ForecastFormat::csv:
      return reports::forecast_csv(summary);
  }
  return {};
}

// Prints a forecast and writes its files.
ExitCode publish(const runs::ForecastDone& done, const ForecastOutput& output) {
  const reports::ForecastSummary summary = done.summary();
  ExitCode code = exit_code_of(summary.verdict, ExitCode::threshold, output.claims_required);
  if (!output.out.empty()) {
    code = worst(code, complain(runs::write_forecast(summary, output.out, output.html, done.whole)));
  }
  const bool silent = output.quiet && done.whole && code == ExitCode::pass && output.format == ForecastFormat::text;
  return silent || print(text_of(summary, output)) ? code : worst(code, ExitCode::file_error);
}

ExitCode publish_forecast(const runs::ForecastDone& done, const ForecastOutput& output) {
  if (done.problem) return complain(*done.problem);
  const ExitCode code = publish(done, output);
  if (done.whole) {
    remove_checkpoint(done);
    return code;
  }
  return worst(code, report_interrupt(done.checkpoint.empty()
                                          ? "; with --out DIR it could be gone on with"
                                          : "; the same command goes on from " + done.checkpoint + ".partial"));
}

ExitCode perform(const ForecastArguments& arguments, const sim::Scenario& scenario, const runs::ForecastPlan& plan,
                 const sim::ForecastWorld& world, sim::ReplicationMaker& maker) {
  Progress progress{arguments.output.quiet};
  const runs::ForecastJob job{.scenario = scenario,
                              .plan = plan,
                              .world = world,
                              .maker = maker,
                              .out = arguments.output.out,
                              .headroom = arguments.request.headroom,
                              .version = WINDTUNNEL_VERSION,
                              .note = [](const std::string& text) { complain(text); },
                              .ended = acknowledge_interrupt,
                              .progress = {.due = [&] { return progress.due(); },
                                           .show = [&](const std::string& line) { progress.show(line); }}};
  if (arguments.request.shard.empty()) {
    const runs::ForecastDone done = make_forecast(job);
    progress.clear();
    return publish_forecast(done, arguments.output);
  }
  const runs::PartDone done = make_part(job);
  progress.clear();
  if (done.problem) return complain(*done.problem);
  return done.whole ? ExitCode::pass : report_interrupt("; the same command goes on from " + job.out + ".partial");
}

}  // namespace

ExitCode forecast(const ForecastArguments& arguments) {
  const runs::ForecastRequest& request = arguments.request;
  if (!can_write_html(arguments.output.html)) return ExitCode::usage;
  runs::Processes processes;
  runs::LoadedScenario loaded = request.log.file.empty() ? runs::load_scenario(request.file, request.sets)
                                                         : runs::load_fitted(request.log, request.sets, request.jobs);
  if (processes.is_first() && !arguments.output.quiet) print_note(loaded.fitted);
  if (const ExitCode code = report_load(loaded); code != ExitCode::pass) return code;
  if (const auto problem = runs::problem_with_outputs({{"--out", arguments.output.out}}, {loaded.file})) {
    return complain(*problem);
  }
  sim::Scenario scenario = *std::move(loaded.scenario);
  if (request.seed) scenario.seed = *request.seed;
  const runs::PlannedForecast planned = plan_forecast(request, scenario);
  if (planned.problem) return complain(*planned.problem);
  const sim::ForecastWorld world{scenario, planned.plan.options};
  install_signal_handlers(processes.is_first());  // the others stop when the first one has seen it
  runs::limit_memory(request.memory_max);
  if (!processes.is_first()) {
    const auto number = processes.serve(world, request.jobs, &stop_requested());
    return number ? static_cast<ExitCode>(*number) : ExitCode::scenario_invalid;
  }
  const auto maker = processes.maker(world, request.jobs, &stop_requested());
  if (!maker) {
    complain("another process of this MPI job could not read the scenario");
    return ExitCode::scenario_invalid;
  }
  const ExitCode code = perform(arguments, scenario, planned.plan, world, *maker);
  processes.dismiss(static_cast<int>(code));
  return code;
}

ExitCode merge(const MergeArguments& arguments) {
  if (!can_write_html(arguments.output.html)) return ExitCode::usage;
  const runs::LockedFolder folder = runs::lock_folder(arguments.output.out);
  if (folder.problem) return complain(*folder.problem);
  const runs::ForecastDone done = runs::merge_parts(arguments.request, WINDTUNNEL_VERSION);
  return done.problem ? complain(*done.problem) : publish(done, arguments.output);
}

}  // namespace windtunnel::cli
