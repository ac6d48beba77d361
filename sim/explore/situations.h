#pragma once
// What a run went through, as the set of pairs of a transition and the situation in which it came: the coverage that a
// guided search (guided.h) goes by.
//
// A transition is one event in few words: a breaker's arrow and its rule, how a call ended and what its breaker made of
// it, a permit granted or refused, a cached answer, a budget's alert, a request's outcome. Its situation is what the
// breakers and calls were at that moment: the state of its provider's breaker, how many others are open, whether calls
// of earlier epochs are on their way, whether money is short, whether the event before it came at the same instant, and
// which event that was. Each pair is one number; three counts of it are told apart (once, a few times, often).

#include <cstdint>
#include <optional>
#include <vector>

#include "monitor/breaker/breaker_config.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

class Situations final {
 public:
  explicit Situations(const Scenario& scenario);

  void on(const monitor::PermitAsked& event);
  void on(const monitor::CoolingSkipped& event);
  void on(const monitor::RouteEntered& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::BreakerMoved& event);
  void on(const monitor::RetryAfterSet& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::CacheStored& event);
  void on(const monitor::CacheServed& event);
  void on(const monitor::CacheEdgeMet& event);
  void on(const monitor::Record& event);

  // Numbers of pairs and counts, ascending. Two pairs may have one number, of 2^16.
  [[nodiscard]] std::vector<std::uint32_t> features() const;

 private:
  struct OfProvider {
    monitor::BreakerState state = monitor::BreakerState::closed;
    std::uint64_t epoch = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t overdue = 0;  // of them, calls whose permit is of an earlier epoch
    std::uint32_t probes = 0;   // that were started since it is half open
    Instant cools_until{};
  };

  void add(Instant at, std::uint64_t transition, std::optional<monitor::ProviderId> provider);
  void count(std::uint64_t pair);
  // How near an event came to an edge in time: by powers of ten of the distance.
  void add_distance(std::uint64_t edge, Duration distance);

  std::vector<OfProvider> providers_;
  std::uint64_t settings_ = 0;  // those that change what an event means
  std::uint32_t money_ = 0;     // the highest alert so far
  WallTime start_{};
  Duration fresh_for_{0};
  std::uint64_t last_outcome_ = 0;
  std::int64_t last_minute_ = 0;
  Instant last_at_{};
  std::uint64_t last_ = 0;
  std::vector<std::uint8_t> counts_;  // by number, at most 255
};

}  // namespace windtunnel::sim
