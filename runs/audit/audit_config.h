#pragma once
// What a log is held to: a scenario, or the configuration of a gateway that import reads.
//
// A configuration says less than a scenario, and import fills the gaps. What it filled in is no claim of the user, so
// that it is not judged; neither is what the gateway does otherwise than this program ("carried with a difference").

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/audit/audit_claims.h"
#include "scenarios/import/litellm/litellm_budgets.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

enum class ConfigFormat : std::uint8_t { automatic, scenario, litellm, litellm_keys, portkey, tensorzero, envoy_ai };

struct AuditConfig {
  sim::Scenario scenario;
  AuditUnsaid unsaid;
  std::string rules;                                            // "LiteLLM 1.93.0"; of a scenario empty
  std::optional<std::vector<scenarios::CallerBudget>> budgets;  // all that the file has, and then there is no scenario
};

// Which of the formats the file has, by its name and its keys. Throws ProblemError, which names --config-format, where
// they do not decide.
[[nodiscard]] ConfigFormat config_format_of(const std::string& file);

// Throws ProblemError, ScenarioError or FileError. A list of prices has no say, because it is not the file's.
[[nodiscard]] AuditConfig read_audit_config(const std::string& file, ConfigFormat format);

}  // namespace windtunnel::runs
