// Who calls: tags of a workload with one value or many, keys and teams.

#include <algorithm>
#include <chrono>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {

using namespace std::chrono_literals;
using sim::CallerCatalogue;

namespace {

constexpr std::int64_t kCallersMax = 100'000;

bool same_catalogues(const WorkloadSpec& a, const WorkloadSpec& b) {
  return a.tags == b.tags && a.tag_catalogues == b.tag_catalogues;
}

}  // namespace

const Table<CallerCatalogue>& caller_table() {
  using C = CallerCatalogue;
  static const Table<C> table{
      "callers",
      "A catalogue of callers.",
      {
          field<C>("count", &C::count, integer({0, kCallersMax}), "How many there are; 0: requests carry none.")
              .in("callers")
              .such_as("20"),
          field<C>("zipf", &C::zipf, decimal({0, 10}), "The exponent of their activity; 0: all alike.")
              .in("exponent")
              .such_as("1.1"),
      },
      {}};
  return table;
}

// A value for all requests, or a catalogue of which each draws one.
Kind<WorkloadSpec> caller_tags() {
  return {[](Reading& reading, const JsonValue& json, WorkloadSpec& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            value.tags.clear();
            value.tag_catalogues.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              good = check_line(reading, member.place, member.key) && good;
              if (member.value.kind == JsonKind::object) {
                CallerCatalogue& values = value.tag_catalogues.emplace_back(member.key, CallerCatalogue{}).second;
                good = read_object(reading, member.value, values, caller_table()) && good;
                continue;
              }
              good = line().read(reading, member.value, value.tags.emplace_back(member.key, "").second) && good;
            }
            return good;
          },
          [](const Writing& writing, const WorkloadSpec& value) {
            JsonValue json = JsonValue::object();
            for (const auto& [tag, word] : value.tags) json.add(tag, JsonValue::of_string(word));
            for (const auto& [tag, values] : value.tag_catalogues) {
              json.add(tag, write_object(writing, values, caller_table()));
            }
            return json;
          },
          same_catalogues,
          [] {
            JsonValue choices = JsonValue::array();
            choices.items = {type_schema("string"), schema_of(caller_table())};
            JsonValue value = JsonValue::object();
            value.add("anyOf", std::move(choices));
            annotate(value, {.description = "The value of this tag, or a catalogue of its values.",
                             .default_words = "none",
                             .example = "\"paid\""});
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", std::move(value));
            return schema;
          }};
}

const Table<sim::ClientSpec>& client_table() {
  using C = sim::ClientSpec;
  std::vector<std::string> words;
  for (const sim::ClientPreset& preset : sim::client_presets()) words.emplace_back(preset.name);
  const Kind<std::string> preset{[words](Reading& reading, const JsonValue& json, std::string& value) {
                                   const std::size_t i = read_word(reading, json, words);
                                   if (i < words.size()) value = words[i];
                                   return i < words.size();
                                 },
                                 [](const Writing&, const std::string& value) { return JsonValue::of_string(value); },
                                 [](const std::string& a, const std::string& b) { return a == b; },
                                 [words] { return word_schema(words); }};
  static const Table<C> table{
      "client",
      "How callers try again. By default a gateway does not see that its caller has gone.",
      {
          field<C>("preset", &C::preset, preset,
                   "The client library whose retries and gaps are those that were measured."),
          field<C>("retries", &C::retries, optional(small_integer({0, 100})),
                   "Tries after the first; null: those of the preset.")
              .in("tries")
              .such_as("1"),
          field<C>("timeout", &C::timeout, optional(duration({1ns})), "Of one try; null: that of the preset.")
              .such_as("\"30s\""),
          field<C>("patience", &C::patience, optional(law(LawUnit::duration)),
                   "For all tries together; then the caller leaves. null: it stays.")
              .such_as(R"({"p50": "20s", "p95": "60s"})"),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
