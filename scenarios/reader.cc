#include "scenarios/reader.h"

#include <utility>

#include "base/stable_hash.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

std::string folder_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? std::string{} : name.substr(0, slash + 1);
}

// Gateways' configurations are what people try to run first.
void refuse_other_formats(Diagnostics& diagnostics) {
  const std::string& file = diagnostics.file();
  const bool is_other = file.ends_with(".yaml") || file.ends_with(".yml") || file.ends_with(".toml");
  const std::size_t begin = diagnostics.source().find_first_not_of(" \t\r\n");
  if (!is_other || (begin != std::string::npos && diagnostics.source()[begin] == '{')) return;
  const char* const importer = file.ends_with(".toml") ? "--from-tensorzero" : "--from-litellm or --from-envoy-ai";
  diagnostics.error(
      {1, 1}, "", "a scenario is JSON, and this is not",
      "a gateway's configuration becomes one by windtunnel init scenario.json " + std::string(importer) + " FILE");
  diagnostics.throw_if_errors();
}

JsonValue parse(Diagnostics& diagnostics, std::span<const std::string> sets) {
  refuse_other_formats(diagnostics);
  JsonValue root = parse_json(diagnostics);
  // A text that is not JSON, or states a key twice, is not judged further.
  diagnostics.throw_if_errors();
  for (const std::string& set : sets) apply_set(root, set, diagnostics);
  return root;
}

std::map<std::string, sim::Origin> origins_of(const Reading& reading, const Diagnostics& diagnostics) {
  std::map<std::string, sim::Origin> origins;
  for (const auto& [pointer, place] : reading.places()) {
    sim::Origin origin{diagnostics.file(), place.line, place.column, pointer};
    if (place.set >= 0) origin.file = "--set " + diagnostics.set(place.set);
    origins.emplace_hint(origins.end(), pointer, std::move(origin));
  }
  for (const auto& [pointer, written] : reading.stands_for()) {
    if (const auto found = origins.find(written); found != origins.end()) origins.emplace(pointer, found->second);
  }
  return origins;
}

}  // namespace

sim::Scenario read_scenario(const std::string& path, std::span<const std::string> sets) {
  return read_scenario_text(read_whole_file(path, kTextBytesMax), path, sets);
}

sim::Scenario read_scenario_text(const std::string& text, const std::string& name, std::span<const std::string> sets) {
  Diagnostics diagnostics(name, text);
  const JsonValue root = parse(diagnostics, sets);
  Reading reading(diagnostics, folder_of(name));
  sim::Scenario scenario = default_scenario();
  scenario.file = name;
  scenario.hash = stable_hash(text);
  for (const std::string& set : sets) scenario.hash = stable_hash(set, scenario.hash);
  reading.names = names_of(scenario);
  reading.note(root.place);
  read_object(reading, root, scenario, scenario_table());
  read_traces(reading, scenario);
  check_references(reading, scenario);
  diagnostics.throw_if_errors();
  for (const Diagnostic& warning : diagnostics.warnings()) scenario.warnings.push_back(warning.text());
  scenario.origins = origins_of(reading, diagnostics);
  return scenario;
}

MonitorSettings read_monitor_settings(const std::string& path, std::span<const std::string> sets,
                                      std::span<const std::string> providers) {
  return read_monitor_settings_text(read_whole_file(path, kTextBytesMax), path, sets, providers);
}

MonitorSettings read_monitor_settings_text(const std::string& text, const std::string& name,
                                           std::span<const std::string> sets, std::span<const std::string> providers) {
  Diagnostics diagnostics(name, text);
  const JsonValue root = parse(diagnostics, sets);
  Reading reading(diagnostics, folder_of(name));
  reading.names.providers.assign(providers.begin(), providers.end());
  sim::Scenario scenario;
  reading.note(root.place);
  read_object(reading, root, scenario, monitor_table());
  check_monitor(reading, scenario, "");
  if (!scenario.breaker_command.empty()) {
    reading.error_at("/circuit_breaker/command", "only a scenario can have its breakers kept by another program");
  }
  diagnostics.throw_if_errors();
  return {std::move(scenario.monitor), std::move(scenario.breaker_preset)};
}

}  // namespace windtunnel::scenarios
