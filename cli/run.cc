#include <atomic>
#include <csignal>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/one_run.h"
#include "cli/scenario_file.h"
#include "cli/verbs.h"
#include "scenarios/exact_numbers.h"

namespace windtunnel::cli {
namespace {

// Set by the first SIGINT or SIGTERM; a second one ends the process at once.
std::atomic<bool> interrupted{false};

void on_signal(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

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

std::vector<OneRun> plan(const RunArguments& arguments, const std::vector<LoadedScenario>& loaded,
                         std::optional<monitor::Duration> until) {
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
      one.until = until;
      one.directory = directory_of(arguments, arguments.files[i], i, stems, seed);
      one.telemetry = arguments.telemetry;
      one.replay = replay_command(arguments, arguments.files[i], seed);
      one.stop = &interrupted;
      runs.push_back(std::move(one));
    }
  }
  return runs;
}

// Performs the runs on several threads and hands out the results in order. Workers stay at most a window ahead of what
// has been handed out, so that memory does not grow with the number of runs.
class Workshop {
 public:
  Workshop(std::vector<OneRun>& runs, unsigned jobs, Format format, TextLook look)
      : runs_(runs), format_(format), look_(look), results_(runs.size()) {
    const std::size_t workers = std::min<std::size_t>(jobs, runs.size());
    window_ = workers * 16;
    for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Workshop() {
    {
      const std::lock_guard lock{mutex_};
      given_up_ = true;
    }
    changed_.notify_all();
  }

  OneResult take(std::size_t place) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return results_[place].has_value(); });
    OneResult result = std::move(*results_[place]);
    results_[place].reset();
    taken_ = place + 1;
    changed_.notify_all();
    return result;
  }

 private:
  void work() {
    for (;;) {
      std::size_t place = 0;
      {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return given_up_ || next_ == runs_.size() || next_ < taken_ + window_; });
        if (given_up_ || next_ == runs_.size()) return;
        place = next_++;
      }
      OneResult result = perform(runs_[place], format_, look_);
      const std::lock_guard lock{mutex_};
      results_[place] = std::move(result);
      changed_.notify_all();
    }
  }

  std::vector<OneRun>& runs_;
  Format format_;
  TextLook look_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<OneResult>> results_;
  std::size_t next_ = 0;
  std::size_t taken_ = 0;
  std::size_t window_ = 0;
  bool given_up_ = false;
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

ExitCode run_one(OneRun& one, const RunArguments& arguments, TextLook look) {
  Progress progress{arguments.quiet};
  one.progress = &progress;
  const OneResult result = perform(one, arguments.format, look);
  if (!result.error.empty()) std::fprintf(stderr, "windtunnel: %s\n", result.error.c_str());
  const bool silent = arguments.quiet && result.code == ExitCode::pass && arguments.format == Format::text;
  if (!silent && !print(result.text)) return worst(result.code, ExitCode::file_error);
  return result.code;
}

std::string one_line(const OneRun& one, const OneResult& result) {
  std::string line = fmt::format("{:<20} {} seed {} digest {:016x}\n", meaning_of(result.code).word,
                                 one.scenario->file, one.seed, result.digest);
  if (result.code == ExitCode::pass) return line;
  for (const std::string& finding : result.failures) line += "  " + finding + "\n";
  return line + "  replay: " + one.replay + "\n";
}

ExitCode run_many(std::vector<OneRun>& runs, const RunArguments& arguments, TextLook look, ExitCode code) {
  Progress progress{arguments.quiet};
  std::map<std::size_t, std::size_t> counts;  // by severity
  Workshop workshop{runs, arguments.jobs, arguments.format, look};
  bool open = arguments.format == Format::text || print("[\n");
  for (std::size_t i = 0; i < runs.size() && open; ++i) {
    const OneResult result = workshop.take(i);
    code = worst(code, result.code);
    ++counts[severity_of(result.code)];
    if (progress.due()) progress.show(fmt::format("{} of {} runs", i + 1, runs.size()));
    if (!result.error.empty()) std::fprintf(stderr, "windtunnel: %s\n", result.error.c_str());
    if (arguments.format == Format::json) {
      std::string text = result.text;
      while (!text.empty() && text.back() == '\n') text.pop_back();
      open = print(text + (i + 1 < runs.size() && !interrupted ? ",\n" : "\n"));
    } else if (!arguments.quiet || result.code != ExitCode::pass) {
      open = print(one_line(runs[i], result));
    }
    if (interrupted) break;
  }
  if (arguments.format == Format::json) {
    open = open && print("]\n");
  } else if (open) {
    std::string totals;
    std::size_t sum = 0;
    for (auto row = counts.rbegin(); row != counts.rend(); ++row) {
      sum += row->second;
      totals += fmt::format(", {} {}", row->second, kExitCodes[kExitCodes.size() - row->first].word);
    }
    open = print(fmt::format("{} of {} runs{}\n", sum, runs.size(), totals));
  }
  return open ? code : worst(code, ExitCode::file_error);
}

}  // namespace

ExitCode run(const RunArguments& arguments) {
  std::optional<monitor::Duration> until;
  if (!arguments.until.empty()) {
    const scenarios::ExactNumber parsed = scenarios::exact_duration(arguments.until);
    if (parsed.problem != scenarios::NumberProblem::none || parsed.value < 0) {
      std::fprintf(stderr, "windtunnel: --until %s is not a duration such as 90s or 5m\n", arguments.until.c_str());
      return ExitCode::usage;
    }
    until = monitor::Duration{parsed.value};
  }
  ExitCode code = ExitCode::pass;
  std::vector<LoadedScenario> loaded;
  for (const std::string& file : arguments.files) {
    loaded.push_back(load_scenario(file, arguments.sets));
    code = worst(code, loaded.back().code);
  }
  std::vector<OneRun> runs = plan(arguments, loaded, until);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  const TextLook look{.color = wants_color(arguments.color)};
  if (runs.size() == 1 && arguments.files.size() == 1) return worst(code, run_one(runs.front(), arguments, look));
  if (runs.empty()) return code;
  return run_many(runs, arguments, look, code);
}

}  // namespace windtunnel::cli
