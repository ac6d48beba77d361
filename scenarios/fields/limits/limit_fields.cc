// Limits: whose requests they count, of what they allow how much, and what an exhausted one means.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::LimitCondition;
using monitor::LimitConfig;
using monitor::LimitScope;
using monitor::LimitWord;
using monitor::OnExhausted;

constexpr const char* kTagPrefix = "tag.";
constexpr const char* kMonth = "month";
constexpr const char* kAnyTagPattern = "^(key|team|user|route|deployment|provider|tag\\..+)$";

std::string text_of(const LimitWord& word) {
  return word.scope == LimitScope::tag ? kTagPrefix + word.tag : name_of(word.scope);
}

bool read_word_of_limit(Reading& reading, Place place, const std::string& text, LimitWord& value) {
  std::vector<std::string> known;
  for (const LimitScope scope : {LimitScope::key, LimitScope::team, LimitScope::user, LimitScope::route,
                                 LimitScope::deployment, LimitScope::provider}) {
    known.emplace_back(name_of(scope));
    if (text != known.back()) continue;
    value = {.scope = scope};
    return true;
  }
  if (text.starts_with(kTagPrefix) && text.size() > 4) {
    value = {.scope = LimitScope::tag, .tag = text.substr(4)};
    return true;
  }
  known.emplace_back("tag.NAME");
  return reading.error(place, "a limit cannot count by \"" + excerpt(text) + "\"", help_with_words(text, known));
}

JsonValue scope_schema() {
  JsonValue schema = type_schema("string");
  schema.add("pattern", JsonValue::of_string(kAnyTagPattern));
  return schema;
}

// A word, or a list of them.
Kind<std::vector<LimitWord>> scopes() {
  using Scopes = std::vector<LimitWord>;
  return {[](Reading& reading, const JsonValue& json, Scopes& value) {
            value.clear();
            if (json.kind == JsonKind::string) {
              return read_word_of_limit(reading, json.place, json.text, value.emplace_back());
            }
            if (json.kind != JsonKind::array) {
              return reading.error(json.place, "\"per\" is a word, such as \"team\", or a list of words");
            }
            bool good = check_length(reading, json, 0, 8);
            for (std::size_t i = 0; i < json.items.size(); ++i) {
              const Reading::Step step(reading, std::to_string(i));
              if (!require_kind(reading, json.items[i], JsonKind::string)) {
                good = false;
                continue;
              }
              good = read_word_of_limit(reading, json.items[i].place, json.items[i].text, value.emplace_back()) && good;
            }
            return good;
          },
          [](const Writing&, const Scopes& value) {
            if (value.size() == 1) return JsonValue::of_string(text_of(value.front()));
            JsonValue json = JsonValue::array();
            for (const LimitWord& word : value) json.items.push_back(JsonValue::of_string(text_of(word)));
            return json;
          },
          [](const Scopes& a, const Scopes& b) { return a == b; },
          [] {
            JsonValue choices = JsonValue::array();
            choices.items = {scope_schema(), list_schema(scope_schema(), 0, 8)};
            JsonValue schema = JsonValue::object();
            schema.add("anyOf", std::move(choices));
            return schema;
          }};
}

// {"team": "red", "tag.plan": "free"}.
Kind<std::vector<LimitCondition>> conditions() {
  using Conditions = std::vector<LimitCondition>;
  return {[](Reading& reading, const JsonValue& json, Conditions& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            value.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              LimitCondition& condition = value.emplace_back();
              good = read_word_of_limit(reading, member.place, member.key, condition.word) && good;
              good = name().read(reading, member.value, condition.value) && good;
            }
            return good;
          },
          [](const Writing&, const Conditions& value) {
            JsonValue json = JsonValue::object();
            for (const LimitCondition& condition : value) {
              json.add(text_of(condition.word), JsonValue::of_string(condition.value));
            }
            return json;
          },
          [](const Conditions& a, const Conditions& b) { return a == b; },
          [] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", JsonValue::of_bool(false));
            JsonValue value = type_schema("string");
            annotate(value, {.description = "The value that requests must carry, or that their target has.",
                             .default_words = "any",
                             .example = R"("red")"});
            schema.add("patternProperties", JsonValue::object()).add(kAnyTagPattern, std::move(value));
            return schema;
          }};
}

