#include "runs/gateway/gateway_revision.h"

#include <utility>

#include "runs/gateway/upstream_settings.h"
#include "sim/world/world.h"

namespace windtunnel::runs {

GatewayRevision::GatewayRevision(sim::Scenario read)
    : scenario(std::move(read)),
      providers(sim::provider_configs(scenario)),
      upstreams(upstreams_of(scenario)),
      counts(scenario.providers.size()) {
  for (const monitor::ProviderConfig& provider : providers) provider_names.push_back(provider.name);
}

std::optional<Problem> problem_with_change(const std::string& file, const sim::Scenario& now, const sim::Scenario& next,
                                           bool listens_elsewhere) {
  std::string text;
  const auto compare = [&](const char* key, const auto& before, const auto& after) {
    if (before == after) return;
    text += (text.empty() ? "" : "\n") + file + ": " + key + " has changed, which needs a restart of the gateway";
  };
  if (!listens_elsewhere) compare("server.listen", now.server.listen, next.server.listen);
  compare("server.storage", now.server.storage, next.server.storage);
  compare("server.retention", now.server.retention, next.server.retention);
  compare("server.telemetry", now.server.telemetry, next.server.telemetry);
  compare("server.otlp", now.server.otlp, next.server.otlp);
  compare("server.otlp_protocol", now.server.otlp_protocol, next.server.otlp_protocol);
  compare("server.otlp_metric_interval", now.server.otlp_metric_interval, next.server.otlp_metric_interval);
  compare("server.otlp_timeout", now.server.otlp_timeout, next.server.otlp_timeout);
  compare("month_spent_usd", now.month_spent, next.month_spent);
  if (text.empty()) return std::nullopt;
  return Problem{ProblemKind::scenario, std::move(text)};
}

}  // namespace windtunnel::runs
