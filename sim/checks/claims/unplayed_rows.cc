#include "sim/checks/claims/unplayed_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace windtunnel::sim {
namespace {

// How long the load is played, from its start on.
Duration played_of(const Scenario& scenario, const WorkloadSpec& load) {
  return std::min(scenario.duration - load.start, load.duration.value_or(Duration::max()));
}

}  // namespace

std::vector<UnplayedRows> unplayed_rows(const Scenario& scenario) {
  std::vector<UnplayedRows> all;
  for (const WorkloadSpec& load : scenario.workloads) {
    const Duration end = played_of(scenario, load);
    const auto* replay = std::get_if<TraceReplay>(&load.executor);
    const auto left_out = std::ranges::count_if(load.requests, [&](const ListedRequest& row) {
      return (replay == nullptr ? row.at : replay->played_at(row.at)) >= end;
    });
    if (left_out > 0) all.push_back({.load = &load, .count = left_out, .end = load.start + end});
  }
  return all;
}

std::vector<std::string> unplayed_stages(const Scenario& scenario) {
  std::vector<std::string> all;
  for (const WorkloadSpec& load : scenario.workloads) {
    const std::vector<Stage>* stages = nullptr;
    if (const auto* ramp = std::get_if<RampingArrivalRate>(&load.executor)) stages = &ramp->stages;
    if (const auto* ramp = std::get_if<RampingVus>(&load.executor)) stages = &ramp->stages;
    if (stages == nullptr) continue;
    Duration sum{0};
    for (const Stage& stage : *stages) sum += stage.duration;
    const Duration played = played_of(scenario, load);
    if (sum <= played) continue;
    all.push_back(fmt::format("workload.{} has stages of {} s and ends after {} s, before its last target", load.name,
                              static_cast<double>(sum.count()) / 1e9, static_cast<double>(played.count()) / 1e9));
  }
  return all;
}

bool is_trace(const WorkloadSpec& load) { return std::holds_alternative<TraceReplay>(load.executor); }

std::string sentence_of(const UnplayedRows& rows) {
  return fmt::format("{} of its {} rows come after the end at {:.3f} s{}", rows.count, rows.load->requests.size(),
                     static_cast<double>(rows.end.count()) / 1e9,
                     is_trace(*rows.load) ? "; \"until\" leaves rows out on purpose" : "");
}

}  // namespace windtunnel::sim
