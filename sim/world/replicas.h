#pragma once
// Replicas of the gateway, each a pipeline of its own, and what they know of each other.
//
// A process is an instance: one for each replica at the start, and another one for each restart. What an instance knows
// comes in parts (spend, limits, breakers, ...). Instances that share a part at once are of one group, whose knowledge
// is handed to the instance that works next; so is what a restart keeps. Where a part is shared with a lag, an instance
// hears what the other groups did when it is so old, before it does anything else.
//
// The balancer gives each replica the next request in turn. A request stays with its instance to its end, also when its
// replica has been restarted meanwhile.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "monitor/pipeline.h"
#include "sim/faults/fault_rules.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

// Whether there is more than one process in the course of a run.
[[nodiscard]] bool has_replicas(const Scenario& scenario);
// How this part is shared; metrics are counted over all replicas, a cache is each one's own.
[[nodiscard]] Sharing sharing_of(const Scenario& scenario, monitor::PipelinePart part);

class Replicas {
 public:
  // `first` is the first replica's; it and the observers must outlive this.
  Replicas(const Scenario& scenario, monitor::Pipeline& first, const std::vector<Observer>& observers,
           monitor::Observer handler);

  // The instance that takes the next request.
  [[nodiscard]] std::uint32_t next() { return current_[turn_++ % current_.size()]; }
  // It works now: it has what its groups know, and has heard what is old enough.
  monitor::Pipeline& work_on(std::uint32_t instance, Instant now);
  [[nodiscard]] std::uint32_t instances() const { return static_cast<std::uint32_t>(1 + others_.size()); }
  [[nodiscard]] const monitor::Pipeline& instance(std::uint32_t instance) const {
    return instance == 0 ? first_ : others_[instance - 1];
  }
  // A call of this instance has ended, and its pipeline has taken the reply.
  void tell_call(std::uint32_t instance, const monitor::Flow& flow, const monitor::Attempt& attempt,
                 const monitor::Reply& reply, bool was_bypass, Instant now);
  // Returns how many replicas it restarted.
  std::int64_t restart(const RestartOf& restart, WallTime wall_at_zero, Instant now);
  void set_wall_clock(WallTime at_zero);
  // The pipeline for reports: the first replica's, with what all have counted and spent.
  monitor::Pipeline take_result(Instant now);

 private:
  struct Told {
    Instant at{};
    std::uint32_t group = 0;
    monitor::LimitCharge charge;
    Usd spent;
    WallTime admitted{};
    monitor::ProviderId provider{};
    monitor::ReplyKind kind = monitor::ReplyKind::ok;
    bool is_counted = true;  // by the breaker
    std::optional<Instant> cooling_until;
    Duration latency{0};
    Tokens used;
  };
  struct Instance {
    std::uint32_t replica = 0;
    std::array<std::uint32_t, monitor::kPipelineParts> groups{};
  };
  struct Part {
    Sharing sharing;
    std::vector<std::uint32_t> holders;  // by group: the instance that has what it knows
    std::vector<Told> told;              // by time, where there is a lag
    std::vector<std::size_t> heard;      // by group: how many of these
  };

  [[nodiscard]] monitor::Pipeline& pipeline(std::uint32_t instance) {
    return instance == 0 ? first_ : others_[instance - 1];
  }
  std::uint32_t new_group(std::size_t part, std::uint32_t instance);
  void begin_instance(std::uint32_t replica, std::optional<std::uint32_t> keeps, WallTime wall_at_zero);
  void drain_charges();
  void hear(std::uint32_t instance, std::size_t part, Instant now);
  void apply(monitor::Pipeline& pipeline, std::size_t part, const Told& told, Instant now);
  void tell(monitor::PipelinePart part, std::uint32_t instance, Told told);
  void forget_old(Part& part) const;

  const Scenario& scenario_;
  monitor::Pipeline& first_;
  const std::vector<Observer>& observers_;
  monitor::Observer handler_;
  std::deque<monitor::Pipeline> others_;  // instances from 1 on
  std::vector<Instance> instances_;
  std::vector<std::uint32_t> current_;  // by replica
  std::array<Part, monitor::kPipelineParts> parts_;
  std::vector<monitor::LimitCharge> outbox_;  // of the instance that works
  std::uint32_t worker_ = 0;
  Instant worked_at_{};
  std::uint64_t turn_ = 0;
};

}  // namespace windtunnel::sim
