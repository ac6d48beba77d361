#include <cstdint>
#include <string>
#include <utility>

#include "cli/flags/flags.h"
#include "cli/terminal/command_options.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/messages.h"
#include "runs/forecast/forecast_files.h"
#include "runs/forecast/forecast_job.h"
#include "runs/forecast/forecast_merge.h"
#include "runs/forecast/forecast_plan.h"
#include "runs/forecast/rare_forecast.h"
#include "runs/logs/log_source.h"
#include "runs/outputs.h"
#include "runs/processes/mpi.h"

namespace windtunnel::cli {
namespace {

enum class ForecastFormat : std::uint8_t { text, json, csv };

struct ForecastOutput {
  std::string out;    // a folder for forecast.json, forecast.txt and forecast.csv; of a shard its part; empty: none
  bool html = false;  // and for report.html
  ForecastFormat format = ForecastFormat::text;
  bool claims_required = false;
  bool quiet = false;
  Color color = Color::automatic;
};

struct ForecastArguments {
  runs::ForecastRequest request;
  ForecastOutput output;
};

struct MergeArguments {
  runs::MergeRequest request;
  ForecastOutput output;
};
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
  const bool is_pass = code == ExitCode::pass && summary.verdict == sim::Verdict::pass;
  const bool silent = output.quiet && done.whole && is_pass && output.format == ForecastFormat::text;
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
  const runs::ForecastRequest& request = arguments.request;
  if (!request.rare.empty() || !request.plan.empty()) {
    const runs::RareDone done = request.plan.empty()
                                    ? runs::answer_rare(job, request.rare, request.jobs, &stop_requested())
                                    : runs::plan_precision(job, request.plan, request.jobs, &stop_requested());
    progress.clear();
    if (done.problem) return complain(*done.problem);
    const bool printed = print(arguments.output.format == ForecastFormat::json ? done.json : done.text);
    return printed ? done.reached ? ExitCode::pass : ExitCode::inconclusive : ExitCode::file_error;
  }
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

ExitCode forecast(const ForecastArguments& arguments) {
  const runs::ForecastRequest& request = arguments.request;
  if (!can_write_html(arguments.output.html)) return ExitCode::usage;
  runs::Processes processes;
  runs::LoadedScenario loaded = request.log.file.empty() ? runs::load_scenario(request.file, request.sets)
                                                         : runs::load_fitted(request.log, request.sets, request.jobs);
  if (processes.is_first() && !arguments.output.quiet) print_note(loaded.fitted);
  if (const ExitCode code = report_load(loaded); code != ExitCode::pass) return code;
  if (const auto problem = problem_with_outputs(request, *loaded.scenario, loaded.file, arguments.output.out)) {
    return complain(*problem);
  }
  sim::Scenario scenario = *std::move(loaded.scenario);
  if (request.seed) scenario.seed = *request.seed;
  const runs::PlannedForecast planned = plan_forecast(with_spent(request, loaded), scenario);
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
  const auto outputs = runs::outputs_of_forecast(arguments.output.out);
  if (const auto problem = runs::problem_with_outputs(outputs, arguments.request.files)) return complain(*problem);
  const runs::LockedFolder folder = runs::lock_folder(arguments.output.out);
  if (folder.problem) return complain(*folder.problem);
  const runs::ForecastDone done = runs::merge_parts(arguments.request, WINDTUNNEL_VERSION);
  return done.problem ? complain(*done.problem) : publish(done, arguments.output);
}

void add_format(CLI::App& verb, ForecastFormat& format) {
  add_word<ForecastFormat>(
      verb, "--format", format,
      {{"text", ForecastFormat::text}, {"json", ForecastFormat::json}, {"csv", ForecastFormat::csv}},
      "What stdout gets; csv is the table of days")
      ->type_name("text|json|csv");
}

void add_asserts(CLI::App& verb, std::vector<std::string>& asserts) {
  verb.add_option("--assert", asserts, "What must hold, besides the scenario's thresholds of forecast.*")
      ->type_name("METRIC<=BOUND")
      ->allow_extra_args(false);
}

void add_html(CLI::App& verb, bool& html) {
  verb.add_flag("--html", html, "Write report.html to --out too: the forecast as one page that needs no network");
}

void check_html(bool html, const std::string& out) {
  if (html && out.empty()) throw UsageError("--html writes report.html into --out DIR; name one");
}

void add_demand(CLI::App& verb, ForecastArguments& forecast) {
  verb.add_option("--horizon", forecast.request.horizon, "How far to look")->capture_default_str()->type_name("T");
  verb.add_option("--as-of", forecast.request.as_of,
                  "Begin at this date instead of the scenario's start; times and rates of the file hold from then on")
      ->check(not_empty())
      ->type_name("DATE");
  verb.add_option("--spent", forecast.request.spent, "Spent of this month's budget before the start")
      ->check(not_empty())
      ->type_name("PROVIDER=USD,...");
}

void add_replications(CLI::App& verb, ForecastArguments& forecast) {
  const auto add_count = [&](const char* flag, std::uint64_t& count, const char* text) {
    return add_number(verb, flag, count, {2, 10'000'000}, text)->default_str(std::to_string(count))->type_name("N");
  };
  runs::ForecastRequest& request = forecast.request;
  CLI::Option* fixed = add_count("--replications", request.replications, "Independent runs of the horizon");
  CLI::Option* until =
      verb.add_option(
              "--until", request.until,
              "Stop when these half-widths are reached, judged after each --until-every replications: hw in USD or as "
              "a share, rel of the estimate; of p_exceed[(SHARE)], mean, p10, p50, p90")
          ->check(not_empty())
          ->excludes(fixed)
          ->type_name("NAME:hw=X,...");
  add_count("--max-replications", request.replications_max, "The most of them, with --until")->needs(until);
  add_count("--until-every", request.until_every, "Replications between two looks, at least 2")->needs(until);
}

// What the parser alone cannot see.
void check(const ForecastArguments& forecast) {
  if (forecast.request.file.empty() && forecast.request.log.file.empty()) {
    throw UsageError("forecast needs a scenario FILE, or --from LOG");
  }
  check_html(forecast.output.html, forecast.output.out);
  const bool answers_only = !forecast.request.rare.empty() || !forecast.request.plan.empty();
  if (answers_only && !(forecast.output.out.empty() && forecast.request.shard.empty() && !forecast.request.headroom)) {
    throw UsageError("--rare and --plan print their answer and make no forecast: leave out --out, --shard, --headroom");
  }
  if (forecast.request.shard.empty()) return;
  if (forecast.output.html) throw UsageError("--shard makes a part; the page is of the whole: windtunnel merge --html");
  if (forecast.output.out.empty())
    throw UsageError("--shard makes a part of a forecast: say where with --out part.json");
  if (!forecast.request.until.empty()) {
    throw UsageError(
        "--until judges all replications in order, so it cannot be divided with --shard; under mpirun it can");
  }
  if (forecast.request.headroom)
    throw UsageError("--headroom searches, so it cannot be divided with --shard; under mpirun it can");
}

}  // namespace

std::unique_ptr<Verb> add_forecast(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<ForecastArguments>>(&forecast);
  ForecastArguments& forecast = verb_of->arguments;
  CLI::App& verb =
      *app.add_subcommand("forecast", "Say what a month will cost, when a budget breaks, how much traffic fits");
  CLI::Option* file = verb.add_option("FILE", forecast.request.file, "Scenario file")->type_name("");
  CLI::Option* from = add_log(verb, forecast.request.log, "--from,--from-telemetry",
                              "Fit the scenario to this log instead of reading one");
  from->excludes(file);
  add_prices_file(verb, forecast.request.log)->needs(from);
  add_replications(verb, forecast);
  add_demand(verb, forecast);
  add_asserts(verb, forecast.request.asserts);
  verb.add_flag(
      "--headroom", forecast.request.headroom,
      "Search the largest traffic that keeps the budget and the bounds on request_duration, failures and refusals");
  verb.add_flag("--plain", forecast.request.plain, "Plain averages over replications, without control variates");
  auto* rare = verb.add_option("--rare", forecast.request.rare,
                               "Only the chance of this: 'both providers down for more than 10m', 'p_exceed(1.0)'");
  rare->check(not_empty())->type_name("EVENT[:rel=X]");
  verb.add_option("--plan", forecast.request.plan, "Only say how many replications these targets of --until take")
      ->check(not_empty())
      ->type_name("NAME:hw=X,...")
      ->excludes(rare);
  add_number(verb, "--seed", forecast.request.seed, {}, "Instead of the scenario's", "WINDTUNNEL_SEED")->type_name("N");
  add_jobs(verb, forecast.request.jobs);
  add_memory(verb, forecast.request.memory_max);
  add_sets(verb, forecast.request.sets);
  add_faults(verb, forecast.request.sets);
  verb.add_option("--shard", forecast.request.shard,
                  "Make every N-th replication only, from I on, and write them to --out")
      ->check(not_empty())
      ->type_name("I/N");
  verb.add_option(
          "--out", forecast.output.out,
          "Write forecast.json, forecast.txt and forecast.csv to this folder, which is also where a forecast that "
          "was killed goes on; with --shard the file of the part")
      ->type_name("DIR|FILE");
  add_html(verb, forecast.output.html);
  add_format(verb, forecast.output.format);
  add_require_claims(verb, forecast.output.claims_required);
  verb.add_flag("--quiet,-q", forecast.output.quiet, "Show no progress, and print nothing that passes");
  add_color(verb, forecast.output.color);
  verb.callback([&forecast] { check(forecast); });
  return verb_of;
}

std::unique_ptr<Verb> add_merge(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<MergeArguments>>(&cli::merge);
  MergeArguments& merge = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("merge", "Put the parts of a sharded forecast together");
  verb.add_option("FILE", merge.request.files, "The parts, in any order")->required()->type_name("");
  add_asserts(verb, merge.request.asserts);
  verb.add_option("--out", merge.output.out, "Write forecast.json, forecast.txt and forecast.csv to this folder")
      ->type_name("DIR");
  add_html(verb, merge.output.html);
  add_format(verb, merge.output.format);
  add_require_claims(verb, merge.output.claims_required);
  verb.add_flag("--quiet,-q", merge.output.quiet, "Print nothing that passes");
  add_color(verb, merge.output.color);
  verb.callback([&merge] { check_html(merge.output.html, merge.output.out); });
  return verb_of;
}

}  // namespace windtunnel::cli
