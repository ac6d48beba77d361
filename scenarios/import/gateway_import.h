#pragma once
// Reads the configuration of a gateway and gives a scenario of the same meaning, with the list of all of its keys.
//
// The rules are those of one version of each gateway, read statement by statement (docs/import.md). Another version is
// named as one that was not read, and the rules of the version that was read hold.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/import/source/key_list.h"
#include "scenarios/import/world/imported_world.h"
#include "scenarios/profiles/model_prices.h"
#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

enum class GatewayFormat : std::uint8_t { litellm, portkey, tensorzero, envoy_ai };

struct ImportRequest {
  GatewayFormat format{};
  std::string file;       // for messages and the title
  std::string text;       // of the file
  std::string semantics;  // the version whose rules are to hold; empty: the one that was read
  // Of LiteLLM alone: what /key/list and /team/list return.
  std::optional<std::string> keys_file;
  std::string keys_text;
};

struct ImportedGateway {
  sim::Scenario scenario;
  std::string keys;                   // the list, for people
  std::vector<KeyEntry> entries;      // likewise, for programs
  std::vector<std::string> unpriced;  // deployments whose price the file does not state
  std::vector<std::string> asked;     // the routes that callers ask for by name
  std::vector<DeploymentIdentity> deployments;
};

// "LiteLLM 1.93.0".
[[nodiscard]] std::string rules_of(GatewayFormat format);

// Throws ScenarioError for a text that cannot be read or has no meaning.
[[nodiscard]] ImportedGateway import_gateway(const ImportRequest& request, const PriceList& prices);

}  // namespace windtunnel::scenarios
