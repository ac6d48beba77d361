#include "reports/fields/field_reader.h"

namespace windtunnel::reports {

const JsonNode& FieldReader::member(std::string_view key) const {
  if (const JsonNode* node = node_.member(key)) return *node;
  throw ReportError(file_, "read", of(key) + " is missing");
}

void FieldReader::expect(const JsonNode& node, JsonNode::Kind kind, const std::string& pointer) const {
  if (node.kind != kind) refuse(node, kind == JsonNode::Kind::array ? "an array" : "an object", pointer);
}

void FieldReader::refuse(const JsonNode& node, const char* expected, const std::string& pointer) const {
  throw ReportError(
      file_, "read",
      (pointer.empty() ? "the document" : pointer) + " is " + node.description() + " instead of " + expected);
}

void check_version(const JsonNode& root, const std::string& file, const std::string& key, int version) {
  const JsonNode* found = root.member(key);
  if (found == nullptr)
    throw ReportError(file, "read", "it has no " + key + " and is therefore no document of that kind");
  if (found->kind == JsonNode::Kind::number && found->text == std::to_string(version)) return;
  throw ReportError(
      file, "read",
      key + " is " + found->description() + ", and this windtunnel reads version " + std::to_string(version) + " only");
}

}  // namespace windtunnel::reports
