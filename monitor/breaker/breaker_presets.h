#pragma once
// Ready-made settings: the ones of the README and those of breakers that people run today, as near as our settings
// come. Each description names the version it was read from and what it leaves out.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "monitor/breaker/breaker_config.h"

namespace windtunnel::monitor {

// The defaults of this project: 5 consecutive failures or more than 50 % of the last 10 calls (at least 5) open it for
// 30 s; then one probe decides.
[[nodiscard]] BreakerConfig seed_readme();

// A breaker as a file states it: a preset, and what it changes of it.
struct NamedBreaker {
  std::string preset = "seed-readme";
  BreakerConfig config = seed_readme();
  friend bool operator==(const NamedBreaker&, const NamedBreaker&) = default;
};

struct BreakerPresetInfo {
  std::string_view name;
  std::string_view description;
};

// In the order in which they are listed to people.
[[nodiscard]] std::span<const BreakerPresetInfo> breaker_presets();

// Nothing if there is no preset of that name.
[[nodiscard]] std::optional<BreakerConfig> breaker_preset(std::string_view name);

}  // namespace windtunnel::monitor
