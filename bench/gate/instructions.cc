// A fixed amount of work for an instrument that counts instructions: windtunnel_instructions WORK REQUESTS. What a
// request costs is the difference of two counts, so that start-up and reading weigh nothing.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bench/monitor/traffic.h"
#include "bench/worlds.h"
#include "reports/files/output_file.h"
#include "reports/telemetry/telemetry.h"
#include "sim/checks/judge.h"
#include "sim/world/world.h"

namespace windtunnel::bench {
namespace {

std::string seconds_of(std::int64_t requests) { return std::to_string(requests / 50) + "s"; }

void decide(std::int64_t requests) {
  monitor::Pipeline pipeline = pipeline_of_two();
  Traffic traffic{pipeline, 0, 20};
  for (std::int64_t i = 0; i < requests; ++i) traffic.step();
}

void run_with_checks(const sim::Scenario& scenario) {
  sim::Judge judge{scenario, {}};
  static_cast<void>(judge.judge(sim::run(scenario, {.observers = {&judge}})));
}

void run_with_telemetry(const sim::Scenario& scenario) {
  reports::OutputFile file{"/dev/null"};
  reports::TelemetryWriter writer{scenario, scenario.seed, file};
  static_cast<void>(sim::run(scenario, {.observers = {&writer}}));
  file.finish();
}

bool work(std::string_view name, std::int64_t requests) {
  if (name == "pipeline") {
    decide(requests);
  } else if (name == "healthy") {
    static_cast<void>(sim::run(healthy_world(seconds_of(requests))));
  } else if (name == "healthy/all_checks") {
    run_with_checks(healthy_world(seconds_of(requests)));
  } else if (name == "healthy/telemetry") {
    run_with_telemetry(healthy_world(seconds_of(requests)));
  } else if (name == "routed") {
    static_cast<void>(sim::run(routed_world(seconds_of(requests))));
  } else if (name == "llm_request") {
    static_cast<void>(sim::run(llm_request_world(seconds_of(requests))));
  } else {
    return false;
  }
  return true;
}

}  // namespace
}  // namespace windtunnel::bench

int main(int count, char** words) {
  const std::int64_t requests = count == 3 ? std::atoll(words[2]) : 0;
  if (requests > 0 && windtunnel::bench::work(words[1], requests)) return 0;
  std::fprintf(stderr,
               "usage: windtunnel_instructions "
               "pipeline|healthy|healthy/all_checks|healthy/telemetry|routed|llm_request REQUESTS\n");
  return 2;
}
