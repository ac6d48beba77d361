#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <sstream>
#include <string_view>

#include "cli/console.h"
#include "cli/words.h"
#include "sim/checks/registry.h"

namespace windtunnel::cli {
namespace {

constexpr const char* kDescription =
    "A wind tunnel for LLM gateways: drives the whole monitoring pipeline through scripted provider faults on a "
    "virtual clock and says what an outage, a latency spike or a price does to it.";

constexpr const char* kFooter =
    "Examples:\n"
    "  windtunnel init outage.json\n"
    "  windtunnel run outage.json\n"
    "  windtunnel run scenarios/catalog/*.json --out out --jobs 2\n"
    "  windtunnel explain 13\n"
    "\n"
    "windtunnel VERB --help has the flags of a verb and more examples.\n"
    "\n"
    "Environment (a flag wins): WINDTUNNEL_SEED, WINDTUNNEL_OUT, WINDTUNNEL_FORMAT, WINDTUNNEL_JOBS, NO_COLOR.\n"
    "In GitHub Actions (GITHUB_ACTIONS, GITHUB_STEP_SUMMARY) findings are annotated and summed up too.\n"
    "\n"
    "Exit codes: 0 pass, 1 internal error, 2 usage, 3 scenario invalid, 4 file error, 10 invariant violated, 11 "
    "liveness,\n"
    "12 threshold, 13 inconclusive, 14 not deterministic, 15 regression, 130 interrupted.";

constexpr const char* kRunFooter =
    "Examples:\n"
    "  windtunnel run scenarios/catalog/demo.json\n"
    "  windtunnel run scenarios/catalog/*.json --out out --jobs 2\n"
    "  windtunnel run outage.json --seeds 1..100 --jobs 2 --fail-fast\n"
    "  windtunnel run outage.json --set monitor.circuit_breaker.open=5s\n"
    "  windtunnel run scenarios/*.json --junit junit.xml\n"
    "  windtunnel run outage.json --quiet --telemetry telemetry.jsonl.zst\n"
    "  windtunnel run outage.json --checks B3,C1 --keep-going\n"
    "  windtunnel run outage.json --verify-determinism";

constexpr const char* kSchemaFooter =
    "Examples:\n"
    "  windtunnel schema               prints it\n"
    "  windtunnel schema --write       writes schema/windtunnel.schema.json; name it in a file's \"$schema\"";

constexpr const char* kValidateFooter =
    "Examples:\n"
    "  windtunnel validate scenarios/*.json\n"
    "  windtunnel validate outage.json --set faults.openai-down.duration=2m";

constexpr const char* kInitFooter =
    "Examples:\n"
    "  windtunnel init                 writes scenario.json\n"
    "  windtunnel init ci/outage.json";

constexpr const char* kExplainFooter =
    "Examples:\n"
    "  windtunnel explain 13           an exit code\n"
    "  windtunnel explain flapping     a kind of fault\n"
    "  windtunnel explain resilience4j a breaker preset\n"
    "  windtunnel explain --all";

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

// One of a few words.
template <class E>
CLI::Option* add_word(CLI::App& verb, const std::string& name, E& value, const std::map<std::string, E>& words,
                      const std::string& doc) {
  const auto set = [&value, words, name](const std::string& written) {
    const auto found = words.find(written);
    if (found == words.end()) {
      std::vector<std::string> known;
      for (const auto& entry : words) known.push_back(entry.first);
      throw CLI::ValidationError(name, unknown_word("word", written, known));
    }
    value = found->second;
  };
  return verb.add_option_function<std::string>(name, set, doc);
}

void add_files(CLI::App& verb, std::vector<std::string>& files) {
  verb.add_option("FILE", files, "Scenario files")->required()->type_name("");
}

void add_sets(CLI::App& verb, std::vector<std::string>& sets) {
  verb.add_option("--set", sets, "Replace one value of the scenario: monitor.circuit_breaker.open=5s")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
}

void add_run_reports(CLI::App& verb, RunArguments& run) {
  verb.add_option("--out", run.out,
                  "Write telemetry.jsonl, events.jsonl, summary.json, summary.txt and junit.xml there")
      ->envname("WINDTUNNEL_OUT")
      ->type_name("DIR");
  verb.add_option("--telemetry", run.telemetry, "Write the telemetry of one run to this file; .zst is compressed")
      ->type_name("F[.zst]");
  verb.add_option("--junit", run.junit, "Write the verdicts of all runs to this file as JUnit XML")->type_name("F");
}

void add_run_checks(CLI::App& verb, RunArguments& run) {
  verb.add_option("--checks", run.checks, "The invariants to watch: ids such as B3,C1, or all, or none")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("ID,...");
  verb.add_flag("--keep-going", run.keep_going, "Go on after a violation");
  verb.add_flag("--verify-determinism", run.verify_determinism,
                "Run twice more and name the first event that differs, if any");
}

void add_run(CLI::App& app, RunArguments& run, std::string& seeds) {
  CLI::App& verb = *app.add_subcommand("run", "Run scenarios and judge them");
  verb.footer(kRunFooter);
  add_files(verb, run.files);
  verb.add_option("--seed", run.seed, "Instead of the scenario's seed")->envname("WINDTUNNEL_SEED")->type_name("N");
  verb.add_option("--seeds", seeds, "Run once for each seed of a range")->type_name("A..B")->excludes("--seed");
  verb.add_option("--jobs", run.jobs, "Runs at the same time")
      ->envname("WINDTUNNEL_JOBS")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  add_sets(verb, run.sets);
  verb.add_flag("--fail-fast", run.fail_fast, "Start no further run after the first that is not a pass");
  add_run_reports(verb, run);
  add_run_checks(verb, run);
  add_word<Format>(verb, "--format", run.format, {{"text", Format::text}, {"json", Format::json}}, "What stdout gets")
      ->envname("WINDTUNNEL_FORMAT")
      ->type_name("text|json");
  verb.add_option("--until", run.until, "Stop at this virtual time")->type_name("T");
  verb.add_flag("--quiet,-q", run.quiet, "Print nothing that passes");
  add_word<Color>(verb, "--color", run.color,
                  {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}}, "When to colour")
      ->type_name("auto|always|never");
}

void add_schema(CLI::App& app, SchemaArguments& schema) {
  CLI::App& verb = *app.add_subcommand("schema", "Print the JSON Schema of scenario files, or write it");
  verb.footer(kSchemaFooter);
  verb.add_flag("--write", schema.write, "Write it to DIR/windtunnel.schema.json");
  verb.add_option("DIR", schema.directory, "With --write: the folder")->type_name("")->capture_default_str();
}

void add_validate(CLI::App& app, ValidateArguments& validate) {
  CLI::App& verb = *app.add_subcommand("validate", "Check scenario files without running them");
  verb.footer(kValidateFooter);
  add_files(verb, validate.files);
  add_sets(verb, validate.sets);
  verb.add_flag("--quiet,-q", validate.quiet, "Print nothing about valid files");
}

void add_init(CLI::App& app, InitArguments& init) {
  CLI::App& verb = *app.add_subcommand("init", "Write a scenario to start from, with comments");
  verb.footer(kInitFooter);
  verb.add_option("FILE", init.file, "The file to write; one that exists is left alone")
      ->type_name("")
      ->capture_default_str();
}

void add_explain(CLI::App& app, ExplainArguments& explain) {
  CLI::App& verb = *app.add_subcommand("explain", "Say what an exit code, a fault, an outcome, a counter, ... means");
  verb.footer(kExplainFooter);
  verb.add_option("WORD", explain.words, "Words of a summary or a scenario")->type_name("");
  verb.add_flag("--all", explain.all, "Everything that can be explained");
}

Arguments usage_error(const std::string& message) {
  std::fprintf(stderr, "windtunnel: %s\nRun with --help for more information.\n", message.c_str());
  return Nothing{ExitCode::usage};
}

// Help and version go the way of all results, so that a full disk or a closed pipe is an error here too.
Arguments said(CLI::App& app, const CLI::Success& success) {
  std::ostringstream text;
  std::ostringstream errors;
  app.exit(success, text, errors);
  return Nothing{print(text.str()) ? ExitCode::pass : ExitCode::file_error};
}

// The word that nobody knows, if that is what is wrong: it explains more than what is missing because of it.
std::optional<std::string> about_unknown_word(const CLI::App& app) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return std::nullopt;
  const auto chosen = app.get_subcommands();
  if (chosen.empty() && !unknown.front().starts_with('-')) {
    std::vector<std::string> verbs;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
      verbs.push_back(verb->get_name());
    }
    return unknown_word("verb", unknown.front(), verbs);
  }
  const CLI::App& where = chosen.empty() ? app : *chosen.front();
  for (const std::string& word : unknown) {
    if (!word.starts_with('-')) continue;
    std::vector<std::string> flags;
    for (const CLI::Option* option : where.get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
    const std::string message = unknown_word("flag", word.substr(0, word.find('=')), flags);
    return chosen.empty() ? message : message + " (of " + where.get_name() + ")";
  }
  return std::nullopt;
}

