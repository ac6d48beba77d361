#include "runs/outputs.h"

#include <fmt/format.h>

#include <filesystem>

#include "reports/files/report_error.h"

namespace windtunnel::runs {
namespace {

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code absent;  // a file that is not there is no input
  return !a.empty() && !b.empty() && std::filesystem::equivalent(a, b, absent);
}

}  // namespace

LockedFolder lock_folder(const std::string& folder) {
  LockedFolder locked;
  if (folder.empty()) return locked;
  try {
    locked.lock.emplace(folder);
  } catch (const reports::ReportError& error) {
    locked.problem = Problem{ProblemKind::file, error.what()};
  }
  return locked;
}

std::vector<Output> outputs_in(const std::string& folder, std::initializer_list<const char*> names) {
  std::vector<Output> outputs;
  if (folder.empty()) return outputs;
  for (const char* name : names) outputs.push_back({"--out", (std::filesystem::path(folder) / name).string()});
  return outputs;
}

std::vector<std::string> files_of_run(const std::string& folder) {
  std::vector<std::string> files;
  for (const char* name :
       {"summary.json", "summary.txt", "timeline.json", "telemetry.jsonl", "events.jsonl", "junit.xml", "ledger.jsonl",
        "gateway.log", "forecast.json", "forecast.txt", "forecast.csv"}) {
    files.push_back((std::filesystem::path(folder) / name).string());
  }
  return files;
}

std::vector<std::string> inputs_of(const sim::Scenario& scenario, const std::string& file) {
  std::vector<std::string> inputs{file};
  for (const sim::WorkloadSpec& load : scenario.workloads) {
    const auto* replay = std::get_if<sim::TraceReplay>(&load.executor);
    if (replay == nullptr || replay->trace.empty()) continue;
    inputs.push_back((std::filesystem::path(file).parent_path() / replay->trace).string());
  }
  return inputs;
}

std::optional<Problem> problem_with_outputs(const std::vector<Output>& outputs,
                                            const std::vector<std::string>& inputs) {
  for (const Output& output : outputs) {
    for (const std::string& input : inputs) {
      if (!is_same_file(output.path, input) && !is_same_file(output.path + ".partial", input)) continue;
      return Problem{ProblemKind::request,
                     fmt::format("{} {} would replace {}, which this command reads", output.flag, output.path, input)};
    }
  }
  return std::nullopt;
}

}  // namespace windtunnel::runs
