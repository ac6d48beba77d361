// Faults: what breaks, when, and for whom.

#include <algorithm>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::FaultKind;
using sim::OutageMode;

// A name, a list of names, or "*" for all.
Kind<std::vector<std::string>> fault_providers() {
  using Names_ = std::vector<std::string>;
  const auto read_one = [](Reading& reading, const JsonValue& json, Names_& value) {
    std::string word;
    if (!name().read(reading, json, word)) return false;
    const auto& known = reading.names.providers;
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      return reading.error(json.place, "no provider is named \"" + excerpt(word) + "\"", help_with_words(word, known));
    }
    if (std::find(value.begin(), value.end(), word) != value.end()) {
      return reading.error(json.place, "\"" + excerpt(word) + "\" is listed twice");
    }
    value.push_back(std::move(word));
    return true;
  };
  return {[read_one](Reading& reading, const JsonValue& json, Names_& value) {
            value.clear();
            if (json.kind == JsonKind::string && json.text == "*") return true;
            if (json.kind == JsonKind::string) return read_one(reading, json, value);
            if (json.kind != JsonKind::array) {
              return reading.error(
                  json.place,
                  std::string("a provider's name, a list of names or \"*\" is needed here, not ") + name_of(json.kind));
            }
            if (!check_length(reading, json, 1, monitor::kProvidersMax)) return false;
            bool good = true;
            for (std::size_t i = 0; i < json.items.size(); ++i) {
              const Reading::Step step(reading, std::to_string(i));
              good = read_one(reading, json.items[i], value) && good;
            }
            return good;
          },
          [](const Names&, const Names_& value) {
            if (value.empty()) return JsonValue::of_string("*");
            if (value.size() == 1) return JsonValue::of_string(value.front());
            JsonValue json = JsonValue::array();
            for (const std::string& word : value) json.items.push_back(JsonValue::of_string(word));
            return json;
          },
          [](const Names_& a, const Names_& b) { return a == b; },
          [] {
            JsonValue choices = JsonValue::array();
            choices.items = {name().schema(), list_schema(name().schema(), 1, monitor::kProvidersMax)};
            JsonValue schema = JsonValue::object();
            schema.add("anyOf", std::move(choices));
            return schema;
          }};
}

const Table<sim::GilbertElliott>& gilbert_elliott_table() {
  using G = sim::GilbertElliott;
  static const Table<G> table{
      "gilbert_elliott",
      "An error rate that jumps between a good and a bad state.",
      {
          field<G>("good", &G::good, share_double(), "The error rate of the good state."),
          field<G>("bad", &G::bad, share_double(), "The error rate of the bad state."),
          field<G>("mean_good", &G::mean_good, duration({1ns}), "The mean stay in the good state."),
          field<G>("mean_bad", &G::mean_bad, duration({1ns}), "The mean stay in the bad state."),
      },
      {}};
  return table;
}

const Table<FaultSpec>& expect_table() {
  static const Table<FaultSpec> table{"expect",
                                      "What the run must show of the fault to prove anything.",
                                      {
                                          field<FaultSpec>("min_affected", &FaultSpec::min_affected, integer(),
                                                           "Fewer calls touched make the run inconclusive."),
                                      },
                                      {}};
  return table;
}

// `law: "measured"` fills up, down and severity; it is written back as them.
Field<FaultSpec> measured_field() {
  Field<FaultSpec> result;
  result.name = "law";
  result.doc =
      "measured: up, down and severity as the vendor's status page told; for faults of one vendor's providers.";
  result.alias_of = "up";
  result.read = [](Reading& reading, const JsonValue& json, FaultSpec& fault) {
    if (read_word(reading, json, {"measured"}) == 1) return false;
    std::vector<std::string> vendors;
    for (std::size_t i = 0; i < reading.names.providers.size(); ++i) {
      const std::string& provider = reading.names.providers[i];
      const bool touched = fault.providers.empty() ||
                           std::find(fault.providers.begin(), fault.providers.end(), provider) != fault.providers.end();
      const std::string& vendor = reading.names.vendors[i];
      if (touched && std::find(vendors.begin(), vendors.end(), vendor) == vendors.end()) vendors.push_back(vendor);
    }
    const auto measured = vendors.size() == 1 ? measured_outages(vendors.front()) : std::nullopt;
    if (!measured) {
      return reading.error(json.place,
                           "outages were measured for openai and anthropic, and this fault is not of one of them",
                           "give each vendor's provider a fault of its own, or write \"up\" and \"down\"");
    }
    fault.up = measured->up;
    fault.down = measured->down;
    fault.severity = measured->severity;
    return true;
  };
  result.write = [](const Names&, const FaultSpec&) { return JsonValue{}; };
  result.same = [](const FaultSpec&, const FaultSpec&) { return true; };
  result.schema = [] { return word_schema({"measured"}); };
  return result;
}

