// Models of a provider: each is a deployment, which has the provider's settings where it states none of its own.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;

ProviderSpec deployment_of(const ProviderSpec& provider, const std::string& model) {
  ProviderSpec result = provider;
  result.models.clear();
  result.profile.clear();  // its settings are the deployment's own now
  result.account = provider.name;
  result.name = provider.name + "/" + model;
  result.model = model;
  if (result.quota.empty()) result.quota = provider.name;
  return result;
}

std::string model_of(const ProviderSpec& deployment) { return deployment.name.substr(deployment.account.size() + 1); }

// The provider as a file that states nothing but its models has it.
ProviderSpec bare_provider(const std::string& name) { return start_from(name, default_profile(name)); }

const Table<ProviderSpec>& model_table() {
  static const Table<ProviderSpec> table = [] {
    std::vector<Field<ProviderSpec>> fields;
    for (const Field<ProviderSpec>& field : provider_table().fields) {
      if (field.name == "profile" || field.name == "models") continue;
      fields.push_back(field);
      fields.back().default_words = field.name == "model" ? "its name" : "that of the provider";
      if (field.name == "queue") fields.back().beside = R"({"concurrency": 1})";
    }
    return Table<ProviderSpec>{"model", "A model of the provider: a deployment, named \"provider/model\".",
                               std::move(fields), [](const ProviderSpec& deployment) {
                                 if (deployment.account.empty()) return ProviderSpec{};
                                 return deployment_of(bare_provider(deployment.account), model_of(deployment));
                               }};
  }();
  return table;
}

bool read_model(Reading& reading, const JsonMember& member, ProviderSpec& provider) {
  const Reading::Step step(reading, member.key);
  reading.note(member.value.place);
  if (member.key.empty()) return reading.error(member.place, "a name is not empty");
  if (!check_line(reading, member.place, member.key)) return false;
  ProviderSpec& deployment = provider.models.emplace_back(deployment_of(provider, member.key));
  if (!require_kind(reading, member.value, JsonKind::object)) return false;
  // A limit of its own is counted apart, unless a quota says otherwise.
  if (member.value.find("rate_limit") != nullptr) deployment.quota = "";
  if (!read_object(reading, member.value, deployment, model_table())) return false;
  if (!deployment.tariffs.empty()) return true;
  return reading.error(member.place, "this model needs a price",
                       "write \"price_usd_per_million\" here or at the provider");
}

// What a file states as a provider with models stands in the scenario as their deployments.
void take_models_apart(std::vector<ProviderSpec>& providers) {
  if (providers.back().models.empty()) return;
  std::vector<ProviderSpec> models = std::move(providers.back().models);
  providers.pop_back();
  for (ProviderSpec& model : models) providers.push_back(std::move(model));
}

// The other way round.
std::vector<ProviderSpec> providers_of(const std::vector<ProviderSpec>& deployments) {
  std::vector<ProviderSpec> providers;
  for (const ProviderSpec& deployment : deployments) {
    if (deployment.account.empty()) {
      providers.push_back(deployment);
      continue;
    }
    if (providers.empty() || providers.back().models.empty() || providers.back().name != deployment.account) {
      providers.push_back(bare_provider(deployment.account));
    }
    providers.back().models.push_back(deployment);
  }
  return providers;
}

bool check_deployments(Reading& reading, const JsonValue& json, const std::vector<ProviderSpec>& deployments) {
  bool good = true;
  if (deployments.size() > monitor::kProvidersMax) {
    good =
        reading.error(json.place, "at most " + std::to_string(monitor::kProvidersMax) +
                                      " deployments are possible, and these are " + std::to_string(deployments.size()));
  }
  for (std::size_t i = 0; i < deployments.size(); ++i) {
    for (std::size_t other = 0; other < i; ++other) {
      if (deployments[i].name != deployments[other].name) continue;
      good = reading.error(json.place, "two deployments are named \"" + excerpt(deployments[i].name) + "\"",
                           "a provider with a slash in its name and a model of another one collide");
    }
  }
  return good;
}

}  // namespace

