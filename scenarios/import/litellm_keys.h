#pragma once
// What LiteLLM's /key/list and /team/list return: limits and budgets of callers, which stand in its database and in no
// configuration.

#include "scenarios/import/source/config_reading.h"

namespace windtunnel::scenarios {

// Lists what becomes of each key. `root` is one such answer, or an object or list of several.
void list_litellm_keys(const JsonValue& root, KeyList& keys);

}  // namespace windtunnel::scenarios
