// What holds for all routes: timeouts, the budget, the cache; and why every other key is not carried.

#include <algorithm>
#include <array>

#include "scenarios/import/litellm/litellm_import.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLitellmTimeout = 6000s;
constexpr Duration kCacheForever = std::chrono::hours{24 * 365};

constexpr const char* kReplicas = "shared by the proxy's replicas; one is imported";
constexpr const char* kObserves = "it observes requests; it changes no routing";
constexpr const char* kOperation = "of the proxy's operation; it changes no routing";

constexpr std::array<KeyReason, 34> kRouterReasons{{
    {"redis_host", kReplicas},
    {"redis_port", kReplicas},
    {"redis_password", kReplicas},
    {"redis_url", kReplicas},
    {"redis_db", kReplicas},
    {"cache_kwargs", kReplicas},
    {"cache_responses", "the cache is imported from litellm_settings alone"},
    {"caching_groups", "the cache is imported from litellm_settings alone"},
    {"client_ttl", kOperation},
    {"polling_interval", "of requests with a priority; no request here has one"},
    {"default_priority", "of requests with a priority; no request here has one"},
    {"default_litellm_params", "parameters of every call; they change what is answered, not who answers"},
    {"default_max_parallel_requests",
     "no word for it: calls that are held back until another of the deployment has ended"},
    {"set_verbose", kOperation},
    {"debug_level", kOperation},
    {"tag_filtering_match_any", "no word for it: rules compare one tag"},
    {"optional_pre_call_checks",
     "no word for it; of enforce_model_rate_limits itpm and otpm are carried, and none is set"},
    {"alerting_config", kObserves},
    {"router_general_settings", kOperation},
    {"deployment_affinity_ttl_seconds", "no word for it yet: a user stays at a deployment for a time"},
    {"model_group_affinity_config", "no word for it yet: a user stays at a deployment for a time"},
    {"ignore_invalid_deployments", kOperation},
    {"enable_health_check_routing", "no word for it: checks of health between requests"},
    {"health_check_staleness_threshold", "no word for it: checks of health between requests"},
    {"health_check_ignore_transient_errors", "no word for it: checks of health between requests"},
    {"max_fallbacks", "no word for it: a limit of fallbacks in a row; here no route is begun twice"},
    {"assistants_config", "of another interface of the proxy"},
    {"search_tools", "of another interface of the proxy"},
    {"guardrail_list", "no word for it: a guardrail"},
    {"model_list", "LiteLLM reads the model_list at the top of the file"},
    {"routing_strategy_args", "this strategy has no such argument"},
    {"routing_strategy", "the strategy of a routing group replaces it"},
    {"retry_policy", "model_group_retry_policy replaces it"},
    {"model_group_retry_policy", "no model of this name is imported"},
}};

constexpr std::array<KeyReason, 13> kSettingReasons{{
    {"drop_params", "of what is sent to the provider; it changes no routing"},
    {"modify_params", "of what is sent to the provider; it changes no routing"},
    {"success_callback", kObserves},
    {"failure_callback", kObserves},
    {"callbacks", kObserves},
    {"service_callback", kObserves},
    {"set_verbose", kOperation},
    {"json_logs", kOperation},
    {"telemetry", kOperation},
    {"turn_off_message_logging", kObserves},
    {"redact_user_api_key_info", kObserves},
    {"default_team_settings", "of the callers' teams; callers are assumed"},
    {"cooldown_time", "LiteLLM 1.93.0 reads it under router_settings alone"},
}};

constexpr std::array<KeyReason, 8> kGeneralReasons{{
    {"max_parallel_requests", "LiteLLM's rate limiter does not read it; it reads that of each key"},
    {"global_max_parallel_requests", "only the limiter of LEGACY_MULTI_INSTANCE_RATE_LIMITING reads it"},
    {"master_key", "a credential; it changes no routing"},
    {"database_url", kOperation},
    {"background_health_checks", "no word for it: checks of health between requests"},
    {"health_check_interval", "no word for it: checks of health between requests"},
    {"alerting", kObserves},
    {"alerting_threshold", kObserves},
}};

constexpr std::array<KeyReason, 8> kTopReasons{{
    {"include", "models and settings of another file are not in this one; put them into one file"},
    {"environment_variables", kOperation},
    {"credential_list", "credentials; they tell providers apart where an entry names one"},
    {"callback_settings", kObserves},
    {"guardrails", "no word for it: a guardrail"},
    {"mcp_servers", "of another interface of the proxy"},
    {"vector_store_registry", "of another interface of the proxy"},
    {"finetune_settings", "of another interface of the proxy"},
}};