// A length of time, or "month": that of the calendar.
Kind<std::optional<Duration>> period() {
  const Kind<Duration> length = duration({monitor::kLimitPeriodMin});
  return {[length](Reading& reading, const JsonValue& json, std::optional<Duration>& value) {
            value.reset();
            if (json.kind == JsonKind::string && json.text == kMonth) return true;
            return length.read(reading, json, value.emplace());
          },
          [length](const Writing& writing, const std::optional<Duration>& value) {
            return value ? length.write(writing, *value) : JsonValue::of_string(kMonth);
          },
          [](const std::optional<Duration>& a, const std::optional<Duration>& b) { return a == b; },
          [length] {
            JsonValue choices = JsonValue::array();
            choices.items = {length.schema(), word_schema({kMonth})};
            JsonValue schema = JsonValue::object();
            schema.add("anyOf", std::move(choices));
            return schema;
          },
          length.unit};
}

// refuse, alert, next_target, or {"route": "cheap"}: both members of a limit.
Kind<LimitConfig> exhausted() {
  const Words<OnExhausted> words{
      {"refuse", OnExhausted::refuse}, {"alert", OnExhausted::alert}, {"next_target", OnExhausted::next_target}};
  const Kind<OnExhausted> as_word = word(words);
  return {
      [as_word](Reading& reading, const JsonValue& json, LimitConfig& value) {
        value.route.reset();
        if (json.kind == JsonKind::string) return as_word.read(reading, json, value.on_exhausted);
        if (json.kind != JsonKind::object) {
          return reading.error(json.place, "on_exhausted is refuse, alert, next_target or {\"route\": NAME}");
        }
        value.on_exhausted = OnExhausted::route;
        const JsonValue* route = json.find("route") == nullptr ? nullptr : &json.find("route")->value;
        if (route == nullptr) return reading.error(json.place, "the key \"route\" is missing");
        bool good = refuse_unknown_keys(reading, json, {"route"});
        const Reading::Step step(reading, "route");
        if (!require_kind(reading, *route, JsonKind::string)) return false;
        const auto& names = reading.names.routes;
        const auto found = std::ranges::find(names, route->text);
        if (found == names.end()) {
          return reading.error(
              route->place, "no route is named \"" + excerpt(route->text) + "\"",
              names.empty() ? "write \"routes\" at the top of the file" : help_with_words(route->text, names));
        }
        value.route = static_cast<monitor::RouteId>(found - names.begin());
        return good;
      },
      [as_word](const Writing& writing, const LimitConfig& value) {
        if (value.on_exhausted != OnExhausted::route) return as_word.write(writing, value.on_exhausted);
        JsonValue json = JsonValue::object();
        json.add("route", JsonValue::of_string(writing.names.routes.at(index_of(*value.route))));
        return json;
      },
      [](const LimitConfig& a, const LimitConfig& b) { return a.on_exhausted == b.on_exhausted && a.route == b.route; },
      [as_word] {
        JsonValue object_schema = type_schema("object");
        object_schema.add("additionalProperties", JsonValue::of_bool(false));
        JsonValue route = type_schema("string");
        annotate(route, {.description = "The route that the request asks for instead.",
                         .is_required = true,
                         .example = R"("cheap")"});
        object_schema.add("properties", JsonValue::object()).add("route", std::move(route));
        object_schema.add("required", JsonValue::array()).items.push_back(JsonValue::of_string("route"));
        JsonValue choices = JsonValue::array();
        choices.items = {as_word.schema(), std::move(object_schema)};
        JsonValue schema = JsonValue::object();
        schema.add("anyOf", std::move(choices));
        return schema;
      }};
}

const Table<LimitConfig>& weights_table() {
  using L = LimitConfig;
  static const Table<L> table{
      "cost",
      "What a token of each kind counts for.",
      {
          field<L>("input", &L::input_weight, share(0, monitor::kLimitWeightMax), "A token of the prompt.")
              .in("limit's tokens"),
          field<L>("output", &L::output_weight, share(0, monitor::kLimitWeightMax), "A token of the answer.")
              .in("limit's tokens")
              .such_as("4"),
      },
      {}};
  return table;
}

}  // namespace

