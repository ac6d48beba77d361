// Lengths in tokens, and of which kinds the tokens are.

#include <string>
#include <utility>
#include <vector>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using sim::TokenModel;

Kind<TokenModel> token_model(Tokens least = Tokens{1}) {
  const std::vector<std::string> bounds{"least", "most"};
  return {[bounds, least](Reading& reading, const JsonValue& json, TokenModel& value) {
            value = TokenModel{.least = least};
            bool good = read_law(reading, json, LawUnit::number, value.law, bounds);
            if (json.kind != JsonKind::object) return good;
            const auto read_bound = [&](const char* key, Tokens& bound) {
              const JsonMember* member = json.find(key);
              if (member == nullptr) return;
              const Reading::Step step(reading, key);
              reading.note(member->value.place);
              good = tokens().read(reading, member->value, bound) && good;
            };
            read_bound("least", value.least);
            read_bound("most", value.most);
            if (good && value.most < value.least) good = reading.error(json.place, "\"most\" is below \"least\"");
            return good;
          },
          [least](const Writing& writing, const TokenModel& value) {
            const TokenModel defaults{.least = least};
            JsonValue json = write_law(value.law, LawUnit::number);
            const bool is_bounded = value.least != defaults.least || value.most != defaults.most;
            if (!is_bounded && !writing.is_complete) return json;
            if (json.kind != JsonKind::object) {
              JsonValue fixed = JsonValue::object();
              fixed.add("value", std::move(json));
              json = std::move(fixed);
            }
            if (value.least != defaults.least || writing.is_complete)
              json.add("least", JsonValue::of_number(std::to_string(value.least.count())));
            if (value.most != defaults.most || writing.is_complete)
              json.add("most", JsonValue::of_number(std::to_string(value.most.count())));
            return json;
          },
          [](const TokenModel& a, const TokenModel& b) { return a == b; },
          [least] {
            JsonValue bound_keys = JsonValue::object();
            const TokenModel defaults{.least = least};
            const auto add = [&](const char* key, const char* description, Tokens bound) {
              annotate(bound_keys.add(key, tokens().schema()),
                       {.description = description,
                        .default_value = JsonValue::of_number(std::to_string(bound.count())),
                        .unit = "tokens"});
            };
            add("least", "What the law gives below this is raised to it.", defaults.least);
            add("most", "What the law gives above this is cut to it.", defaults.most);
            return law_schema(LawUnit::number, "tokens", std::move(bound_keys));
          },
          "tokens"};
}

}  // namespace

const Table<WorkloadSpec>& tokens_table() {
  using W = WorkloadSpec;
  static const Table<W> table{
      "tokens",
      "Lengths in tokens: a value, or a law, with bounds `least` and `most` beside it.",
      {
          field<W>("input", &W::input, token_model(), "Of the prompt.").such_as(R"({"p50": 150, "p95": 300})"),
          field<W>("output", &W::output, token_model(), "Of the answer that is not cut.")
              .such_as(R"({"p50": 80, "p95": 200, "most": 500})"),
          field<W>(
              "cached_input", &W::cached_input, token_model(Tokens{0}),
              "Of the prompt, what a provider's cache of prompts holds: billed at its price for `cached_input`, if "
              "it has one.")
              .such_as(R"({"value": 1024})"),
          field<W>("cache_write", &W::cache_write, token_model(Tokens{0}),
                   "Of the rest of the prompt, what is written into that cache: billed at `cache_write`.")
              .such_as("200"),
          field<W>("reasoning", &W::reasoning, token_model(Tokens{0}),
                   "Of the answer, what the model thinks before it answers: billed at `reasoning`, and part of the "
                   "output everywhere else.")
              .such_as(R"({"p50": 300, "p95": 2000})"),
          field<W>("length_cv", &W::length_cv, decimal({0, 10}),
                   "The coefficient of variation of a factor of all lengths drawn once for the run.")
              .in("coefficient of variation")
              .such_as("0.1"),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
