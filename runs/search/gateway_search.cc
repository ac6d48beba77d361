#include "runs/search/gateway_search.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "runs/scenario_source.h"
#include "runs/search/search_folder.h"
#include "runs/shell_word.h"
#include "runs/temporary_folder.h"
#include "runs/trial/trial_job.h"
#include "scenarios/writer.h"
#include "sim/explore/explore.h"
#include "sim/explore/shrink.h"

namespace windtunnel::runs {
namespace {

using SearchClock = std::chrono::steady_clock;

// A trial takes seconds where a simulated run takes milliseconds.
constexpr std::uint64_t kShrinkRunsMax = 400;

// What a search is judged by: a violation of a check is worse than a missed threshold.
std::optional<sim::Finding> failure_of(const sim::Judgement& judgement) {
  std::optional<sim::Finding> first;
  for (const sim::Finding& finding : judgement.findings) {
    if (finding.verdict != sim::Verdict::fail) continue;
    if (finding.kind == sim::Finding::Kind::invariant) return finding;
    if (!first) first = finding;
  }
  return first;
}

std::string size_of(const sim::Scenario& world) {
  return fmt::format("{} faults, {} workloads, {} providers, {:.3f} s", world.faults.size(), world.workloads.size(),
                     world.providers.size(), static_cast<double>(world.duration.count()) / 1e9);
}

class GatewaySearch {
 public:
  explicit GatewaySearch(const SearchJob& job)
      : job_(job), request_(job.request), folder_(job.request.out, job.request.file) {}

  SearchDone perform() {
    if (request_.swarm) {
      refuse(ProblemKind::request, "--swarm draws settings of our own pipeline; a gateway's are those of its file");
    }
    if (request_.checks != std::vector<std::string>{"all"}) {
      refuse(ProblemKind::request, "--checks names those of a simulated run; a trial has its own, which are all on");
    }
    search_seeds();
    if (done_.failure) shrink();
    return report();
  }

 private:
  // Throws ProblemError if the world could not be tried.
  TriedGateway try_world(sim::Scenario world) {
    move_traces(world, tried_.path());
    const std::string file = (tried_.path() / "world.json").string();
    std::ofstream(file, std::ios::binary) << scenarios::write_scenario(world);
    const LoadedScenario loaded = load_scenario(file, {});
    if (loaded.problem) throw ProblemError(loaded.problem->kind, loaded.problem->text);
    const TrialSettings settings{
        .gateway = request_.gateway, .clock = sim::GatewayClock::virtual_time, .predictions = 0};
    TriedGateway tried =
        tried_gateway(settings, {.scenario = &*loaded.scenario, .seed = loaded.scenario->seed, .stop = job_.stop});
    if (tried.done.problem) throw ProblemError(tried.done.problem->kind, tried.done.problem->text);
    return tried;
  }

  // A trace is named from the folder of the file that plays it.
  void move_traces(sim::Scenario& world, const std::filesystem::path& folder) const {
    for (sim::WorkloadSpec& load : world.workloads) {
      auto* replay = std::get_if<sim::TraceReplay>(&load.executor);
      if (replay == nullptr || replay->trace.empty()) continue;
      const std::filesystem::path from = std::filesystem::path(request_.file).parent_path() / replay->trace;
      replay->trace = std::filesystem::proximate(std::filesystem::absolute(from), folder).generic_string();
    }
  }

  [[nodiscard]] bool is_stopped() const { return job_.stop != nullptr && job_.stop->load(); }

  void search_seeds() {
    const SeedRange seeds = request_.seeds.value_or(kSearchSeeds);
    first_ = seeds.first;
    if (!request_.time) asked_last_ = seeds.last;
    const std::uint64_t last = asked_last_.value_or(UINT64_MAX - 1);
    const SearchClock::time_point began = SearchClock::now();
    for (std::uint64_t seed = first_; seed <= last && !done_.failure; ++seed) {
      if (request_.time && SearchClock::now() - began >= *request_.time) break;
      const TriedGateway tried = try_world(sim::explored_world(job_.base, seed, false));
      if (is_stopped()) break;
      count(tried);
      done_.last = seed;
      if (auto failure = failure_of(tried.done.judgement)) done_.failure = sim::FailingSeed{seed, *std::move(failure)};
      if (job_.due()) job_.show(fmt::format("{} seeds tried", done_.totals.seeds));
    }
    job_.searched(done_.totals.seeds, SearchClock::now() - began);
  }

