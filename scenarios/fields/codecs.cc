#include "scenarios/fields/codecs.h"

#include <charconv>
#include <cmath>

#include "base/calendar.h"
#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "base/visible_text.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

constexpr WallTime kStartMost{std::chrono::hours{24 * 365 * 190}};
constexpr const char* kDurationPattern = "^-?([0-9]+(\\.[0-9]+)?(d|h|ms|m|s|us|ns))+$|^-?0$";

template <class V>
bool equal(const V& a, const V& b) {
  return a == b;
}

bool read_integer(Reading& reading, const JsonValue& json, IntegerRange range, std::int64_t& value) {
  if (!require_kind(reading, json, JsonKind::number)) return false;
  const ExactNumber number = exact_number(json.text, 0);
  if (number.problem == NumberProblem::too_fine)
    return reading.error(json.place, excerpt(json.text) + " is not a whole number");
  if (number.problem == NumberProblem::too_large)
    return reading.error(json.place, excerpt(json.text) + " is too large");
  if (number.value < range.least) {
    if (range.least == 0) return reading.error(json.place, excerpt(json.text) + " is negative");
    return reading.error(json.place, excerpt(json.text) + " is below " + std::to_string(range.least) + ", the least");
  }
  if (number.value > range.most) {
    return reading.error(json.place, excerpt(json.text) + " is above " + std::to_string(range.most) + ", the most");
  }
  value = number.value;
  return true;
}

JsonValue integer_schema(IntegerRange range) {
  JsonValue schema = type_schema("integer");
  schema.add("minimum", JsonValue::of_number(std::to_string(range.least)));
  schema.add("maximum", JsonValue::of_number(std::to_string(range.most)));
  return schema;
}

template <class V, class FromInteger, class ToInteger>
Kind<V> integer_like(IntegerRange range, FromInteger from, ToInteger to, const char* unit = "") {
  return {[range, from](Reading& reading, const JsonValue& json, V& value) {
            std::int64_t number = 0;
            if (!read_integer(reading, json, range, number)) return false;
            value = from(number);
            return true;
          },
          [to](const Writing&, const V& value) { return JsonValue::of_number(std::to_string(to(value))); }, equal<V>,
          [range] { return integer_schema(range); }, unit};
}

bool read_money(Reading& reading, const JsonValue& json, Usd most, Usd& value) {
  if (json.kind != JsonKind::number && json.kind != JsonKind::string) {
    return reading.error(json.place,
                         std::string("an amount of US dollars is a number or a string, not ") + name_of(json.kind));
  }
  const ExactNumber number = exact_number(json.text, 12);
  const std::string shown = excerpt(json.text);
  switch (number.problem) {
    case NumberProblem::none:
      break;
    case NumberProblem::too_fine:
      return reading.error(json.place, shown + " USD is finer than a pico-dollar (12 decimal places)");
    case NumberProblem::too_large:
      return reading.error(json.place, shown + " USD is above " + exact_decimal(most.picos(), 12) + " USD, the most");
    case NumberProblem::malformed:
    case NumberProblem::unit_missing:
    case NumberProblem::unit_unknown:
      return reading.error(json.place, "\"" + shown + "\" is not an amount of US dollars",
                           "write it as 12.5 or \"12.5\"");
  }
  if (number.value < 0) return reading.error(json.place, shown + " USD is negative");
  if (number.value > most.picos()) {
    return reading.error(json.place, shown + " USD is above " + exact_decimal(most.picos(), 12) + " USD, the most");
  }
  value = Usd::from_picos(number.value);
  return true;
}

JsonValue share_schema(std::int64_t least, std::int64_t most) {
  JsonValue schema = type_schema("number");
  schema.add("minimum", JsonValue::of_number(exact_decimal(least, 6)));
  schema.add("maximum", JsonValue::of_number(exact_decimal(most, 6)));
  return schema;
}

}  // namespace

JsonValue type_schema(const char* type) {
  JsonValue schema = JsonValue::object();
  schema.add("type", JsonValue::of_string(type));
  return schema;
}

