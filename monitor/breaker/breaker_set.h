#pragma once
// The breakers of a pipeline, one for each provider: ours, which decide, or mirrors of another program's.
//
// The set is a value. Mirrors need the other program's breakers, in the order of the providers, as the last argument of
// each call; a set of ours ignores them. The way of a breaker of ours that is CLOSED is inline, because every call of a
// provider takes it twice.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker.h"
#include "monitor/breaker/mirrored_breaker.h"

namespace windtunnel::monitor {

enum class BreakerSource : std::uint8_t { own, another_program };

class BreakerSet {
 public:
  // The settings of each provider's breaker.
  BreakerSet(const std::vector<BreakerConfig>& configs, BreakerSource source);

  [[nodiscard]] const Breaker& operator[](std::size_t provider) const { return breakers_[provider]; }

  [[nodiscard]] std::optional<Permit> acquire(std::size_t provider, Instant now, const ForeignBreakers* foreign) {
    if (breakers_[provider].decides_at_once()) [[likely]]
      return breakers_[provider].acquire(now);
    return acquire_slow(provider, now, foreign);
  }
  ReportResult report(std::size_t provider, Permit permit, BreakerOutcome outcome, Instant now,
                      const ForeignBreakers* foreign, ReplyKind kind = ReplyKind::server_error) {
    if (breakers_[provider].decides_at_once()) [[likely]]
      return breakers_[provider].report(permit, outcome, now, kind);
    return report_slow(provider, permit, outcome, now, foreign, kind);
  }
  void advance(std::size_t provider, Instant now, const ForeignBreakers* foreign);

  // When OPEN ends, or HALF_OPEN because its probes take too long, at which advance() may be called. Nothing if neither
  // ends by itself.
  [[nodiscard]] std::optional<Instant> wakeup(std::size_t provider) const {
    if (!breakers_[provider].is_closed()) [[unlikely]]
      return wakeup_slow(provider);
    return std::nullopt;
  }
  // Two breakers of ours change places.
  void exchange(std::size_t provider, BreakerSet& other, std::size_t others_provider) {
    std::swap(breakers_[provider], other.breakers_[others_provider]);
  }
  [[nodiscard]] std::optional<BreakerTransition> take_transition(std::size_t provider) {
    return breakers_[provider].take_transition();
  }

 private:
  [[nodiscard]] std::optional<Instant> wakeup_slow(std::size_t provider) const;
  std::optional<Permit> acquire_slow(std::size_t provider, Instant now, const ForeignBreakers* foreign);
  ReportResult report_slow(std::size_t provider, Permit permit, BreakerOutcome outcome, Instant now,
                           const ForeignBreakers* foreign, ReplyKind kind);

  std::vector<Breaker> breakers_;         // or what the mirrors show
  std::vector<MirroredBreaker> mirrors_;  // none: the breakers are ours
};

}  // namespace windtunnel::monitor
