#include "cli/flags/flags.h"
#include "cli/verbs/run_verb.h"

namespace windtunnel::cli {
namespace {

void add_run_checks(CLI::App& verb, RunArguments& run) {
  add_checks(verb, run.request.checks);
  verb.add_flag("--keep-going", run.request.keep_going, "Go on after a violation");
  verb.add_flag("--verify-determinism", run.request.verify_determinism,
                "Run twice more and name the first event that differs, if any");
}

}  // namespace

void add_run_reports(CLI::App& verb, RunArguments& run) {
  verb.add_option("--out", run.request.out,
                  "Write telemetry.jsonl, events.jsonl, timeline.json, summary.json, summary.txt and junit.xml there")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  verb.add_option("--telemetry", run.request.telemetry,
                  "Write the telemetry of one run to this file; .zst is compressed")
      ->type_name("F[.zst]");
  verb.add_flag("--html", run.request.html, "Write report.html there too: one page with everything on one time axis");
  verb.add_option("--timeline-step", run.request.timeline_step,
                  "The width of a step of timeline.json, instead of one that makes at most 4,000 of them")
      ->check(not_empty())
      ->type_name("T");
  add_bytes(verb, "--events-max", run.request.events_max, "The largest events.jsonl; events beyond are counted")
      ->default_str("1GB");
  verb.add_option("--junit", run.junit, "Write the verdicts of all runs to this file as JUnit XML")->type_name("F");
}

void add_run_format(CLI::App& verb, RunArguments& run) {
  add_word<Format>(verb, "--format", run.format, {{"text", Format::text}, {"json", Format::json}}, "What stdout gets")
      ->envname("WINDTUNNEL_FORMAT")
      ->type_name("text|json");
}

void check_run(const RunArguments& run) {
  check_names(run.request.checks);
  const bool many = run.request.files.size() > 1 || (run.request.seeds && !run.request.seeds->is_single());
  if (run.request.html && run.request.out.empty())
    throw UsageError("--html writes report.html into --out DIR; name one");
  if (!run.request.telemetry.empty() && many) {
    throw UsageError("--telemetry names one file, but several runs were asked for; use --out DIR");
  }
}

std::unique_ptr<Verb> add_run(CLI::App& app) {
  auto verb_of = std::make_unique<VerbOf<RunArguments>>(&cli::run);
  RunArguments& run = verb_of->arguments;
  CLI::App& verb = *app.add_subcommand("run", "Run scenarios and judge them");
  add_files(verb, run.request.files);
  add_number(verb, "--seed", run.request.seed, {}, "Instead of the scenario's seed", "WINDTUNNEL_SEED")->type_name("N");
  add_seeds(verb, run.request.seeds, "Run once for each seed of a range")->excludes("--seed");
  add_jobs(verb, run.jobs);
  add_sets(verb, run.request.sets);
  add_faults(verb, run.request.sets);
  add_memory(verb, run.request.memory_max);
  verb.add_flag("--fail-fast", run.fail_fast, "Start no further run after the first that is not a pass");
  add_run_reports(verb, run);
  add_run_checks(verb, run);
  add_run_format(verb, run);
  verb.add_option("--until", run.request.until, "Stop at this virtual time")->check(not_empty())->type_name("T");
  add_require_claims(verb, run.claims_required);
  verb.add_flag("--quiet,-q", run.quiet, "Print nothing that passes");
  add_color(verb, run.color);
  verb.callback([&run] { check_run(run); });
  return verb_of;
}

}  // namespace windtunnel::cli
