#include "cli/verbs/explore_verb.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "cli/console.h"
#include "cli/explore_folder.h"
#include "cli/github_actions.h"
#include "cli/interrupt.h"
#include "cli/one_run.h"
#include "cli/scenario_file.h"
#include "reports/files/report_error.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/explore/explore.h"
#include "sim/explore/shrink.h"
#include "sim/world/world.h"

namespace windtunnel::cli {
namespace {

using SearchClock = std::chrono::steady_clock;

// How often a search that may be killed says how far it has come.
constexpr std::chrono::seconds kSaveEvery{1};

// One search from its first seed, or from where an earlier one ended, to its report.
class Search {
 public:
  Search(const ExploreArguments& arguments, sim::Scenario base)
      : arguments_(arguments), base_(std::move(base)), folder_(arguments.out) {
    const SeedRange seeds = arguments.seeds.value_or(SeedRange{1, kExploreSeeds});
    first_ = seeds.first;
    if (!arguments.time) asked_last_ = seeds.last;
    options_ = {
        .swarm = arguments.swarm, .checks = arguments.checks, .jobs = arguments.jobs, .stop = &stop_requested()};
  }

  ExitCode perform() {
    if (!resume()) return ExitCode::usage;
    watch_signals();
    look();
    if (done_.failure) shrink();
    return report();
  }

 private:
  // False: the folder belongs to another search, which has been said.
  bool resume() {
    progress_ = {.program = WINDTUNNEL_VERSION,
                 .scenario_hash = base_.hash,
                 .swarm = arguments_.swarm,
                 .checks = arguments_.checks,
                 .first = first_,
                 .first_digest = sim::run(sim::explored_world(base_, first_, arguments_.swarm)).digest};
    const std::optional<reports::ExploreProgress> earlier = folder_.progress();
    if (!earlier || !earlier->last) return true;
    const bool same = earlier->scenario_hash == progress_.scenario_hash && earlier->swarm == progress_.swarm &&
                      earlier->checks == progress_.checks && earlier->first == progress_.first;
    if (!same) {
      std::fprintf(stderr,
                   "windtunnel: %s holds a search of another scenario, --set, --swarm, --checks or first seed; name "
                   "another --out, or remove explore-progress.json there\n",
                   arguments_.out.c_str());
      return false;
    }
    if (earlier->program != progress_.program || earlier->first_digest != progress_.first_digest) {
      std::fprintf(stderr, "windtunnel: %s holds a search by another build, which begins again\n",
                   arguments_.out.c_str());
      return true;
    }
    progress_ = *earlier;
    done_.totals = earlier->totals;
    done_.last = earlier->last;
    if (earlier->failing_seed) {
      const sim::SeedResult again = sim::explore_seed(base_, *earlier->failing_seed, options_);
      if (again.failure) done_.failure = {again.seed, *again.failure};
    }
    return true;
  }

  // Looks at the seeds that are left.
  void look() {
    const std::uint64_t next = done_.last ? *done_.last + 1 : first_;
    const std::uint64_t last = asked_last_.value_or(UINT64_MAX - 1);
    if (done_.failure || next > last) return;
    Progress shown{arguments_.quiet};
    const SearchClock::time_point began = SearchClock::now();
    SearchClock::time_point save_at = began + kSaveEvery;
    const sim::SeedTotals before = done_.totals;
    const auto told = [&](const sim::SeedResult& result) {
      progress_.totals += result.totals;
      progress_.last = result.seed;
      if (result.failure) progress_.failing_seed = result.seed;
      const SearchClock::time_point now = SearchClock::now();
      if (now >= save_at || result.failure) {
        folder_.save(progress_);
        save_at = now + kSaveEvery;
      }
      if (shown.due()) shown.show(progress_line(now - began, before));
      return !arguments_.time || now - began < *arguments_.time;
    };
    const sim::Exploration more = sim::explore(base_, next, last, options_, told);
    done_.totals += more.totals;
    if (more.last) done_.last = more.last;
    done_.failure = more.failure;
    folder_.save(progress_);
    tell_speed(more.totals, SearchClock::now() - began);
  }

