#pragma once
// The world of these tests: the seed's two providers at one price, fixed latencies, so that figures can be worked out
// by hand: a call takes 100 ms + 1 ms an output token, a token costs 10 micro-dollars.

#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::reports {

using namespace std::chrono_literals;

inline sim::ProviderSpec small_provider(const std::string& name, const std::string& model) {
  sim::ProviderSpec provider;
  provider.name = name;
  provider.model = model;
  provider.time_to_first_token = sim::Law::fixed(100e6);
  provider.time_per_output_token = sim::Law::fixed(1e6);
  const Price price{Usd::from_picos(10'000'000)};
  provider.tariffs = {{WallTime::min(), {price, price}}};
  return provider;
}

// Ten requests, one a second, each of 150 + 200 tokens.
inline sim::Scenario small_world() {
  sim::Scenario scenario;
  scenario.file = "small.json";
  scenario.title = "ten requests";
  scenario.seed = 7;
  scenario.start = WallTime{1'768'903'200s};  // 2026-01-20T10:00:00Z
  scenario.duration = 10s;
  scenario.hash = 0xabcdef;
  scenario.providers = {small_provider("openai", "gpt-4"), small_provider("anthropic", "claude-3-5-sonnet")};
  sim::WorkloadSpec workload;
  workload.name = "chat";
  workload.feature_version = "1.2.3";
  workload.prompt_version = "v2.1";
  workload.input = {sim::Law::fixed(150)};
  workload.output = {sim::Law::fixed(200)};
  scenario.workloads = {workload};
  return scenario;
}

// The first provider refuses every call from the start to the end.
inline sim::FaultSpec outage_of(const std::string& provider) {
  sim::FaultSpec fault;
  fault.id = provider + "-down";
  fault.settings = sim::Outage{};
  fault.providers = {provider};
  return fault;
}

}  // namespace windtunnel::reports