const Words<FaultKind>& fault_kinds() {
  static const Words<FaultKind> kinds{{"outage", FaultKind::outage},
                                      {"error_burst", FaultKind::error_burst},
                                      {"latency_spike", FaultKind::latency_spike},
                                      {"throttle", FaultKind::throttle},
                                      {"brownout", FaultKind::brownout},
                                      {"malformed", FaultKind::malformed},
                                      {"truncated", FaultKind::truncated},
                                      {"flapping", FaultKind::flapping},
                                      {"random_outages", FaultKind::random_outages},
                                      {"wall_clock_step", FaultKind::wall_clock_step}};
  return kinds;
}

std::vector<Field<FaultSpec>> fault_fields() {
  using F = FaultSpec;
  const auto itself = [](auto& fault) -> auto& { return fault; };
  const Words<OutageMode> modes{{"refuse", OutageMode::refuse}, {"hang", OutageMode::hang}};
  std::vector<std::string> lasting;
  for (const auto& [word, kind] : fault_kinds()) {
    if (kind != FaultKind::wall_clock_step) lasting.push_back(word);
  }
  const std::string kind = "kind";
  return {
      field<F>("id", &F::id, name(), "Its name in reports and thresholds; its chance is drawn by it.").required(),
      field<F>(kind, &F::kind, fault_kind(), "What it does.").required().early(),
      field<F>("provider", &F::providers, fault_providers(), "Whom it touches: a name, a list, or \"*\" for all.")
          .only_with(kind, lasting),
      field<F>("at", &F::at, duration(), "When it starts, from the start of the run.").required(),
      field<F>("duration", &F::duration, optional(duration({1ns})), "How long it lasts; null: to the end of the run.")
          .only_with(kind, lasting),
      field<F>("fraction", &F::fraction, share_double(), "The share of calls that it touches.")
          .only_with(kind, lasting),
      field<F>("ramp", &F::ramp, duration(), "The fraction grows from 0 over this time.").only_with(kind, lasting),
      field<F>("mode", &F::mode, word(modes), "refuse: the call fails at once; hang: it never answers.")
          .only_with(kind, {"outage", "flapping", "random_outages"}),
      field<F>("error", &F::error, failure(), "The failure of a refused call.")
          .only_with(kind, {"outage", "flapping", "random_outages"}),
      field<F>("rate", &F::rate, share_double(), "The share of calls that fail.").only_with(kind, {"error_burst"}),
      field<F>("errors", &F::errors, failure_rates(1'000'000'000'000),
               "The weight of each failure; without it all are server errors.")
          .only_with(kind, {"error_burst"}),
      field<F>("gilbert_elliott", &F::gilbert_elliott, optional(object(gilbert_elliott_table)),
               "A rate that comes in bursts.")
          .only_with(kind, {"error_burst"}),
      field<F>("factor", &F::factor, decimal({0, 1e6}), "Multiplies the time to the first token and per token.")
          .stated()
          .only_with(kind, {"latency_spike"}),
      field<F>("add", &F::add, duration(), "Added to the time to the first token.").only_with(kind, {"latency_spike"}),
      field<F>(
          "requests_per_minute", [](auto& f) -> auto& { return f.limit.requests_per_minute; }, optional(integer()),
          "Calls per minute.")
          .only_with(kind, {"throttle"}),
      field<F>(
          "tokens_per_minute", [](auto& f) -> auto& { return f.limit.tokens_per_minute; },
          optional(tokens(Tokens{0}, Tokens{kCountMax})), "Tokens per minute.")
          .only_with(kind, {"throttle"}),
      field<F>(
          "retry_after", [](auto& f) -> auto& { return f.limit.retry_after; }, optional(duration()),
          "The Retry-After it sends; null: the rest of the minute.")
          .only_with(kind, {"throttle"}),
      field<F>("concurrency", &F::concurrency, integer({1, 1'000'000'000}), "Calls served at once meanwhile.")
          .stated()
          .only_with(kind, {"brownout"}),
      field<F>("bill_fraction", &F::bill_fraction, share_double(), "The share of the output that a cut reply bills.")
          .only_with(kind, {"truncated"}),
      measured_field().only_with(kind, {"random_outages"}),
      field<F>("up", &F::up, law(LawUnit::duration), "The time between two outages.")
          .only_with(kind, {"flapping", "random_outages"}),
      field<F>("down", &F::down, law(LawUnit::duration), "The time of an outage.")
          .only_with(kind, {"flapping", "random_outages"}),
      field<F>("severity", &F::severity, share_double(), "The share of calls that fail during an outage.")
          .only_with(kind, {"random_outages"}),
      field<F>("offset", &F::offset, duration({-kDurationMax, kDurationMax}),
               "By how much the wall clock jumps; negative: back.")
          .stated()
          .only_with(kind, {"wall_clock_step"}),
      field<F>("expect", itself, object(expect_table), "What the run must show of it.").only_with(kind, lasting),
  };
}

}  // namespace

Kind<FaultKind> fault_kind() { return word(fault_kinds()); }

const Table<FaultSpec>& fault_table() {
  static const Table<FaultSpec> table{"fault", "Something that goes wrong.", fault_fields(), {}};
  return table;
}

}  // namespace windtunnel::scenarios
