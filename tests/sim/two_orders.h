#pragma once
// F9: nothing depends on which provider is which. A world is run again with its two providers in the other order; each
// request must fare the same, provider by provider's name.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/world.h"

namespace windtunnel::sim::two_orders {

// Every request of a run in words in which providers stand by name.
class Story final {
 public:
  explicit Story(const Scenario& world) : world_(world) {}
  void on(const monitor::Record& record) {
    const std::size_t id = number_of(record.request.id);
    if (id >= requests.size()) requests.resize(id + 1);
    std::string& text = requests[id];
    text = fmt::format("{} at {} ns", name_of(record.outcome), record.finished.time_since_epoch().count());
    for (const monitor::Attempt& attempt : record.attempts()) {
      text += fmt::format(", {} {} {} ns for {}", world_.providers[index_of(attempt.provider)].name,
                          name_of(attempt.kind), attempt.latency.count(), attempt.cost.picos());
    }
  }
  std::vector<std::string> requests;

 private:
  const Scenario& world_;
};

// A request without a provider takes the first, which is another one now.
inline Scenario in_file_order(Scenario world) {
  if (world.monitor.ab_router.variants.empty() && world.monitor.routing.routes.empty()) {
    for (WorkloadSpec& load : world.workloads) load.provider = load.provider.value_or(world.providers[0].name);
  }
  return world;
}

inline Scenario in_other_order(const Scenario& world) {
  Scenario other = in_file_order(world);
  std::swap(other.providers[0], other.providers[1]);
  for (monitor::Variant& variant : other.monitor.ab_router.variants) {
    variant.provider = monitor::ProviderId{static_cast<std::uint8_t>(1 - index_of(variant.provider))};
  }
  for (monitor::RouteConfig& route : other.monitor.routing.routes) {
    for (monitor::RouteTarget& target : route.targets) {
      if (!target.deployment) continue;
      target.deployment = monitor::ProviderId{static_cast<std::uint8_t>(1 - index_of(*target.deployment))};
    }
  }
  return other;
}

// How a request of `there` differs from the same one of `here`, if any does.
inline std::optional<std::string> difference(const Scenario& here, const Scenario& there) {
  Story story{here};
  Story other{there};
  run(here, {.observers = {&story}});
  run(there, {.observers = {&other}});
  if (story.requests == other.requests) return std::nullopt;
  const auto [a, b] = std::ranges::mismatch(story.requests, other.requests);
  return fmt::format("request {} is {} and, with the providers in the other order, {}", a - story.requests.begin(),
                     a == story.requests.end() ? "missing" : *a, b == other.requests.end() ? "missing" : *b);
}

// Nothing, too, where there are not two providers.
inline std::optional<std::string> order_matters(const Scenario& world) {
  if (world.providers.size() != 2) return std::nullopt;
  return difference(in_file_order(world), in_other_order(world));
}

}  // namespace windtunnel::sim::two_orders
