#include "cli/verbs/compare_verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

#include "cli/console.h"
#include "cli/forecast_plan.h"
#include "cli/github_actions.h"
#include "cli/interrupt.h"
#include "cli/one_run.h"
#include "cli/scenario_file.h"
#include "reports/compare/compare_summary.h"
#include "reports/files/output_file.h"

namespace windtunnel::cli {
namespace {

// What is compared, and how each is run again.
struct Compared {
  std::vector<sim::Variation> variations;
  std::vector<reports::ComparedVariation> told;
  ExitCode code = ExitCode::pass;
};

std::string replay_of(const CompareArguments& arguments, const std::string& file,
                      const std::vector<std::string>& sets) {
  std::string command = (arguments.of_forecasts ? "windtunnel forecast " : "windtunnel run ") + shell_word(file);
  for (const std::string& set : sets) command += " --set " + shell_word(set);
  if (arguments.of_forecasts) {
    return command + fmt::format(" --horizon {} --replications {}", arguments.horizon, arguments.replications);
  }
  if (arguments.checks != std::vector<std::string>{"all"}) {
    command += fmt::format(" --checks {}", fmt::join(arguments.checks, ","));
  }
  return command + " --keep-going";
}

void add(Compared& compared, const CompareArguments& arguments, const std::string& file, scenarios::VariedSets varied,
         std::set<std::string>& warned) {
  std::vector<std::string> sets = arguments.sets;
  sets.insert(sets.end(), varied.sets.begin(), varied.sets.end());
  LoadedScenario loaded = load_scenario(file, sets, &warned);
  compared.code = worst(compared.code, loaded.code);
  if (!loaded.scenario) return;
  compared.told.push_back({varied.name, file, sets, replay_of(arguments, file, sets)});
  compared.variations.push_back({std::move(varied.name), *std::move(loaded.scenario)});
}

Compared load_all(const CompareArguments& arguments) {
  Compared compared;
  std::set<std::string> warned;
  if (arguments.varied.empty()) {
    for (const std::string& file : arguments.files) add(compared, arguments, file, {file, {}}, warned);
    return compared;
  }
  // Errors of the file itself are told once, not for each variation.
  const std::string& file = arguments.files.front();
  const LoadedScenario itself = load_scenario(file, arguments.sets, &warned);
  compared.code = itself.code;
  if (!itself.scenario) return compared;
  for (const scenarios::VariedSets& varied : arguments.varied) add(compared, arguments, file, varied, warned);
  if (compared.code != ExitCode::pass) return compared;
  for (const std::string& warning : scenarios::kept_beside_presets(*itself.scenario, arguments.varied)) {
    std::fprintf(stderr, "%s\n", warning.c_str());
  }
  return compared;
}

std::string text_of(const reports::CompareSummary& summary, CompareFormat format) {
  switch (format) {
    case CompareFormat::text:
      return reports::compare_text(summary);
    case CompareFormat::json:
      return reports::compare_json(summary);
    case CompareFormat::markdown:
      return reports::compare_markdown(summary);
    case CompareFormat::csv:
      return reports::compare_csv(summary);
  }
  return {};
}

ExitCode write_files(const std::string& directory, const reports::CompareSummary& summary) {
  if (directory.empty()) return ExitCode::pass;
  try {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) throw reports::ReportError(directory, "create", error.message());
    const auto write = [&](const char* name, const std::string& content) {
      reports::OutputFile file{(std::filesystem::path(directory) / name).string()};
      file.append(content);
      if (!summary.interrupted) file.finish();
    };
    write("compare.txt", reports::compare_text(summary));
    write("compare.json", reports::compare_json(summary));
    write("compare.md", reports::compare_markdown(summary));
    write("compare.csv", reports::compare_csv(summary));
    write("compare_runs.csv", reports::compare_runs_csv(summary));
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    return ExitCode::file_error;
  }
  return ExitCode::pass;
}

ExitCode tell_github(const reports::CompareSummary& summary) {
  GithubActions github;
  for (const reports::RegressionSummary& regression : summary.regressions) {
    if (regression.verdict == sim::Verdict::pass) continue;
    github.annotate(
        {.file = regression.file,
         .title = regression.verdict == sim::Verdict::fail ? "windtunnel: regression" : "windtunnel: undecided",
         .message = reports::regression_line(summary, regression)});
  }
  github.add_section("### Windtunnel: comparison\n\n" + reports::compare_markdown(summary) + "\n");
  return github.finish();
}

ExitCode code_of(const reports::CompareSummary& summary) {
  ExitCode code = summary.interrupted ? ExitCode::interrupted : ExitCode::pass;
  for (const reports::RegressionSummary& regression : summary.regressions) {
    if (regression.verdict == sim::Verdict::fail) code = worst(code, ExitCode::regression);
    if (regression.verdict == sim::Verdict::inconclusive) code = worst(code, ExitCode::inconclusive);
  }
  return code;
}

SeedRange seeds_of(const CompareArguments& arguments, const sim::Scenario& first) {
  if (arguments.of_forecasts) return {0, arguments.replications - 1};
  const std::uint64_t last = first.seed > UINT64_MAX - kCompareSeeds ? UINT64_MAX : first.seed + kCompareSeeds - 1;
  return arguments.seeds.value_or(SeedRange{first.seed, last});
}

sim::ComparisonResult perform(const std::vector<sim::Variation>& variations, const CompareArguments& arguments,
                              SeedRange seeds, std::optional<Duration> horizon) {
  Progress progress{arguments.quiet};
  sim::CompareOptions options{.seed_first = seeds.first,
                              .seeds = seeds.last - seeds.first + 1,
                              .jobs = arguments.jobs,
                              .checks = arguments.checks,
                              .stop = &stop_requested(),
                              .progress = [&](std::uint64_t done, std::uint64_t of) {
                                if (progress.due()) progress.show(fmt::format("{} of {} runs", done, of));
                              }};
  if (horizon) options.forecast = sim::ForecastOptions{.horizon = *horizon};
  return sim::compare(variations, options);
}

}  // namespace

ExitCode compare(const CompareArguments& arguments) {
  std::optional<Duration> horizon;
  if (arguments.of_forecasts) {
    horizon = horizon_of(arguments.horizon);
    if (!horizon) return ExitCode::usage;
  }
  Compared compared = load_all(arguments);
  if (compared.code != ExitCode::pass) return compared.code;
  const SeedRange seeds = seeds_of(arguments, compared.variations.front().scenario);
  watch_signals();
  const sim::ComparisonResult comparison = perform(compared.variations, arguments, seeds, horizon);
  const reports::CompareSummary summary =
      reports::compare_summary({.variations = std::move(compared.told),
                                .comparison = comparison,
                                .seed_first = seeds.first,
                                .seeds = seeds.last - seeds.first + 1,
                                .horizon = horizon,
                                .rules = arguments.rules,
                                .regressions = sim::judge_regressions(comparison, arguments.rules)});
  ExitCode code = code_of(summary);
  const bool silent = arguments.quiet && code == ExitCode::pass;
  if (!silent && !print(text_of(summary, arguments.format))) code = worst(code, ExitCode::file_error);
  code = worst(code, write_files(arguments.out, summary));
  if (summary.interrupted) {
    std::fprintf(stderr, "windtunnel: interrupted by %s; what was measured of %llu of %llu pairs is kept\n",
                 interrupted_by(), static_cast<unsigned long long>(summary.seeds.complete),
                 static_cast<unsigned long long>(summary.seeds.asked));
  }
  return worst(code, tell_github(summary));
}

}  // namespace windtunnel::cli
