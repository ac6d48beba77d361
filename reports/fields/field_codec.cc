#include "reports/fields/field_codec.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace windtunnel::reports {

std::optional<std::int64_t> number_in(const JsonNode& node, int decimals) {
  return node.kind == JsonNode::Kind::number ? parse_decimal(node.text, decimals) : std::nullopt;
}

std::optional<std::int64_t> decimal_text_in(const JsonNode& node, int decimals) {
  return node.kind == JsonNode::Kind::text ? parse_decimal(node.text, decimals) : std::nullopt;
}

std::optional<Int128> large_decimal_text_in(const JsonNode& node, int decimals) {
  if (node.kind != JsonNode::Kind::text) return std::nullopt;
  const std::string_view text = node.text;
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_decimal(text.substr(0, point), 0);
  const auto part = point == text.size() ? std::optional<std::int64_t>{0}
                                         : parse_decimal("0" + std::string(text.substr(point)), decimals);
  if (!whole || !part) return std::nullopt;
  Int128 unit = 1;
  for (int i = 0; i < decimals; ++i) unit *= 10;
  return text.starts_with('-') ? *whole * unit - *part : *whole * unit + *part;
}

std::optional<std::uint64_t> unsigned_in(const JsonNode& node) {
  std::uint64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (node.kind != JsonNode::Kind::number || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<double> double_in(const JsonNode& node) {
  double value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (node.kind != JsonNode::Kind::number || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace windtunnel::reports