bool read_duration(Reading& reading, const JsonValue& json, DurationRange range, Duration& value) {
  if (json.kind == JsonKind::number) {
    return reading.error(json.place, "the duration " + excerpt(json.text) + " has no unit",
                         "write \"" + excerpt(json.text) + "s\" for seconds; units are d, h, m, s, ms, us, ns");
  }
  if (!require_kind(reading, json, JsonKind::string)) return false;
  const ExactNumber number = exact_duration(json.text);
  const std::string shown = "\"" + excerpt(json.text) + "\"";
  switch (number.problem) {
    case NumberProblem::none:
      break;
    case NumberProblem::malformed:
      return reading.error(json.place, shown + " is not a duration", "write it as \"90s\", \"250ms\" or \"1h30m\"");
    case NumberProblem::unit_missing:
      return reading.error(json.place, "the duration " + shown + " has no unit", "units are d, h, m, s, ms, us, ns");
    case NumberProblem::unit_unknown:
      return reading.error(json.place, "the duration " + shown + " has an unknown unit",
                           "units are d, h, m, s, ms, us, ns");
    case NumberProblem::too_fine:
      return reading.error(json.place, shown + " is finer than a nanosecond");
    case NumberProblem::too_large:
      return reading.error(json.place, shown + " is longer than " + duration_text(range.most) + ", the most");
  }
  const Duration duration{number.value};
  if (duration < Duration{0} && range.least >= Duration{0}) {
    return reading.error(json.place, excerpt(json.text) + " is negative");
  }
  if (duration < range.least) {
    return reading.error(json.place,
                         excerpt(json.text) + " is shorter than " + duration_text(range.least) + ", the least");
  }
  if (duration > range.most) {
    return reading.error(json.place,
                         excerpt(json.text) + " is longer than " + duration_text(range.most) + ", the most");
  }
  value = duration;
  return true;
}

Kind<Duration> duration(DurationRange range) {
  return {[range](Reading& reading, const JsonValue& json, Duration& value) {
            return read_duration(reading, json, range, value);
          },
          [](const Writing&, const Duration& value) { return JsonValue::of_string(duration_text(value)); },
          equal<Duration>,
          [range] {
            JsonValue schema = type_schema("string");
            schema.add("pattern", JsonValue::of_string(kDurationPattern));
            schema.add("x-minimum", JsonValue::of_string(duration_text(range.least)));
            schema.add("x-maximum", JsonValue::of_string(duration_text(range.most)));
            return schema;
          },
          kDurationUnit};
}

Kind<Duration> milliseconds(DurationRange range) {
  const IntegerRange in_ms{range.least / std::chrono::milliseconds{1}, range.most / std::chrono::milliseconds{1}};
  return integer_like<Duration>(
      in_ms, [](std::int64_t ms) { return Duration{std::chrono::milliseconds{ms}}; },
      [](Duration value) { return value / std::chrono::milliseconds{1}; }, "milliseconds");
}

Kind<std::int64_t> integer(IntegerRange range) {
  const auto itself = [](std::int64_t number) { return number; };
  return integer_like<std::int64_t>(range, itself, itself);
}

Kind<std::int32_t> small_integer(IntegerRange range) {
  return integer_like<std::int32_t>(
      range, [](std::int64_t number) { return static_cast<std::int32_t>(number); },
      [](std::int32_t number) { return number; });
}

Kind<std::size_t> size(IntegerRange range) {
  return integer_like<std::size_t>(
      range, [](std::int64_t number) { return static_cast<std::size_t>(number); },
      [](std::size_t number) { return number; });
}

Kind<Tokens> tokens(Tokens least, Tokens most) {
  return integer_like<Tokens>(
      {least.count(), most.count()}, [](std::int64_t number) { return Tokens{number}; },
      [](Tokens value) { return value.count(); }, "tokens");
}

