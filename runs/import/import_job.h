#pragma once
// Writes a scenario of the same meaning as a gateway's configuration, with the list of what became of each of its keys.

#include <optional>
#include <string>

#include "reports/logs/log_choice.h"
#include "runs/problem.h"

namespace windtunnel::runs {

// Files as a command names them; empty: not given.
struct ImportChoice {
  std::string litellm;       // LiteLLM's config.yaml
  std::string litellm_keys;  // what /key/list and /team/list return
  std::string portkey;       // Portkey's config, JSON
  std::string tensorzero;    // tensorzero.toml
  std::string envoy_ai;      // the resources of Envoy AI Gateway, YAML
  std::string semantics;     // the version whose rules are to hold

  [[nodiscard]] bool is_given() const {
    return !(litellm.empty() && portkey.empty() && tensorzero.empty() && envoy_ai.empty());
  }
};

// Why the words make no sense together; nothing if they do.
std::optional<Problem> problem_with(const ImportChoice& choice, const reports::LogChoice& log);

struct ImportedScenario {
  std::string keys;  // the list, for people
  std::string text;  // of the scenario
  std::optional<Problem> problem;
};
// With a log, traffic, latency and prices are the log's. `file` is named where the scenario is read back.
ImportedScenario import_scenario(const ImportChoice& choice, const reports::LogChoice& log, const std::string& file);

}  // namespace windtunnel::runs
