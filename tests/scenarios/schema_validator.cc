#include "tests/scenarios/schema_validator.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#include <vector>

namespace windtunnel::scenarios {
namespace {

// The validator takes whole numbers for 64-bit ones with a sign: of what is beyond, a limit goes in as a double, and a
// value as the largest that it knows.
enum class Beyond : std::uint8_t { is_double, is_largest };

nlohmann::json parsed(const std::string& text, Beyond beyond) {
  nlohmann::json json = nlohmann::json::parse(text);
  std::vector<nlohmann::json*> left{&json};
  while (!left.empty()) {
    nlohmann::json& value = *left.back();
    left.pop_back();
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
      beyond == Beyond::is_double ? value = value.get<double>() : value = INT64_MAX;
    }
    if (!value.is_structured()) continue;
    for (nlohmann::json& below : value) left.push_back(&below);
  }
  return json;
}

}  // namespace

struct SchemaValidator::Schema {
  nlohmann::json text;
  valijson::Schema parsed;
};

SchemaValidator::SchemaValidator(const std::string& schema) : schema_(std::make_unique<Schema>()) {
  schema_->text = parsed(schema, Beyond::is_double);
  valijson::SchemaParser parser{valijson::SchemaParser::kDraft7};
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter{schema_->text}, schema_->parsed);
}

SchemaValidator::~SchemaValidator() = default;

bool SchemaValidator::accepts(const JsonValue& json) const {
  const nlohmann::json document = parsed(json_text(json), Beyond::is_largest);
  valijson::Validator validator{valijson::Validator::kStrongTypes};
  return validator.validate(schema_->parsed, valijson::adapters::NlohmannJsonAdapter{document}, nullptr);
}

}  // namespace windtunnel::scenarios
