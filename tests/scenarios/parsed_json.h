#pragma once
// A JSON text as its tree; errors are thrown.

#include <string>

#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

inline JsonValue parsed(const std::string& text) {
  Diagnostics diagnostics("text", text);
  JsonValue value = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  return value;
}

}  // namespace windtunnel::scenarios
