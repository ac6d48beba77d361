#pragma once
// Another's validator of JSON Schema, so that what the schema says is not only what we think it says.

#include <memory>
#include <string>

#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

class SchemaValidator {
 public:
  // The text of a schema, draft 7.
  explicit SchemaValidator(const std::string& schema);
  ~SchemaValidator();
  SchemaValidator(const SchemaValidator&) = delete;
  SchemaValidator& operator=(const SchemaValidator&) = delete;

  [[nodiscard]] bool accepts(const JsonValue& json) const;

 private:
  struct Schema;
  std::unique_ptr<Schema> schema_;
};

}  // namespace windtunnel::scenarios
