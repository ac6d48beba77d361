#include "scenarios/import/portkey_target.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;

struct CompanyWord {
  const char* word;
  const char* company;
  const char* model;  // that a caller most likely asks for
};
constexpr std::array<CompanyWord, 8> kCompanies{{{"anthropic", "anthropic", "claude-3-5-sonnet-20241022"},
                                                 {"claude", "anthropic", "claude-3-5-sonnet-20241022"},
                                                 {"azure", "azure-openai", "gpt-4o"},
                                                 {"openai", "openai", "gpt-4o"},
                                                 {"bedrock", "bedrock", "claude-3-5-sonnet-20241022"},
                                                 {"vertex", "vertex-ai", "gemini-1.5-pro"},
                                                 {"google", "google", "gemini-1.5-pro"},
                                                 {"mistral", "mistral-ai", "mistral-large-latest"}}};

std::string camel(std::string_view key) {
  std::string result;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool joins = key[i] == '_' && i + 1 < key.size();
    result += joins ? static_cast<char>(key[++i] >= 'a' && key[i] <= 'z' ? key[i] - 'a' + 'A' : key[i]) : key[i];
  }
  return result;
}

bool with_words(const std::string& tag, const std::vector<const JsonValue*>& words,
                std::vector<monitor::Tags>& alternatives) {
  std::vector<monitor::Tags> result;
  for (const monitor::Tags& tags : alternatives) {
    for (const JsonValue* word : words) {
      if (word->kind != JsonKind::string) return false;
      result.push_back(tags);
      result.back().emplace_back(tag, word->text);
    }
  }
  if (result.size() > 32) return false;
  alternatives = std::move(result);
  return true;
}

}  // namespace

const JsonValue* portkey_find(const JsonValue& map, std::string_view key) {
  const JsonValue* found = ConfigReading::find(map, key);
  return found != nullptr ? found : ConfigReading::find(map, camel(key));
}

std::string portkey_key(const JsonValue& map, std::string_view key) {
  return ConfigReading::find(map, key) != nullptr ? std::string(key) : camel(key);
}

std::string portkey_company(const JsonValue& node) {
  const JsonValue* provider = ConfigReading::find(node, "provider");
  if (provider != nullptr && provider->kind == JsonKind::string && !provider->text.starts_with('@'))
    return provider->text;
  const JsonValue* key = provider != nullptr ? provider : portkey_find(node, "virtual_key");
  if (key == nullptr) return "openai";
  for (const CompanyWord& known : kCompanies) {
    if (key->text.find(known.word) != std::string::npos) return known.company;
  }
  return "provider";
}

const char* portkey_usual_model(const std::string& company) {
  for (const CompanyWord& known : kCompanies) {
    if (company == known.company) return known.model;
  }
  return "gpt-4o";
}

std::string portkey_account(const JsonValue& node) {
  std::string account;
  if (const JsonValue* provider = ConfigReading::find(node, "provider")) account += provider->text;
  for (const std::string_view key : kPortkeyAccountKeys) {
    const JsonValue* value = portkey_find(node, key);
    account += '\n' + (value == nullptr ? std::string{} : json_line(*value));
  }
  return account;
}

bool portkey_tags(const JsonValue& query, std::vector<monitor::Tags>& alternatives) {
  for (const JsonMember& member : query.members) {
    if (member.key == "$and" && member.value.kind == JsonKind::array) {
      for (const JsonValue& part : member.value.items) {
        if (!portkey_tags(part, alternatives)) return false;
      }
      continue;
    }
    if (!member.key.starts_with("metadata.") || member.key.size() == 9) return false;
    const std::string tag = member.key.substr(9);
    const JsonValue* value = &member.value;
    if (value->kind == JsonKind::object) {
      if (value->members.size() != 1) return false;
      const JsonMember& only = value->members.front();
      if (only.key != "$eq" && only.key != "$in") return false;
      value = &only.value;
    }
    std::vector<const JsonValue*> words{value};
    if (value->kind == JsonKind::array) {
      words.clear();
      for (const JsonValue& word : value->items) words.push_back(&word);
    }
    if (!with_words(tag, words, alternatives)) return false;
  }
  return query.kind == JsonKind::object && !query.members.empty();
}

void read_portkey_cache(const JsonValue& node, std::size_t depth, ConfigReading& in, ImportedWorld& world) {
  KeyList& keys = in.keys();
  const JsonValue* cache = ConfigReading::find(node, "cache");
  if (cache == nullptr || keys.is_settled(*cache)) return;
  const bool is_word = cache->kind == JsonKind::string;
  if (!is_word && !in.require_map(*cache)) return;
  const std::string mode = is_word ? cache->text : in.text(*cache, "mode").value_or("");
  if (mode != "simple" && mode != "semantic" && mode != "DISABLED") {
    in.error(*cache, "\"" + excerpt(mode) + "\" is no mode of a cache", "the modes are simple and semantic");
    return;
  }
  auto& settings = world.scenario().monitor.cache;
  settings.enabled = mode != "DISABLED";
  settings.ttl = 24h;
  const JsonValue* age = is_word ? nullptr : portkey_find(*cache, "max_age");
  if (age != nullptr) {
    const auto ttl = in.milliseconds(*cache, portkey_key(*cache, "max_age"));
    if (ttl && *ttl > Duration{0}) settings.ttl = *ttl;
    keys.differ(*age, "monitor.cache.ttl: in milliseconds, as the open gateway reads it; the hosted one reads seconds");
  }
  if (depth > 1) {
    keys.differ(*cache, "monitor.cache: here it answers for every target");
  } else if (mode == "semantic") {
    keys.differ(*cache, "monitor.cache: only equal requests are hits here");
  } else {
    keys.carry(*cache, "monitor.cache");
  }
}

}  // namespace windtunnel::scenarios
