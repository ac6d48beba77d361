#include "runs/search/search_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "reports/files/report_error.h"
#include "runs/search/gateway_search.h"
#include "runs/search/search_folder.h"
#include "runs/shell_word.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"
#include "sim/explore/explore.h"
#include "sim/explore/shrink.h"
#include "sim/world/world.h"

namespace windtunnel::runs {
namespace {

using SearchClock = std::chrono::steady_clock;

// How often a search that may be killed saves how far it has come.
constexpr std::chrono::seconds kSaveEvery{1};

// A search from its first seed, or from where an earlier one ended, to its report.
class Search {
 public:
  explicit Search(SearchJob job)
      : job_(std::move(job)), request_(job_.request), base_(job_.base), folder_(request_.out, request_.file) {
    const SeedRange seeds = request_.seeds.value_or(kSearchSeeds);
    first_ = seeds.first;
    if (!request_.time) asked_last_ = seeds.last;
    options_ = {.swarm = request_.swarm, .checks = request_.checks, .jobs = request_.jobs, .stop = job_.stop};
  }

  SearchDone perform() {
    if (const auto problem =
            problem_with_memory(request_.file, memory_need(base_), request_.jobs, request_.memory_max)) {
      throw ProblemError(problem->kind, problem->text);
    }
    resume();
    search_seeds();
    if (done_.failure) shrink();
    return report();
  }

 private:
  // Throws a ProblemError if the folder belongs to another search.
  void resume() {
    progress_ = {.program = job_.version,
                 .scenario_hash = base_.hash,
                 .swarm = request_.swarm,
                 .checks = request_.checks,
                 .first = first_};
    if (!folder_.exists()) return;
    // A run that is stopped has no digest, and the search ends before its first seed.
    const sim::RunResult first_run = sim::run(sim::explored_world(base_, first_, request_.swarm), {.stop = job_.stop});
    if (first_run.stopped) return;
    progress_.first_digest = first_run.digest;
    const std::optional<reports::ExploreProgress> earlier = folder_.progress();
    if (!earlier || !earlier->last) return;
    const bool same = earlier->scenario_hash == progress_.scenario_hash && earlier->swarm == progress_.swarm &&
                      earlier->checks == progress_.checks && earlier->first == progress_.first;
    if (!same) {
      throw ProblemError(ProblemKind::request,
                         request_.out +
                             " holds a search of another scenario, --set, --swarm, --checks or first seed; name "
                             "another --out, or remove explore-progress.json there");
    }
    if (earlier->program != progress_.program || earlier->first_digest != progress_.first_digest) {
      return job_.note(request_.out + " holds a search by another build, which begins again");
    }
    progress_ = *earlier;
    done_.totals = earlier->totals;
    done_.last = earlier->last;
    if (earlier->failing_seed) {
      const sim::SeedResult again = sim::explore_seed(base_, *earlier->failing_seed, options_);
      if (again.failure) done_.failure = {again.seed, *again.failure};
    }
  }

  // Searches the seeds that are left.
  void search_seeds() {
    const std::uint64_t last = asked_last_.value_or(UINT64_MAX - 1);
    if (done_.failure || (done_.last && *done_.last >= last)) return;
    const std::uint64_t next = done_.last ? *done_.last + 1 : first_;
    const SearchClock::time_point began = SearchClock::now();
    SearchClock::time_point save_at = began + kSaveEvery;
    const sim::SeedTotals before = done_.totals;
    const auto on_result = [&](const sim::SeedResult& result) {
      progress_.totals += result.totals;
      progress_.last = result.seed;
      if (result.failure) progress_.failing_seed = result.seed;
      const SearchClock::time_point now = SearchClock::now();
      if (now >= save_at || result.failure) {
        folder_.save(progress_);
        save_at = now + kSaveEvery;
      }
      if (job_.due()) job_.show(progress_line(now - began, before));
      return !request_.time || now - began < *request_.time;
    };
    const sim::Exploration more = sim::explore(base_, next, last, options_, on_result);
    done_.totals += more.totals;
    if (more.last) done_.last = more.last;
    done_.failure = more.failure;
    folder_.save(progress_);
    job_.searched(more.totals.seeds, SearchClock::now() - began);
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
      const std::filesystem::path from = std::filesystem::path(request_.file).parent_path() / replay->trace;
      replay->trace = std::filesystem::proximate(from, folder_.directory()).generic_string();
    }
  }

