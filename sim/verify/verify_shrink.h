#pragma once
// Shrinks a history on which a breaker fails: takes calls out, draws instants together, makes outcomes plain, as long
// as the breaker still fails. Deterministic; the breaker is asked at most a few thousand histories.

#include "monitor/breaker/breaker_protocol.h"
#include "sim/verify/verify_history.h"

namespace windtunnel::sim {

// A history and how the breaker failed on it.
struct Failure {
  History history;  // ends with the wrong answer
  ReplayedHistory replay;
};

// The failure, or nothing if the breaker answers by the rules.
std::optional<Failure> failure_on(monitor::ForeignBreaker& breaker, const monitor::BreakerConfig& config,
                                  const History& history);

Failure shrink(monitor::ForeignBreaker& breaker, const monitor::BreakerConfig& config, Failure failure);

}  // namespace windtunnel::sim
