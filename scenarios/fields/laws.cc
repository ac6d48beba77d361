// How a law stands in a file.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/duration_text.h"
#include "scenarios/fields/codecs.h"
#include "scenarios/json/exact_numbers.h"
#include "sim/kernel/real_math.h"

namespace windtunnel::scenarios {
namespace {

using sim::Law;

// The natural logarithm of the nanoseconds of a second: mu is written for seconds and held for nanoseconds.
constexpr double kLogNsPerSecond = 20.72326583694641;
constexpr DecimalRange kNumberRange{-1e15, 1e15};

// One value in the law's own unit.
bool read_value(Reading& reading, const JsonValue& json, LawUnit unit, bool may_be_negative, double& value) {
  if (unit == LawUnit::number)
    return read_decimal(reading, json, {may_be_negative ? kNumberRange.least : 0, kNumberRange.most}, value);
  Duration duration{0};
  if (!read_duration(reading, json, {may_be_negative ? -kDurationMax : Duration{0}}, duration)) return false;
  value = static_cast<double>(duration.count());
  return true;
}

JsonValue write_value(double value, LawUnit unit) {
  if (unit == LawUnit::number) return JsonValue::of_number(number_text(value));
  return JsonValue::of_string(duration_text(Duration{std::llround(value)}));
}

// The keys of one object, each read on demand.
class LawKeys {
 public:
  LawKeys(Reading& reading, const JsonValue& json, LawUnit unit) : reading_(reading), json_(json), unit_(unit) {}

  [[nodiscard]] bool has(const char* key) const { return json_.find(key) != nullptr; }

