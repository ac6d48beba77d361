#pragma once
// A JSON document as a tree that keeps the digits of its numbers, because a double would round an exact decimal.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/report_error.h"

namespace windtunnel::reports {

struct JsonNode {
  enum class Kind : std::uint8_t { null, boolean, number, text, array, object };
  Kind kind = Kind::null;
  std::string text;               // a text; a number as it is written; "true" or "false"
  std::vector<std::string> keys;  // of an object, one for each item
  std::vector<JsonNode> items;    // of an array or an object

  // nullptr if there is no such key.
  [[nodiscard]] const JsonNode* member(std::string_view key) const;
  // For messages: "null", "the number 1.5", "the text \"x\"", "an array", "an object".
  [[nodiscard]] std::string description() const;
};

// Throws ReportError, with `name` in its message, if the text is not JSON, repeats a key or nests deeper than a
// summary.
JsonNode parse_json(std::string_view text, const std::string& name);

}  // namespace windtunnel::reports
