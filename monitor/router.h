#pragma once
// Assigns each request to a variant of the A/B experiment, and so to a provider.
//
// The assignment is a pure function of user and experiment: the stable hash of request.user, salted with the hash of
// the experiment's id, is a point on the line of the weights, which lie in file order. So a user stays where they are,
// two experiments divide the users independently, and failover changes who serves, never the variant.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/stable_hash.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

struct Variant {
  std::string id;
  ProviderId provider{};
  std::int64_t weight = 1;  // [0, kWeightMax]; 0: no user
  friend bool operator==(const Variant&, const Variant&) = default;
};
inline constexpr std::int64_t kWeightMax = 1'000'000'000'000;

struct RouterConfig {
  std::string experiment_id;
  std::vector<Variant> variants;  // none: no experiment, everything goes to the first provider
  friend bool operator==(const RouterConfig&, const RouterConfig&) = default;
};

// Why this configuration cannot be used, as one sentence; nothing if it can.
std::optional<std::string> invalid(const RouterConfig& config);

struct Route {
  std::optional<std::uint16_t> variant;  // its place in file order; nothing outside the experiment
  ProviderId provider{};
};

class Router {
 public:
  explicit Router(RouterConfig config = {});

  // An explicit provider on the request wins, and then the request is outside the experiment.
  [[nodiscard]] Route choose(const Request& request) const {
    Route route;
    route.provider = choose(request, route.variant);
    return route;
  }
  // The same, the variant written in its place; it must be nothing before.
  [[nodiscard]] ProviderId choose(const Request& request, std::optional<std::uint16_t>& variant) const;

  [[nodiscard]] const RouterConfig& config() const { return config_; }

 private:
  RouterConfig config_;
  std::uint64_t salt_;
  std::vector<std::uint64_t> ends_;  // the end of each variant's interval, the last one is the sum of the weights
};

inline ProviderId Router::choose(const Request& request, std::optional<std::uint16_t>& variant) const {
  if (request.provider) return *request.provider;
  if (ends_.empty()) return ProviderId{};
  const auto point = static_cast<std::uint64_t>(Uint128{stable_hash(request.user, salt_)} * ends_.back() >> 64);
  std::size_t i = 0;
  while (point >= ends_[i]) ++i;
  variant = static_cast<std::uint16_t>(i);
  return config_.variants[i].provider;
}

}  // namespace windtunnel::monitor