Field<ProviderSpec> models_field() {
  Field<ProviderSpec> result;
  result.name = "models";
  result.doc =
      "Its models by name. Each is a deployment, named \"provider/model\", which routes and thresholds refer to; "
      "faults "
      "may name the provider. A model has the provider's settings where it states none of its own.";
  result.example = R"({"gpt-4o": {"price_usd_per_million": "gpt-4o", "context_window": 128000}})";
  result.default_words = "none: the provider is one deployment of its own name";
  result.read = [](Reading& reading, const JsonValue& json, ProviderSpec& provider) {
    if (!require_kind(reading, json, JsonKind::object)) return false;
    if (json.members.empty()) return reading.error(json.place, "at least one model is needed, or no \"models\"");
    if (provider.name.find('/') != std::string::npos) {
      return reading.error(json.place, "a provider with models has no slash in its name",
                           "a deployment is named \"provider/model\", split at the first slash");
    }
    provider.models.clear();
    bool good = true;
    for (const JsonMember& member : json.members) good = read_model(reading, member, provider) && good;
    return good;
  };
  result.write = [](const Writing& writing, const ProviderSpec& provider) {
    JsonValue json = JsonValue::object();
    for (const ProviderSpec& model : provider.models) {
      json.add(model_of(model), write_object(writing, model, model_table()));
    }
    return json;
  };
  result.same = [](const ProviderSpec& a, const ProviderSpec& b) { return a.models.empty() && b.models.empty(); };
  result.schema = [] {
    JsonValue schema = type_schema("object");
    schema.add("additionalProperties", schema_of(model_table()));
    schema.add("minProperties", JsonValue::of_number("1"));
    schema.add("maxProperties", JsonValue::of_number(std::to_string(monitor::kProvidersMax)));
    return schema;
  };
  result.is_left_out = true;
  return result;
}

std::vector<ProviderSpec> default_providers() {
  std::vector<ProviderSpec> result;
  for (const char* provider_name : {"openai", "anthropic"}) {
    result.push_back(start_from(provider_name, default_profile(provider_name)));
  }
  return result;
}

Kind<std::vector<ProviderSpec>> providers_kind() {
  using Providers = std::vector<ProviderSpec>;
  return {[](Reading& reading, const JsonValue& json, Providers& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            if (json.members.empty()) return reading.error(json.place, "at least one provider is needed");
            if (json.members.size() > monitor::kProvidersMax) {
              return reading.error(json.members[monitor::kProvidersMax].place,
                                   "at most " + std::to_string(monitor::kProvidersMax) + " providers are possible");
            }
            value.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              if (member.key.empty() || member.key == "*")
                good = reading.error(member.place, "this is no name for a provider");
              good = check_line(reading, member.place, member.key) && good;
              value.push_back(start_from(member.key, default_profile(member.key)));
              const bool was_read = read_object(reading, member.value, value.back(), provider_table());
              good = was_read && good;
              if (was_read && value.back().tariffs.empty() && value.back().models.empty()) {
                good = reading.error(member.place, "this provider needs a price",
                                     "name a \"profile\" or write \"price_usd_per_million\"");
              }
              take_models_apart(value);
            }
            return check_deployments(reading, json, value) && good;
          },
          [](const Writing& writing, const Providers& value) {
            JsonValue json = JsonValue::object();
            for (const ProviderSpec& provider : providers_of(value)) {
              if (!provider.models.empty()) {
                // The models state all that is theirs.
                json.add(provider.name, JsonValue::object()).add("models", models_field().write(writing, provider));
                continue;
              }
              JsonValue written = write_object(writing, provider, provider_table());
              // The profile is its own baseline, so it is written wherever the name alone would choose another.
              if (!writing.is_complete && provider.profile != default_profile(provider.name)) {
                JsonValue profile_text =
                    provider.profile.empty() ? JsonValue{} : JsonValue::of_string(provider.profile);
                written.members.insert(written.members.begin(), {"profile", {}, std::move(profile_text)});
              }
              json.add(provider.name, std::move(written));
            }
            return json;
          },
          [](const Providers& a, const Providers& b) {
            return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ProviderSpec& x, const ProviderSpec& y) {
              return x.name == y.name && x.account == y.account && same_object(x, y, provider_table());
            });
          },
          [] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", schema_of(provider_table()));
            schema.add("minProperties", JsonValue::of_number("1"));
            schema.add("maxProperties", JsonValue::of_number(std::to_string(monitor::kProvidersMax)));
            return schema;
          }};
}

}  // namespace windtunnel::scenarios
