#include "runs/import/log_merge.h"

#include <algorithm>
#include <optional>

namespace windtunnel::runs {
namespace {

std::string last_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }

// The fitted provider of the same model: at the same provider, or else at any.
const sim::ProviderSpec* fitted_for(const sim::ProviderSpec& deployment, const sim::Scenario& fitted) {
  const sim::ProviderSpec* best = nullptr;
  for (const sim::ProviderSpec& provider : fitted.providers) {
    const bool is_model = last_part(provider.model) == last_part(deployment.model) ||
                          last_part(provider.name) == last_part(deployment.model) || provider.name == deployment.name;
    if (!is_model) continue;
    if (provider.name.starts_with(deployment.account)) return &provider;
    if (best == nullptr) best = &provider;
  }
  return best;
}

void take_figures(sim::ProviderSpec& deployment, const sim::ProviderSpec& from) {
  deployment.time_to_first_token = from.time_to_first_token;
  deployment.time_per_output_token = from.time_per_output_token;
  deployment.tariffs = from.tariffs;
  deployment.errors = from.errors;
  deployment.errors_cv = from.errors_cv;
  deployment.bill_on_failure = from.bill_on_failure;
  deployment.bill_on_timeout = from.bill_on_timeout;
}

// The first route with a target that has the provider's figures.
std::optional<std::string> route_for(const std::string& provider, const sim::Scenario& imported,
                                     const std::vector<std::string>& figures_of) {
  for (const monitor::RouteConfig& route : imported.monitor.routing.routes) {
    for (const monitor::RouteTarget& target : route.targets) {
      if (target.deployment && figures_of[monitor::index_of(*target.deployment)] == provider) return route.name;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> take_from_log(sim::Scenario& imported, const sim::Scenario& fitted) {
  std::vector<std::string> notes;
  std::vector<std::string> figures_of(imported.providers.size());
  for (std::size_t i = 0; i < imported.providers.size(); ++i) {
    sim::ProviderSpec& deployment = imported.providers[i];
    const sim::ProviderSpec* from = fitted_for(deployment, fitted);
    if (from == nullptr) {
      notes.push_back("latency, errors and price of " + deployment.name +
                      ": as listed above; the log has no such model");
      continue;
    }
    take_figures(deployment, *from);
    figures_of[i] = from->name;
    notes.push_back("latency, errors and price of " + deployment.name + ": those of " + from->name + " in the log");
  }
  imported.start = fitted.start;
  imported.duration = fitted.duration;
  imported.workloads = fitted.workloads;
  for (sim::WorkloadSpec& load : imported.workloads) {
    const std::string provider = load.provider.value_or(fitted.providers.front().name);
    load.provider.reset();
    const auto route = route_for(provider, imported, figures_of);
    load.route = route.value_or(imported.monitor.routing.routes.front().name);
    notes.push_back("traffic of " + load.name + ": asks for " + *load.route +
                    (route ? ", whose targets serve " + provider : ", the first route; no route has " + provider));
  }
  return notes;
}

}  // namespace windtunnel::runs
