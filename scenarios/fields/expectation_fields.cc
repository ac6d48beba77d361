// What must hold: thresholds, liveness, coverage, the counter-example.

#include <algorithm>
#include <map>
#include <optional>

#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/grammar/threshold_grammar.h"
#include "sim/checks/claims/coverage.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::ThresholdSpec;

// Columns inside a string are counted from behind its quote.
bool grammar_error(Reading& reading, Place place, const GrammarError& error) {
  if (place.column > 0) place.column += error.column;
  std::string message = error.message;
  if (place.set >= 0) message += " (column " + std::to_string(error.column) + " of the text)";
  return reading.error(place, message, error.help);
}

Kind<std::string> expression() {
  Kind<std::string> kind = text();
  kind.schema = [] {
    JsonValue schema = type_schema("string");
    schema.add(
        "pattern",
        JsonValue::of_string(
            "^[ \\t]*(p\\([ \\t]*[0-9.]+[ \\t]*\\)|count|rate|avg|min|med|max|value)[ \\t]*(<=|>=|===|==|!=|<|>).+$"));
    return schema;
  };
  return kind;
}

const Table<ThresholdSpec>& threshold_table() {
  using T = ThresholdSpec;
  static const Table<T> table{
      "threshold",
      "An expression that must hold, for the whole run or around a fault.",
      {
          field<T>("threshold", &T::text, expression(), "Such as p(95)<3s, rate<0.01, count>=5.")
              .required()
              .such_as("\"p(95)<3s\""),
          field<T>("during", &T::during, optional(name()), "A fault's id: only while it lasts.")
              .such_as("\"openai-down\""),
          field<T>("after", &T::after, optional(name()), "A fault's id: only once it is over.")
              .such_as("\"openai-down\""),
          field<T>("skip", &T::skip, optional(duration()), "This long at the beginning does not count.")
              .such_as("\"10s\""),
          field<T>("window", &T::window, optional(duration({1ns})),
                   "Every window of this length must hold, and one must have been over. Without data its counts and "
                   "sums are 0, and "
                   "shares, means and percentiles are not judged.")
              .such_as("\"30s\""),
      },
      {}};
  return table;
}

// One entry: a string, or an object around it.
bool read_threshold(Reading& reading, const JsonValue& json, ThresholdSpec& threshold) {
  Place place = json.place;
  std::optional<Reading::Step> inside;
  if (json.kind == JsonKind::string) {
    threshold.text = json.text;
  } else if (json.kind == JsonKind::object) {
    if (!read_object(reading, json, threshold, threshold_table())) return false;
    place = json.find("threshold")->value.place;
  } else {
    return reading.error(json.place, std::string("a threshold is a string or an object, not ") + name_of(json.kind));
  }
  if (threshold.during && threshold.after) {
    return reading.error(json.find("after")->place, "\"during\" and \"after\" contradict each other");
  }
  if (json.kind == JsonKind::object) inside.emplace(reading, "threshold");
  threshold.origin = {reading.diagnostics().file(), place.line, place.column, reading.pointer()};
  if (place.set >= 0) threshold.origin.file = "--set " + reading.diagnostics().set(place.set);
  if (const auto error = parse_expression(std::string(threshold.text), threshold))
    return grammar_error(reading, place, *error);
  return true;
}

JsonValue write_threshold(const ThresholdSpec& threshold) {
  JsonValue json = write_object(Writing{Names{}}, threshold, threshold_table());
  return json.members.size() == 1 ? JsonValue::of_string(threshold.text) : json;
}

}  // namespace

bool read_thresholds(Reading& reading, const JsonValue& json, Scenario& scenario) {
  if (!require_kind(reading, json, JsonKind::object)) return false;
  scenario.thresholds.clear();
  scenario.forecast_thresholds.clear();
  bool good = true;
  for (const JsonMember& member : json.members) {
    const Reading::Step step(reading, member.key);
    reading.note(member.value.place);
    ThresholdSpec metric;
    if (const auto error = parse_metric(member.key, metric)) {
      good = grammar_error(reading, member.place, *error);
      continue;
    }
    if (!require_kind(reading, member.value, JsonKind::array)) {
      good = false;
      continue;
    }
    for (std::size_t i = 0; i < member.value.items.size(); ++i) {
      const Reading::Step item(reading, std::to_string(i));
      reading.note(member.value.items[i].place);
      ThresholdSpec threshold = metric;
      const bool was_read = read_threshold(reading, member.value.items[i], threshold);
      good = was_read && good;
      auto& list = is_forecast_metric(member.key) ? scenario.forecast_thresholds : scenario.thresholds;
      if (was_read) list.push_back(std::move(threshold));
    }
  }
  return good;
}

JsonValue write_thresholds(const Scenario& scenario) {
  JsonValue json = JsonValue::object();
  for (const auto* list : {&scenario.thresholds, &scenario.forecast_thresholds}) {
    for (const ThresholdSpec& threshold : *list) {
      if (json.find(threshold.metric) == nullptr) json.add(threshold.metric, JsonValue::array());
      for (JsonMember& member : json.members) {
        if (member.key == threshold.metric) member.value.items.push_back(write_threshold(threshold));
      }
    }
  }
  return json;
}

JsonValue thresholds_schema() {
  JsonValue choices = JsonValue::array();
  choices.items = {expression().schema(), schema_of(threshold_table())};
  JsonValue entry = JsonValue::object();
  entry.add("anyOf", std::move(choices));
  std::string pattern = "^(forecast\\..+";
  for (const std::string& metric : metric_names()) pattern += '|' + metric;
  pattern += ")( *\\{.*\\} *)?$";
  JsonValue schema = type_schema("object");
  schema.add("additionalProperties", JsonValue::of_bool(false));
  JsonValue& metric =
      schema.add("patternProperties", JsonValue::object()).add(pattern, list_schema(std::move(entry), 0, kAnyLength));
  annotate(metric, {.description = "What must hold of this metric, with tags behind it in braces. Each entry is an "
                                   "expression, or an object around one.",
                    .default_words = "nothing is claimed",
                    .example = R"(["p(95)<3s"])"});
  return schema;
}

const Table<sim::LivenessSpec>& liveness_table() {
  using L = sim::LivenessSpec;
  static const Table<L> table{
      "liveness",
      "Once the faults are over, the pipeline serves again.",
      {
          field<L>("heal_at", &L::heal_at, duration(), "From here on nothing is wrong, from the start of the run.")
              .required()
              .such_as("\"8m\""),
          field<L>("recover_within", &L::recover_within, duration(), "How long it may take."),
          field<L>("success_rate", &L::success_rate, share_double(),
                   "The share of requests that must be answered from then on.")
              .in("share of requests"),
      },
      {}};
  return table;
}

const Table<sim::Counterexample>& counterexample_table() {
  using C = sim::Counterexample;
  static const Table<C> table{
      "counterexample",
      "A change under which this file must end otherwise: the proof that its claim can fail.",
      {
          field<C>("set", &C::set, list(text(), 1, 100), "path=value, as after --set.")
              .required()
              .such_as(R"(["monitor.circuit_breaker.open=5m"])"),
          field<C>("exit", &C::exit, small_integer({0, 255}), "The exit code to expect.")
              .required()
              .in("exit code")
              .such_as("12"),
          field<C>("why", &C::why, text(), "What it shows.").such_as("\"A longer open time costs answers.\""),
      },
      {}};
  return table;
}

const std::vector<std::string>& coverage_counters() {
  static const std::vector<std::string> counters{sim::coverage_counters().begin(), sim::coverage_counters().end()};
  return counters;
}

}  // namespace windtunnel::scenarios
