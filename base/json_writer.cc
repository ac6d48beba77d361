#include "base/json_writer.h"

#include <array>
#include <charconv>

#include "base/json_text.h"

namespace windtunnel::inline base {
namespace {

std::string large_integer_text(Int128 value) {
  const std::string digits = exact_decimal(value, 0);
  return value >= INT64_MIN && value <= INT64_MAX ? digits : '"' + digits + '"';
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += form_ == Form::indented ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  append_json_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::hex(std::uint64_t value) { return text(hex_digits(value)); }

JsonWriter& JsonWriter::integers(std::span<const std::int64_t> values) {
  separate();
  out_ += '[';
  std::array<char, 24> digits{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out_ += ',';
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), values[i]).ptr;
    out_.append(digits.data(), end);
  }
  out_ += ']';
  return *this;
}

JsonWriter& JsonWriter::large_integer(Int128 value) { return raw(large_integer_text(value)); }

JsonWriter& JsonWriter::large_integers(std::span<const Int128> values) {
  separate();
  out_ += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out_ += ',';
    out_ += large_integer_text(values[i]);
  }
  out_ += ']';
  return *this;
}

JsonWriter& JsonWriter::begin(char bracket) {
  separate();
  out_ += bracket;
  ++depth_;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  --depth_;
  if (!first_) break_line();
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view value) {
  separate();
  out_ += value;
  return *this;
}

// What stands between this value or key and what came before it.
void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!first_) out_ += ',';
  first_ = false;
  break_line();
}

void JsonWriter::break_line() {
  if (form_ == Form::line) return;
  out_ += '\n';
  out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
}

std::string hex_digits(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t place = 16; place-- > 0; value >>= 4) text[place] = "0123456789abcdef"[value & 15];
  return text;
}

std::optional<std::uint64_t> from_hex_digits(std::string_view digits) {
  if (digits.size() != 16 || digits.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace windtunnel::inline base
