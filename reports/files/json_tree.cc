#include "reports/files/json_tree.h"

#include <nlohmann/json.hpp>

namespace windtunnel::reports {

using Json = nlohmann::ordered_json;

struct JsonTree::Document {
  Json json;

  // Null if it is not there.
  [[nodiscard]] const Json& at(const std::string& pointer) const {
    static const Json kNothing;
    const Json::json_pointer place{pointer};
    return json.contains(place) ? json.at(place) : kNothing;
  }
};

JsonTree::JsonTree(std::string_view text, const std::string& name) : document_(std::make_unique<Document>()) {
  try {
    document_->json = Json::parse(text);
  } catch (const Json::exception& error) {
    throw ReportError(name, "read", error.what());
  }
  if (!document_->json.is_object()) throw ReportError(name, "read", "this is no JSON object");
}

JsonTree::~JsonTree() = default;
JsonTree::JsonTree(JsonTree&&) noexcept = default;
JsonTree& JsonTree::operator=(JsonTree&&) noexcept = default;

bool JsonTree::has(const std::string& pointer) const { return !document_->at(pointer).is_null(); }

std::string JsonTree::text(const std::string& pointer) const {
  const Json& value = document_->at(pointer);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

std::string JsonTree::digits(const std::string& pointer) const {
  const Json& value = document_->at(pointer);
  return value.is_number() ? value.dump() : text(pointer);
}

std::int64_t JsonTree::integer(const std::string& pointer) const {
  const Json& value = document_->at(pointer);
  return value.is_number() ? value.get<std::int64_t>() : 0;
}

double JsonTree::number(const std::string& pointer) const {
  const Json& value = document_->at(pointer);
  return value.is_number() ? value.get<double>() : 0;
}

bool JsonTree::boolean(const std::string& pointer) const {
  const Json& value = document_->at(pointer);
  return value.is_boolean() && value.get<bool>();
}

std::string JsonTree::json(const std::string& pointer) const { return document_->at(pointer).dump(); }

std::size_t JsonTree::size(const std::string& pointer) const {
  const Json& value = document_->at(pointer);
  return value.is_structured() ? value.size() : 0;
}

std::vector<std::string> JsonTree::keys(const std::string& pointer) const {
  std::vector<std::string> keys;
  const Json& value = document_->at(pointer);
  if (!value.is_object()) return keys;
  for (const auto& item : value.items()) keys.push_back(item.key());
  return keys;
}

}  // namespace windtunnel::reports
