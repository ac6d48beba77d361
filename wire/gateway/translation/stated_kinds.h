#pragma once
// The tokens of a usage that have prices of their own: cached and written input, reasoning. OpenAI states them within
// input and output, Anthropic beside the input.

#include <string>

#include "base/units.h"
#include "monitor/request.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

// Of the usage at this JSON pointer of `element`, a simdjson::dom::element. Never more than `usage` holds.
[[nodiscard]] TokenKinds stated_kinds(Api api, const void* element, const std::string& pointer,
                                      const monitor::Usage& usage);

}  // namespace windtunnel::wire
