#pragma once
// TensorZero's tensorzero.toml. The rules are those of version 2026.4.1 (docs/import.md).
//
//   models.M             a route: its providers in the order of `routing`
//   functions.F          a route: its variants, drawn by weight without return, then the fallback variants in order
//   functions.F variant  a route: its model, with the variant's retries (all providers, then all again)
//   rate_limiting.rules  limits, one for each resource of a rule

#include "scenarios/import/source/config_reading.h"
#include "scenarios/import/world/imported_world.h"

namespace windtunnel::scenarios {

// The price of a deployment, if its `cost` states one.
[[nodiscard]] std::optional<Tariff> tensorzero_tariff(const JsonValue& provider, ConfigReading& in);
// `settings` is [rate_limiting]; models and functions have been read.
void read_tensorzero_limits(const JsonValue& settings, ConfigReading& in, ImportedWorld& world);
void import_tensorzero(const JsonValue& root, ConfigReading& in, ImportedWorld& world);

}  // namespace windtunnel::scenarios