Kind<std::uint64_t> seed_number() {
  return {[](Reading& reading, const JsonValue& json, std::uint64_t& value) {
            if (!require_kind(reading, json, JsonKind::number)) return false;
            const char* end = json.text.data() + json.text.size();
            const auto [last, problem] = std::from_chars(json.text.data(), end, value);
            if (problem == std::errc{} && last == end) return true;
            return reading.error(json.place, excerpt(json.text) + " is not a seed",
                                 "a seed is a whole number from 0 to 2^64 - 1");
          },
          [](const Writing&, const std::uint64_t& value) { return JsonValue::of_number(std::to_string(value)); },
          equal<std::uint64_t>,
          [] {
            JsonValue schema = type_schema("integer");
            schema.add("minimum", JsonValue::of_number("0"));
            schema.add("maximum", JsonValue::of_number("18446744073709551615"));
            return schema;
          }};
}

Kind<Usd> money(Usd most) {
  return {
      [most](Reading& reading, const JsonValue& json, Usd& value) { return read_money(reading, json, most, value); },
      [](const Writing&, const Usd& value) { return JsonValue::of_number(exact_decimal(value.picos(), 12)); },
      equal<Usd>,
      [most] {
        JsonValue schema = JsonValue::object();
        JsonValue types = JsonValue::array();
        types.items = {JsonValue::of_string("number"), JsonValue::of_string("string")};
        schema.add("type", std::move(types));
        schema.add("minimum", JsonValue::of_number("0"));
        schema.add("maximum", JsonValue::of_number(exact_decimal(most.picos(), 12)));
        schema.add("pattern", JsonValue::of_string("^[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$"));
        return schema;
      },
      "USD"};
}

bool read_millionths(Reading& reading, const JsonValue& json, std::int64_t least, std::int64_t most,
                     std::int64_t& value) {
  if (!require_kind(reading, json, JsonKind::number)) return false;
  const ExactNumber number = exact_number(json.text, 6);
  const std::string shown = excerpt(json.text);
  if (number.problem == NumberProblem::too_fine)
    return reading.error(json.place, shown + " has more than 6 decimal places");
  if (number.problem == NumberProblem::too_large) return reading.error(json.place, shown + " is too large");
  if (number.value < least) {
    if (least == 0) return reading.error(json.place, shown + " is negative");
    return reading.error(json.place, shown + " is below " + exact_decimal(least, 6) + ", the least");
  }
  if (number.value > most) {
    const bool is_percent = most == 1'000'000 && number.value <= 100'000'000;
    return reading.error(json.place, shown + " is above " + exact_decimal(most, 6) + ", the most",
                         is_percent ? "if it is a percentage, write " + exact_decimal(number.value, 8) : "");
  }
  value = number.value;
  return true;
}

Kind<Millionths> share(std::int64_t least, std::int64_t most) {
  return {[least, most](Reading& reading, const JsonValue& json, Millionths& value) {
            return read_millionths(reading, json, least, most, value.value);
          },
          [](const Writing&, const Millionths& value) { return JsonValue::of_number(exact_decimal(value.value, 6)); },
          equal<Millionths>, [least, most] { return share_schema(least, most); }};
}

Kind<double> share_double(std::int64_t least, std::int64_t most) {
  return {[least, most](Reading& reading, const JsonValue& json, double& value) {
            std::int64_t millionths = 0;
            if (!read_millionths(reading, json, least, most, millionths)) return false;
            value = static_cast<double>(millionths) / 1e6;
            return true;
          },
          [](const Writing&, const double& value) {
            return JsonValue::of_number(exact_decimal(static_cast<std::int64_t>(std::llround(value * 1e6)), 6));
          },
          equal<double>, [least, most] { return share_schema(least, most); }};
}

bool read_decimal(Reading& reading, const JsonValue& json, DecimalRange range, double& value) {
  if (!require_kind(reading, json, JsonKind::number)) return false;
  double number = 0;
  const auto [end, problem] = std::from_chars(json.text.data(), json.text.data() + json.text.size(), number);
  if (problem != std::errc{}) return reading.error(json.place, excerpt(json.text) + " is too large or too small");
  if (number < range.least) {
    if (range.least == 0) return reading.error(json.place, excerpt(json.text) + " is negative");
    return reading.error(json.place, excerpt(json.text) + " is below " + number_text(range.least) + ", the least");
  }
  if (number > range.most) {
    return reading.error(json.place, excerpt(json.text) + " is above " + number_text(range.most) + ", the most");
  }
  value = number == 0 ? 0 : number;  // no negative zero
  return true;
}

