#include "scenarios/import/gateway_import.h"

#include "scenarios/import/envoy_ai_import.h"
#include "scenarios/import/litellm/litellm_import.h"
#include "scenarios/import/litellm/litellm_keys.h"
#include "scenarios/import/portkey_import.h"
#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/tensorzero_import.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {
namespace {

struct Rules {
  const char* gateway;
  const char* version;
  ConfigText (*read)(Diagnostics&);
  void (*import)(const JsonValue&, ConfigReading&, ImportedWorld&);
};

// A file with several YAML documents is several configurations.
ConfigText read_one_yaml(Diagnostics& diagnostics) {
  ConfigText config = read_yaml(diagnostics);
  if (config.root.items.size() > 1) {
    diagnostics.error(config.root.items[1].place, "", "a second document begins here", "give each its own file");
  } else if (config.root.items.empty()) {
    diagnostics.error({1, 1}, "", "the file is empty", "name the gateway's configuration");
  }
  diagnostics.throw_if_errors();
  JsonValue root = std::move(config.root.items.front());
  config.root = std::move(root);
  return config;
}

Rules rules_for(GatewayFormat format) {
  switch (format) {
    case GatewayFormat::litellm:
      return {"LiteLLM", "1.93.0", &read_one_yaml, &import_litellm};
    case GatewayFormat::portkey:
      return {"Portkey's open gateway", "1.15.2", &read_json_config, &import_portkey};
    case GatewayFormat::tensorzero:
      return {"TensorZero", "2026.4.1", &read_toml, &import_tensorzero};
    case GatewayFormat::envoy_ai:
      return {"Envoy AI Gateway", "1.1.0", &read_yaml, &import_envoy_ai};
  }
  return {};
}

// What LiteLLM's database says of callers. Returns the list of it.
std::string read_callers(const ImportRequest& request, ImportedWorld& world) {
  Diagnostics diagnostics(*request.keys_file, request.keys_text);
  const ConfigText answer = read_json_config(diagnostics);
  KeyList keys(*request.keys_file, answer);
  ConfigReading in(diagnostics, keys);
  read_litellm_keys(answer.root, in, world);
  diagnostics.throw_if_errors();
  return keys.text(rules_of(GatewayFormat::litellm));
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string rules_of(GatewayFormat format) {
  const Rules rules = rules_for(format);
  return std::string(rules.gateway) + " " + rules.version;
}

ImportedGateway import_gateway(const ImportRequest& request, const PriceList& prices) {
  const Rules rules = rules_for(request.format);
  Diagnostics diagnostics(request.file, request.text);
  const ConfigText config = rules.read(diagnostics);
  KeyList keys(request.file, config);
  ConfigReading in(diagnostics, keys);
  ImportedWorld world(prices);
  rules.import(config.root, in, world);
  diagnostics.throw_if_errors();
  if (!request.semantics.empty() && request.semantics != rules.version) {
    keys.assume("the rules of " + rules_of(request.format) + ": those of version " + request.semantics +
                " were not read for this import");
  }
  const std::string callers = request.keys_file ? "\n" + read_callers(request, world) : "";
  ImportedGateway result;
  result.unpriced = world.unpriced();
  result.scenario = world.finish(keys, std::string("Imported from ") + rules.gateway + ": " + base_name(request.file));
  if (result.scenario.monitor.routing.routes.empty()) {
    diagnostics.error(config.root.place, "", "nothing that a caller could ask for can be imported",
                      "name a model with a provider that answers for it");
    diagnostics.throw_if_errors();
  }
  for (const monitor::RouteId entry : world.entries()) {
    result.asked.push_back(result.scenario.monitor.routing.routes[monitor::index_of(entry)].name);
  }
  result.deployments = world.identities();
  result.entries = keys.entries();
  result.keys = keys.text(rules_of(request.format)) + callers;
  return result;
}

}  // namespace windtunnel::scenarios