  [[nodiscard]] std::string progress_line(SearchClock::duration lasted, const sim::SeedTotals& before) const {
    const double seconds = std::chrono::duration<double>(lasted).count();
    const auto covered =
        std::ranges::count_if(progress_.totals.seeds_covering, [](std::uint64_t seeds) { return seeds > 0; });
    return fmt::format("{}{} seeds, {:.0f} a second, {} of {} situations covered", progress_.totals.seeds,
                       asked_last_ ? fmt::format(" of {}", *asked_last_ - first_ + 1) : "",
                       static_cast<double>(progress_.totals.seeds - before.seeds) / seconds, covered,
                       sim::kCoverageCounters);
  }

  // On stderr, where what depends on the machine belongs.
  void tell_speed(const sim::SeedTotals& totals, SearchClock::duration lasted) const {
    if (arguments_.quiet || totals.seeds == 0) return;
    const double seconds = std::chrono::duration<double>(lasted).count();
    std::fprintf(stderr, "windtunnel: %llu seeds in %.1f s, %.0f a second\n",
                 static_cast<unsigned long long>(totals.seeds), seconds, static_cast<double>(totals.seeds) / seconds);
  }

  static std::string size_of(const sim::Scenario& world) {
    return fmt::format("{} faults, {} workloads, {} providers, {:.3f} s", world.faults.size(), world.workloads.size(),
                       world.providers.size(), static_cast<double>(world.duration.count()) / 1e9);
  }

  // A trace is named from the folder of the file that plays it.
  void move_traces(sim::Scenario& world) const {
    if (!folder_.exists()) return;
    for (sim::WorkloadSpec& load : world.workloads) {
      auto* replay = std::get_if<sim::TraceReplay>(&load.executor);
      if (replay == nullptr || replay->trace.empty()) continue;
      const std::filesystem::path from = std::filesystem::path(arguments_.file).parent_path() / replay->trace;
      replay->trace = std::filesystem::proximate(from, folder_.directory()).generic_string();
    }
  }

  std::string name_of_file(const char* what) const { return fmt::format("{}-seed-{}.json", what, done_.failure->seed); }

  // The world as it was found is kept first: shrinking may be interrupted.
  void shrink() {
    const sim::FailingSeed& failure = *done_.failure;
    sim::Scenario found = sim::explored_world(base_, failure.seed, arguments_.swarm);
    sim::Scenario named = found;
    move_traces(named);
    describe_failure(named, failure.finding, "As it was found by " + replay() + ".");
    folder_.write(name_of_file("failing"), scenarios::write_scenario(named));

    Progress shown{arguments_.quiet};
    sim::ShrinkOptions options{.checks = arguments_.checks, .stop = &stop_requested()};
    options.told = [&](std::uint64_t runs) {
      if (shown.due()) shown.show(fmt::format("seed {} fails; shrinking it, {} runs", failure.seed, runs));
    };
    sim::Shrunk small = sim::shrink(found, failure.finding, base_, options);
    move_traces(small.world);
    describe_failure(small.world, small.finding,
                     fmt::format("Shrunk from {} that {} found.", size_of(found), replay()));
    reports::ShrunkReport report{.scenario = scenarios::write_scenario(small.world),
                                 .runs = small.runs,
                                 .is_minimal = small.is_minimal,
                                 .from = size_of(found),
                                 .to = size_of(small.world)};
    if (folder_.exists()) {
      report.file = folder_.path(name_of_file("shrunk"));
      report.replay = "windtunnel run " + shell_word(report.file) + checks_flag();
      folder_.write(name_of_file("shrunk"), report.scenario);
    }
    prove(report, small.finding);
    shrunk_ = std::move(report);
  }

