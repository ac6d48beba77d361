#pragma once
// Replicas of the gateway, each a pipeline of its own, and what they know of each other.
//
// A process is an instance: one for each replica at the start, and another one for each restart. What an instance knows
// comes in parts (spend, limits, breakers, ...). Instances that share a part at once are of one group, whose knowledge
// is handed to the instance that works next; so is what a restart keeps. Where a part is shared with a lag, each group
// hears what the others did when it is so old, before anything else happens.
//
// The balancer gives each replica the next request in turn. A request stays with its instance to its end, also when its
// replica has been restarted meanwhile.
//
// Omissions: the token and the rate limiter are shared at once or not at all. A breaker hears results while it is
// closed, and a process that only ends its last requests hears none. A new process that has lost its state knows of
// `limits`, `usage` and `latency` what is older than the lag, and nothing of `breakers`.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "monitor/pipeline.h"
#include "sim/faults/rules/fault_rules.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Whether there is more than one process in the course of a run.
[[nodiscard]] bool has_replicas(const Scenario& scenario);
// How this part is shared; metrics are counted over all replicas, a cache is each one's own.
[[nodiscard]] Sharing sharing_of(const Scenario& scenario, monitor::PipelinePart part);
// Whether each process knows at once what any has done or learnt.
[[nodiscard]] bool is_known_to_all(const Scenario& scenario, monitor::PipelinePart part);
[[nodiscard]] inline bool has_lag(const Sharing& sharing) { return sharing && *sharing > Duration{0}; }

class Replicas {
 public:
  // `first` is the first replica's; it and the observers must outlive this.
  Replicas(const Scenario& scenario, monitor::Pipeline& first, const std::vector<Observer>& observers,
           monitor::Observer handler);

  // The instance that takes the next request.
  std::uint32_t take_request() {
    const std::uint32_t instance = current_[turn_++ % current_.size()];
    ++instances_[instance].in_flight;
    return instance;
  }
  // A request of this instance has ended.
  void end_request(std::uint32_t instance) { --instances_[instance].in_flight; }
  // It works now: it has what its groups know, and has heard what is old enough.
  monitor::Pipeline& work_on(std::uint32_t instance, Instant now);
  [[nodiscard]] std::uint32_t instances() const { return static_cast<std::uint32_t>(instances_.size()); }
  // It takes requests, or has some under way.
  [[nodiscard]] bool is_alive(std::uint32_t instance) const {
    return instances_[instance].in_flight > 0 || current_[instances_[instance].replica] == instance;
  }
  [[nodiscard]] const monitor::Pipeline& instance(std::uint32_t instance) const {
    return instance == 0 ? first_ : others_[instance - 1];
  }
  // Every replica knows that so much of the month's budget was spent before the start.
  void carry_in(Usd month_spent, Instant now);
  // A call of this instance has started; it has ended, and its pipeline has taken the reply.
  void on_call(std::uint32_t instance, monitor::ProviderId provider, Instant now);
  void on_reply(std::uint32_t instance, const monitor::Flow& flow, const monitor::Attempt& attempt,
                const monitor::Reply& reply, bool was_bypass, Instant now);
  // A new process takes the place of each replica that it names.
  void restart(const RestartOf& restart, WallTime wall_at_zero, Instant now);
  // Of all but the first.
  void set_wall_clock(WallTime at_zero);
  // The pipeline for reports: the first replica's, with what all have counted and spent.
  monitor::Pipeline take_result(Instant now);

 private:
  // What one group did, for the others.
  struct Deed {
    Instant at{};
    std::uint32_t group = 0;
    monitor::LimitCharge charge;
    Usd spent;
    WallTime admitted{};
    monitor::ProviderId provider{};
    monitor::ReplyKind kind = monitor::ReplyKind::ok;
    bool is_counted = true;  // by the breaker
    bool is_start = false;   // of a call
    std::optional<Instant> cooling_until;
    Duration latency{0};
    Tokens used;
  };
  struct Instance {
    std::uint32_t replica = 0;
    std::int64_t in_flight = 0;
    std::array<std::uint32_t, monitor::kPipelineParts> groups{};
  };
  struct Part {
    Sharing sharing;
    std::vector<std::uint32_t> holders;  // by group: the instance that has what it knows
    std::deque<Deed> deeds;              // younger than the lag, by time
  };

  [[nodiscard]] monitor::Pipeline& pipeline(std::uint32_t instance) {
    return instance == 0 ? first_ : others_[instance - 1];
  }
  [[nodiscard]] monitor::Pipeline make_pipeline(WallTime wall_at_zero) const;
  std::uint32_t new_group(std::size_t part, std::uint32_t instance);
  // `keeps`: the instance whose knowledge it goes on with.
  void begin_instance(std::uint32_t replica, std::optional<std::uint32_t> keeps, WallTime wall_at_zero);
  monitor::Pipeline& switch_to(std::uint32_t instance, Instant now);
  void add(monitor::PipelinePart part, std::uint32_t instance, Deed deed);
  void drain_charges();
  void hear_due(Instant now);
  void hear_quietly(std::size_t part, const Deed& deed);
  void hear_aloud(std::size_t part, std::uint32_t group, std::size_t due, Instant now);

  const Scenario& scenario_;
  monitor::Pipeline& first_;
  const std::vector<Observer>& observers_;
  monitor::Observer handler_;
  std::deque<monitor::Pipeline> others_;  // instances from 1 on
  std::vector<Instance> instances_;
  std::vector<std::uint32_t> current_;  // by replica
  std::array<Part, monitor::kPipelineParts> parts_;
  monitor::Pipeline store_;                   // has heard of every group what is older than the lag
  std::vector<monitor::LimitCharge> outbox_;  // of the instance that works
  std::uint32_t worker_ = 0;
  Instant worked_at_{};
  std::uint64_t turn_ = 0;
};

}  // namespace windtunnel::sim
