#include "runs/compare/compare_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "reports/files/output_file.h"
#include "runs/forecast/forecast_plan.h"
#include "runs/outputs.h"
#include "runs/shell_word.h"
#include "sim/checks/claims/run_notes.h"

namespace windtunnel::runs {
namespace {

std::string replay_of(const CompareRequest& request, const std::string& file, const std::vector<std::string>& sets) {
  std::string command = (request.of_forecasts ? "windtunnel forecast " : "windtunnel run ") + shell_word(file);
  for (const std::string& set : sets) command += " --set " + shell_word(set);
  if (request.of_forecasts) {
    return command + fmt::format(" --horizon {} --replications {}", request.horizon, request.replications);
  }
  if (request.checks != std::vector<std::string>{"all"}) {
    command += fmt::format(" --checks {}", fmt::join(request.checks, ","));
  }
  return command + " --keep-going";
}

// Fills a plan.
class Planner {
 public:
  Planner(const CompareRequest& request, const std::function<void(const LoadedScenario&)>& loaded)
      : request_(request), loaded_(loaded) {}

  ComparePlan plan() {
    if (request_.of_forecasts) plan_.horizon = horizon_of(request_.horizon);
    if (request_.varied.empty()) {
      for (const std::string& file : request_.files) add(file, {file, {}});
      return std::move(plan_);
    }
    // Errors of the file itself are reported once, not for each variation.
    const std::string& file = request_.files.front();
    const LoadedScenario itself = load(file, request_.sets);
    if (!plan_.complete) return std::move(plan_);
    for (const scenarios::VariedSets& varied : request_.varied) add(file, varied);
    if (plan_.complete) plan_.warnings = scenarios::kept_beside_presets(*itself.scenario, request_.varied);
    return std::move(plan_);
  }

 private:
  LoadedScenario load(const std::string& file, const std::vector<std::string>& sets) {
    LoadedScenario scenario = load_scenario(file, sets);
    loaded_(scenario);
    plan_.complete = plan_.complete && scenario.scenario;
    return scenario;
  }

  void add(const std::string& file, scenarios::VariedSets varied) {
    std::vector<std::string> sets = request_.sets;
    sets.insert(sets.end(), varied.sets.begin(), varied.sets.end());
    LoadedScenario scenario = load(file, sets);
    if (!scenario.scenario) return;
    const sim::MemoryNeed need = memory_need(*scenario.scenario);
    if (const auto problem = problem_with_memory(file, need, request_.jobs, request_.memory_max)) {
      throw ProblemError(problem->kind, problem->text);
    }
    sim::Scenario played = *scenario.scenario;
    played.duration = plan_.horizon.value_or(played.duration);
    std::vector<std::string> notes = sim::forecast_words(played).notes;
    plan_.origins.push_back({varied.name, file, sets, replay_of(request_, file, sets), std::move(notes)});
    plan_.variations.push_back({std::move(varied.name), *std::move(scenario.scenario)});
  }

  const CompareRequest& request_;
  const std::function<void(const LoadedScenario&)>& loaded_;
  ComparePlan plan_;
};

SeedRange seeds_of(const CompareRequest& request, const sim::Scenario& first) {
  if (request.of_forecasts) return {0, request.replications - 1};
  const std::uint64_t last = first.seed > UINT64_MAX - kCompareSeeds ? UINT64_MAX : first.seed + kCompareSeeds - 1;
  return request.seeds.value_or(SeedRange{first.seed, last});
}

}  // namespace

ComparePlan plan_comparison(const CompareRequest& request, const std::function<void(const LoadedScenario&)>& loaded) {
  try {
    return Planner{request, loaded}.plan();
  } catch (const ProblemError& error) {
    ComparePlan failed;
    failed.complete = false;
    failed.problem = error.problem();
    return failed;
  }
}

reports::CompareSummary CompareDone::summary() const {
  return reports::compare_summary({.variations = origins,
                                   .comparison = comparison,
                                   .seed_first = seeds.first,
                                   .seeds = seeds.count(),
                                   .horizon = horizon,
                                   .rules = rules,
                                   .regressions = regressions});
}

CompareDone compare(ComparePlan plan, const CompareRequest& request, const std::atomic<bool>* stop,
                    std::function<void(std::uint64_t done, std::uint64_t of)> progress) {
  const SeedRange seeds = seeds_of(request, plan.variations.front().scenario);
  sim::CompareOptions options{.seed_first = seeds.first,
                              .seeds = seeds.count(),
                              .jobs = request.jobs,
                              .checks = request.checks,
                              .stop = stop,
                              .progress = std::move(progress)};
  if (plan.horizon) options.forecast = sim::ForecastOptions{.horizon = *plan.horizon};
  CompareDone done{.origins = std::move(plan.origins),
                   .comparison = sim::compare(plan.variations, options),
                   .seeds = seeds,
                   .horizon = plan.horizon,
                   .rules = request.rules,
                   .regressions = {}};
  done.regressions = sim::judge_regressions(done.comparison, done.rules);
  return done;
}

std::optional<Problem> problem_with_outputs(const ComparePlan& plan, const std::string& folder) {
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < plan.variations.size(); ++i) {
    std::ranges::move(inputs_of(plan.variations[i].scenario, plan.origins[i].file), std::back_inserter(inputs));
  }
  return problem_with_outputs(
      outputs_in(folder, {"compare.txt", "compare.json", "compare.md", "compare.csv", "compare_runs.csv"}), inputs);
}

std::optional<Problem> write_comparison(const reports::CompareSummary& summary, const std::string& folder) {
  try {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw reports::ReportError(folder, "create", error.message());
    const auto write = [&](const char* name, const std::string& content) {
      reports::OutputFile file{(std::filesystem::path(folder) / name).string()};
      file.append(content);
      if (!summary.interrupted) file.finish();
    };
    write("compare.txt", reports::compare_text(summary));
    write("compare.json", reports::compare_json(summary));
    write("compare.md", reports::compare_markdown(summary));
    write("compare.csv", reports::compare_csv(summary));
    write("compare_runs.csv", reports::compare_runs_csv(summary));
  } catch (const reports::ReportError& error) {
    return Problem{ProblemKind::file, error.what()};
  }
  return std::nullopt;
}

}  // namespace windtunnel::runs
