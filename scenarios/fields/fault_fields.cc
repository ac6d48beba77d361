// Faults: what breaks, when, and for whom.

#include <algorithm>
#include <utility>
#include <variant>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/fields/variant_fields.h"
#include "scenarios/profiles/profiles.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::FaultKind;
using sim::FaultRepeat;

constexpr std::size_t kFaultsMax = 10'000;

// A name, a list of names, or "*" for all.
Kind<std::vector<std::string>> fault_providers() {
  using Names_ = std::vector<std::string>;
  const auto read_one = [](Reading& reading, const JsonValue& json, Names_& value) {
    std::string word;
    if (!name().read(reading, json, word)) return false;
    const auto& known = reading.names.providers;
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      // A provider with models: all its deployments.
      const std::size_t before = value.size();
      for (std::size_t i = 0; i < known.size(); ++i) {
        const bool is_new = std::find(value.begin(), value.end(), known[i]) == value.end();
        if (i < reading.names.accounts.size() && reading.names.accounts[i] == word && is_new) value.push_back(known[i]);
      }
      if (value.size() > before) return true;
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
          [](const Writing&, const Names_& value) {
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
          field<G>("good", &G::good, share_double(), "The error rate of the good state.").in("share of calls"),
          field<G>("bad", &G::bad, share_double(), "The error rate of the bad state.").in("share of calls"),
          field<G>("mean_good", &G::mean_good, duration({1ns}), "The mean stay in the good state."),
          field<G>("mean_bad", &G::mean_bad, duration({1ns}), "The mean stay in the bad state."),
      },
      {}};
  return table;
}

const Table<FaultSpec>& expect_table() {
  static const Table<FaultSpec> table{
      "expect",
      "What the run must show of the fault to prove anything.",
      {
          field<FaultSpec>("min_affected", &FaultSpec::min_affected, integer(),
                           "Fewer calls whose result it changes make the run inconclusive.")
              .in("calls"),
      },
      {}};
  return table;
}