class SettingsReader {
 public:
  explicit SettingsReader(LitellmConfig& config) : config_(config), in_(config.in), keys_(config.in.keys()) {}

  void read() {
    read_timeouts();
    read_waits();
    read_budget();
    read_cache();
    read_switches();
    list_reasons(config_.router, kRouterReasons);
    list_reasons(config_.settings, kSettingReasons);
    list_reasons(config_.general, kGeneralReasons);
    list_reasons(&config_.root, kTopReasons);
    list_the_rest();
  }

 private:
  sim::Scenario& scenario() { return config_.world.scenario(); }

  template <std::size_t kCount>
  void list_reasons(const JsonValue* map, const std::array<KeyReason, kCount>& reasons) {
    if (map == nullptr) return;
    for (const KeyReason& reason : reasons) {
      if (const JsonMember* member = map->kind == JsonKind::object ? map->find(reason.key) : nullptr) {
        keys_.drop(member->value, reason.why);
      }
    }
  }

  void list_the_rest() {
    for (const LitellmEntry& entry : config_.entries) {
      keys_.drop(*entry.params, "LiteLLM passes it on to the provider as a parameter of the call");
      keys_.drop(*entry.json, "LiteLLM reads no such key of an entry of model_list");
    }
    for (const char* key :
         {"num_retries", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks"}) {
      const JsonValue* replaced = config_.router_key(key) == nullptr ? nullptr : config_.settings_key(key);
      if (replaced != nullptr) keys_.drop(*replaced, "router_settings." + std::string(key) + " replaces it");
    }
    if (config_.router != nullptr) keys_.drop(*config_.router, "LiteLLM's router has no such argument and ignores it");
    if (config_.settings != nullptr) keys_.drop(*config_.settings, "a setting of LiteLLM that changes no routing");
    if (config_.general != nullptr) keys_.drop(*config_.general, kOperation);
    keys_.drop_the_rest("LiteLLM 1.93.0 gives this key no part in routing");
  }

  // --- Timeouts and waits ------------------------------------------------------------------------------------------

  void read_timeouts() {
    Duration& timeout = scenario().monitor.provider_call.timeout;
    timeout = kLitellmTimeout;
    const JsonValue* request = config_.settings_key("request_timeout");
    const JsonValue* router = config_.router_key("timeout");
    const auto of_request = request == nullptr ? std::nullopt : in_.seconds(*config_.settings, "request_timeout");
    const auto of_router = router == nullptr ? std::nullopt : in_.seconds(*config_.router, "timeout");
    if (of_router && *of_router > Duration{0}) timeout = *of_router;
    if (of_request && *of_request > Duration{0}) timeout = *of_request;
    if (request != nullptr && of_request) keys_.carry(*request, "monitor.provider_call.timeout");
    read_stream_timeout();
    if (router == nullptr || !of_router) return;
    if (of_request) {
      keys_.drop(*router, "litellm_settings.request_timeout replaces it");
    } else {
      keys_.carry(*router, "monitor.provider_call.timeout: in LiteLLM too it is of one attempt");
    }
  }

  void read_stream_timeout() {
    const JsonValue* given = config_.router_key("stream_timeout");
    const auto timeout = given == nullptr ? std::nullopt : in_.seconds(*config_.router, "stream_timeout");
    if (!timeout || *timeout == Duration{0}) return;
    scenario().monitor.provider_call.first_token_timeout = *timeout;
    scenario().monitor.provider_call.idle_timeout = *timeout;
    keys_.differ(*given, std::string("first_token_timeout and idle_timeout of monitor.provider_call") + kStreamTimeout);
  }

  void read_waits() {
    // 0.5 s x 2^k, at most 8 s, plus up to 0.75 s; only where a deployment is alone in its group.
    scenario().monitor.provider_call.retry.jitter = monitor::Jitter::none;
    keys_.assume("the wait before a retry is 0.5 s, 1 s, 2 s ... at most 8 s: LiteLLM adds up to 0.75 s at random");
    const JsonValue* given = config_.router_key("retry_after");
    if (given == nullptr) return;
    const auto least = in_.seconds(*config_.router, "retry_after");
    if (!least) return;
    if (*least == Duration{0}) {
      keys_.carry(*given, "monitor.provider_call.backoff");
      return;
    }
    auto& retry = scenario().monitor.provider_call.retry;
    retry.base = std::max(retry.base, std::min<Duration>(*least, retry.cap));
    keys_.differ(*given,
                 "monitor.provider_call.backoff.base: LiteLLM's is the least of each wait, here each is twice the one "
                 "before");
  }

  // --- Budget and cache --------------------------------------------------------------------------------------------

  void read_budget() {
    const JsonValue* budget = config_.settings_key("max_budget");
    const JsonValue* period = config_.settings_key("budget_duration");
    if (budget == nullptr) {
      if (period != nullptr) keys_.drop(*period, "there is no max_budget");
      return;
    }
    const auto picos = in_.number(*config_.settings, "max_budget", 12);
    const auto word = in_.text(*config_.settings, "budget_duration");
    if (!picos) return;
    if (*picos == 0) {
      keys_.drop(*budget, "0 is no budget in LiteLLM");
      return;
    }
    if (*picos > monitor::kLimitMax.picos()) {
      in_.error(*budget, "a budget of more than 9 million USD cannot be counted", "write a smaller one, or none");
      return;
    }
    const std::string text = word.value_or("");
    auto& limiter = scenario().monitor.cost_limiter;
    if (text == "1d" || text == "24h") {
      limiter.daily = Usd::from_picos(*picos);
    } else if (text == "30d" || text == "1mo" || text == "31d") {
      limiter.monthly = Usd::from_picos(*picos);
    } else {
      keys_.drop(*budget, "no word for it yet: a budget of another period than a day or a month");
      if (period != nullptr)
        keys_.drop(*period, "no word for it yet: a budget of another period than a day or a month");
      return;
    }
    const char* how =
        ": LiteLLM refuses once the spend of answered requests exceeds it, here the bills of requests in flight "
        "are reserved; and its period begins when the proxy first starts";
    keys_.differ(*budget, "monitor.cost_limiter" + std::string(how));
    if (period != nullptr) keys_.differ(*period, "monitor.cost_limiter: the calendar's day or month");
  }

  void read_cache() {
    const JsonValue* on = config_.settings_key("cache");
    const JsonValue* parameters = config_.settings == nullptr ? nullptr : in_.map(*config_.settings, "cache_params");
    const bool is_on = on != nullptr && in_.flag(*config_.settings, "cache").value_or(false);
    if (on != nullptr) keys_.carry(*on, "monitor.cache.enabled");
    if (!is_on) {
      if (parameters != nullptr) keys_.drop(*parameters, "the cache is off");
      return;
    }
    auto& cache = scenario().monitor.cache;
    cache.enabled = true;
    cache.ttl = kCacheForever;
    if (parameters == nullptr) return;
    const std::string type = in_.text(*parameters, "type").value_or("redis");
    if (const JsonValue* given = ConfigReading::find(*parameters, "type")) {
      if (type.ends_with("semantic")) {
        keys_.differ(*given, "monitor.cache: only equal requests are hits here");
      } else {
        keys_.carry(*given, "monitor.cache");
      }
    }
    if (type == "local") cache.ttl = 600s;
    const auto ttl = in_.seconds(*parameters, "ttl");
    if (ttl) {
      cache.ttl = *ttl;
      keys_.carry(*ConfigReading::find(*parameters, "ttl"), "monitor.cache.ttl");
    }
    if (const JsonValue* mode = ConfigReading::find(*parameters, "mode")) {
      if (in_.text(*parameters, "mode") == "default_off") cache.enabled = false;
      keys_.carry(
          *mode, cache.enabled ? "monitor.cache.enabled" : "monitor.cache.enabled: no request here asks for the cache");
    }
    keys_.drop(*parameters, "where and how the cache stores; it changes no routing");
  }

  void read_switches() {
    for (const char* key : {"enable_pre_call_checks", "enable_tag_filtering", "enable_weighted_failover"}) {
      const JsonValue* given = config_.router_key(key);
      if (given == nullptr || !in_.flag(*config_.router, key)) continue;
      if (std::string_view(key) == "enable_weighted_failover" && given->flag) {
        keys_.differ(*given,
                     "failover of routes: LiteLLM retries the next deployment as often as the first, here it is called "
                     "once");
      } else {
        keys_.carry(*given, "the keys that it switches on or off");
      }
    }
  }

  LitellmConfig& config_;
  ConfigReading& in_;
  KeyList& keys_;
};

}  // namespace

void read_litellm_settings(LitellmConfig& config) { SettingsReader(config).read(); }

void import_litellm(const JsonValue& root, ConfigReading& in, ImportedWorld& world) {
  if (!in.require_map(root)) return;
  LitellmConfig config{.in = in, .world = world, .root = root};
  config.router = in.map(root, "router_settings");
  config.settings = in.map(root, "litellm_settings");
  config.general = in.map(root, "general_settings");
  read_litellm_models(config);
  if (in.has_errors()) return;
  read_litellm_routes(config);
  read_litellm_fallbacks(config);
  read_litellm_cooldowns(config);
  read_litellm_limits(config);
  read_litellm_settings(config);
}

}  // namespace windtunnel::scenarios
