// Routes: what callers ask for, and who is asked first, who next, and after what.

#include <algorithm>

#include "monitor/record.h"
#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
constexpr const char* kKindsUnit = "reply kinds and HTTP statuses";
using monitor::ReplySet;
using monitor::RouteConfig;
using monitor::RouteFallback;
using monitor::RouteId;
using monitor::RouteRetry;
using monitor::RouteRule;
using monitor::RouteTarget;

const Table<ReplySet>& failover_table() {
  const auto itself = [](auto& set) -> auto& { return set; };
  static const Table<ReplySet> table{
      "failover",
      "After which failures the next target is asked.",
      {
          field<ReplySet>("on", itself, reply_set(), "Reply kinds and statuses; any: all but the caller's own errors.")
              .required()
              .in(kKindsUnit)
              .such_as(R"(["any"])"),
      },
      {}};
  return table;
}

// {"on": [...]} or "never".
Kind<std::optional<ReplySet>> failover() {
  return {[](Reading& reading, const JsonValue& json, std::optional<ReplySet>& value) {
            value.reset();
            if (json.kind == JsonKind::string && json.text == "never") return true;
            if (json.kind == JsonKind::object) return read_object(reading, json, value.emplace(), failover_table());
            return reading.error(json.place, "failover is {\"on\": [...]} or \"never\"");
          },
          [](const Writing& writing, const std::optional<ReplySet>& value) {
            return value ? write_object(writing, *value, failover_table()) : JsonValue::of_string("never");
          },
          [](const std::optional<ReplySet>& a, const std::optional<ReplySet>& b) { return a == b; },
          [] {
            JsonValue choices = JsonValue::array();
            choices.items = {schema_of(failover_table()), word_schema({"never"})};
            JsonValue schema = JsonValue::object();
            schema.add("anyOf", std::move(choices));
            return schema;
          }};
}

Kind<RouteId> route_reference() {
  const Kind<std::string> as_name = name();
  return {[as_name](Reading& reading, const JsonValue& json, RouteId& value) {
            std::string word;
            if (!as_name.read(reading, json, word)) return false;
            const auto& names = reading.names.routes;
            const auto found = std::ranges::find(names, word);
            if (found == names.end()) {
              return reading.error(json.place, "no route is named \"" + excerpt(word) + "\"",
                                   help_with_words(word, names));
            }
            value = static_cast<RouteId>(found - names.begin());
            return true;
          },
          [](const Writing& writing, const RouteId& value) {
            return JsonValue::of_string(writing.names.routes.at(index_of(value)));
          },
          [](const RouteId& a, const RouteId& b) { return a == b; }, as_name.schema};
}

const Table<RouteTarget>& target_table() {
  using T = RouteTarget;
  static const Table<T> table{
      "target",
      "A deployment or another route.",
      {
          field<T>("deployment", &T::deployment, optional(provider_reference()),
                   "A provider without models, or one of a provider's models: \"openai/gpt-4o\".")
              .defaults_to("none: `route` names a route")
              .such_as("\"openai\"")
              .left_out(),
          field<T>("route", &T::route, optional(route_reference()),
                   "A route whose targets are tried in place of one, by its own balance, retry and failover.")
              .defaults_to("none: `deployment` names a deployment")
              .such_as("\"cheap\"")

              .left_out(),
          field<T>("weight", &T::weight, integer({0, monitor::kRouteWeightMax}),
                   "Its share of the requests of its tier, where the balance is weighted; 0: never asked.")
              .in("share of the sum of the tier's weights")
              .with_beside(R"({"deployment": "openai"})"),
          field<T>("priority", &T::priority, small_integer({0, monitor::kPriorityMax}),
                   "Its tier: the lowest number is asked first.")
              .in("tier")
              .with_beside(R"({"deployment": "openai"})"),
      },
      {}};
  return table;
}

const Table<RouteRetry>& retry_table() {
  using R = RouteRetry;
  const Words<monitor::RetryPer> pers{{"target", monitor::RetryPer::target}, {"route", monitor::RetryPer::route}};
  const Words<monitor::RetryWhere> places{{"same_target", monitor::RetryWhere::same_target},
                                          {"another_target", monitor::RetryWhere::another_target},
                                          {"whole_route", monitor::RetryWhere::whole_route}};
  const auto attempts = small_integer({1, static_cast<std::int64_t>(monitor::kAttemptsMax)});
  static const Table<R> table{
      "retry",
      "Attempts after the first. The waits are those of monitor.provider_call.backoff; moving to another target waits "
      "0 s.",
      {
          field<R>("max_attempts", &R::max_attempts, optional(attempts),
                   "Attempts, the first included; null: that of the deployment, or of monitor.provider_call.")
              .in("attempts")
              .such_as("3"),
          field<R>("per", &R::per, word(pers), "Whether each target has so many attempts, or the route as a whole."),
          field<R>(
              "where", &R::where, word(places),
              "same_target: the one that failed, after the back-off. another_target: the next at once, and with none "
              "left all over again. whole_route: all targets by failover, then after the back-off from the first, "
              "max_attempts times."),
          field<R>("attempts_per_priority", &R::attempts_per_priority, optional(attempts),
                   "After so many calls in a tier the next one is asked; null: no limit.")
              .in("attempts")
              .such_as("2"),
          field<R>("on", &R::on, optional(reply_set()),
                   "What is retried: reply kinds and statuses; null: what time may mend, and a 429 as "
                   "monitor.provider_call.rate_limited.retries has it.")
              .in(kKindsUnit)
              .such_as(R"(["server_error", "timeout", 529])"),
          field<R>("backoff", &R::backoff, optional(object(backoff_table)),
                   "The waits before retries; null: those of the deployment, or of monitor.provider_call.")
              .such_as(R"({"base": "1s", "jitter": "none"})"),
      },
      {}};
  return table;
}

