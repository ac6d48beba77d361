#pragma once
// Reads scenario files. Every default is filled in and every reference checked: what comes out can run.
//
// All errors of a file are thrown at once as a ScenarioError; a file that cannot be opened is a FileError. Warnings are
// kept in the scenario. What only this reader sees, and the JSON Schema does not, is one of these rules:
//   duplicate keys         an object writes a key twice
//   lines                  a name, title, label or user with a control character, or that a CI job takes for a command
//   quantities             the range and fineness of durations, money, shares, times and seeds
//   thresholds             the grammar of an expression, its metric and tags
//   references             a name of a provider, fault, variant, model or counter that does not exist, or exists twice
//   keys of another kind   a key that the chosen executor, law or kind of fault does not use, or needs and lacks
//   windows                a fault or load that begins or ends outside the run
//   order                  requests, prices or quantiles that go back
//   contradictions         settings that cannot both hold
//   traces                 a trace that is absent or not well formed
//   addresses              an endpoint or a collector that is no http:// or https:// address
//   limits of size         bytes, depth, values, providers, workloads

#include <span>
#include <string>

#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

// `sets` are `path=value`, applied in order to the file's values.
sim::Scenario read_scenario(const std::string& path, std::span<const std::string> sets = {});

// The same of a text. `name` stands for the file in messages; relative paths of traces start in its folder.
sim::Scenario read_scenario_text(const std::string& text, const std::string& name,
                                 std::span<const std::string> sets = {});

// The settings of a monitor by themselves: a file that holds a `monitor` block's object. A variant's provider is one of
// `providers`.
struct MonitorSettings {
  monitor::MonitorConfig monitor;
  std::string breaker_preset;
};
MonitorSettings read_monitor_settings(const std::string& path, std::span<const std::string> sets = {},
                                      std::span<const std::string> providers = {});
MonitorSettings read_monitor_settings_text(const std::string& text, const std::string& name,
                                           std::span<const std::string> sets = {},
                                           std::span<const std::string> providers = {});

}  // namespace windtunnel::scenarios
