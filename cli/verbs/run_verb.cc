#include "cli/verbs/run_verb.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/in_order.h"
#include "cli/command_reports.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/one_run.h"
#include "cli/scenario_file.h"
#include "reports/html/html_bundle.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::cli {
namespace {

// One directory per run: DIR itself if there is only one, else DIR/<file's stem>[-seed-N]; a stem that comes twice gets
// its place in the list.
std::string directory_of(const RunArguments& arguments, const std::string& file, std::size_t place,
                         const std::map<std::string, int>& stems, std::uint64_t seed) {
  if (arguments.out.empty()) return {};
  std::filesystem::path directory = arguments.out;
  const std::string stem = std::filesystem::path(file).stem().string();
  const bool many_seeds = arguments.seeds && arguments.seeds->last > arguments.seeds->first;
  if (arguments.files.size() > 1) {
    directory /= stems.at(stem) > 1 ? fmt::format("{}-{}", place + 1, stem) : stem;
  }
  if (many_seeds) directory /= fmt::format("seed-{}", seed);
  return directory.string();
}

// What was written as durations. Nothing: it was left out.
struct Durations {
  std::optional<Duration> until;
  std::optional<Duration> timeline_step;
};

// False, and said so: `text` is no duration of at least `least`.
bool read_duration(const char* flag, const std::string& text, std::int64_t least, std::optional<Duration>& duration) {
  if (text.empty()) return true;
  const scenarios::ExactNumber parsed = scenarios::exact_duration(text);
  if (parsed.problem == scenarios::NumberProblem::none && parsed.value >= least) {
    duration = Duration{parsed.value};
    return true;
  }
  std::fprintf(stderr, "windtunnel: %s %s is not a duration such as 90s or 5m%s\n", flag, text.c_str(),
               least > 0 ? ", above 0" : "");
  return false;
}

std::vector<OneRun> plan(const RunArguments& arguments, const std::vector<LoadedScenario>& loaded,
                         const Durations& durations) {
  std::map<std::string, int> stems;
  for (const std::string& file : arguments.files) ++stems[std::filesystem::path(file).stem().string()];
  std::vector<OneRun> runs;
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    if (!loaded[i].scenario) continue;
    const sim::Scenario& scenario = *loaded[i].scenario;
    const std::uint64_t own = arguments.seed.value_or(scenario.seed);
    const SeedRange seeds = arguments.seeds.value_or(SeedRange{own, own});
    for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
      OneRun one;
      one.scenario = &scenario;
      one.seed = seed;
      one.until = durations.until;
      one.timeline_step = durations.timeline_step;
      one.wants_html = arguments.html;
      one.directory = directory_of(arguments, arguments.files[i], i, stems, seed);
      one.telemetry = arguments.telemetry;
      one.replay = replay_command(arguments, arguments.files[i], seed);
      one.checks = {.checks = arguments.checks, .keep_going = arguments.keep_going};
      one.verify_determinism = arguments.verify_determinism;
      one.stop = &stop_requested();
      runs.push_back(std::move(one));
    }
  }
  return runs;
}

// What became of the runs of one command.
struct Done {
  ExitCode code = ExitCode::pass;
  std::size_t runs = 0;
};

Done run_one(OneRun& one, const RunArguments& arguments, TextLook look, CommandReports& reports) {
  Progress progress{arguments.quiet};
  one.progress = &progress;
  const OneResult result = perform(one, arguments.format, look);
  if (!result.error.empty()) std::fprintf(stderr, "windtunnel: %s\n", result.error.c_str());
  reports.add(one, result);
  const bool silent = arguments.quiet && result.code == ExitCode::pass && arguments.format == Format::text;
  if (!silent && !result.text.empty() && !print(result.text)) return {worst(result.code, ExitCode::file_error), 1};
  return {result.code, 1};
}

std::string one_line(const OneRun& one, const OneResult& result) {
  std::string line = fmt::format("{:<20} {} seed {} digest {:016x}\n", meaning_of(result.code).word, one.scenario->file,
                                 one.seed, result.digest);
  if (result.code == ExitCode::pass) return line;
  for (const std::string& finding : result.failures) line += "  " + finding + "\n";
  return line + "  replay: " + one.replay + "\n";
}

// The summaries of several runs as one JSON list. A run whose files could not be written may have none.
class JsonList {
 public:
  bool add(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (text.empty()) return true;
    return print(std::exchange(is_first_, false) ? "[\n" + text : ",\n" + text);
  }
  bool end() { return print(is_first_ ? "[]\n" : "\n]\n"); }

 private:
  bool is_first_ = true;
};

const char* why_not_run() { return interrupted() ? "interrupted" : "--fail-fast"; }