const Table<FaultRepeat>& repeat_table() {
  using R = FaultRepeat;
  static const Table<R> table{
      "repeat",
      "How often a fault comes.",
      {
          field<R>("every", &R::every, duration({1ns}), "From one begin to the next.").required().such_as("\"1m\""),
          field<R>("times", &R::times, integer({1, 1'000}), "How often it comes in all.")
              .required()
              .in("times")
              .such_as("2"),
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
    if (auto* outages = std::get_if<sim::RandomOutages>(&fault.settings)) {
      outages->up = measured->up;
      outages->down = measured->down;
      outages->severity = measured->severity;
      reading.note_as("down");
      reading.note_as("severity");
    }
    return true;
  };
  result.write = [](const Writing&, const FaultSpec&) { return JsonValue{}; };
  result.same = [](const FaultSpec&, const FaultSpec&) { return true; };
  result.schema = [] { return word_schema({"measured"}); };
  result.default_words = "none: `up` and `down` say it";
  result.beside = R"({"provider": "openai"})";
  return result;
}

// The settings of each kind.
std::vector<Field<FaultSpec>> setting_fields() {
  using namespace sim;  // the kinds of fault
  const Settings<FaultSpec, Fault> settings{"kind", &FaultSpec::settings};
  const Words<OutageMode> modes{{"refuse", OutageMode::refuse}, {"hang", OutageMode::hang}};
  return {
      settings.of<Outage, Flapping, RandomOutages>(
          "mode", [](auto& f) -> auto& { return f.mode; }, word(modes),
          "refuse: the call fails at once; hang: it never answers."),
      settings
          .of<Outage, Flapping, RandomOutages>(
              "error", [](auto& f) -> auto& { return f.error; }, failure(), "The failure of a refused call.")
          .left_out(),
      settings.of<ErrorBurst>("rate", &ErrorBurst::rate, share_double(), "The share of calls that fail.")
          .in("share of calls")
          .such_as("0.3")
          .left_out(),
      settings
          .of<ErrorBurst>("errors", &ErrorBurst::errors, failure_rates(1'000'000'000'000, "weight"),
                          "The weight of each failure; without it all are server errors.")
          .in("weight")
          .such_as(R"({"server_error": 0.8, "overloaded": 0.2})")
          .left_out(),
      settings
          .of<ErrorBurst>("gilbert_elliott", &ErrorBurst::gilbert_elliott, optional(object(gilbert_elliott_table)),
                          "A rate that comes in bursts.")
          .such_as(R"({"good": 0.01, "bad": 0.6, "mean_good": "60s", "mean_bad": "10s"})")
          .left_out(),
      settings
          .of<LatencySpike, TokenStall>(
              "factor", [](auto& f) -> auto& { return f.factor; }, decimal({0, 1e6}),
              "Of a latency_spike: multiplies the time to the first token and per token; of a token_stall: per token.")
          .in("factor")
          .such_as("5")
          .stated(),
      settings.of<LatencySpike>("add", &LatencySpike::add, duration(), "Added to the time to the first token.")
          .such_as("\"2s\""),
      settings.of<UsageLate>("delay", &UsageLate::delay, duration({1ns}), "How long after its answer the usage comes.")
          .such_as("\"5m\""),
      settings
          .of<Throttle>(
              "requests_per_minute", [](auto& f) -> auto& { return f.limit.requests_per_minute; }, optional(integer()),
              "Calls per minute.")
          .in("calls per UTC minute")
          .such_as("60"),
      settings
          .of<Throttle>(
              "tokens_per_minute", [](auto& f) -> auto& { return f.limit.tokens_per_minute; },
              optional(tokens(Tokens{0}, Tokens{kCountMax})), "Tokens per minute.")
          .in("tokens per UTC minute")
          .such_as("9000"),
      settings
          .of<Throttle>(
              "retry_after", [](auto& f) -> auto& { return f.limit.retry_after; }, optional(duration()),
              "The Retry-After it sends; null: the rest of the minute.")
          .such_as("\"10s\"")
          .with_beside(R"({"requests_per_minute": 60})"),
      settings
          .of<Brownout>("concurrency", &Brownout::concurrency, integer({1, 1'000'000'000}),
                        "Calls served at once meanwhile.")
          .in("calls")
          .stated(),
      settings
          .of<Truncated, sim::StreamStall, sim::StreamError, sim::EarlyEnd>(
              "bill_fraction", [](auto& f) -> auto& { return f.bill_fraction; }, share_double(),
              "The share of the output that a reply bills which breaks off.")
          .in("share of the output tokens"),
      measured_field().only_with("kind", {RandomOutages::kName}),
      settings
          .of<Flapping, RandomOutages>(
              "up", [](auto& f) -> auto& { return f.up; }, law(LawUnit::duration), "The time between two outages.")
          .needed()
          .such_as("\"10m\""),
      settings
          .of<Flapping, RandomOutages>(
              "down", [](auto& f) -> auto& { return f.down; }, law(LawUnit::duration), "The time of an outage.")
          .needed()
          .such_as("\"30s\""),
      settings
          .of<RandomOutages>("severity", &RandomOutages::severity, share_double(),
                             "The share of calls that fail during an outage.")
          .in("share of calls"),
      settings.of<GatewayRestart>(
          "state", &GatewayRestart::state,
          word<GatewayState>({{"lost", GatewayState::lost}, {"kept", GatewayState::kept}}),
          "lost: the new process knows nothing but what was spent and what the replicas share; kept: it goes on with "
          "all that the old one knew."),
      settings
          .of<GatewayRestart>("replica", &GatewayRestart::replica, integer({0, sim::kReplicasMax}),
                              "The replica that is restarted, from 1; 0: all of them.")
          .in("number of a replica")
          .such_as("2"),
      settings
          .of<WallClockStep>("offset", &WallClockStep::offset, duration({-kDurationMax, kDurationMax}),
                             "By how much the wall clock jumps; negative: back.")
          .such_as("\"-90s\"")
          .stated(),
  };
}

std::vector<Field<FaultSpec>> fault_fields() {
  using F = FaultSpec;
  const auto itself = [](auto& fault) -> auto& { return fault; };
  const auto lasting =
      names_of_kinds<FaultKind>(sim::kFaultKinds, [](FaultKind kind) { return sim::lasts(sim::fault_of(kind)); });
  const auto sized =
      names_of_kinds<FaultKind>(sim::kFaultKinds, [](FaultKind kind) { return sim::has_size(sim::fault_of(kind)); });
  const Words<sim::RampOf> ramps{{"fraction", sim::RampOf::fraction}, {"size", sim::RampOf::size}};
  const std::string kind = "kind";
  std::vector<Field<F>> fields{
      field<F>("id", &F::id, name(), "Its name in reports and thresholds; its chance is drawn by it.")
          .required()
          .such_as("\"openai-down\""),
      kind_field(kind, &F::settings, fault_kind(), sim::fault_of, "What it does.").required(),
      field<F>("provider", &F::providers, fault_providers(),
               "Whom it touches: a provider (with all its models), a deployment, a list, or \"*\" for all.")
          .such_as("\"openai\"")
          .only_with(kind, lasting),
      field<F>("at", &F::at, duration(), "When it starts, from the start of the run.").required().such_as("\"2m\""),
      field<F>("duration", &F::duration, optional(duration({1ns})), "How long it lasts; null: to the end of the run.")
          .such_as("\"90s\"")
          .only_with(kind, lasting),
      field<F>("fraction", &F::fraction, share_double(), "The share of calls that it touches.")
          .in("share of calls")
          .only_with(kind, lasting),
      field<F>(
          "ramp_of", &F::ramp_of, word(ramps),
          "What a ramp raises and lowers: the `fraction` of calls that are touched, or the size of what happens to "
          "each of them (`factor`, `add`, `rate`), or what a brownout takes of the provider's `concurrency`.")
          .only_with(kind, sized),
      field<F>("ramp", &F::ramp, duration(), "The fraction, or the size, grows from nothing over this time.")
          .such_as("\"10s\"")
          .only_with(kind, lasting),
      field<F>("ramp_down", &F::ramp_down, duration(),
               "The fraction, or the size, falls to nothing over this time at its end.")
          .such_as("\"10s\"")
          .only_with(kind, lasting),
      field<F>("repeat", &F::repeat, optional(object(repeat_table)),
               "It comes again; the second time it is named \"ID/2\", and so on.")
          .defaults_to("null: it comes once")
          .such_as(R"({"every": "1m", "times": 2})")
          .left_out()
          .only_with(kind, lasting),
  };
  for (Field<F>& setting_field : setting_fields()) fields.push_back(std::move(setting_field));
  fields.push_back(
      field<F>("expect", itself, object(expect_table), "What the run must show of it.").only_with(kind, lasting));
  return fields;
}

// A fault that states nothing but its kind.
FaultSpec plain_fault(const FaultSpec& fault) {
  FaultSpec plain;
  plain.settings = sim::fault_of(fault.kind());
  return plain;
}

std::vector<FaultSpec> faults_of_each_kind() {
  std::vector<FaultSpec> faults(sim::kFaultKinds);
  for (int i = 0; i < sim::kFaultKinds; ++i) {
    faults[static_cast<std::size_t>(i)].settings = sim::fault_of(static_cast<FaultKind>(i));
  }
  return faults;
}

}  // namespace

// What a file states as one fault that comes again stands in the scenario as faults of their own, behind the others.
Kind<std::vector<FaultSpec>> faults_kind() {
  Kind<std::vector<FaultSpec>> kind = list(object(fault_table), 0, kFaultsMax);
  kind.read = [read = kind.read](Reading& reading, const JsonValue& json, std::vector<FaultSpec>& faults) {
    if (!read(reading, json, faults)) return false;
    const std::size_t written = faults.size();
    for (std::size_t i = 0; i < written; ++i) {
      const auto repeat = std::exchange(faults[i].repeat, std::nullopt);
      for (std::int64_t time = 2; repeat && time <= repeat->times; ++time) {
        FaultSpec again = faults[i];
        again.id += "/" + std::to_string(time);
        again.at += repeat->every * (time - 1);
        if (again.at > kDurationMax || faults.size() == kFaultsMax) {
          return reading.error(json.items[i].place, "it comes too often", "write fewer \"times\"");
        }
        faults.push_back(std::move(again));
      }
    }
    return true;
  };
  return kind;
}

Kind<FaultKind> fault_kind() { return word(words_of_kinds<FaultKind>(sim::kFaultKinds)); }

const Table<FaultSpec>& fault_table() {
  static const Table<FaultSpec> table{"fault", "Something that goes wrong.", fault_fields(), plain_fault,
                                      faults_of_each_kind()};
  return table;
}

}  // namespace windtunnel::scenarios
