#include "runs/run/run_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "base/check.h"
#include "base/visible_text.h"
#include "runs/outputs.h"
#include "runs/shell_word.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::runs {
namespace {

// The duration that was written, at least `least` nanoseconds. Nothing: none was written.
std::optional<Duration> duration_of(const char* flag, const std::string& text, std::int64_t least) {
  if (text.empty()) return std::nullopt;
  const scenarios::ExactNumber parsed = scenarios::exact_duration(text);
  if (parsed.problem == scenarios::NumberProblem::none && parsed.value >= least && !text.starts_with('-'))
    return Duration{parsed.value};
  throw ProblemError(ProblemKind::request, fmt::format("{} {} is not a duration such as 90s or 5m{}", flag,
                                                       visible_text(text), least > 0 ? ", above 0" : ""));
}

std::string stem_of(const std::string& file) { return std::filesystem::path(file).stem().string(); }

}  // namespace

std::optional<Problem> problem_with(const RunRequest& request) {
  try {
    (void)duration_of("--until", request.until, 0);
    (void)duration_of("--timeline-step", request.timeline_step, 1);
  } catch (const ProblemError& error) {
    return error.problem();
  }
  return std::nullopt;
}

RunPlan::RunPlan(const RunRequest& request, const std::vector<LoadedScenario>& loaded)
    : request_(request),
      loaded_(loaded),
      until_(duration_of("--until", request.until, 0)),
      timeline_step_(duration_of("--timeline-step", request.timeline_step, 1)) {
  std::map<std::string, int> stems;
  for (const std::string& file : request.files) ++stems[stem_of(file)];
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    if (!loaded[i].scenario) continue;
    const std::uint64_t own = request.seed.value_or(loaded[i].scenario->seed);
    FileRuns runs{.file = i, .seeds = request.seeds.value_or(SeedRange{own, own}), .folder = {}};
    const std::string stem = stem_of(request.files[i]);
    if (request.files.size() > 1) runs.folder = stems.at(stem) > 1 ? fmt::format("{}-{}", i + 1, stem) : stem;
    size_ += runs.seeds.count();
    files_.push_back(std::move(runs));
  }
}

std::optional<Problem> RunPlan::problem_with_memory(std::uint64_t jobs) const {
  for (const FileRuns& file : files_) {
    const LoadedScenario& loaded = loaded_[file.file];
    auto problem = runs::problem_with_memory(loaded.file, memory_need(*loaded.scenario), std::min(jobs, size_),
                                             request_.memory_max);
    if (problem) return problem;
  }
  return std::nullopt;
}

std::optional<Problem> RunPlan::problem_with_outputs(const std::string& junit) const {
  std::vector<std::string> inputs = request_.files;
  for (const LoadedScenario& loaded : loaded_) {
    if (!loaded.scenario) continue;
    std::ranges::move(inputs_of(*loaded.scenario, loaded.file), std::back_inserter(inputs));
  }
  std::vector<Output> outputs{{"--telemetry", request_.telemetry}, {"--junit", junit}};
  if (size_ == 1 && !request_.out.empty()) {
    std::ranges::move(
        outputs_in(job(0).directory, {"telemetry.jsonl", "events.jsonl", "timeline.json", "summary.json", "summary.txt",
                                      "junit.xml", "report.html", "ledger.jsonl", "gateway.log"}),
        std::back_inserter(outputs));
  }
  return runs::problem_with_outputs(outputs, inputs);
}

RunJob RunPlan::job(std::uint64_t place) const {
  check(place < size_, "a plan is asked for the runs that it has");
  auto runs = files_.begin();
  for (; place >= runs->seeds.count(); ++runs) place -= runs->seeds.count();
  RunJob job;
  job.scenario = &*loaded_[runs->file].scenario;
  job.seed = runs->seeds.first + place;
  job.until = until_;
  job.timeline_step = timeline_step_;
  job.wants_html = request_.html;
  if (!request_.out.empty()) {
    std::filesystem::path directory = request_.out;
    if (!runs->folder.empty()) directory /= runs->folder;
    if (!runs->seeds.is_single()) directory /= fmt::format("seed-{}", job.seed);
    job.directory = directory.string();
  }
  job.telemetry = request_.telemetry;
  job.replay = replay_command(request_, request_.files[runs->file], job.seed);
  job.checks = {.checks = request_.checks, .keep_going = request_.keep_going};
  job.events_max = request_.events_max;
  job.verify_determinism = request_.verify_determinism;
  return job;
}

std::string replay_command(const RunRequest& request, const std::string& file, std::uint64_t seed) {
  std::string command =
      fmt::format("windtunnel {} {}{} --seed {}", request.verb, shell_word(file), request.flags, seed);
  for (const std::string& set : request.sets) command += " --set " + shell_word(set);
  if (!request.until.empty()) command += " --until " + shell_word(request.until);
  if (request.checks != std::vector<std::string>{"all"})
    command += fmt::format(" --checks {}", fmt::join(request.checks, ","));
  if (request.keep_going) command += " --keep-going";
  return command;
}

}  // namespace windtunnel::runs
