#include "tests/scenarios/schema_validator.h"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace windtunnel::scenarios {

struct SchemaValidator::Schema {
  nlohmann::json text;
  valijson::Schema parsed;
};

SchemaValidator::SchemaValidator(const std::string& schema) : schema_(std::make_unique<Schema>()) {
  schema_->text = nlohmann::json::parse(schema);
  valijson::SchemaParser parser{valijson::SchemaParser::kDraft7};
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter{schema_->text}, schema_->parsed);
}

SchemaValidator::~SchemaValidator() = default;

bool SchemaValidator::accepts(const JsonValue& json) const {
  const nlohmann::json document = nlohmann::json::parse(json_text(json));
  valijson::Validator validator{valijson::Validator::kStrongTypes};
  return validator.validate(schema_->parsed, valijson::adapters::NlohmannJsonAdapter{document}, nullptr);
}

}  // namespace windtunnel::scenarios
