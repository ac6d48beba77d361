#pragma once
// How the value of one field stands in JSON. The type of a field decides:
//
//   whole numbers        42
//   bool                 true
//   std::string          "openai"
//   Duration             milliseconds, exactly: 1500.25
//   Instant              seconds since the start, exactly: 1801.381122257
//   Usd                  dollars in a string, exactly: "916.176", so that no reader makes a double of it unasked
//   Millionths           0.996, at most 6 decimals
//   an enum              its name_of(): "half_open"
//   std::optional        null if it is empty
//
// A field that stands otherwise is written_as<Codec>(field). A codec's read() returns false for a JSON value that
// write() does not produce.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/json_writer.h"
#include "base/units.h"
#include "base/uuid.h"
#include "reports/fields/json_node.h"

namespace windtunnel::reports {

// How many enumerators an enum has, from 0 without a gap. Specialized beside the fields that need it.
template <class Enum>
inline constexpr std::size_t kEnumerators = 0;

// JSON numbers and texts that hold an exact decimal, as whole numbers of 10^-decimals.
std::optional<std::int64_t> number_in(const JsonNode& node, int decimals);
std::optional<std::int64_t> decimal_text_in(const JsonNode& node, int decimals);
// The same for decimals whose units exceed 64 bits.
std::optional<Int128> large_number_in(const JsonNode& node, int decimals);
std::optional<Int128> large_decimal_text_in(const JsonNode& node, int decimals);
std::optional<std::uint64_t> unsigned_in(const JsonNode& node);
std::optional<double> double_in(const JsonNode& node);

template <class T>
struct FieldCodec;

template <std::integral T>
struct FieldCodec<T> {
  static constexpr const char* kExpected = "a whole number";
  static void write(JsonWriter& json, T value) { json.integer(Int128{value}); }
  static bool read(const JsonNode& node, T& value) {
    if constexpr (std::same_as<T, std::uint64_t>) {
      const auto number = unsigned_in(node);
      if (number) value = *number;
      return number.has_value();
    } else {
      const auto number = number_in(node, 0);
      if (!number || node.text.find_first_of(".eE") != std::string::npos || !std::in_range<T>(*number)) return false;
      value = static_cast<T>(*number);
      return true;
    }
  }
};

template <>
struct FieldCodec<bool> {
  static constexpr const char* kExpected = "true or false";
  static void write(JsonWriter& json, bool value) { json.boolean(value); }
  static bool read(const JsonNode& node, bool& value) {
    value = node.text == "true";
    return node.kind == JsonNode::Kind::boolean;
  }
};

template <>
struct FieldCodec<std::string> {
  static constexpr const char* kExpected = "a text";
  static void write(JsonWriter& json, const std::string& value) { json.text(value); }
  static bool read(const JsonNode& node, std::string& value) {
    value = node.text;
    return node.kind == JsonNode::Kind::text;
  }
};

// What counts one quantity in whole units.
template <class T>
struct Whole;
template <>
struct Whole<Duration> {
  static std::int64_t of(Duration value) { return value.count(); }
  static Duration from(std::int64_t ns) { return Duration{ns}; }
};
template <>
struct Whole<Instant> {
  static std::int64_t of(Instant value) { return value.time_since_epoch().count(); }
  static Instant from(std::int64_t ns) { return Instant{Duration{ns}}; }
};
template <>
struct Whole<Millionths> {
  static std::int64_t of(Millionths value) { return value.value; }
  static Millionths from(std::int64_t value) { return {value}; }
};

// A whole number of 10^-decimals as a JSON number.
template <class T, int decimals>
struct DecimalCodec {
  static constexpr const char* kExpected = "a number";
  static void write(JsonWriter& json, const T& value) { json.decimal(Whole<T>::of(value), decimals); }
  static bool read(const JsonNode& node, T& value) {
    const auto number = number_in(node, decimals);
    if (number) value = Whole<T>::from(*number);
    return number.has_value();
  }
};

template <>
struct FieldCodec<Duration> : DecimalCodec<Duration, kMillisecondDecimals> {};
template <>
struct FieldCodec<Instant> : DecimalCodec<Instant, kSecondDecimals> {};
template <>
struct FieldCodec<Millionths> : DecimalCodec<Millionths, kShareDecimals> {};
// Of a Duration whose key names the unit.
struct AsSeconds : DecimalCodec<Duration, kSecondDecimals> {};

template <>
struct FieldCodec<Usd> {
  static constexpr const char* kExpected = "a text with an amount of dollars";
  static void write(JsonWriter& json, Usd value) { json.text(exact_decimal(value.picos(), kDollarDecimals)); }
  static bool read(const JsonNode& node, Usd& value) {
    const auto picos = decimal_text_in(node, kDollarDecimals);
    if (picos) value = Usd::from_picos(*picos);
    return picos.has_value();
  }
};

// A sum, which may be larger than a single amount.
template <>
struct FieldCodec<UsdSum> {
  static constexpr const char* kExpected = FieldCodec<Usd>::kExpected;
  static void write(JsonWriter& json, UsdSum value) { json.text(exact_decimal(value.picos(), kDollarDecimals)); }
  static bool read(const JsonNode& node, UsdSum& value) {
    const auto picos = large_decimal_text_in(node, kDollarDecimals);
    if (picos) value = UsdSum::from_picos(*picos);
    return picos.has_value();
  }
};

template <>
struct FieldCodec<RequestId> {
  static constexpr const char* kExpected = "a whole number";
  static void write(JsonWriter& json, RequestId value) { json.integer(Int128{number_of(value)}); }
  static bool read(const JsonNode& node, RequestId& value) {
    const auto number = unsigned_in(node);
    if (number) value = RequestId{*number};
    return number.has_value();
  }
};

template <class T>
  requires std::is_enum_v<T>
struct FieldCodec<T> {
  static constexpr const char* kExpected = "one of its names";
  static void write(JsonWriter& json, T value) { json.text(name_of(value)); }
  static bool read(const JsonNode& node, T& value) {
    static_assert(kEnumerators<T> > 0);
    for (std::size_t i = 0; node.kind == JsonNode::Kind::text && i < kEnumerators<T>; ++i) {
      value = static_cast<T>(i);
      if (node.text == name_of(value)) return true;
    }
    return false;
  }
};

// 16 hexadecimal digits.
struct AsHex {
  static constexpr const char* kExpected = "a text of 16 hexadecimal digits";
  static void write(JsonWriter& json, std::uint64_t value) { json.hex(value); }
  static bool read(const JsonNode& node, std::uint64_t& value) {
    const auto number = from_hex_digits(node.text);
    if (number) value = *number;
    return number && node.kind == JsonNode::Kind::text;
  }
};

// A field with another codec than that of its type.
template <class Codec, class T>
struct FieldAs {
  T& field;
};
template <class Codec, class T>
FieldAs<Codec, T> written_as(T& field) {
  return {field};
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// A value that stands as one JSON number, text or word.
template <class T>
concept FieldValue = requires(JsonWriter& json, const T& value) { FieldCodec<T>::write(json, value); };

}  // namespace windtunnel::reports
