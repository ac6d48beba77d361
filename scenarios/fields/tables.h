#pragma once
// The tables of a scenario file, by type of object. A setting is added by adding its field, and nowhere else.

#include "scenarios/fields/fields.h"
#include "sim/world/scenario.h"

namespace windtunnel::scenarios {

using sim::FaultSpec;
using sim::ProviderSpec;
using sim::Scenario;
using sim::WorkloadSpec;

const Table<Scenario>& scenario_table();
// The `monitor` block; its parts refer to providers by name and keep the breaker's preset, so it is part of a Scenario.
const Table<Scenario>& monitor_table();
const Table<ProviderSpec>& provider_table();
const Table<sim::RateLimit>& rate_limit_table();
const Table<WorkloadSpec>& tokens_table();
const Table<WorkloadSpec>& workload_table();
const Table<FaultSpec>& fault_table();
// The `circuit_breaker` block.
const Table<Scenario>& breaker_table();
// That of a provider, a model or a route, in place of it.
const Table<monitor::NamedBreaker>& own_breaker_table();
// The waits before retries.
const Table<monitor::RetryConfig>& backoff_table();
// The same settings as the breaker protocol writes them: durations in milliseconds alone, no preset.
const Table<monitor::BreakerConfig>& breaker_protocol_table();
const Table<sim::LivenessSpec>& liveness_table();
const Table<sim::ExploreSpec>& explore_table();
const Table<sim::EndpointSpec>& endpoint_table();
const Table<sim::ServerSpec>& server_table();
const Table<sim::Counterexample>& counterexample_table();
const Table<sim::GatewaySpec>& gateway_table();

// What the file {} holds.
Scenario default_scenario();
// A provider of this name that states nothing but its profile; everything but the name comes from there.
ProviderSpec start_from(const std::string& provider_name, const std::string& profile_name);
// The models of a provider, part of its table.
Field<ProviderSpec> models_field();

// What a file without the key holds.
std::vector<ProviderSpec> default_providers();
std::vector<WorkloadSpec> default_workloads();

// What the scenario's text refers to by name.
Names names_of(const Scenario& scenario);

// An object whose keys are the names of its values, in file order.
Kind<std::vector<ProviderSpec>> providers_kind();
Kind<std::vector<WorkloadSpec>> workloads_kind();
Kind<std::vector<monitor::RouteConfig>> routes_kind();
const Table<monitor::RouteFallback>& fallback_table();
const Table<monitor::LimitConfig>& limit_table();
const Table<sim::CallerCatalogue>& caller_table();
// How they try again.
const Table<sim::ClientSpec>& client_table();
const Table<sim::ReplicasSpec>& replicas_table();
// `tags` of a workload: words, and catalogues of them.
Kind<WorkloadSpec> caller_tags();
// A list of reply kinds and statuses.
Kind<monitor::ReplySet> reply_set();
// Of the `monitor` block.
Kind<monitor::ProviderId> provider_reference();
// Words that requests carry, by name.
Kind<monitor::Tags> tags_kind();
// The thresholds by metric; those of `forecast.*` are kept apart.
bool read_thresholds(Reading& reading, const JsonValue& json, Scenario& scenario);
JsonValue write_thresholds(const Scenario& scenario);
JsonValue thresholds_schema();

Kind<std::vector<FaultSpec>> faults_kind();
Kind<sim::FaultKind> fault_kind();
// A weight or rate for some kinds of failure, and its unit.
Kind<std::vector<std::pair<monitor::ReplyKind, double>>> failure_rates(std::int64_t most_millionths,
                                                                       const std::string& unit);
// A failure that a provider may answer with.
Kind<monitor::ReplyKind> failure();

// Fills `requests` of every replay from its trace; the scenario's hash then covers the trace too. A run whose duration
// is not written lasts until the last row has come.
void read_traces(Reading& reading, Scenario& scenario);

// What one object alone cannot see: references, contradictions, windows outside the run.
void check_references(Reading& reading, const Scenario& scenario);
// Of a gateway's table, which stands at `pointer`.
void check_gateway(Reading& reading, const sim::GatewaySpec& spec, const std::string& pointer);
// The part of it that is about the `monitor` block, which stands at `pointer`.
void check_monitor(Reading& reading, const Scenario& scenario, const std::string& pointer);

// The counters that `coverage` may ask for.
const std::vector<std::string>& coverage_counters();

}  // namespace windtunnel::scenarios
