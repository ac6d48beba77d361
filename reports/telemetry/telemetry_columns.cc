#include "reports/telemetry/telemetry_columns.h"

#include <string>
#include <string_view>

namespace windtunnel::reports {
namespace {

struct ColumnText {
  std::string_view name;
  std::string_view text;
  std::string_view unit;   // empty: it is no quantity
  std::string_view range;  // empty: any text
  std::string_view example;
};

constexpr ColumnText kColumns[] = {
    {"timestamp", "The end of the request, on the wall clock.", "UTC time (ISO 8601), microseconds", "",
     "2026-01-20T10:00:01.234567Z"},
    {"request_id", "The request's name: a UUID that follows from the seed and the request's number.", "", "",
     "7c1f5a90-0000-4000-8000-000000000001"},
    {"provider", "The provider of the last call.", "", "a provider's name; null without a call", "openai"},
    {"model", "The model of the last call.", "", "null without a call", "gpt-4"},
    {"latency_ms", "The time from arrival to end, waits and failed attempts included.", "milliseconds", "0 or more",
     "1234.56"},
    {"tokens", "The tokens of the answer that was served; all 0 without one and for a cache hit.", "tokens",
     "an object", "{\"input\": 150, \"output\": 80, \"total\": 230}"},
    {"tokens.input", "Tokens of the prompt.", "tokens", "0 or more", "150"},
    {"tokens.output", "Tokens of the answer.", "tokens", "0 or more", "80"},
    {"tokens.total", "Input and output tokens together.", "tokens", "0 or more", "230"},
    {"tokens.cached_input", "Of the input, what came from the provider's cache of prompts.", "tokens",
     "absent where no token is of a kind with a price of its own", "100"},
    {"tokens.cache_write", "Of the input, what was written into that cache.", "tokens",
     "absent where no token is of a kind with a price of its own", "0"},
    {"tokens.reasoning", "Of the output, what the model thought.", "tokens",
     "absent where no token is of a kind with a price of its own", "40"},
    {"cost_usd", "The bills of the request's attempts whose usage is known, exactly.", "USD", "0 or more", "0.0093"},
    {"success", "Whether the request was answered, by a provider or by the cache.", "", "true or false", "true"},
    {"error", "Why there is no answer: for a failed request the kind of the last reply, else the outcome.", "",
     "null with an answer", "server_error"},
    {"circuit_breaker_state", "The state of the last called provider's breaker after its reply.", "",
     "closed, open, half_open; null without a call", "closed"},
    {"metadata", "The labels of the request: versions, experiment and arm.", "", "an object",
     "{\"feature_version\": null, ...}"},
    {"metadata.feature_version", "The workload's label of that name.", "", "null without one", "v2"},
    {"metadata.prompt_version", "The workload's label of that name.", "", "null without one", "p7"},
    {"metadata.experiment_id", "The A/B experiment.", "", "null without one", "spring"},
    {"metadata.variant_id", "The arm of the experiment that the request was assigned to.", "", "null without one",
     "candidate"},
    {"metadata.route", "The route that the request asks for, after its rules.", "", "absent in a run without routes",
     "chat"},
    {"prompt_length", "The length of the prompt.", "characters", "0 or more", "600"},
    {"response_length", "The length of the answer; 0 without one.", "characters", "0 or more", "320"},
    {"outcome", "How the request ended; each word has an explanation of its own.", "", "one of the outcomes", "served"},
    {"cache_hit", "Whether the cache answered, with a fresh entry or a stale one.", "", "true or false", "false"},
    {"ttft_ms", "The time from arrival to the first token.", "milliseconds", "0 or more; null unless served", "412.5"},
    {"user", "The user id.", "", "null without one", "ada"},
    {"attempts", "The calls that the request made, in order.", "", "a list, empty without a call",
     "[{\"provider\": \"openai\", ...}]"},
    {"attempts.provider", "The provider of the call.", "", "a provider's name", "openai"},
    {"attempts.outcome", "The kind of its reply.", "", "one of the reply kinds", "timeout"},
    {"attempts.latency_ms", "The time from the call's start to its reply, or to its deadline.", "milliseconds",
     "0 or more", "30000"},
    {"attempts.cost_usd", "The call's bill.", "USD", "0 or more; null when the usage is unknown", "0.0093"},
};

}  // namespace

std::vector<Explanation> telemetry_columns() {
  std::vector<Explanation> all;
  for (const ColumnText& column : kColumns) {
    Explanation& explanation = all.emplace_back();
    explanation.kind = "telemetry column";
    explanation.word = column.name;
    explanation.text = column.text;
    if (!column.unit.empty()) explanation.facts.emplace_back("Unit", column.unit);
    explanation.facts.emplace_back("Range", column.range.empty() ? "any text" : column.range);
    explanation.facts.emplace_back("Example", column.example);
  }
  return all;
}

}  // namespace windtunnel::reports
