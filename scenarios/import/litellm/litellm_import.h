#pragma once
// LiteLLM's config.yaml. The rules are those of version 1.93.0 (docs/import.md names the file of each statement).
//
//   model_list       each entry is a deployment; entries of one model_name are the targets of its route
//   router_settings  who is asked first, retries, cooldowns, fallbacks
//   litellm_settings defaults of the same, the cache, the budget
//   general_settings the proxy: keys, database; little of it changes what a caller sees
//
// The files of this reader share LitellmConfig; nothing else includes it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

// An entry of model_list that is a deployment of the scenario.
struct LitellmEntry {
  const JsonValue* json = nullptr;
  const JsonValue* params = nullptr;  // litellm_params
  const JsonValue* info = nullptr;    // model_info; nullptr: none
  std::string group;                  // model_name
  std::string company{};              // as LiteLLM names it, such as azure
  std::string provider{};             // an account at it
  monitor::ProviderId deployment{};
  std::optional<std::int64_t> order;
  std::vector<std::string> tags;
  bool has_retries = false;
};

struct LitellmConfig {
  ConfigReading& in;
  ImportedWorld& world;
  const JsonValue& root;
  const JsonValue* router = nullptr;    // router_settings; nullptr: none
  const JsonValue* settings = nullptr;  // litellm_settings
  const JsonValue* general = nullptr;   // general_settings
  std::vector<LitellmEntry> entries{};
  std::map<std::string, monitor::RouteId> routes{};                   // by what a caller asks for
  std::map<std::string, std::vector<monitor::RouteId>> tag_routes{};  // of each of them

  // Of router_settings, or of litellm_settings; nullptr: absent.
  [[nodiscard]] const JsonValue* router_key(std::string_view key) const {
    return router == nullptr ? nullptr : ConfigReading::find(*router, key);
  }
  [[nodiscard]] const JsonValue* settings_key(std::string_view key) const {
    return settings == nullptr ? nullptr : ConfigReading::find(*settings, key);
  }
  // router_settings, or what litellm_settings has for it.
  [[nodiscard]] const JsonValue* setting(std::string_view key) const {
    const JsonValue* found = router_key(key);
    return found != nullptr ? found : settings_key(key);
  }
  [[nodiscard]] bool is_on(std::string_view key) const {
    const JsonValue* found = router_key(key);
    return found != nullptr && found->kind == JsonKind::boolean && found->flag;
  }
};

// What a key of no effect on routing is listed with.
struct KeyReason {
  std::string_view key;
  const char* why;
};

// LiteLLM hands the time to its HTTP client, which measures each wait for bytes by it.
inline constexpr const char* kStreamTimeout =
    ": of streamed calls, each wait for a token; LiteLLM's is also the time of a streamed call's connection";

void read_litellm_models(LitellmConfig& config);
void read_litellm_routes(LitellmConfig& config);
void read_litellm_fallbacks(LitellmConfig& config);
// Limits and budgets of providers, deployments, users and keys.
void read_litellm_limits(LitellmConfig& config);
void read_litellm_cooldowns(LitellmConfig& config);
// Timeouts, the budget, the cache; and why every other key is not carried.
void read_litellm_settings(LitellmConfig& config);

// "30s", "15m", "24h", "7d", "2w", "1mo", which is 30 days; nothing: it is no such word.
[[nodiscard]] std::optional<Duration> litellm_duration(std::string_view text);

void import_litellm(const JsonValue& root, ConfigReading& in, ImportedWorld& world);

}  // namespace windtunnel::scenarios
