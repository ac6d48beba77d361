#pragma once
// The algebra of a breaker: what may be shifted, scaled, put in or left out of a history without changing the rest of
// its answers. Each law names the settings it holds for.
//
//   the same again          a history is answered the same twice                                   (all settings)
//   time shift              later by any time                  (not fixed windows; with buckets: by whole windows)
//   time scale              slower by a whole factor, the settings too              (not buckets; whole multipliers)
//   queries change nothing  with a state query after every call                                (not fixed windows)
//   refusals change nothing without the refused calls                                              (all settings)
//   late results change nothing without results of earlier epochs    (late_results ignore; not fixed windows)
//   a closed breaker is new what comes after a close, on a fresh breaker (on_close reset, late_results ignore; not
//                           buckets at multiples since time 0)
//   errors change nothing   with wrong questions in between                                        (all settings)
//
// With open_jitter, and with buckets that outcomes turn (window_origin rotate_one and stamped_ring), the time shift,
// the time scale and the new closed breaker do not hold, because what happens depends on the instant.

#include <optional>
#include <string_view>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/verify/verify_history.h"

namespace windtunnel::sim {

// A history that a law derives from another, with the answers that it foretells.
struct Derived {
  std::string_view law;
  monitor::BreakerConfig config;
  History history;
  std::vector<ExpectedAnswer> expected;
};

// Those that hold for these settings and apply to this history; what is free in a law is drawn by `number`.
std::vector<Derived> derive(const monitor::BreakerConfig& config, const History& history, StreamKey stream,
                            std::uint64_t number);

}  // namespace windtunnel::sim
