// The top of a scenario file.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/profiles/model_prices.h"
#include "scenarios/profiles/profiles.h"
#include "sim/checks/claims/coverage.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;

// A key without effect on the run.
Field<Scenario> bare_field(std::string name, std::string doc, std::function<bool(Reading&, const JsonValue&)> read,
                           std::function<JsonValue()> schema) {
  Field<Scenario> result;
  result.name = std::move(name);
  result.doc = std::move(doc);
  result.read = [read = std::move(read)](Reading& reading, const JsonValue& json, Scenario&) {
    return read(reading, json);
  };
  result.write = [](const Writing&, const Scenario&) { return JsonValue::of_number("1"); };
  result.same = [](const Scenario&, const Scenario&) { return true; };
  result.schema = std::move(schema);
  result.is_left_out = true;
  return result;
}

Field<Scenario> schema_field() {
  return bare_field(
             "$schema", "The JSON Schema of this file, for editors.",
             [](Reading& reading, const JsonValue& json) { return require_kind(reading, json, JsonKind::string); },
             [] { return type_schema("string"); })
      .defaults_to("none")
      .such_as("\"schema/windtunnel.schema.json\"");
}

Field<Scenario> version_field() {
  return bare_field(
      "version", "Of this format: 1.",
      [](Reading& reading, const JsonValue& json) {
        if (!require_kind(reading, json, JsonKind::number)) return false;
        if (json.text == "1") return true;
        return reading.error(json.place, "version " + excerpt(json.text) + " is unknown; this program reads version 1");
      },
      [] {
        JsonValue schema = JsonValue::object();
        schema.add("const", JsonValue::of_number("1"));
        return schema;
      });
}

Field<Scenario> providers_field() {
  Field<Scenario> result = field<Scenario>(
      "providers", &Scenario::providers, providers_kind(),
      "By name. Without routes the first serves where nothing else is said; the others fail over in this order.");
  result.is_early = true;
  result.read = [read = result.read](Reading& reading, const JsonValue& json, Scenario& scenario) {
    const bool good = read(reading, json, scenario);
    auto prices = std::move(reading.names.prices);
    reading.names = names_of(scenario);
    reading.names.prices = std::move(prices);
    return good;
  };
  return result;
}

// It is not written: what is written are the prices.
Field<Scenario> prices_field() {
  Field<Scenario> result = bare_field(
      "prices", "A file with prices of models, in the form of scenarios/data/prices.json, instead of the shipped list.",
      [](Reading&, const JsonValue&) { return true; }, [] { return type_schema("string"); });
  result.default_words = "the shipped list";
  result.example = R"("../data/prices.json")";
  result.is_early = true;
  result.read = [](Reading& reading, const JsonValue& json, Scenario& scenario) {
    if (!require_kind(reading, json, JsonKind::string)) return false;
    const std::string path = json.text.starts_with('/') ? json.text : reading.directory() + json.text;
    try {
      const std::string text = read_whole_file(path, kTextBytesMax);
      const PriceList list = PriceList::of_text(text, path);
      scenario.hash = stable_hash(text, scenario.hash);
      reading.names.prices.emplace();
      for (const ModelPrice& price : list.models()) reading.names.prices->insert_or_assign(price.model, price.tariff);
      return true;
    } catch (const FileError& error) {
      return reading.error(json.place, error.what());
    } catch (const ScenarioError& error) {
      return reading.error(json.place, "the price list has errors:\n" + std::string(error.what()));
    }
  };
  return result;
}

Field<Scenario> thresholds_field() {
  Field<Scenario> result;
  result.name = "thresholds";
  result.example = R"({"requests_failed": ["rate<0.01"]})";
  result.doc = "What must hold, by metric, in the grammar of k6.";
  result.read = read_thresholds;
  result.write = [](const Writing&, const Scenario& scenario) { return write_thresholds(scenario); };
  result.same = [](const Scenario& a, const Scenario& b) {
    return same_json(write_thresholds(a), write_thresholds(b));
  };
  result.schema = thresholds_schema;
  return result;
}

Kind<std::map<std::string, std::int64_t>> coverage() {
  using Coverage = std::map<std::string, std::int64_t>;
  return {[](Reading& reading, const JsonValue& json, Coverage& value) {
            if (!require_kind(reading, json, JsonKind::object)) return false;
            bool good = refuse_unknown_keys(reading, json, coverage_counters());
            value.clear();
            for (const JsonMember& member : json.members) {
              const Reading::Step step(reading, member.key);
              reading.note(member.value.place);
              good = integer().read(reading, member.value, value[member.key]) && good;
            }
            return good;
          },
          [](const Writing&, const Coverage& value) {
            JsonValue json = JsonValue::object();
            for (const auto& [counter, least] : value) json.add(counter, JsonValue::of_number(std::to_string(least)));
            return json;
          },
          [](const Coverage& a, const Coverage& b) { return a == b; },
          [] {
            JsonValue schema = type_schema("object");
            schema.add("additionalProperties", JsonValue::of_bool(false));
            JsonValue& properties = schema.add("properties", JsonValue::object());
            for (std::size_t i = 0; i < sim::kCoverageCounters; ++i) {
              annotate(properties.add(coverage_counters()[i], integer().schema()),
                       {.description = std::string(sim::doc_of(static_cast<sim::CoverageCounter>(i))),
                        .default_value = JsonValue::of_number("0"),
                        .unit = "times",
                        .example = "1"});
            }
            return schema;
          }};
}