  std::string name_of_file(const char* what) const { return fmt::format("{}-seed-{}.json", what, done_.failure->seed); }

  // The world as it was found is kept first, because shrinking may be interrupted.
  void shrink() {
    const sim::FailingSeed& failure = *done_.failure;
    sim::Scenario found = sim::explored_world(base_, failure.seed, request_.swarm);
    sim::Scenario named = found;
    move_traces(named);
    describe_failure(named, failure.finding, "As it was found by " + replay() + ".");
    folder_.write(name_of_file("failing"), scenarios::write_scenario(named));

    sim::ShrinkOptions options{.checks = request_.checks, .stop = job_.stop};
    options.on_run = [&](std::uint64_t runs) {
      if (job_.due()) job_.show(fmt::format("seed {} fails; shrinking it, {} runs", failure.seed, runs));
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

  // The file that a person is handed must fail as it is written, not only as it was in memory.
  void prove(const reports::ShrunkReport& report, const sim::Finding& finding) const {
    const std::string name = report.file.empty() ? request_.file : report.file;
    const sim::Scenario again = scenarios::read_scenario_text(report.scenario, name);
    const std::optional<sim::Finding> found = sim::first_failure(again, request_.checks, job_.stop);
    if (is_stopped()) return;
    check(found && sim::same_failure(*found, finding), "a shrunk world fails when it is read back");
  }

  [[nodiscard]] bool is_stopped() const { return job_.stop != nullptr && job_.stop->load(); }

  [[nodiscard]] std::string checks_flag() const {
    if (request_.checks == std::vector<std::string>{"all"}) return {};
    return fmt::format(" --checks {}", fmt::join(request_.checks, ","));
  }

  // The command that finds the failing seed again.
  [[nodiscard]] std::string replay() const {
    const std::uint64_t seed = done_.failure->seed;
    std::string command = request_.swarm ? fmt::format("windtunnel explore {} --swarm --seeds {}..{}",
                                                       shell_word(request_.file), seed, seed)
                                         : fmt::format("windtunnel run {} --seed {}", shell_word(request_.file), seed);
    for (const std::string& set : request_.sets) command += " --set " + shell_word(set);
    return command + checks_flag();
  }

  [[nodiscard]] SearchDone report() const {
    SearchDone result;
    result.exploration = done_;
    result.interrupted = is_stopped() && !done_.failure;
    result.verdict = result.interrupted ? sim::Verdict::inconclusive : verdict_of(done_, request_.swarm);
    const reports::ExploreReport report{.file = request_.file,
                                        .title = base_.title,
                                        .scenario_hash = base_.hash,
                                        .swarm = request_.swarm,
                                        .checks = request_.checks,
                                        .first = first_,
                                        .asked_last = asked_last_,
                                        .exploration = done_,
                                        .replay = done_.failure ? replay() : "",
                                        .shrunk = shrunk_,
                                        .verdict = result.verdict,
                                        .interrupted = result.interrupted};
    result.text = reports::explore_text(report);
    result.json = reports::explore_json(report);
    if (result.interrupted) return result;
    folder_.write("explore.txt", result.text);
    folder_.write("explore.json", result.json);
    return result;
  }

  SearchJob job_;
  const SearchRequest& request_;
  const sim::Scenario& base_;
  SearchFolder folder_;
  std::uint64_t first_ = 1;
  std::optional<std::uint64_t> asked_last_;
  sim::ExploreOptions options_;
  sim::Exploration done_;
  reports::ExploreProgress progress_;
  std::optional<reports::ShrunkReport> shrunk_;
};

}  // namespace

SearchDone search(SearchJob job) {
  SearchDone failed;
  try {
    if (!job.request.gateway.empty()) return search_gateway(job);
    return Search{std::move(job)}.perform();
  } catch (const ProblemError& error) {
    failed.problem = error.problem();
  } catch (const reports::ReportError& error) {
    failed.problem = Problem{ProblemKind::file, error.what()};
  }
  return failed;
}

}  // namespace windtunnel::runs