  // What a person is handed must fail as it stands there, not as it stood in memory.
  void prove(const reports::ShrunkReport& report, const sim::Finding& finding) const {
    const std::string name = report.file.empty() ? arguments_.file : report.file;
    const sim::Scenario again = scenarios::read_scenario_text(report.scenario, name);
    const std::optional<sim::Finding> found = sim::first_failure(again, arguments_.checks);
    check(found && sim::same_failure(*found, finding), "a shrunk world fails when it is read back");
  }

  [[nodiscard]] std::string checks_flag() const {
    if (arguments_.checks == std::vector<std::string>{"all"}) return {};
    return fmt::format(" --checks {}", fmt::join(arguments_.checks, ","));
  }

  // The command that finds the failing seed again.
  [[nodiscard]] std::string replay() const {
    const std::uint64_t seed = done_.failure->seed;
    std::string command =
        arguments_.swarm
            ? fmt::format("windtunnel explore {} --swarm --seeds {}..{}", shell_word(arguments_.file), seed, seed)
            : fmt::format("windtunnel run {} --seed {}", shell_word(arguments_.file), seed);
    for (const std::string& set : arguments_.sets) command += " --set " + shell_word(set);
    return command + checks_flag();
  }

  ExitCode report() const {
    const bool cut = interrupted() && !done_.failure;
    const bool is_open = cut || done_.totals.inconclusive == done_.totals.seeds;
    reports::ExploreReport report{.file = arguments_.file,
                                  .title = base_.title,
                                  .scenario_hash = base_.hash,
                                  .swarm = arguments_.swarm,
                                  .checks = arguments_.checks,
                                  .first = first_,
                                  .asked_last = asked_last_,
                                  .exploration = done_,
                                  .replay = done_.failure ? replay() : "",
                                  .shrunk = shrunk_};
    report.verdict = done_.failure ? sim::Verdict::fail : is_open ? sim::Verdict::inconclusive : sim::Verdict::pass;
    report.interrupted = cut;
    ExitCode code =
        exit_code_of({.findings = done_.failure ? std::vector{done_.failure->finding} : std::vector<sim::Finding>{}});
    if (!done_.failure && is_open) code = ExitCode::inconclusive;
    if (cut) code = worst(code, ExitCode::interrupted);
    const bool silent = arguments_.quiet && code == ExitCode::pass;
    const std::string text = reports::explore_text(report);
    const std::string json = reports::explore_json(report);
    if (!cut) folder_.write("explore.txt", text);
    if (!cut) folder_.write("explore.json", json);
    if (!silent && !print(arguments_.format == Format::json ? json : text)) code = worst(code, ExitCode::file_error);
    if (cut) {
      std::fprintf(stderr, "windtunnel: interrupted by %s%s\n", interrupted_by(),
                   folder_.exists() ? "; the same command goes on from here" : "");
    }
    return worst(code, tell_github(report));
  }

  [[nodiscard]] ExitCode tell_github(const reports::ExploreReport& report) const {
    GithubActions github;
    if (done_.failure) {
      const sim::Finding& finding = done_.failure->finding;
      github.annotate({.file = arguments_.file,
                       .title = "windtunnel: " + finding.id,
                       .message = fmt::format("seed {}: {}: {}", done_.failure->seed, finding.claim, finding.reason)});
    }
    github.add_section("### Windtunnel: explore\n\n```\n" + reports::explore_text(report) + "```\n");
    return github.finish();
  }

  const ExploreArguments& arguments_;
  sim::Scenario base_;
  ExploreFolder folder_;
  std::uint64_t first_ = 1;
  std::optional<std::uint64_t> asked_last_;
  sim::ExploreOptions options_;
  sim::Exploration done_;
  reports::ExploreProgress progress_;
  std::optional<reports::ShrunkReport> shrunk_;
};

}  // namespace

ExitCode explore(const ExploreArguments& arguments) {
  LoadedScenario loaded = load_scenario(arguments.file, arguments.sets);
  if (!loaded.scenario) return loaded.code;
  try {
    Search search{arguments, *std::move(loaded.scenario)};
    return search.perform();
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    return ExitCode::file_error;
  }
}

}  // namespace windtunnel::cli