Kind<double> decimal(DecimalRange range) {
  return {[range](Reading& reading, const JsonValue& json, double& value) {
            return read_decimal(reading, json, range, value);
          },
          [](const Writing&, const double& value) { return JsonValue::of_number(number_text(value)); }, equal<double>,
          [range] {
            JsonValue schema = type_schema("number");
            schema.add("minimum", JsonValue::of_number(number_text(range.least)));
            schema.add("maximum", JsonValue::of_number(number_text(range.most)));
            return schema;
          }};
}

Kind<bool> boolean() {
  return {[](Reading& reading, const JsonValue& json, bool& value) {
            if (!require_kind(reading, json, JsonKind::boolean)) return false;
            value = json.flag;
            return true;
          },
          [](const Writing&, const bool& value) { return JsonValue::of_bool(value); }, equal<bool>,
          [] { return type_schema("boolean"); }};
}

bool check_line(Reading& reading, Place place, std::string_view text) {
  const auto problem = problem_with_name(text);
  return !problem || reading.error(place, "\"" + excerpt(text) + "\" " + *problem);
}

Kind<std::string> text() {
  return {[](Reading& reading, const JsonValue& json, std::string& value) {
            if (!require_kind(reading, json, JsonKind::string)) return false;
            value = json.text;
            return true;
          },
          [](const Writing&, const std::string& value) { return JsonValue::of_string(value); }, equal<std::string>,
          [] { return type_schema("string"); }};
}

Kind<std::string> line() {
  Kind<std::string> kind = text();
  kind.read = [](Reading& reading, const JsonValue& json, std::string& value) {
    if (!require_kind(reading, json, JsonKind::string)) return false;
    value = json.text;
    return check_line(reading, json.place, json.text);
  };
  return kind;
}

Kind<std::string> name() {
  constexpr std::size_t kNameMax = 200;
  Kind<std::string> kind = text();
  kind.read = [](Reading& reading, const JsonValue& json, std::string& value) {
    if (!require_kind(reading, json, JsonKind::string)) return false;
    if (json.text.empty()) return reading.error(json.place, "a name is not empty");
    if (json.text.size() > kNameMax) return reading.error(json.place, "a name has at most 200 bytes");
    value = json.text;
    return check_line(reading, json.place, json.text);
  };
  kind.schema = [] {
    JsonValue schema = type_schema("string");
    schema.add("minLength", JsonValue::of_number("1"));
    schema.add("maxLength", JsonValue::of_number("200"));
    return schema;
  };
  return kind;
}

Kind<WallTime> wall_time() {
  return {[](Reading& reading, const JsonValue& json, WallTime& value) {
            if (!require_kind(reading, json, JsonKind::string)) return false;
            const auto wall = parse_iso8601(json.text);
            if (!wall) {
              return reading.error(json.place, "\"" + excerpt(json.text) + "\" is not a UTC time",
                                   "write it as \"2026-01-20T10:00:00Z\"");
            }
            if (*wall < WallTime{} || *wall > kStartMost) {
              return reading.error(json.place, excerpt(json.text) + " is not between 1970 and 2159");
            }
            value = *wall;
            return true;
          },
          [](const Writing&, const WallTime& value) {
            // Whole seconds without a fraction, else all nine digits of it.
            std::string text = iso8601(value).substr(0, 19);
            const std::int64_t ns = (value.time_since_epoch() % std::chrono::seconds{1}).count();
            if (ns != 0) text += exact_decimal(ns, 9).substr(1);
            return JsonValue::of_string(text + "Z");
          },
          equal<WallTime>,
          [] {
            JsonValue schema = type_schema("string");
            schema.add("pattern", JsonValue::of_string(
                                      "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z)?$"));
            schema.add("x-minimum", JsonValue::of_string(iso8601(WallTime{}).substr(0, 10)));
            schema.add("x-maximum", JsonValue::of_string(iso8601(kStartMost).substr(0, 10)));
            return schema;
          },
          "UTC time (ISO 8601)"};
}

}  // namespace windtunnel::scenarios
