#pragma once
// Our own breaker, asked in the words of the breaker protocol.
//
// A question that is wrong (before the first reset, about a permit that is unknown or has reported, at a time that runs
// backwards, is negative or beyond 100 years) gets an error and changes nothing. Permits are numbered from 1 since the
// latest reset.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "monitor/breaker/breaker.h"
#include "monitor/breaker/breaker_protocol.h"

namespace windtunnel::monitor {

class ProtocolBreaker final : public ForeignBreaker {
 public:
  std::optional<std::string> reset(const BreakerConfig& config) override;
  BreakerAnswer ask(const BreakerQuestion& question) override;

 private:
  // What is wrong with it; empty: nothing.
  [[nodiscard]] std::string objection_to(const BreakerQuestion& question) const;
  [[nodiscard]] BreakerState state(Instant now);

  std::optional<Breaker> breaker_;          // nothing before the first reset
  std::map<std::int64_t, Permit> permits_;  // that have not reported
  std::int64_t permits_issued_ = 0;
  std::int64_t latest_ms_ = 0;
};

}  // namespace windtunnel::monitor
