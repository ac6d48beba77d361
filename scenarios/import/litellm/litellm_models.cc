// model_list: deployments and their providers.

#include <algorithm>
#include <array>

#include "scenarios/import/litellm/litellm_import.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

// What tells two accounts of a company apart.
constexpr std::array<std::string_view, 17> kAccountKeys{"api_key",
                                                        "api_base",
                                                        "base_url",
                                                        "organization",
                                                        "region_name",
                                                        "litellm_credential_name",
                                                        "aws_access_key_id",
                                                        "aws_secret_access_key",
                                                        "aws_session_token",
                                                        "aws_region_name",
                                                        "aws_role_name",
                                                        "aws_profile_name",
                                                        "vertex_project",
                                                        "vertex_location",
                                                        "vertex_credentials",
                                                        "azure_ad_token",
                                                        "tenant_id"};

constexpr const char* kNoWord = "no word for it yet: ";

constexpr std::array<KeyReason, 14> kParamReasons{{
    {"api_version", "of the provider's interface; it changes no routing"},
    {"base_model", "LiteLLM prices by it; the scenario's price is listed as assumed"},
    {"drop_params", "of what is sent to the provider; it changes no routing"},
    {"additional_drop_params", "of what is sent to the provider; it changes no routing"},
    {"tag_regex", "no word for it: a rule compares a tag's whole value, and no request has a User-Agent"},
    {"mock_response", "LiteLLM answers by itself then; here the provider answers"},
    {"input_cost_per_second", "no word for it: a price by time"},
    {"output_cost_per_second", "no word for it: a price by time"},
    {"auto_router_config", "no word for it: a route by the prompt's meaning"},
    {"complexity_router_config", "no word for it: a route by the prompt's meaning"},
    {"use_in_pass_through", "of another interface of the proxy; it changes no routing"},
    {"merge_reasoning_content_in_choices", "of the answer's form; it changes no routing"},
    {"configurable_clientside_auth_params", "the callers' own credentials; no caller here has any"},
    {"max_file_size_mb", "of transcriptions; no file is sent here"},
}};

struct KindOfPrice {
  const char* key;
  const char* word;  // of a scenario
  std::optional<Price> Tariff::*price;
};
constexpr std::array<KindOfPrice, 3> kKinds{{
    {"cache_read_input_token_cost", "cached_input", &Tariff::cached_input},
    {"cache_creation_input_token_cost", "cache_write", &Tariff::cache_write},
    {"output_cost_per_reasoning_token", "reasoning", &Tariff::reasoning},
}};

std::string company_of(const std::string& model) {
  const std::size_t slash = model.find('/');
  if (slash != std::string::npos) return model.substr(0, slash);
  for (const char* begin : {"claude"}) {
    if (model.starts_with(begin)) return "anthropic";
  }
  if (model.starts_with("gemini")) return "vertex_ai";
  if (model.starts_with("command")) return "cohere";
  return "openai";
}

class ModelReader {
 public:
  explicit ModelReader(LitellmConfig& config) : config_(config), in_(config.in) {}

  void read(const JsonValue& item) {
    if (!in_.require_map(item)) return;
    const auto group = in_.text(item, "model_name");
    const JsonValue* params = in_.map(item, "litellm_params");
    if (!group || params == nullptr) {
      if (ConfigReading::find(item, "model_name") == nullptr) {
        in_.error(item, "an entry of model_list needs \"model_name\"",
                  "write model_name: the name that callers ask for");
      } else if (ConfigReading::find(item, "litellm_params") == nullptr) {
        in_.error(item, "an entry of model_list needs \"litellm_params\"",
                  "write litellm_params: {model: openai/gpt-4o}");
      }
      return;
    }
    const auto model = in_.text(*params, "model");
    if (!model) {
      if (ConfigReading::find(*params, "model") == nullptr) {
        in_.error(*params, "litellm_params needs \"model\"", "write model: openai/gpt-4o");
      }
      return;
    }
    if (group->find('*') != std::string::npos || model->find('*') != std::string::npos) {
      in_.keys().drop(item, "a wildcard: it stands for models that the file does not name");
      return;
    }
    if (model->starts_with("auto_router/") || model->starts_with("complexity_router/")) {
      in_.keys().drop(item, "no word for it: a route by the prompt's meaning");
      return;
    }
    add(item, *params, *group, *model);
  }

