#pragma once
// Every key of a scenario file, for people: what it means, its unit, default, range and an example. All of it is read
// from the JSON Schema, so that no fact of a key stands anywhere but in its field.

#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::scenarios {

struct Setting {
  // The steps to it with dots between. NAME and METRIC stand for a key that the file chooses, N for a place in a list:
  // monitor.circuit_breaker.open, providers.NAME.ttft, faults.N.at.
  std::string path;
  std::string meaning;
  std::string unit;           // empty: it is no quantity
  std::string default_value;  // JSON, words, or "required"
  std::string range;
  std::string used_by;  // "executor replay": other words leave it out; empty: it is always used
  std::string example;  // a scenario with it, as JSON on one line
};

// In the order of the schema.
const std::vector<Setting>& setting_catalogue();

// Whether a person who writes these words means the path: by its last steps, with NAME, METRIC and N left out or
// replaced: "open", "circuit_breaker.open", "faults.at", "providers.azure.ttft".
bool is_named(std::string_view path, std::string_view words);

}  // namespace windtunnel::scenarios
