#include "runs/audit/audit_config.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "runs/problem.h"
#include "runs/scenario_source.h"
#include "scenarios/import/gateway_import.h"
#include "scenarios/import/source/config_text.h"
#include "scenarios/json/diagnostics.h"
#include "sim/checks/claims/causes.h"

namespace windtunnel::runs {
namespace {

using scenarios::GatewayFormat;
using scenarios::JsonKind;
using scenarios::JsonValue;
using scenarios::KeyEntry;
using scenarios::KeyFate;

constexpr std::array<std::string_view, 4> kScenarioKeys{"providers", "workload", "monitor", "version"};
constexpr std::array<std::string_view, 6> kPortkeyKeys{"strategy",    "targets", "provider",
                                                       "virtual_key", "api_key", "override_params"};
constexpr std::array<std::string_view, 3> kLitellmKeys{"model_list", "router_settings", "litellm_settings"};
constexpr std::array<std::string_view, 3> kLitellmAnswers{"keys", "teams", "users"};
constexpr std::array<std::string_view, 3> kLitellmCallers{"token", "team_id", "user_id"};
constexpr std::array<std::string_view, 2> kEnvoyKeys{"apiVersion", "kind"};

// One byte more than a reader takes, so that it refuses the file for its length.
std::string text_of(const std::string& file) {
  return scenarios::read_whole_file(file, scenarios::kConfigBytesMax + 1);
}

bool has_any(const JsonValue& map, std::span<const std::string_view> keys) {
  return std::ranges::any_of(keys, [&](std::string_view key) { return map.find(key) != nullptr; });
}

[[noreturn]] void refuse_format(const std::string& file, const std::string& why) {
  refuse(ProblemKind::request, file + ": " + why +
                                   "; name its format: --config-format scenario, litellm, litellm-keys, portkey, "
                                   "tensorzero or envoy-ai");
}

ConfigFormat format_of_yaml(const std::string& file, const JsonValue& documents) {
  bool is_litellm = false;
  bool is_envoy = false;
  for (const JsonValue& document : documents.items) {
    is_litellm = is_litellm || has_any(document, kLitellmKeys);
    is_envoy = is_envoy || has_any(document, kEnvoyKeys);
  }
  if (is_litellm && is_envoy) refuse_format(file, "it has keys of LiteLLM and of Envoy AI Gateway");
  if (is_litellm) return ConfigFormat::litellm;
  if (is_envoy) return ConfigFormat::envoy_ai;
  refuse_format(file, "it has neither a model_list of LiteLLM nor a kind of Envoy AI Gateway");
}

// What is no JSON is read as a scenario, whose reader names the place of the error.
ConfigFormat format_of_json(const std::string& file, const std::string& text) {
  std::optional<JsonValue> root;
  try {
    scenarios::Diagnostics diagnostics(file, text);
    root = scenarios::read_json_config(diagnostics).root;
  } catch (const scenarios::ScenarioError&) {
    return ConfigFormat::scenario;
  }
  const bool is_scenario = has_any(*root, kScenarioKeys);
  const bool is_portkey = has_any(*root, kPortkeyKeys);
  if (is_scenario && is_portkey) refuse_format(file, "it has keys of a scenario and of Portkey's config");
  if (is_portkey) return ConfigFormat::portkey;
  const bool is_list = root->kind == JsonKind::array && !root->items.empty();
  const bool is_of_callers = is_list ? has_any(root->items.front(), kLitellmCallers) : has_any(*root, kLitellmAnswers);
  return is_of_callers && !is_scenario ? ConfigFormat::litellm_keys : ConfigFormat::scenario;
}

GatewayFormat gateway_of(ConfigFormat format) {
  switch (format) {
    case ConfigFormat::litellm:
      return GatewayFormat::litellm;
    case ConfigFormat::portkey:
      return GatewayFormat::portkey;
    case ConfigFormat::tensorzero:
      return GatewayFormat::tensorzero;
    case ConfigFormat::automatic:
    case ConfigFormat::scenario:
    case ConfigFormat::litellm_keys:
    case ConfigFormat::envoy_ai:
      break;
  }
  return GatewayFormat::envoy_ai;
}

// Why settings are not judged: no key of the file states them, or the gateway follows its key in another way. Empty: a
// key was carried as it is.
std::string why_unsaid(const std::vector<KeyEntry>& entries, std::string_view setting, const std::string& what) {
  bool is_carried = false;
  for (const KeyEntry& entry : entries) {
    if (!entry.note.starts_with(setting)) continue;
    if (entry.fate == KeyFate::differs) {
      return "the gateway does not follow " + entry.path + " as this audit would judge it";
    }
    is_carried = is_carried || entry.fate == KeyFate::carried;
  }
  return is_carried ? "" : "the file does not say " + what;
}

// A file that bounds the calls of some targets or routes says so of none of the others, and a log names targets in its
// own way.
std::string why_no_timeout(const std::vector<KeyEntry>& entries) {
  std::string why = why_unsaid(entries, "monitor.provider_call.timeout", "how long a call may take");
  for (const KeyEntry& entry : entries) {
    if (why.empty()) break;
    if (entry.fate != KeyFate::carried && entry.fate != KeyFate::differs) continue;
    if (entry.note.find("attempt_timeout") == std::string::npos) continue;
    return entry.fate == KeyFate::differs
               ? "the gateway does not follow " + entry.path + " as this audit would judge it"
               : entry.path + " bounds the calls of some targets, and the log does not say whether it asked these";
  }
  return why;
}

// A number of retries for each kind of failure is not carried as such.
std::string why_no_bound(const std::vector<KeyEntry>& entries) {
  for (const KeyEntry& entry : entries) {
    const bool is_number = entry.note.find("max_attempts has no number") != std::string::npos;
    if (is_number) return "the gateway does not follow " + entry.path + " as this audit would judge it";
  }
  return {};
}

AuditUnsaid unsaid_of(const scenarios::ImportedGateway& imported) {
  AuditUnsaid unsaid;
  unsaid.is_imported = true;
  unsaid.attempts = why_no_bound(imported.entries);
  unsaid.timeout = why_no_timeout(imported.entries);
  unsaid.breaker = why_unsaid(imported.entries, "monitor.circuit_breaker", "when a breaker opens");
  unsaid.budget = why_unsaid(imported.entries, "monitor.cost_limiter", "a budget of all callers");
  unsaid.percentiles = "the file does not say how long answers may take";
  unsaid.unpriced = imported.unpriced;
  unsaid.asked = imported.asked;
  unsaid.deployments = imported.deployments;
  return unsaid;
}

// What a scenario does not say of its gateway is a default, and no word of its author.
void leave_out_defaults(AuditConfig& config) {
  const auto says = [&](const char* block) { return sim::is_written(config.scenario, block); };
  if (says("/providers")) return;
  for (sim::ProviderSpec& provider : config.scenario.providers) provider.tariffs.clear();
  if (says("/monitor") || says("/routes") || says("/limits")) return;
  const char* const why = "the file says nothing of a gateway: it has no providers and no monitor";
  config.unsaid.attempts = config.unsaid.timeout = config.unsaid.breaker = config.unsaid.budget = why;
}

}  // namespace

ConfigFormat config_format_of(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  if (extension == ".toml") return ConfigFormat::tensorzero;
  // A pipe can be read once only, by the reader itself; standard input is kept.
  if (file != "-" && !std::filesystem::is_regular_file(file)) return ConfigFormat::scenario;
  const std::string text = text_of(file);
  if (extension != ".yaml" && extension != ".yml") return format_of_json(file, text);
  scenarios::Diagnostics diagnostics(file, text);
  return format_of_yaml(file, scenarios::read_yaml(diagnostics).root);
}

AuditConfig read_audit_config(const std::string& file, ConfigFormat format) {
  if (format == ConfigFormat::automatic) format = config_format_of(file);
  AuditConfig config;
  if (format == ConfigFormat::scenario) {
    LoadedScenario loaded = load_scenario_with_any_breakers(file, {});
    if (loaded.problem) throw ProblemError(loaded.problem->kind, loaded.problem->text);
    config.scenario = *std::move(loaded.scenario);
    leave_out_defaults(config);
    return config;
  }
  if (format == ConfigFormat::litellm_keys) {
    config.budgets = scenarios::read_litellm_budgets(text_of(file), file);
    config.rules = scenarios::rules_of(GatewayFormat::litellm);
    return config;
  }
  scenarios::ImportedGateway imported = scenarios::import_gateway(
      {.format = gateway_of(format), .file = file, .text = text_of(file)}, scenarios::PriceList::shipped());
  config.unsaid = unsaid_of(imported);
  config.rules = scenarios::rules_of(gateway_of(format));
  config.scenario = std::move(imported.scenario);
  return config;
}

}  // namespace windtunnel::runs
