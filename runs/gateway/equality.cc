#include "runs/gateway/equality.h"

#include <fmt/format.h>

#include <fstream>

#include "runs/gateway/pipeline_lines.h"
#include "runs/problem.h"
#include "runs/scenario_source.h"
#include "scenarios/writer.h"
#include "sim/world/world.h"

namespace windtunnel::runs {

std::string scenario_for_gateway(const sim::Scenario& scenario, std::uint64_t seed,
                                 const std::vector<std::string>& urls) {
  sim::Scenario copy = scenario;
  copy.seed = seed;
  // The gateway is not to know what comes; a file without a workload has one of its own.
  copy.workloads = load_scenario_text("{}", "default", {}).scenario->workloads;
  copy.faults.clear();
  copy.thresholds.clear();
  copy.forecast_thresholds.clear();
  copy.liveness.reset();
  copy.coverage.clear();
  copy.counterexample.reset();
  copy.explore = {};
  for (std::size_t i = 0; i < copy.providers.size(); ++i) {
    sim::EndpointSpec endpoint = copy.providers[i].endpoint.value_or(sim::EndpointSpec{});
    endpoint.base_url = urls[i] + (endpoint.api == sim::EndpointApi::openai ? "/v1" : "");
    // A trial's providers take any key and need none.
    endpoint.key_env.clear();
    endpoint.key_file.clear();
    copy.providers[i].endpoint = std::move(endpoint);
  }
  return scenarios::write_scenario(copy);
}

Equality compare_with_simulation(const sim::Scenario& scenario, std::uint64_t seed,
                                 const std::filesystem::path& decisions) {
  std::ifstream file(decisions, std::ios::binary);
  if (!file) {
    refuse(ProblemKind::file,
           "the gateway has written no decisions, so that it cannot be compared with its simulation: its command has "
           "\"--trial\", \"{directory}/" +
               std::string(kDecisions) + "\"");
  }
  std::vector<std::string> served;
  for (std::string line; std::getline(file, line);) served.push_back(line);
  std::vector<std::string> providers;
  for (const sim::ProviderSpec& spec : scenario.providers) providers.push_back(spec.name);
  PipelineScribe scribe{providers};
  sim::RunOptions options{.seed = seed};
  options.observers.emplace_back(&scribe);
  (void)sim::run(scenario, options);
  const LinesDifference difference = compare_lines(by_request(scribe.lines()), by_request(served));
  Equality result{.requests = difference.requests, .decisions = scribe.lines().size()};
  if (difference.differing == 0) return result;
  result.difference = fmt::format("{} of {} requests differ from the simulation; the earliest decision that does is {}",
                                  difference.differing, difference.requests, difference.first);
  return result;
}

}  // namespace windtunnel::runs
