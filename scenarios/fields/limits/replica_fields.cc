// Replicas of the gateway, and what they know of each other.

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using sim::ReplicasSpec;
using sim::Sharing;

// "none", "at_once", or how old what the others know is.
Kind<Sharing> sharing() {
  const Kind<Duration> lag = duration({Duration{1}, std::chrono::hours{1}});
  return {[lag](Reading& reading, const JsonValue& json, Sharing& value) {
            value.reset();
            if (json.kind == JsonKind::string && json.text == "none") return true;
            value = Duration{0};
            if (json.kind == JsonKind::string && json.text == "at_once") return true;
            return lag.read(reading, json, *value);
          },
          [lag](const Writing& writing, const Sharing& value) {
            if (!value) return JsonValue::of_string("none");
            return *value == Duration{0} ? JsonValue::of_string("at_once") : lag.write(writing, *value);
          },
          [](const Sharing& a, const Sharing& b) { return a == b; },
          [lag] {
            JsonValue choices = JsonValue::array();
            choices.items = {word_schema({"none", "at_once"}), lag.schema()};
            JsonValue schema = JsonValue::object();
            schema.add("anyOf", std::move(choices));
            return schema;
          },
          lag.unit};
}

const Table<ReplicasSpec>& shared_table() {
  using R = ReplicasSpec;
  static const Table<R> table{
      "shared",
      "What replicas know of each other: none, at_once, or a lag, which is how old it is.",
      {
          field<R>("spend", &R::spend, sharing(), "What was spent of the monthly and daily budget.").such_as("\"5s\""),
          field<R>("limits", &R::limits, sharing(),
                   "What `limits` have counted; at_once also the rate and token limiter.")
              .such_as("\"1s\""),
          field<R>(
              "breakers", &R::breakers, sharing(),
              "Results of calls, and Retry-After: with a lag a result of another replica counts for a breaker that "
              "is closed when it is heard.")
              .such_as("\"at_once\""),
          field<R>("usage", &R::usage, sharing(), "What the balances least_busy and lowest_usage compare.")
              .such_as("\"at_once\""),
          field<R>("latency", &R::latency, sharing(), "What the balance lowest_latency compares.")
              .such_as("\"at_once\""),
      },
      {}};
  return table;
}

}  // namespace

const Table<ReplicasSpec>& replicas_table() {
  using R = ReplicasSpec;
  const auto itself = [](auto& replicas) -> auto& { return replicas; };
  static const Table<R> table{"replicas",
                              "Gateways behind a balancer that gives each the next request in turn.",
                              {
                                  field<R>("count", &R::count, integer({1, sim::kReplicasMax}), "How many there are.")
                                      .in("gateways")
                                      .such_as("3"),
                                  field<R>("shared", itself, object(shared_table), "What they know of each other.")
                                      .with_beside(R"({"count": 3})"),
                              },
                              {}};
  return table;
}

}  // namespace windtunnel::scenarios
