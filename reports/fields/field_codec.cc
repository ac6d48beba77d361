#include "reports/fields/field_codec.h"

#include <charconv>

namespace windtunnel::reports {

std::optional<std::int64_t> number_in(const JsonNode& node, int decimals) {
  return node.kind == JsonNode::Kind::number ? parse_decimal(node.text, decimals) : std::nullopt;
}

std::optional<std::int64_t> decimal_text_in(const JsonNode& node, int decimals) {
  return node.kind == JsonNode::Kind::text ? parse_decimal(node.text, decimals) : std::nullopt;
}

std::optional<Int128> large_number_in(const JsonNode& node, int decimals) {
  return node.kind == JsonNode::Kind::number ? parse_large_decimal(node.text, decimals) : std::nullopt;
}

std::optional<Int128> large_decimal_text_in(const JsonNode& node, int decimals) {
  return node.kind == JsonNode::Kind::text ? parse_large_decimal(node.text, decimals) : std::nullopt;
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