// {"tag.plan": "paid"}.
Kind<monitor::Tags> condition() {
  const Kind<monitor::Tags> tags = tags_kind();
  return {[](Reading& reading, const JsonValue& json, monitor::Tags& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            value.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              if (!member.key.starts_with("tag.") || member.key.size() == 4) {
                good = reading.error(member.place, "a rule compares tags: \"tag.plan\"");
                continue;
              }
              good = line().read(reading, member.value, value.emplace_back(member.key.substr(4), "").second) && good;
            }
            return good;
          },
          [](const Writing&, const monitor::Tags& value) {
            JsonValue json = JsonValue::object();
            for (const auto& [tag, word] : value) json.add("tag." + tag, JsonValue::of_string(word));
            return json;
          },
          tags.same,
          [] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", JsonValue::of_bool(false));
            JsonValue& tag = schema.add("patternProperties", JsonValue::object()).add("^tag\\..+$", line().schema());
            annotate(
                tag,
                {.description = "The value that this tag must have.", .default_words = "any", .example = R"("paid")"});
            return schema;
          }};
}

const Table<RouteRule>& rule_table() {
  using R = RouteRule;
  static const Table<R> table{
      "rule",
      "Another route for the requests of workloads with these tags.",
      {
          field<R>("when", &R::when, condition(), "The values that tags must have, all of them.")
              .required()
              .such_as(R"({"tag.plan": "paid"})"),
          field<R>("route", &R::route, route_reference(), "The route that is asked then.")
              .required()
              .such_as("\"cheap\""),
      },
      {}};
  return table;
}

const Table<RouteConfig>& route_table() {
  using R = RouteConfig;
  using monitor::Balance;
  using monitor::Estimator;
  using monitor::WhenAllOpen;
  const Words<bool> stickiness{{"none", false}, {"user", true}};
  const std::string targets = R"({"targets": [{"deployment": "openai"}]})";
  static const Table<R> table{
      "route",
      "What a caller asks for: its targets, and who is asked first, who next, and after what.",
      {
          field<R>("rules", &R::rules, list(object(rule_table), 0, 64),
                   "The first whose tags match sends the request to another route.")
              .such_as("[]")
              .with_beside(targets),
          field<R>("targets", &R::targets, list(object(target_table), 1, monitor::kTargetsMax),
                   "Who may be asked, in file order.")
              .required()
              .such_as(R"([{"deployment": "openai"}, {"deployment": "anthropic", "priority": 1}])"),
          field<R>(
              "balance", &R::balance,
              word(words_named({Balance::in_order, Balance::weighted, Balance::least_busy, Balance::lowest_latency,
                                Balance::lowest_cost, Balance::lowest_usage})),
              "Who of a tier is asked first: the first in file order, a draw by weight for each request, the one with "
              "the fewest calls outstanding, with the lowest estimate of latency, with the lowest worst-case cost, or "
              "with the fewest tokens this minute of those within their rate limit.")
              .with_beside(targets),
          field<R>("sticky", &R::is_sticky, word(stickiness),
                   "user: the draw by weight is a hash of the user, so that a user stays at one target.")
              .only_with("balance", {"weighted"}),
          field<R>(
              "estimator", &R::estimator,
              word<Estimator>({{"peak_ewma", Estimator::peak_ewma}, {"window_mean", Estimator::window_mean}}),
              "peak_ewma: a decaying peak of the latency, times the calls outstanding; window_mean: the mean of the "
              "last ten answers.")
              .only_with("balance", {"lowest_latency"}),
          field<R>("buffer", &R::buffer, share(0, 100'000'000),
                   "Of window_mean: one of those within this share above the lowest mean is drawn.")
              .in("share of the lowest mean")
              .only_with("balance", {"lowest_latency"}),
          field<R>("retry", &R::retry, object(retry_table), "Attempts after the first.").with_beside(targets),
          field<R>(
              "failover", &R::failover, failover(),
              "Whether the next target is asked once a target's retries end: {\"on\": [...]} or \"never\". A target "
              "that may not be called is passed over in any case.")
              .with_beside(targets),
          field<R>(
              "fallback", &R::fallback, optional(list(object(fallback_table), 0, monitor::kRoutesMax)),
              "The route that is tried once this one has no target left: the first whose `on` names the failure and "
              "that was not tried yet. null: default_fallback.")
              .such_as("[]")
              .with_beside(targets),
          field<R>("attempt_timeout", &R::attempt_timeout, optional(duration({1ns})),
                   "Of one call; null: that of the deployment, or of monitor.provider_call.")
              .such_as("\"30s\"")
              .with_beside(targets),
          field<R>("first_token_timeout", &R::first_token_timeout, optional(duration({1ns})),
                   "Of a streamed call, until its first token; null: that of the deployment, or of "
                   "monitor.provider_call.")
              .such_as("\"8s\"")
              .with_beside(targets),
          field<R>("idle_timeout", &R::idle_timeout, optional(duration({1ns})),
                   "Of a streamed call, between two tokens; null: that of the deployment, or of monitor.provider_call.")
              .such_as("\"5s\"")
              .with_beside(targets),
          field<R>("circuit_breaker", &R::breaker, optional(object(own_breaker_table)),
                   "The breaker of each deployment that this route reaches. A deployment has one, so that routes which "
                   "share one agree; null: that of the deployment, or monitor.circuit_breaker.")
              .such_as(R"({"preset": "polly"})")
              .with_beside(targets),
          field<R>("timeout", &R::timeout, optional(duration({1ns})),
                   "Of the whole route, from its begin; then its fallback is tried. null: none.")
              .such_as("\"60s\"")
              .with_beside(targets),
          field<R>("when_all_open", &R::when_all_open,
                   word<WhenAllOpen>({{"refuse", WhenAllOpen::refuse}, {"bypass", WhenAllOpen::bypass}}),
                   "bypass: a request that every breaker refuses is sent to the first of them all the same.")
              .with_beside(targets),
      },
      {}};
  return table;
}

}  // namespace

