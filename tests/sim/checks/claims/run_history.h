#pragma once
// All that a run shows, kept as a list, for the models that recompute its claims afterwards.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/world/world.h"

namespace windtunnel::sim::claims_model {

struct EndedRequest {
  Instant arrived{};
  Instant finished{};
  monitor::Outcome outcome{};
  std::optional<std::uint16_t> variant;
  std::optional<monitor::ProviderId> chosen;    // by the caller
  std::optional<monitor::ProviderId> assigned;  // by the router
  std::optional<monitor::ProviderId> answered_by;
  std::optional<monitor::ProviderId> last_called;
  Duration time_to_first_token{0};
  Usd billed;    // by the ledger
  Usd known;     // of calls whose usage is known
  Usd reserved;  // what the limiter settled for the others
  std::int64_t tokens = 0;
  bool has_moved = false;
  std::int64_t retries = 0;
  std::uint64_t team = 0;
  std::optional<std::uint8_t> limit;  // that refused it
  monitor::RouteId route{};
};

struct EndedCall {
  Instant at{};
  monitor::ProviderId provider{};
  monitor::ReplyKind kind{};
  bool late = false;
  monitor::BreakerState state_before{};
};

// A call's time in its provider's queue.
struct Wait {
  RequestId request{};
  monitor::ProviderId provider{};
  Instant began{};
  Instant ended{};
  bool is_over = false;
};

struct Transition {
  Instant at{};
  monitor::ProviderId provider{};
  monitor::BreakerState from{};
  monitor::BreakerState to{};
  std::uint32_t breakers = 0;  // whose they are
};

// The process of a replica takes its place, or works.
struct Turn {
  Instant at{};
  std::uint32_t replica = 0;
  std::uint32_t breakers = 0;
};

// All that a run shows, kept.
class History final {
 public:
  std::vector<EndedRequest> requests;
  std::vector<EndedCall> calls;
  std::vector<Transition> transitions;
  std::vector<Wait> waits;
  std::vector<Turn> turns;  // of processes that take requests
  std::vector<monitor::BudgetEvent> budget;
  std::map<RequestId, Usd> billed;
  std::map<std::size_t, std::int64_t> fault_hits;  // by fault
  std::int64_t cooling_skips = 0;
  std::int64_t cache_edges = 0;
  std::int64_t ties = 0;
  std::uint32_t breakers = 0;  // of the process that works

  void on(const monitor::Record& record) {
    EndedRequest ended{.arrived = record.arrived,
                       .finished = record.finished,
                       .outcome = record.outcome,
                       .variant = record.variant,
                       .chosen = record.request.provider,
                       .assigned = record.assigned,
                       .answered_by = record.answered_by,
                       .last_called = std::nullopt,
                       .time_to_first_token = record.time_to_first_token,
                       .billed = billed[record.request.id],
                       .tokens = record.input.count() + record.output.count(),
                       .has_moved = record.failovers > 0,
                       .team = record.request.caller.team,
                       .limit = record.limit,
                       .route = record.request.route};
    for (const monitor::Attempt& attempt : record.attempts()) {
      (attempt.usage_known ? ended.known : ended.reserved) += attempt.cost;
      if (ended.last_called == attempt.provider) ++ended.retries;
      ended.last_called = attempt.provider;
    }
    requests.push_back(ended);
  }
  void on(const LedgerEntry& entry) { billed[entry.request] += entry.billed; }
  void on(const CallPlaced& event) {
    if (Wait* wait = open_wait_of(event.request)) {
      wait->ended = event.at;
      wait->is_over = true;
    } else {
      latest_wait_[event.request] = waits.size();
      waits.push_back({event.request, event.provider, event.at, event.at, event.place != CallPlaced::Place::waiting});
    }
  }
  void on(const monitor::AttemptEnded& event) {
    if (Wait* wait = open_wait_of(event.request)) {
      wait->ended = event.at;
      wait->is_over = true;
    }
    calls.push_back({event.at, event.provider, event.reply.kind, event.late, event.state_before});
  }
  void on(const monitor::BreakerMoved& moved) {
    const monitor::BreakerTransition& event = moved.transition;
    transitions.push_back({event.at, moved.provider, event.from, event.to, breakers});
  }
  void on(const ReplicaTurn& event) {
    breakers = event.breakers;
    if (event.is_current) turns.push_back({event.at, event.replica, event.breakers});
  }
  void on(const monitor::BudgetChanged& changed) { budget.push_back(changed.budget); }
  void on(const FaultHit& event) { ++fault_hits[event.fault]; }
  void on(const monitor::CoolingSkipped&) { ++cooling_skips; }
  void on(const monitor::CacheEdgeMet&) { ++cache_edges; }
  void on(const ScheduledDone& event) { ties += event.tie ? 1 : 0; }

 private:
  Wait* open_wait_of(RequestId request) {
    const auto latest = latest_wait_.find(request);
    if (latest == latest_wait_.end() || waits[latest->second].is_over) return nullptr;
    return &waits[latest->second];
  }
  std::map<RequestId, std::size_t> latest_wait_;  // by its place
};

}  // namespace windtunnel::sim::claims_model