  double value(const char* key, bool may_be_negative = false) {
    double result = 0;
    with(key, [&](const JsonValue& json) { return read_value(reading_, json, unit_, may_be_negative, result); });
    return result;
  }
  double number(const char* key, DecimalRange range) {
    double result = 0;
    with(key, [&](const JsonValue& json) { return read_decimal(reading_, json, range, result); });
    return result;
  }
  template <class Read>
  void with(const char* key, Read read) {
    const JsonMember* member = json_.find(key);
    if (member == nullptr) {
      good_ = reading_.error(json_.place, std::string("this law needs \"") + key + "\" too");
      return;
    }
    const Reading::Step step(reading_, key);
    reading_.note(member->value.place);
    good_ = read(member->value) && good_;
  }
  void fail(const char* key, std::string message) {
    const Reading::Step step(reading_, key);
    good_ = reading_.error(json_.find(key)->value.place, std::move(message));
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  Reading& reading_;
  const JsonValue& json_;
  LawUnit unit_;
  bool good_ = true;
};

Law read_percentiles(LawKeys& keys) {
  const double p50 = keys.value("p50");
  const double p95 = keys.value("p95");
  if (!keys.good()) return {};
  if (p50 <= 0) keys.fail("p50", "the median of a lognormal law is above 0");
  if (p95 < p50) keys.fail("p95", "p95 is below p50");
  return keys.good() ? Law::lognormal_p50_p95(p50, p95) : Law{};
}

Law read_lognormal(LawKeys& keys, LawUnit unit) {
  const double mu = keys.number("mu", {-50, 50});
  const double sigma = keys.number("sigma", {0, 10});
  return keys.good() ? Law::lognormal(unit == LawUnit::duration ? mu + kLogNsPerSecond : mu, sigma) : Law{};
}

Law read_uniform(LawKeys& keys) {
  const double low = keys.value("min");
  const double high = keys.value("max");
  if (keys.good() && high < low) keys.fail("max", "max is below min");
  return keys.good() ? Law::uniform(low, high) : Law{};
}

Law read_weibull(Reading& reading, LawKeys& outer, LawUnit unit) {
  Law result;
  outer.with("weibull", [&](const JsonValue& json) {
    if (!require_kind(reading, json, JsonKind::object)) return false;
    if (!refuse_unknown_keys(reading, json, {"shape", "scale"})) return false;
    LawKeys keys(reading, json, unit);
    const double shape = keys.number("shape", {0.05, 100});
    const double scale = keys.value("scale");
    if (keys.good()) result = Law::weibull(shape, scale);
    return keys.good();
  });
  return result;
}

Law read_quantiles(Reading& reading, LawKeys& outer, LawUnit unit) {
  std::vector<double> table;
  outer.with("quantiles", [&](const JsonValue& json) {
    if (!require_kind(reading, json, JsonKind::array)) return false;
    if (!check_length(reading, json, 1, 10'001)) return false;
    for (std::size_t i = 0; i < json.items.size(); ++i) {
      const Reading::Step step(reading, std::to_string(i));
      double value = 0;
      if (!read_value(reading, json.items[i], unit, false, value)) return false;
      if (!table.empty() && value < table.back()) {
        return reading.error(json.items[i].place, "a quantile is below the one before it");
      }
      table.push_back(value);
    }
    return true;
  });
  return outer.good() ? Law::quantiles(std::move(table)) : Law{};
}

// The shape's keys, without "shift".
void write_shape(JsonValue& json, const Law& law, LawUnit unit) {
  switch (law.kind) {
    case Law::Kind::fixed:
      json.add("value", write_value(law.a, unit));
      return;
    case Law::Kind::uniform:
      json.add("min", write_value(law.a, unit));
      json.add("max", write_value(law.b, unit));
      return;
    case Law::Kind::exponential:
      json.add("mean", write_value(law.a, unit));
      return;
    case Law::Kind::lognormal: {
      // The percentiles read best; they stand only if they give exactly this law.
      const double p50 = std::round(sim::exp(law.a) * 1e3) / 1e3;
      const double p95 = std::round(sim::exp(law.a + law.b * 1.6448536269514722) * 1e3) / 1e3;
      const double whole = unit == LawUnit::duration ? 1.0 : 1e-3;
      const double p50_rounded = std::round(p50 / whole) * whole;
      const double p95_rounded = std::round(p95 / whole) * whole;
      const bool in_range = p50_rounded > 0 && p50_rounded <= p95_rounded && p95_rounded < 1e15;
      if (in_range) {
        const Law again = Law::lognormal_p50_p95(p50_rounded, p95_rounded);
        if (again.a == law.a && again.b == law.b) {
          json.add("p50", write_value(p50_rounded, unit));
          json.add("p95", write_value(p95_rounded, unit));
          return;
        }
      }
      // Subtraction is exact where the logarithm is between half and twice the constant: medians of 33 us to 31 years.
      json.add("mu", JsonValue::of_number(number_text(unit == LawUnit::duration ? law.a - kLogNsPerSecond : law.a)));
      json.add("sigma", JsonValue::of_number(number_text(law.b)));
      return;
    }
    case Law::Kind::weibull: {
      JsonValue& weibull = json.add("weibull", JsonValue::object());
      weibull.add("shape", JsonValue::of_number(number_text(law.a)));
      weibull.add("scale", write_value(law.b, unit));
      return;
    }
    case Law::Kind::quantiles: {
      JsonValue& table = json.add("quantiles", JsonValue::array());
      for (const double value : law.table) table.items.push_back(write_value(value, unit));
      return;
    }
  }
}

}  // namespace

bool read_law(Reading& reading, const JsonValue& json, LawUnit unit, Law& value,
              const std::vector<std::string>& besides) {
  const bool is_bare = json.kind == JsonKind::string || json.kind == JsonKind::number;
  if (is_bare) {
    double fixed = 0;
    if (!read_value(reading, json, unit, false, fixed)) return false;
    value = Law::fixed(fixed);
    return true;
  }
  if (!require_kind(reading, json, JsonKind::object)) return false;
  std::vector<std::string> known{"value", "p50",  "p95",     "mu",        "sigma", "min",
                                 "max",   "mean", "weibull", "quantiles", "shift"};
  known.insert(known.end(), besides.begin(), besides.end());
  if (!refuse_unknown_keys(reading, json, known)) return false;

  // Each law is named by one of its keys; keys of two laws contradict each other.
  const std::vector<std::vector<const char*>> laws{{"value"}, {"p50", "p95"}, {"mu", "sigma"}, {"min", "max"},
                                                   {"mean"},  {"weibull"},    {"quantiles"}};
  LawKeys keys(reading, json, unit);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < laws.size(); ++i) {
    if (std::any_of(laws[i].begin(), laws[i].end(), [&](const char* key) { return keys.has(key); }))
      chosen.push_back(i);
  }
  const std::string choices =
      R"(a law is a value, or {"p50","p95"}, {"mu","sigma"}, {"min","max"}, {"mean"}, {"weibull"} or {"quantiles"})";
  if (chosen.empty()) return reading.error(json.place, "this names no law", choices);
  if (chosen.size() > 1) {
    return reading.error(
        json.place,
        std::string("\"") + laws[chosen[0]][0] + "\" and \"" + laws[chosen[1]][0] + "\" belong to different laws",
        choices);
  }
  Law law;
  switch (chosen.front()) {
    case 0:
      law = Law::fixed(keys.value("value"));
      break;
    case 1:
      law = read_percentiles(keys);
      break;
    case 2:
      law = read_lognormal(keys, unit);
      break;
    case 3:
      law = read_uniform(keys);
      break;
    case 4:
      law = Law::exponential(keys.value("mean"));
      break;
    case 5:
      law = read_weibull(reading, keys, unit);
      break;
    default:
      law = read_quantiles(reading, keys, unit);
      break;
  }
  if (keys.has("shift")) law.shift = keys.value("shift", true);
  if (keys.good()) value = std::move(law);
  return keys.good();
}

JsonValue write_law(const Law& value, LawUnit unit) {
  if (value.kind == Law::Kind::fixed && value.shift == 0) return write_value(value.a, unit);
  JsonValue json = JsonValue::object();
  write_shape(json, value, unit);
  if (value.shift != 0) json.add("shift", write_value(value.shift, unit));
  return json;
}

// The keys of a law, with what they mean.
JsonValue law_schema(LawUnit unit, const std::string& unit_words, JsonValue besides) {
  const bool is_duration = unit == LawUnit::duration;
  const JsonValue value = is_duration ? duration().schema() : decimal({0, kNumberRange.most}).schema();
  const JsonValue any_value = is_duration ? duration({-kDurationMax}).schema() : decimal(kNumberRange).schema();
  const auto noted = [](JsonValue schema, const char* description, const std::string& of) {
    annotate(schema, {.description = description, .is_required = true, .unit = of});
    return schema;
  };
  const auto measured = [&](const char* description) { return noted(value, description, unit_words); };
  JsonValue choices = JsonValue::array();
  choices.items.push_back(value);
  const auto add_choice = [&](const std::vector<std::pair<std::string, JsonValue>>& keys) {
    JsonValue shape = type_schema("object");
    shape.add("additionalProperties", JsonValue::of_bool(false));
    JsonValue properties = JsonValue::object();
    JsonValue required = JsonValue::array();
    for (const auto& [key, schema] : keys) {
      properties.add(key, schema);
      required.items.push_back(JsonValue::of_string(key));
    }
    JsonValue& shift = properties.add("shift", any_value);
    annotate(shift, {.description = "Added to every value that the law gives; may be negative.",
                     .default_value = is_duration ? JsonValue::of_string("0s") : JsonValue::of_number("0"),
                     .unit = unit_words});
    for (const JsonMember& member : besides.members) properties.add(member.key, member.value);
    shape.add("properties", std::move(properties));
    shape.add("required", std::move(required));
    choices.items.push_back(std::move(shape));
  };
  add_choice({{"value", measured("A fixed value; the bare value is the same.")}});
  add_choice({{"p50", measured("The median of a lognormal law; `p95` goes with it.")},
              {"p95", measured("The 95th percentile of a lognormal law; `p50` goes with it.")}});
  add_choice({{"mu", noted(decimal({-50, 50}).schema(), "The mean of the logarithm of a lognormal law, with `sigma`.",
                           is_duration ? "natural logarithm of seconds" : "natural logarithm of the number")},
              {"sigma",
               noted(decimal({0, 10}).schema(),
                     "The standard deviation of the logarithm of a lognormal law, with `mu`.", "natural logarithm")}});
  add_choice({{"min", measured("The least value of a uniform law, with `max`.")},
              {"max", measured("The largest value of a uniform law, with `min`.")}});
  add_choice({{"mean", measured("The mean of an exponential law.")}});
  JsonValue weibull = type_schema("object");
  weibull.add("additionalProperties", JsonValue::of_bool(false));
  JsonValue& parts = weibull.add("properties", JsonValue::object());
  parts.add("shape", noted(decimal({0.05, 100}).schema(),
                           "The shape: below 1 the tail is longer than that of an exponential law.", "exponent"));
  parts.add("scale", measured("The scale, which 63 % of the values stay below."));
  JsonValue& needed = weibull.add("required", JsonValue::array());
  needed.items = {JsonValue::of_string("shape"), JsonValue::of_string("scale")};
  add_choice({{"weibull", noted(std::move(weibull), "A Weibull law.", "")}});
  add_choice({{"quantiles", noted(list_schema(value, 1, 10'001),
                                  "A table of quantiles at equal distances, the least first; values between two are "
                                  "interpolated.",
                                  unit_words)}});
  JsonValue schema = JsonValue::object();
  schema.add("anyOf", std::move(choices));
  return schema;
}

Kind<Law> law(LawUnit unit) {
  const std::string words = unit == LawUnit::duration ? kDurationUnit : "";
  return {[unit](Reading& reading, const JsonValue& json, Law& value) { return read_law(reading, json, unit, value); },
          [unit](const Writing&, const Law& value) { return write_law(value, unit); },
          [](const Law& a, const Law& b) { return a == b; }, [unit, words] { return law_schema(unit, words); }, words};
}

}  // namespace windtunnel::scenarios