 private:
  void add(const JsonValue& item, const JsonValue& params, const std::string& group, const std::string& model) {
    const auto custom = in_.text(params, "custom_llm_provider");
    const std::string company = custom.value_or(company_of(model));
    const bool has_company = model.find('/') != std::string::npos && !custom;
    const std::string bare = has_company ? model.substr(model.find('/') + 1) : model;
    const std::string provider = config_.world.provider_of(company, account_of(params));
    const JsonValue* info = in_.map(item, "model_info");
    const auto id = config_.world.add_deployment(provider, bare, tariff_of(params, info));
    if (!id) {
      in_.keys().drop(item, "a scenario has at most " + std::to_string(monitor::kProvidersMax) + " deployments");
      return;
    }
    KeyList& keys = in_.keys();
    const std::string name = config_.world.name_of(*id);
    if (const JsonValue* given = ConfigReading::find(params, "model")) keys.carry(*given, "the deployment " + name);
    if (const JsonValue* given = ConfigReading::find(item, "model_name")) keys.carry(*given, "routes." + group);
    if (const JsonValue* given = ConfigReading::find(params, "custom_llm_provider")) {
      keys.carry(*given, "providers." + provider);
    }
    for (const std::string_view key : kAccountKeys) {
      if (const JsonValue* given = ConfigReading::find(params, key)) {
        keys.carry(*given, "providers." + provider + ", an account that it tells apart from others");
      }
    }
    LitellmEntry entry{.json = &item,
                       .params = &params,
                       .info = info,
                       .group = group,
                       .company = company,
                       .provider = provider,
                       .deployment = *id};
    config_.world.identify(
        *id, info == nullptr ? "" : stated(*info, "id"),
        stated(params, ConfigReading::find(params, "api_base") != nullptr ? "api_base" : "base_url"));
    read_settings(entry);
    config_.entries.push_back(std::move(entry));
  }

  // A text that the file itself states; empty: it is absent, or of the environment.
  static std::string stated(const JsonValue& map, std::string_view key) {
    const JsonValue* value = ConfigReading::find(map, key);
    const bool is_text = value != nullptr && value->kind == JsonKind::string && !value->text.starts_with("os.environ/");
    return is_text ? value->text : std::string{};
  }

  static std::string account_of(const JsonValue& params) {
    std::string account;
    for (const std::string_view key : kAccountKeys) {
      const JsonValue* value = ConfigReading::find(params, key);
      account += '\n' + (value == nullptr ? std::string{} : json_line(*value));
    }
    return account;
  }

  // Of both prices, or of none.
  std::optional<Tariff> tariff_of(const JsonValue& params, const JsonValue* info) {
    for (const JsonValue* map : {&params, info}) {
      if (map == nullptr) continue;
      const JsonValue* input = ConfigReading::find(*map, "input_cost_per_token");
      const JsonValue* output = ConfigReading::find(*map, "output_cost_per_token");
      if (input == nullptr && output == nullptr) continue;
      if (input == nullptr || output == nullptr) {
        in_.keys().drop(input == nullptr ? *output : *input, "a price needs both input and output; both are assumed");
        continue;
      }
      const auto input_picos = price_of(*input);
      const auto output_picos = price_of(*output);
      if (!input_picos || !output_picos) continue;
      in_.keys().carry(*input, "price_usd_per_million.input of the deployment");
      in_.keys().carry(*output, "price_usd_per_million.output of the deployment");
      Tariff tariff{{Usd::from_picos(*input_picos)}, {Usd::from_picos(*output_picos)}};
      for (const KindOfPrice& kind : kKinds) read_kind(*map, kind, tariff);
      return tariff;
    }
    for (const JsonValue* map : {&params, info}) {
      for (const KindOfPrice& kind : kKinds) {
        const JsonValue* given = map == nullptr ? nullptr : ConfigReading::find(*map, kind.key);
        if (given != nullptr) in_.keys().drop(*given, "a price needs both input and output; all are assumed");
      }
    }
    return std::nullopt;
  }

  // The price of one kind of tokens, beside those of input and output.
  void read_kind(const JsonValue& map, const KindOfPrice& kind, Tariff& tariff) {
    const JsonValue* given = ConfigReading::find(map, kind.key);
    const auto picos = given == nullptr ? std::nullopt : price_of(*given);
    if (!picos) return;
    tariff.*kind.price = Price{Usd::from_picos(*picos)};
    in_.keys().carry(*given, std::string("price_usd_per_million.") + kind.word + " of the deployment");
  }

  std::optional<std::int64_t> price_of(const JsonValue& value) {
    const auto picos = in_.number_of(value, 12);
    if (picos && *picos > kPriceMostPicos)
      in_.error(value, "a price of more than 40000 USD per million tokens", "it is per token");
    return picos && *picos <= kPriceMostPicos ? picos : std::nullopt;
  }

  void read_settings(LitellmEntry& entry) {
    const JsonValue& params = *entry.params;
    KeyList& keys = in_.keys();
    read_order(entry);
    read_tags(entry);
    read_timeout(entry);
    read_retries(entry);
    read_capacity(entry);
    for (const KeyReason& reason : kParamReasons) {
      if (const JsonValue* given = ConfigReading::find(params, reason.key)) keys.drop(*given, reason.why);
    }
    if (entry.info != nullptr) read_info(entry);
  }

  void read_order(LitellmEntry& entry) {
    for (const JsonValue* map : {entry.params, entry.info}) {
      if (map == nullptr || entry.order) continue;
      entry.order = in_.count(*map, "order");
      if (!entry.order) continue;
      in_.keys().carry(*ConfigReading::find(*map, "order"), "the tier of " + config_.world.name_of(entry.deployment));
    }
  }

