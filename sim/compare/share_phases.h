#pragma once
// Failover and recovery where a fault fails only some of a provider's calls, so that its breaker need not open: by the
// provider's share of the answers.
//
// A *partial phase* is a longest time in which faults act on a provider that each fail some of its calls, but fewer
// than half (compare_metrics.h says of what chance). The provider's share before it is that among the last 40 answered
// requests, cache hits not among them. Requests have moved away when its share among the last 40 that were answered in
// the phase, of at least 20, has fallen by half of what the faults would take from it alone: of a share of 0.8 and a
// burst of 25 %, to 0.7. They are back when the share after the phase is above that again, once more of the last 40 of
// at least 20. So the least that either can be is the time of 20 answers.
//
// A phase counts if there is another provider to move to, and if at least 20 requests were answered before it and the
// provider answered some of them. Where the requests do not move, the phase counts with its whole length, and as
// missed; they have nothing to recover from then.

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "monitor/record.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// The chance that a call which this fault may touch fails of it, by itself.
[[nodiscard]] double fail_chance(const FaultSpec& spec);
// From there on a fault makes its provider down.
inline constexpr double kDownChance = 0.5;

// The phases of one kind over a run.
struct PhaseTimes {
  std::int64_t counted = 0;
  std::int64_t failover_missed = 0;
  std::int64_t ended = 0;  // of those counted, before the run did
  std::int64_t recovery_missed = 0;
  Duration failover{0};  // the sum
  Duration recovery{0};
};

class SharePhases final {
 public:
  // `scenario` must outlive this.
  explicit SharePhases(const Scenario& scenario);

  void on(const FaultChanged& event);
  void on(const monitor::Record& record);

  [[nodiscard]] bool acts_on(monitor::ProviderId provider) const;
  // After a run to its end, once.
  [[nodiscard]] PhaseTimes finish();

 private:
  // Whose the last answers were.
  class Answers {
   public:
    void add(bool own);
    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] double share() const { return static_cast<double>(std::popcount(bits_)) / count_; }

   private:
    std::uint64_t bits_ = 0;
    int count_ = 0;
  };
  struct Phase {
    Instant begin{};
    std::optional<Instant> end;
    double level = 0;  // at or below it the requests have moved
    std::optional<Duration> moved;
    Answers answers;  // in the phase, then after it
  };
  struct Provider {
    std::vector<std::size_t> acting;  // faults
    std::optional<Phase> phase;
    Answers before;
  };

  void begin_phase(Provider& provider, Instant at);
  void settle(Provider& provider, std::optional<Instant> back, Instant until);

  const Scenario& scenario_;
  Instant run_end_;
  std::vector<Provider> providers_;
  std::vector<std::vector<std::size_t>> providers_of_fault_;  // of partial faults only
  PhaseTimes times_;
};

}  // namespace windtunnel::sim