const Table<LimitConfig>& limit_table() {
  using L = LimitConfig;
  using monitor::LimitAlgorithm;
  using monitor::LimitWindow;
  const auto itself = [](auto& limit) -> auto& { return limit; };
  const Words<bool> counts{{"each", false}, {"total", true}};
  const std::string requests = R"({"requests": 60})";
  static const Table<L> table{
      "limit",
      "How much some requests may use, and what happens then.",
      {
          field<L>("id", &L::id, line(), "Its name in reports; empty: its place in the list, \"limit-1\".")
              .such_as("\"team-budget\"")
              .with_beside(requests),
          field<L>("per", &L::per, scopes(),
                   "The words whose values have accounts of their own: key, team, user, tag.NAME, route, deployment, "
                   "provider, or a list of them. A request without one of the words is not counted. With deployment "
                   "or provider it counts calls, from their start to their end.")
              .such_as("\"team\"")
              .with_beside(requests),
          field<L>("when", &L::when, conditions(), "Only what has these values is counted, all of them.")
              .such_as(R"({"tag.plan": "free"})")
              .with_beside(requests),
          field<L>("count", &L::is_total, word(counts),
                   "each: every combination of values has an account; total: all that is counted has one.")
              .such_as("\"total\"")
              .with_beside(R"({"per": "team", "requests": 60})"),
          field<L>("requests", &L::requests, optional(integer({0, monitor::kLimitCountMax})),
                   "Requests (or calls) in a period; 0 admits nothing, null is unlimited.")
              .in("requests per period")
              .such_as("1000"),
          field<L>("requests_per_minute", &L::requests, optional(integer({0, monitor::kLimitCountMax})),
                   "The same, with the period of a minute.")
              .in("requests per minute")
              .such_as("60")
              .another_spelling_of("requests"),
          field<L>("tokens", &L::tokens, optional(tokens(Tokens{0}, Tokens{monitor::kLimitCountMax})),
                   "Tokens in a period, weighted by `cost`: at most those of input and grant when a call is admitted, "
                   "then those of its usage.")
              .in("tokens per period")
              .such_as("1000000"),
          field<L>("tokens_per_minute", &L::tokens, optional(tokens(Tokens{0}, Tokens{monitor::kLimitCountMax})),
                   "The same, with the period of a minute.")
              .in("tokens per minute")
              .such_as("20000")
              .another_spelling_of("tokens"),
          field<L>("usd", &L::usd, optional(money(monitor::kLimitMax)),
                   "Spend in a period: at most that of the dearest call when a request is admitted, then that of its "
                   "bills.")
              .such_as("500"),
          field<L>("parallel_requests", &L::parallel_requests, optional(integer({0, monitor::kLimitCountMax})),
                   "Requests (or calls) under way at once.")
              .in("requests")
              .such_as("8"),
          field<L>("cost", itself, object(weights_table), "The weights of tokens.").with_beside(R"({"tokens": 1000})"),
          field<L>("period", &L::period, period(),
                   "The time in which the amounts may be used; month: a calendar month.")
              .such_as("\"30d\"")
              .with_beside(requests),
          field<L>("window", &L::window,
                   word(words_named({LimitWindow::calendar, LimitWindow::rolling, LimitWindow::from_first_use})),
                   "Where a period begins: calendar at whole multiples of it in UTC (weeks on Monday), by the clock of "
                   "the start; from_first_use with the first request that is counted; rolling counts the latest period "
                   "at any moment.")
              .with_beside(requests),
          field<L>("algorithm", &L::algorithm,
                   word(words_named(
                       {LimitAlgorithm::fixed_window, LimitAlgorithm::sliding_window, LimitAlgorithm::token_bucket})),
                   "fixed_window: what a window has used is forgotten at its end; sliding_window: the latest period "
                   "counts, in steps of a sixtieth; token_bucket: what is allowed comes back at the pace of amount per "
                   "period, and is full at the start.")
              .with_beside(requests),
          field<L>("on_exhausted", itself, exhausted(),
                   "refuse; alert: it passes and is counted; next_target (of a limit on calls): the target is passed "
                   "over; {\"route\": NAME}: the request asks for that route.")
              .such_as("\"alert\"")
              .with_beside(requests),
          field<L>("priority", &L::priority, small_integer({-1'000'000, 1'000'000}),
                   "Of combine_limits first_priority: of the limits that match a request those with the highest number "
                   "count it.")
              .in("rank")
              .with_beside(requests),
          field<L>("always", &L::is_always, boolean(),
                   "true: it counts and must have room, whatever combine_limits says.")
              .with_beside(requests),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
