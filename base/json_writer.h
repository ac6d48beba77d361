#pragma once
// Writes JSON with its keys in the order in which they are given and its decimals exactly, which a tree of doubles
// cannot. On one line, or indented by two spaces for people.
//
//   JsonWriter json{text, JsonWriter::Form::line};
//   json.begin_object().key("latency_ms").decimal(1'500'000, 6).end_object();  // {"latency_ms":1.5}

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/exact_decimal.h"
#include "base/units.h"

namespace windtunnel::inline base {

class JsonWriter {
 public:
  enum class Form : std::uint8_t { line, indented };

  // Appends to `out`, which must outlive the writer.
  JsonWriter(std::string& out, Form form) : out_(out), form_(form) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& text(std::string_view value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  JsonWriter& integer(Int128 value) { return raw(exact_decimal(value, 0)); }
  // Beyond 64 bits in a string, because readers of JSON round larger numbers.
  JsonWriter& large_integer(Int128 value);
  JsonWriter& decimal(Int128 value, int decimals) { return raw(exact_decimal(value, decimals)); }

  // Digits that are a JSON number already, such as four_digits() gives.
  JsonWriter& number(std::string_view digits) { return raw(digits); }
  // A list of whole numbers, or a value that was written before, in one line whatever the form.
  JsonWriter& integers(std::span<const std::int64_t> values);
  JsonWriter& large_integers(std::span<const Int128> values);  // each as large_integer() writes it
  JsonWriter& written(std::string_view json) { return raw(json); }

  // Empty: null.
  JsonWriter& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }
  // In milliseconds.
  JsonWriter& milliseconds(std::optional<Duration> value) {
    return value ? decimal(value->count(), kMillisecondDecimals) : null();
  }
  // Seconds since the start.
  JsonWriter& seconds(std::optional<Instant> value) {
    return value ? decimal(value->time_since_epoch().count(), kSecondDecimals) : null();
  }
  // 16 hexadecimal digits in a string.
  JsonWriter& hex(std::uint64_t value);

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  JsonWriter& raw(std::string_view value);
  void separate();
  void break_line();

  std::string& out_;
  Form form_;
  int depth_ = 0;
  bool first_ = true;       // in the innermost object or array
  bool after_key_ = false;  // the value of a key comes next
};

// 16 lower-case hexadecimal digits, and back. Any other text gives nothing.
std::string hex_digits(std::uint64_t value);
std::optional<std::uint64_t> from_hex_digits(std::string_view digits);

}  // namespace windtunnel::inline base
