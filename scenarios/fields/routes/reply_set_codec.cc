// Kinds of replies as a file names them: by word, by HTTP status, or "any".

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {

using monitor::ReplyKind;
using monitor::ReplySet;

namespace {

constexpr const char* kStatuses[] = {"400", "401", "402", "403", "404", "408", "413",
                                     "422", "429", "500", "502", "503", "504", "529"};

// The kinds that a word or an HTTP status stands for. A simulated reply has a kind and no status, so that the statuses
// of one kind mean the same.
std::optional<ReplySet> kinds_of(const std::string& word) {
  using enum ReplyKind;
  const auto set_of = [](std::initializer_list<ReplyKind> kinds) {
    ReplySet set;
    for (const ReplyKind kind : kinds) set.add(kind);
    return set;
  };
  if (word == "any") return ReplySet::any();
  if (word == "auth_or_quota") return set_of({auth_or_quota, auth, quota_exhausted});
  if (word == "408") return set_of({timeout});
  if (word == "429") return set_of({rate_limited});
  if (word == "529") return set_of({overloaded});
  if (word == "404") return set_of({not_found});
  if (word == "402") return set_of({quota_exhausted, auth_or_quota});
  if (word == "401" || word == "403") return set_of({auth, auth_or_quota});
  if (word == "400") return set_of({client_error, context_length, content_policy});
  if (word == "413" || word == "422") return set_of({client_error});
  if (word == "500" || word == "502" || word == "503" || word == "504") return set_of({server_error});
  if (word == "5xx") return set_of({server_error, overloaded});
  if (word == "4xx") {
    return set_of({timeout, rate_limited, auth_or_quota, client_error, context_length, content_policy, not_found, auth,
                   quota_exhausted});
  }
  for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
    if (word == name_of(static_cast<ReplyKind>(i))) return set_of({static_cast<ReplyKind>(i)});
  }
  return std::nullopt;
}

std::vector<std::string> known_words() {
  std::vector<std::string> words{"any", "4xx", "5xx"};
  for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) words.emplace_back(name_of(static_cast<ReplyKind>(i)));
  return words;
}

bool read_kind(Reading& reading, const JsonValue& json, ReplySet& value) {
  if (json.kind != JsonKind::string && json.kind != JsonKind::number) {
    return reading.error(json.place,
                         std::string("a reply kind or an HTTP status is needed here, not ") + name_of(json.kind));
  }
  const auto kinds = kinds_of(json.text);
  if (!kinds) {
    return reading.error(json.place, "\"" + excerpt(json.text) + "\" is no reply kind and no status of one",
                         help_with_words(json.text, known_words()));
  }
  value.add(*kinds);
  return true;
}

}  // namespace

Kind<ReplySet> reply_set() {
  return {[](Reading& reading, const JsonValue& json, ReplySet& value) {
            if (!require_kind(reading, json, JsonKind::array) || !check_length(reading, json, 1, 64)) return false;
            value = {};
            bool good = true;
            for (std::size_t i = 0; i < json.items.size(); ++i) {
              const Reading::Step step(reading, std::to_string(i));
              good = read_kind(reading, json.items[i], value) && good;
            }
            return good;
          },
          [](const Writing&, const ReplySet& value) {
            JsonValue json = JsonValue::array();
            const bool has_any = value.has_all(ReplySet::any());
            if (has_any) json.items.push_back(JsonValue::of_string("any"));
            for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
              const auto kind = static_cast<ReplyKind>(i);
              if (!value.has(kind) || (has_any && ReplySet::any().has(kind))) continue;
              // The word of both is read as both.
              const bool is_both = value.has(ReplyKind::auth) && value.has(ReplyKind::quota_exhausted);
              if (kind == ReplyKind::auth_or_quota && !is_both) {
                json.items.push_back(JsonValue::of_number(value.has(ReplyKind::auth) ? "401" : "402"));
                continue;
              }
              json.items.push_back(JsonValue::of_string(name_of(kind)));
            }
            return json;
          },
          [](const ReplySet& a, const ReplySet& b) { return a == b; },
          [] {
            std::vector<std::string> words = known_words();
            JsonValue numbers = JsonValue::array();
            for (const char* status : kStatuses) {
              words.emplace_back(status);
              numbers.items.push_back(JsonValue::of_number(status));
            }
            JsonValue statuses = type_schema("integer");
            statuses.add("enum", std::move(numbers));
            JsonValue choices = JsonValue::array();
            choices.items = {word_schema(words), std::move(statuses)};
            JsonValue item = JsonValue::object();
            item.add("anyOf", std::move(choices));
            return list_schema(std::move(item), 1, 64);
          }};
}

}  // namespace windtunnel::scenarios