  void read_tags(LitellmEntry& entry) {
    const JsonValue* tags = ConfigReading::find(*entry.params, "tags");
    if (tags == nullptr) return;
    if (!config_.is_on("enable_tag_filtering")) {
      in_.keys().drop(*tags, "LiteLLM routes by tags only with router_settings.enable_tag_filtering");
      return;
    }
    entry.tags = in_.texts(*entry.params, "tags");
    in_.keys().carry(*tags, "rules of routes." + entry.group);
  }

  void read_timeout(LitellmEntry& entry) {
    for (const char* key : {"timeout", "request_timeout"}) {
      const auto timeout = in_.seconds(*entry.params, key);
      if (!timeout || *timeout == Duration{0}) continue;
      const JsonValue& given = *ConfigReading::find(*entry.params, key);
      auto& own = config_.world.deployment(entry.deployment).attempt_timeout;
      if (own) {
        in_.keys().drop(given, "timeout replaces it");
        continue;
      }
      own = *timeout;
      in_.keys().carry(given, "attempt_timeout of " + config_.world.name_of(entry.deployment));
    }
    if (const auto timeout = in_.seconds(*entry.params, "stream_timeout"); timeout && *timeout > Duration{0}) {
      sim::ProviderSpec& deployment = config_.world.deployment(entry.deployment);
      deployment.first_token_timeout = *timeout;
      deployment.idle_timeout = *timeout;
      in_.keys().differ(*ConfigReading::find(*entry.params, "stream_timeout"),
                        "first_token_timeout and idle_timeout of " + deployment.name + kStreamTimeout);
    }
  }

  void read_retries(LitellmEntry& entry) {
    const JsonValue* retries = ConfigReading::find(*entry.params, "num_retries");
    const auto count = in_.count(*entry.params, "num_retries");
    if (count) {
      entry.has_retries = true;
      const auto most = static_cast<std::int64_t>(monitor::kAttemptsMax);
      config_.world.deployment(entry.deployment).max_attempts = static_cast<std::int32_t>(std::min(*count + 1, most));
      in_.keys().differ(
          *retries, "max_attempts of " + config_.world.name_of(entry.deployment) +
                        ": LiteLLM takes the number of the deployment that fails first, here that of the last counts");
    }
    if (const JsonValue* sdk = ConfigReading::find(*entry.params, "max_retries")) {
      const auto number = in_.count(*entry.params, "max_retries");
      if (number && *number == 0) {
        in_.keys().carry(*sdk, "the client makes no retries of its own, as here");
      } else {
        in_.keys().drop(*sdk, std::string(kNoWord) + "retries of the client library inside of one attempt");
      }
    }
  }

  void read_capacity(LitellmEntry& entry) {
    const JsonValue* given = ConfigReading::find(*entry.params, "max_parallel_requests");
    const auto calls = in_.number(*entry.params, "max_parallel_requests", 0, 1);
    if (!calls) return;
    sim::ProviderSpec& deployment = config_.world.deployment(entry.deployment);
    deployment.concurrency = std::min<std::int64_t>(*calls, 1'000'000'000);
    deployment.queue = 1'000'000'000;
    in_.keys().differ(*given, "concurrency of " + deployment.name +
                                  ": LiteLLM holds the other calls back, here they wait "
                                  "at the provider, and the attempt's timeout runs");
  }

  void read_info(LitellmEntry& entry) {
    const JsonValue& info = *entry.info;
    KeyList& keys = in_.keys();
    if (const JsonValue* window = ConfigReading::find(info, "max_input_tokens")) {
      const auto tokens = in_.number(info, "max_input_tokens", 0, 1);
      if (!config_.is_on("enable_pre_call_checks")) {
        keys.drop(*window, "LiteLLM compares it only with router_settings.enable_pre_call_checks");
      } else if (tokens) {
        config_.world.deployment(entry.deployment).context_window =
            Tokens{std::min<std::int64_t>(*tokens, 1'000'000'000)};
        keys.differ(*window,
                    "context_window of " + config_.world.name_of(entry.deployment) +
                        ": it holds input and granted output, and the call is made and refused; LiteLLM counts "
                        "the input and makes no call");
      }
    }
    for (const JsonMember& member : info.members) {
      if (member.key == "rpm" || member.key == "tpm") continue;    // read_litellm_routes()
      if (member.key == "itpm" || member.key == "otpm") continue;  // read_litellm_limits()
      keys.drop(member.value, "information on the model; no rule of routing reads it");
    }
  }

  LitellmConfig& config_;
  ConfigReading& in_;
};

}  // namespace

void read_litellm_models(LitellmConfig& config) {
  const JsonValue* models = config.in.list(config.root, "model_list");
  if (models == nullptr) {
    if (ConfigReading::find(config.root, "model_list") != nullptr) return;
    config.in.error(
        config.root, "model_list is missing",
        "it names what callers ask for; models that stand in LiteLLM's database or in an included file are not "
        "in this one");
    return;
  }
  ModelReader reader(config);
  for (const JsonValue& item : models->items) reader.read(item);
  if (!config.entries.empty() || config.in.has_errors()) return;
  config.in.error(*models, "no entry of model_list names a model that can be imported",
                  "write the models that a wildcard stands for");
}

}  // namespace windtunnel::scenarios