  void count(const TriedGateway& tried) {
    sim::SeedTotals totals{.seeds = 1, .claims = tried.done.judgement.claims};
    totals.requests = static_cast<std::uint64_t>(tried.trial->requests.total + tried.trial->requests.sent_by_a_program);
    totals.answered = static_cast<std::uint64_t>(tried.trial->requests.served());
    totals.events = static_cast<std::uint64_t>(tried.trial->calls.total);
    totals.virtual_time = job_.base.duration;
    const std::vector<sim::Finding>& findings = tried.done.judgement.findings;
    if (!failure_of(tried.done.judgement)) sim::count_inconclusive(totals, findings, false);
    done_.totals += totals;
  }

  [[nodiscard]] std::string name_of_file(const char* what) const {
    return fmt::format("{}-seed-{}.json", what, done_.failure->seed);
  }
  [[nodiscard]] std::string replay_of(const std::string& file) const {
    return fmt::format("windtunnel trial {} --gateway {}", shell_word(file), shell_word(request_.gateway));
  }
  // The command that finds the failing seed again.
  [[nodiscard]] std::string replay() const {
    std::string command = replay_of(request_.file) + fmt::format(" --seed {}", done_.failure->seed);
    for (const std::string& set : request_.sets) command += " --set " + shell_word(set);
    return command;
  }

  std::string text_of(sim::Scenario world, const sim::Finding& finding, const std::string& came_from) const {
    if (folder_.exists()) move_traces(world, std::filesystem::absolute(folder_.directory()));
    describe_failure(world, finding, came_from);
    return scenarios::write_scenario(world);
  }

  // The world as it was found is kept first, because shrinking may be interrupted.
  void shrink() {
    const sim::FailingSeed& failure = *done_.failure;
    const sim::Scenario found = sim::explored_world(job_.base, failure.seed, false);
    folder_.write(name_of_file("failing"), text_of(found, failure.finding, "As it was found by " + replay() + "."));
    sim::ShrinkOptions options{.runs_max = kShrinkRunsMax, .stop = job_.stop};
    options.fails = [this](const sim::Scenario& world) { return fails(world); };
    options.on_run = [&](std::uint64_t runs) {
      if (job_.due()) job_.show(fmt::format("seed {} fails; shrinking it, {} trials", failure.seed, runs));
    };
    const sim::Shrunk small = sim::shrink(found, failure.finding, job_.base, options);
    reports::ShrunkReport report{
        .scenario =
            text_of(small.world, small.finding, fmt::format("Shrunk from {} that {} found.", size_of(found), replay())),
        .runs = small.runs,
        .is_minimal = small.is_minimal,
        .from = size_of(found),
        .to = size_of(small.world)};
    if (folder_.exists()) {
      report.file = folder_.path(name_of_file("shrunk"));
      report.replay = replay_of(report.file);
      folder_.write(name_of_file("shrunk"), report.scenario);
    }
    if (!is_stopped()) prove(small);
    shrunk_ = std::move(report);
  }

  // A world that cannot be tried, because the gateway's file names a provider that is gone, does not fail.
  std::optional<sim::Finding> fails(const sim::Scenario& world) {
    try {
      return failure_of(try_world(world).done.judgement);
    } catch (const ProblemError&) {
      return std::nullopt;
    }
  }

  // What a person is handed must fail once more, or the gateway is not deterministic.
  void prove(const sim::Shrunk& small) {
    const std::optional<sim::Finding> again = fails(small.world);
    if (is_stopped() || (again && sim::same_failure(*again, small.finding))) return;
    refuse(ProblemKind::file,
           fmt::format("seed {} failed with {}, and its shrunk world failed no more when it was tried again: the "
                       "gateway is not deterministic; the first difference is shown by {} --verify-determinism",
                       done_.failure->seed, small.finding.id, replay()));
  }

  [[nodiscard]] SearchDone report() const {
    SearchDone result;
    result.exploration = done_;
    result.interrupted = is_stopped() && !done_.failure;
    result.verdict = result.interrupted ? sim::Verdict::inconclusive : verdict_of(done_, false);
    const reports::ExploreReport report{.file = request_.file,
                                        .title = job_.base.title,
                                        .scenario_hash = job_.base.hash,
                                        .gateway = request_.gateway,
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

  const SearchJob& job_;
  const SearchRequest& request_;
  SearchFolder folder_;
  TemporaryFolder tried_;
  std::uint64_t first_ = 1;
  std::optional<std::uint64_t> asked_last_;
  sim::Exploration done_;
  std::optional<reports::ShrunkReport> shrunk_;
};

}  // namespace

SearchDone search_gateway(const SearchJob& job) { return GatewaySearch{job}.perform(); }

}  // namespace windtunnel::runs
