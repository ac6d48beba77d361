#pragma once
// What the checks of the world share. A wrong world would make every other check agree with it, so that these follow
// the run's events with models of their own.

#include "base/units.h"
#include "sim/checks/findings/violations.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// The natural logarithm of 3 x 10^13: how unlikely a deviation is that the bounds let pass as chance.
inline constexpr double kUnlikely = 31;

struct WorldWatch {
  const Scenario& scenario;
  Violations& violations;

  template <typename... Figures>
  [[gnu::always_inline]] void report(Instant at, std::optional<RequestId> request,
                                     fmt::format_string<const Figures&...> text, const Figures&... figures) const {
    violations.report(CheckId::Q, at, request, text, figures...);
  }
};

// The faults' providers by bit, from the scenario's words.
[[nodiscard]] inline std::uint64_t providers_of(const FaultSpec& spec, const Scenario& scenario) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    bool named = spec.providers.empty();
    for (const std::string& name : spec.providers) named = named || name == scenario.providers[i].name;
    if (named) bits |= std::uint64_t{1} << i;
  }
  return bits;
}

}  // namespace windtunnel::sim
