#include "cli/arguments.h"

#include <cstdio>
#include <string_view>

#include <CLI/CLI.hpp>

namespace windtunnel::cli {
namespace {

constexpr const char* kDescription =
    "A wind tunnel for LLM gateways: drives the whole monitoring pipeline through scripted provider faults on a virtual "
    "clock and says what an outage, a latency spike or a price does to it.";

constexpr const char* kFooter =
    "Examples:\n"
    "  windtunnel run scenarios/catalog/demo.json\n"
    "  windtunnel run scenarios/catalog/*.json --out out --jobs 2\n"
    "  windtunnel run outage.json --seeds 1..100 --jobs 2\n"
    "  windtunnel run outage.json --set monitor.circuit_breaker.open=5s\n"
    "  windtunnel validate outage.json\n"
    "\n"
    "Environment (a flag wins): WINDTUNNEL_SEED, WINDTUNNEL_OUT, WINDTUNNEL_FORMAT, WINDTUNNEL_JOBS, NO_COLOR.\n"
    "\n"
    "Exit codes: 0 pass, 1 internal error, 2 usage, 3 scenario invalid, 4 file error, 10 invariant violated, 11 liveness,\n"
    "12 threshold, 13 inconclusive, 14 not deterministic, 15 regression, 130 interrupted.";

// "3..17". Nothing if it is not that.
std::optional<SeedRange> parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  SeedRange range;
  if (!CLI::detail::lexical_cast(text.substr(0, dots), range.first)) return std::nullopt;
  if (!CLI::detail::lexical_cast(text.substr(dots + 2), range.last)) return std::nullopt;
  if (range.last < range.first || range.last - range.first >= 100'000'000) return std::nullopt;
  return range;
}

void add_files(CLI::App& verb, std::vector<std::string>& files) {
  verb.add_option("FILE", files, "Scenario files")->required()->type_name("");
}

void add_sets(CLI::App& verb, std::vector<std::string>& sets) {
  verb.add_option("--set", sets, "Replace one value of the scenario: monitor.circuit_breaker.open=5s")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_run(CLI::App& app, RunArguments& run, std::string& seeds) {
  CLI::App& verb = *app.add_subcommand("run", "Run scenarios and judge them");
  add_files(verb, run.files);
  verb.add_option("--seed", run.seed, "Instead of the scenario's seed")->envname("WINDTUNNEL_SEED")->type_name("N");
  verb.add_option("--seeds", seeds, "Run once for each seed of a range")->type_name("A..B")->excludes("--seed");
  verb.add_option("--jobs", run.jobs, "Runs at the same time")
      ->envname("WINDTUNNEL_JOBS")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  add_sets(verb, run.sets);
  verb.add_option("--out", run.out, "Write telemetry.jsonl, events.jsonl, summary.json and summary.txt there")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  verb.add_option("--telemetry", run.telemetry, "Write the telemetry of one run to this file; .zst is compressed")
      ->type_name("F[.zst]");
  verb.add_option("--format", run.format, "What stdout gets: text or json")
      ->envname("WINDTUNNEL_FORMAT")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Format>{{"text", Format::text}, {"json", Format::json}}))
      ->type_name("text|json");
  verb.add_option("--until", run.until, "Stop at this virtual time")->type_name("T");
  verb.add_flag("--quiet,-q", run.quiet, "Print nothing that passes");
  verb.add_option("--color", run.color, "When to colour: auto, always or never")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Color>{
          {"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}}))
      ->type_name("WHEN");
}

void add_validate(CLI::App& app, ValidateArguments& validate) {
  CLI::App& verb = *app.add_subcommand("validate", "Check scenario files without running them");
  add_files(verb, validate.files);
  add_sets(verb, validate.sets);
  verb.add_flag("--quiet,-q", validate.quiet, "Print nothing about valid files");
}

Arguments usage_error(const std::string& message) {
  std::fprintf(stderr, "windtunnel: %s\n", message.c_str());
  return Nothing{ExitCode::usage};
}

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) {
  CLI::App app{kDescription, "windtunnel"};
  app.footer(kFooter);
  app.set_version_flag("--version", "windtunnel " WINDTUNNEL_VERSION);
  app.require_subcommand(1);
  RunArguments run;
  ValidateArguments validate;
  std::string seeds;
  add_run(app, run, seeds);
  add_validate(app, validate);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    app.exit(done);
    return Nothing{ExitCode::pass};
  } catch (const CLI::ParseError& error) {
    return usage_error(std::string{error.what()} + "\nRun with --help for more information.");
  }
  if (!seeds.empty()) {
    run.seeds = parse_seeds(seeds);
    if (!run.seeds) return usage_error("--seeds " + seeds + ": a range of at most 100 million seeds is A..B, such as 1..100");
  }
  if (app.got_subcommand("validate")) return validate;
  const bool many = run.files.size() > 1 || (run.seeds && run.seeds->last > run.seeds->first);
  if (!run.telemetry.empty() && many) {
    return usage_error("--telemetry names one file, but several runs were asked for; use --out DIR");
  }
  return run;
}

}  // namespace windtunnel::cli