bool has_replay(const Scenario& scenario) {
  return std::ranges::any_of(scenario.workloads, [](const WorkloadSpec& load) {
    return std::holds_alternative<sim::TraceReplay>(load.executor);
  });
}

}  // namespace

Names names_of(const Scenario& scenario) {
  Names names;
  for (const ProviderSpec& provider : scenario.providers) {
    names.providers.push_back(provider.name);
    names.vendors.emplace_back(vendor_of(provider));
    names.accounts.push_back(provider.account);
  }
  for (const monitor::RouteConfig& route : scenario.monitor.routing.routes) names.routes.push_back(route.name);
  return names;
}

const Table<Scenario>& scenario_table() {
  using S = Scenario;
  const auto itself = [](auto& scenario) -> auto& { return scenario; };
  static const Table<S> table{
      "scenario",
      "One world: providers, load, faults, the monitor's settings and what must hold.",
      {
          schema_field(),
          version_field(),
          field<S>("title", &S::title, line(), "One line for people.").such_as("\"OpenAI is down for 90 s\""),
          field<S>("description", &S::description, text(), "What it shows and why.").such_as("\"Claude takes over.\""),
          field<S>("seed", &S::seed, seed_number(), "All chance of the run follows from it.").in("whole number"),
          field<S>("start", &S::start, wall_time(),
                   "What the wall clock shows at the start, UTC; by default a Thursday, 2026-01-01T00:00:00Z."),
          field<S>("duration", &S::duration, duration({1ns}),
                   "How long the run lasts; by default 10m, and with a `replay` as long as its trace.")
              .stated_where([](const S& scenario) { return has_replay(scenario); }),
          field<S>("month_spent_usd", &S::month_spent, money(monitor::kLimitMax),
                   "What the month of `start` had spent before the run: it fills that month's budget, not the day's."),
          field<S>("monitor", itself, object(monitor_table), "The pipeline under test."),
          prices_field(),
          providers_field(),
          field<S>(
              "routes", [](auto& s) -> auto& { return s.monitor.routing.routes; }, routes_kind(),
              "What callers ask for, by name. A workload that names no route asks for the first. Without routes there "
              "is one, with the providers in file order.")
              .such_as(
                  R"({"chat": {"targets": [{"deployment": "openai"}, {"deployment": "anthropic", "priority": 1}]}})"),
          field<S>(
              "default_fallback", [](auto& s) -> auto& { return s.monitor.routing.default_fallback; },
              list(object(fallback_table), 0, monitor::kRoutesMax), "The fallback of routes without their own.")
              .such_as(R"([{"route": "cheap"}])")
              .with_beside(R"({"routes": {"cheap": {"targets": [{"deployment": "openai"}]}}})"),
          field<S>(
              "limits", [](auto& s) -> auto& { return s.monitor.limits.limits; },
              list(object(limit_table), 0, monitor::kLimitsMax),
              "How much callers and targets may use: requests, tokens, money, and requests under way, per key, team, "
              "user, tag, route, deployment or provider. A refusal ends a request as refused_budget where money is "
              "short, and else as refused_rate.")
              .such_as(R"([{"per": "team", "usd": 500, "period": "30d"}, {"per": "key", "requests_per_minute": 60}])"),
          field<S>(
              "combine_limits", [](auto& s) -> auto& { return s.monitor.limits.combine; },
              word(words_named(
                  {monitor::LimitCombine::all, monitor::LimitCombine::any, monitor::LimitCombine::first_priority})),
              "all: every limit that counts a request must have room; any: one of them; first_priority: those with "
              "the highest priority of the ones that match count it, and no other."),
          field<S>("replicas", &S::replicas, object(replicas_table),
                   "How many gateways there are, and what they know of each other."),
          field<S>("workload", &S::workloads, workloads_kind(),
                   "Streams of requests by name; without any: ten a second, poisson."),
          field<S>("faults", &S::faults, faults_kind(), "What goes wrong.")
              .such_as(
                  R"([{"id": "openai-down", "kind": "outage", "provider": "openai", "at": "2m", "duration": "90s"}])"),
          thresholds_field(),
          field<S>("liveness", &S::liveness, optional(object(liveness_table)),
                   "Once the faults are over, the pipeline serves again.")
              .such_as(R"({"heal_at": "8m", "recover_within": "60s"})"),
          field<S>("coverage", &S::coverage, coverage(),
                   "What must have happened at least so often, or the run proves nothing.")
              .such_as(R"({"breaker_opened": 1})"),
          field<S>("server", &S::server, object(server_table), "How `windtunnel gateway` serves this file.")
              .such_as(R"({"listen": "127.0.0.1:8787"})"),
          field<S>("explore", &S::explore, object(explore_table), "What `windtunnel explore --swarm` may draw."),
          field<S>("counterexample", &S::counterexample, optional(object(counterexample_table)),
                   "The proof that the claim can fail.")
              .such_as(R"({"set": ["monitor.circuit_breaker.open=5m"], "exit": 12})"),
          field<S>("gateway", &S::gateway, optional(object(gateway_table)),
                   "The gateway that `windtunnel trial` tries with this world; a run has no use for it.")
              .such_as(R"({"url": "http://127.0.0.1:8080"})"),
      },
      [](const S&) { return default_scenario(); }};
  return table;
}

Scenario default_scenario() {
  Scenario result;
  // A Thursday, as the epoch is, so that a load's weekdays stay where they were; and a day on which today's prices
  // hold.
  result.start = WallTime{std::chrono::seconds{1'767'225'600}};  // 2026-01-01T00:00:00Z
  result.providers = default_providers();
  result.workloads = default_workloads();
  return result;
}

}  // namespace windtunnel::scenarios
