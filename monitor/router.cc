#include "monitor/router.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/stable_hash.h"

namespace windtunnel::monitor {
std::optional<std::string> invalid(const RouterConfig& config) {
  const auto& variants = config.variants;
  if (variants.empty()) {
    if (config.experiment_id.empty()) return std::nullopt;
    return "experiment " + config.experiment_id + " has no variants";
  }
  if (config.experiment_id.empty()) return "the experiment has no id";
  if (variants.size() > UINT16_MAX) return "the experiment has more than 65535 variants";
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const Variant& variant = variants[i];
    if (variant.id.empty()) return "variant " + std::to_string(i) + " has no id";
    if (variant.weight < 0) return "the weight of variant " + variant.id + " is negative";
    if (variant.weight > kWeightMax) return "the weight of variant " + variant.id + " is above 10^12";
    if (index_of(variant.provider) >= kProvidersMax) return "variant " + variant.id + " names no provider";
    const auto same_id = [&](const Variant& other) { return other.id == variant.id; };
    if (std::any_of(variants.begin(), variants.begin() + static_cast<std::ptrdiff_t>(i), same_id)) {
      return "two variants have the id " + variant.id;
    }
  }
  if (std::ranges::all_of(variants, [](const Variant& variant) { return variant.weight == 0; })) {
    return "all variants have weight 0";
  }
  return std::nullopt;
}

Router::Router(RouterConfig config) : config_(std::move(config)), salt_(stable_hash(config_.experiment_id)) {
  check(!invalid(config_), "the router's configuration is valid");
  std::uint64_t end = 0;
  for (const Variant& variant : config_.variants) {
    end += static_cast<std::uint64_t>(variant.weight);
    ends_.push_back(end);
  }
}

}  // namespace windtunnel::monitor