const Table<RouteFallback>& fallback_table() {
  using F = RouteFallback;
  static const Table<F> table{
      "fallback",
      "Another route, after some failures.",
      {
          field<F>("route", &F::route, route_reference(), "The route.").required().such_as("\"cheap\""),
          field<F>(
              "on", &F::on, reply_set(),
              "Reply kinds and statuses of the last failure; any: all but the caller's own errors, and where no call "
              "could be made.")
              .in(kKindsUnit),
      },
      {}};
  return table;
}

Kind<monitor::Tags> tags_kind() {
  return {[](Reading& reading, const JsonValue& json, monitor::Tags& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            value.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              good = check_line(reading, member.place, member.key) && good;
              good = line().read(reading, member.value, value.emplace_back(member.key, "").second) && good;
            }
            return good;
          },
          [](const Writing&, const monitor::Tags& value) {
            JsonValue json = JsonValue::object();
            for (const auto& [tag, word] : value) json.add(tag, JsonValue::of_string(word));
            return json;
          },
          [](const monitor::Tags& a, const monitor::Tags& b) { return a == b; },
          [] {
            JsonValue schema = type_schema("object");
            JsonValue value = type_schema("string");
            annotate(value, {.description = "The value of this tag.", .default_words = "none", .example = "\"paid\""});
            schema.add("additionalProperties", std::move(value));
            return schema;
          }};
}

Kind<std::vector<RouteConfig>> routes_kind() {
  using Routes = std::vector<RouteConfig>;
  return {[](Reading& reading, const JsonValue& json, Routes& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            if (json.members.size() > monitor::kRoutesMax) {
              return reading.error(json.members[monitor::kRoutesMax].place,
                                   "at most " + std::to_string(monitor::kRoutesMax) + " routes are possible");
            }
            // Routes refer to each other, also to later ones.
            reading.names.routes.clear();
            for (const JsonMember& member : json.members) reading.names.routes.push_back(member.key);
            value.clear();
            bool good = true;
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              if (member.key.empty()) good = reading.error(member.place, "a name is not empty");
              good = check_line(reading, member.place, member.key) && good;
              value.emplace_back().name = member.key;
              good = read_object(reading, member.value, value.back(), route_table()) && good;
            }
            return good;
          },
          [](const Writing& writing, const Routes& value) {
            JsonValue json = JsonValue::object();
            for (const RouteConfig& route : value) json.add(route.name, write_object(writing, route, route_table()));
            return json;
          },
          [](const Routes& a, const Routes& b) { return a == b; },
          [] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", schema_of(route_table()));
            schema.add("maxProperties", JsonValue::of_number(std::to_string(monitor::kRoutesMax)));
            return schema;
          }};
}

}  // namespace windtunnel::scenarios
