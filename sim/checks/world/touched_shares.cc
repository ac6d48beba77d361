#include "sim/checks/world/touched_shares.h"

#include <algorithm>
#include <cmath>

namespace windtunnel::sim {
TouchedShares::TouchedShares(const WorldWatch& watch) : watch_(watch) {
  const auto& specs = watch.scenario.faults;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const FaultSpec& spec = specs[i];
    Fault& fault = faults_.emplace_back();
    fault.providers = providers_of(spec, watch.scenario);
    fault.chance = spec.fraction * share_of(spec.settings);
    fault.end = Instant{} + watch.scenario.duration;
    if (watch.scenario.liveness) fault.end = std::min(fault.end, Instant{} + watch.scenario.liveness->heal_at);
    if (spec.duration) fault.end = std::min(fault.end, Instant{} + spec.at + *spec.duration);
    const Precedence strength = precedence_of(spec.settings);
    if (strength == Precedence::undecided) continue;
    order_.push_back(i);
    // The rate of a burst that comes and goes is drawn, and a throttle hits by its minute.
    const auto* burst = std::get_if<ErrorBurst>(&spec.settings);
    fault.counts = strength != Precedence::throttle && (burst == nullptr || !burst->gilbert_elliott);
    if (burst != nullptr) fault.chance *= burst->rate;
  }
  std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return precedence_of(specs[i].settings); });
}

void TouchedShares::count(Instant at, std::size_t provider, std::span<const std::size_t> hits) {
  for (const std::size_t i : order_) {
    Fault& fault = faults_[i];
    if (!fault.acts || (fault.providers >> provider & 1U) == 0) continue;
    const bool has_hit = std::ranges::find(hits, i) != hits.end();
    if (fault.counts) {
      const FaultSpec& spec = watch_.scenario.faults[i];
      const Duration since = at - (Instant{} + spec.at);
      double chance = fault.chance;
      if (since < spec.ramp) chance *= static_cast<double>(since.count()) / static_cast<double>(spec.ramp.count());
      const Duration left = fault.end - at;
      if (left < spec.ramp_down)
        chance *= static_cast<double>(left.count()) / static_cast<double>(spec.ramp_down.count());
      chance = std::clamp(chance, 0.0, 1.0);  // 0 beyond its end, where W2 finds it
      ++fault.calls;
      fault.hits += has_hit ? 1 : 0;
      fault.mean += chance;
      fault.variance += chance * (1 - chance);
    }
    if (has_hit) return;
  }
}

void TouchedShares::at_end(Instant ended) const {
  for (const std::size_t i : order_) {
    const Fault& fault = faults_[i];
    if (!fault.counts || fault.calls == 0) continue;
    const double slack = kUnlikely / 3 + std::sqrt(kUnlikely * kUnlikely / 9 + 2 * fault.variance * kUnlikely);
    if (!(std::abs(static_cast<double>(fault.hits) - fault.mean) <= slack))
      watch_.report(ended, std::nullopt, "fault {} hit {} of {} calls; {:.1f} are expected, give or take {:.1f}",
                    watch_.scenario.faults[i].id, fault.hits, fault.calls, fault.mean, slack);
  }
}

}  // namespace windtunnel::sim