// What the parser alone cannot see; nothing if all is well.
std::optional<std::string> contradiction(RunArguments& run, const std::string& seeds) {
  for (const std::string& word : run.checks) {
    if (word == "all" || word == "none" || sim::check_named(word)) continue;
    std::vector<std::string> known{"all", "none"};
    for (const sim::CheckEntry& entry : sim::check_registry()) known.emplace_back(entry.name);
    return unknown_word("check", word, known);
  }
  if (!seeds.empty()) {
    run.seeds = parse_seeds(seeds);
    if (!run.seeds) return "--seeds " + seeds + ": a range of at most 100 million seeds is A..B, such as 1..100";
  }
  const bool many = run.files.size() > 1 || (run.seeds && run.seeds->last > run.seeds->first);
  if (!run.telemetry.empty() && many) {
    return "--telemetry names one file, but several runs were asked for; use --out DIR";
  }
  return std::nullopt;
}

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) {
  CLI::App app{kDescription, "windtunnel"};
  app.footer(kFooter);
  app.set_version_flag("--version", "windtunnel " WINDTUNNEL_VERSION);
  app.require_subcommand(1);
  RunArguments run;
  ValidateArguments validate;
  InitArguments init;
  ExplainArguments explain;
  SchemaArguments schema;
  std::string seeds;
  add_run(app, run, seeds);
  add_validate(app, validate);
  add_init(app, init);
  add_explain(app, explain);
  add_schema(app, schema);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return said(app, success);
  } catch (const CLI::ParseError& error) {
    return usage_error(about_unknown_word(app).value_or(error.what()));
  }
  if (app.got_subcommand("validate")) return validate;
  if (app.got_subcommand("init")) return init;
  if (app.got_subcommand("schema")) return schema;
  if (app.got_subcommand("explain")) {
    if (explain.words.empty() && !explain.all) return usage_error("explain needs a word, or --all");
    return explain;
  }
  if (const auto problem = contradiction(run, seeds)) return usage_error(*problem);
  return run;
}

}  // namespace windtunnel::cli