std::string totals_line(const std::map<std::size_t, std::size_t>& counts, std::size_t planned) {
  std::string totals;
  std::size_t sum = 0;
  for (auto row = counts.rbegin(); row != counts.rend(); ++row) {
    sum += row->second;
    totals += fmt::format(", {} {}", row->second, kExitCodes[kExitCodes.size() - row->first].word);
  }
  std::string line = fmt::format("{} of {} runs{}", sum, planned, totals);
  if (sum < planned) line += fmt::format("; {} not run: {}", planned - sum, why_not_run());
  return line + "\n";
}

Done run_many(std::vector<OneRun>& runs, const RunArguments& arguments, TextLook look, CommandReports& reports) {
  Progress progress{arguments.quiet};
  std::map<std::size_t, std::size_t> counts;  // by severity
  // With --fail-fast no run is started once one was not a pass; those under way are finished and told too.
  InOrder<OneResult> results{runs.size(), arguments.jobs, [&](std::uint64_t place) {
                               OneResult result = perform(runs[place], arguments.format, look);
                               const bool failed = arguments.fail_fast && result.code != ExitCode::pass;
                               if (failed || interrupted()) results.give_up();
                               return result;
                             }};
  const bool is_json = arguments.format == Format::json;
  JsonList list;
  Done done;
  bool open = true;
  while (done.runs < runs.size() && open) {
    const std::optional<OneResult> result = results.take();
    if (!result) break;
    const OneRun& one = runs[done.runs++];
    done.code = worst(done.code, result->code);
    ++counts[severity_of(result->code)];
    if (progress.due()) progress.show(fmt::format("{} of {} runs", done.runs, runs.size()));
    if (!result->error.empty()) std::fprintf(stderr, "windtunnel: %s\n", result->error.c_str());
    reports.add(one, *result);
    if (is_json) {
      open = list.add(result->text);
    } else if (!arguments.quiet || result->code != ExitCode::pass) {
      open = print(one_line(one, *result));
    }
  }
  if (open) open = is_json ? list.end() : print(totals_line(counts, runs.size()));
  if (!open) done.code = worst(done.code, ExitCode::file_error);
  // Stdout holds one JSON list and nothing else.
  if (is_json && open && done.runs < runs.size()) {
    std::fprintf(stderr, "windtunnel: %zu of %zu runs were not run: %s\n", runs.size() - done.runs, runs.size(),
                 why_not_run());
  }
  return done;
}

// Performs the plan. An invalid scenario is not a pass, so that with --fail-fast nothing runs beside it.
Done perform_all(std::vector<OneRun>& runs, const RunArguments& arguments, CommandReports& reports, ExitCode loaded) {
  if (runs.empty()) return {};
  if (arguments.fail_fast && loaded != ExitCode::pass) {
    std::fprintf(stderr, "windtunnel: %zu of %zu runs were not run: --fail-fast\n", runs.size(), runs.size());
    return {};
  }
  watch_signals();
  const TextLook look{.color = wants_color(arguments.color)};
  for (OneRun& one : runs) reports.prepare(one);
  Done done = runs.size() == 1 && arguments.files.size() == 1 ? run_one(runs.front(), arguments, look, reports)
                                                              : run_many(runs, arguments, look, reports);
  if (interrupted() && done.runs < runs.size()) done.code = worst(done.code, ExitCode::interrupted);
  return done;
}

}  // namespace

ExitCode run(const RunArguments& arguments) {
  if (arguments.html && reports::html_bundle() == nullptr) {
    std::fprintf(stderr, "windtunnel: %s\n", std::string{reports::kNoHtmlBundle}.c_str());
    return ExitCode::usage;
  }
  Durations durations;
  if (!read_duration("--until", arguments.until, 0, durations.until)) return ExitCode::usage;
  if (!read_duration("--timeline-step", arguments.timeline_step, 1, durations.timeline_step)) return ExitCode::usage;
  CommandReports reports{arguments};
  if (reports.code() != ExitCode::pass) return reports.code();
  ExitCode code = ExitCode::pass;
  std::vector<LoadedScenario> loaded;
  for (const std::string& file : arguments.files) {
    loaded.push_back(load_scenario_with_any_breakers(file, arguments.sets));
    code = worst(code, loaded.back().code);
    if (!loaded.back().scenario) reports.add_unloaded(file, loaded.back().code);
  }
  std::vector<OneRun> runs = plan(arguments, loaded, durations);
  const Done done = perform_all(runs, arguments, reports, code);
  // A signal that came after the last event interrupted nothing.
  const bool was_cut = interrupted() && worst(done.code, ExitCode::interrupted) == done.code;
  reports.finish(was_cut);
  if (was_cut) {
    std::fprintf(stderr, "windtunnel: interrupted by %s; what was measured so far is kept, in files named .partial\n",
                 interrupted_by());
  }
  return worst(worst(code, done.code), reports.code());
}

}  // namespace windtunnel::cli
