#pragma once
// A target of Portkey's config: the spelling of its keys, whose account it calls, and what its conditions compare.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/routing/route.h"
#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

// What tells two accounts of a company apart.
inline constexpr std::array<std::string_view, 16> kPortkeyAccountKeys{
    "api_key",           "virtual_key",       "resource_name",         "deployment_id",
    "aws_region",        "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
    "vertex_project_id", "vertex_region",     "openai_organization",   "openai_project",
    "custom_host",       "azure_auth_mode",   "azure_entra_tenant_id", "workers_ai_account_id"};

// "on_status_codes" and "onStatusCodes" are the same key. The value, and the spelling that the map has.
[[nodiscard]] const JsonValue* portkey_find(const JsonValue& map, std::string_view key);
[[nodiscard]] std::string portkey_key(const JsonValue& map, std::string_view key);

// The company that a target calls. A virtual key names it if its word does; else it is "provider".
[[nodiscard]] std::string portkey_company(const JsonValue& target);
[[nodiscard]] std::string portkey_account(const JsonValue& target);
// The model that a caller most likely asks for where the target names none.
[[nodiscard]] const char* portkey_usual_model(const std::string& company);

// Whether the query compares metadata for equality alone: all of these words, in one of the alternatives, which begin
// as one without words.
[[nodiscard]] bool portkey_tags(const JsonValue& query, std::vector<monitor::Tags>& alternatives);

// The cache of a target at this depth, which is that of the whole gateway here.
void read_portkey_cache(const JsonValue& node, std::size_t depth, ConfigReading& in, ImportedWorld& world);

}  // namespace windtunnel::scenarios
