#include "sim/world/replicas.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sim/faults/fault.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

using monitor::PipelinePart;

namespace {

constexpr std::size_t kToldKept = 4096;

constexpr std::size_t index_of_part(PipelinePart part) { return static_cast<std::size_t>(part); }

}  // namespace

bool has_replicas(const Scenario& scenario) {
  return scenario.replicas.count > 1 || std::ranges::any_of(scenario.faults, [](const FaultSpec& fault) {
           return restart_of(fault.settings).has_value();
         });
}

Sharing sharing_of(const Scenario& scenario, PipelinePart part) {
  switch (part) {
    case PipelinePart::spend:
      return scenario.replicas.spend;
    case PipelinePart::limits:
      return scenario.replicas.limits;
    case PipelinePart::breakers:
      return scenario.replicas.breakers;
    case PipelinePart::usage:
      return scenario.replicas.usage;
    case PipelinePart::latency:
      return scenario.replicas.latency;
    case PipelinePart::cache:
      return std::nullopt;
    case PipelinePart::metrics:
      return Duration{0};
  }
  fail_check("a part of a pipeline is known", __FILE__, __LINE__);
}

Replicas::Replicas(const Scenario& scenario, monitor::Pipeline& first, const std::vector<Observer>& observers,
                   monitor::Observer handler)
    : scenario_(scenario), first_(first), observers_(observers), handler_(handler) {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    parts_[i].sharing = sharing_of(scenario, static_cast<PipelinePart>(i));
  for (std::int64_t replica = 0; replica < scenario.replicas.count; ++replica) {
    begin_instance(static_cast<std::uint32_t>(replica), std::nullopt, scenario.start);
  }
}

std::uint32_t Replicas::new_group(std::size_t part, std::uint32_t instance) {
  parts_[part].holders.push_back(instance);
  parts_[part].heard.push_back(parts_[part].told.size());
  return static_cast<std::uint32_t>(parts_[part].holders.size() - 1);
}

// `keeps`: the instance whose knowledge it goes on with.
void Replicas::begin_instance(std::uint32_t replica, std::optional<std::uint32_t> keeps, WallTime wall_at_zero) {
  const auto place = static_cast<std::uint32_t>(instances_.size());
  if (place > 0) {
    monitor::Pipeline& made = others_.emplace_back(scenario_.monitor, provider_configs(scenario_));
    made.set_wall_clock(scenario_.start);
    made.set_wall_clock(wall_at_zero);
    made.set_observer(handler_);
  }
  Instance& instance = instances_.emplace_back(Instance{.replica = replica});
  const bool is_restart = current_.size() > replica;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const bool at_once = parts_[i].sharing == Duration{0};
    // What was spent stands in a database.
    const bool stays = keeps || (is_restart && i == index_of_part(PipelinePart::spend));
    if (at_once && !parts_[i].holders.empty()) {
      instance.groups[i] = 0;
    } else if (stays) {
      instance.groups[i] = instances_[current_[replica]].groups[i];
    } else {
      instance.groups[i] = new_group(i, place);
    }
  }
  const Sharing limits = parts_[index_of_part(PipelinePart::limits)].sharing;
  if (limits && *limits > Duration{0}) pipeline(place).tell_charges(&outbox_);
  if (is_restart) {
    current_[replica] = place;
  } else {
    current_.push_back(place);
  }
}

monitor::Pipeline& Replicas::work_on(std::uint32_t instance, Instant now) {
  drain_charges();
  worker_ = instance;
  worked_at_ = now;
  monitor::Pipeline& working = pipeline(instance);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    std::uint32_t& holder = parts_[i].holders[instances_[instance].groups[i]];
    if (holder == instance) continue;
    working.exchange(pipeline(holder), static_cast<PipelinePart>(i));
    holder = instance;
  }
  const ReplicaTurn turn{.at = now,
                         .replica = instances_[instance].replica,
                         .state = instances_[instance].groups[index_of_part(PipelinePart::cache)],
                         .limits = instances_[instance].groups[index_of_part(PipelinePart::limits)],
                         .pipeline = &working};
  for (const Observer& observer : observers_) observer.on(turn);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].sharing && *parts_[i].sharing > Duration{0}) hear(instance, i, now);
  }
  return working;
}

// --- A lag ---------------------------------------------------------------------------------------------------------

void Replicas::drain_charges() {
  if (outbox_.empty()) return;
  for (const monitor::LimitCharge& charge : outbox_) {
    tell(PipelinePart::limits, worker_, {.at = worked_at_, .charge = charge});
  }
  outbox_.clear();
}

void Replicas::tell(PipelinePart part, std::uint32_t instance, Told told) {
  Part& to = parts_[index_of_part(part)];
  if (!to.sharing || *to.sharing == Duration{0}) return;
  told.group = instances_[instance].groups[index_of_part(part)];
  to.told.push_back(std::move(told));
}

void Replicas::tell_call(std::uint32_t instance, const monitor::Flow& flow, const monitor::Attempt& attempt,
                         const monitor::Reply& reply, bool was_bypass, Instant now) {
  Told told{.at = now, .provider = attempt.provider, .kind = reply.kind, .is_counted = !was_bypass};
  if (attempt.cost != Usd{})
    tell(PipelinePart::spend, instance, {.at = now, .spent = attempt.cost, .admitted = flow.admitted});
  const bool asks_for_wait =
      reply.kind != monitor::ReplyKind::ok && reply.retry_after.form != monitor::RetryAfter::Form::absent;
  if (asks_for_wait) told.cooling_until = pipeline(instance).cooling_until(attempt.provider);
  told.latency = attempt.latency;
  const monitor::Usage used = reply.usage.value_or(monitor::Usage{});
  told.used = used.input + used.output;
  tell(PipelinePart::breakers, instance, told);
  tell(PipelinePart::usage, instance, told);
  tell(PipelinePart::latency, instance, told);
}

void Replicas::hear(std::uint32_t instance, std::size_t part, Instant now) {
  Part& from = parts_[part];
  const std::uint32_t group = instances_[instance].groups[part];
  std::size_t& heard = from.heard[group];
  for (; heard < from.told.size() && from.told[heard].at + *from.sharing <= now; ++heard) {
    if (from.told[heard].group != group) apply(pipeline(instance), part, from.told[heard], now);
  }
  // What an instance hears it tells nobody, because the others hear it themselves.
  outbox_.clear();
  forget_old(from);
}

void Replicas::apply(monitor::Pipeline& pipeline, std::size_t part, const Told& told, Instant now) {
  switch (static_cast<PipelinePart>(part)) {
    case PipelinePart::spend:
      return pipeline.hear_spend(told.spent, told.admitted, now);
    case PipelinePart::limits:
      return pipeline.hear_charge(told.charge, now);
    case PipelinePart::breakers:
      if (told.cooling_until) pipeline.hear_retry_after(told.provider, *told.cooling_until, now);
      if (told.is_counted) pipeline.hear_result(told.provider, told.kind, now);
      return;
    case PipelinePart::usage:
      return pipeline.hear_usage(told.provider, told.used, now);
    case PipelinePart::latency:
      return pipeline.hear_latency(told.provider, told.kind, told.latency, now);
    case PipelinePart::cache:
    case PipelinePart::metrics:
      return;
  }
}

// Only processes that still take requests are waited for: one that ends its last requests may miss something.
void Replicas::forget_old(Part& part) const {
  if (part.told.size() < kToldKept) return;
  const std::size_t place = static_cast<std::size_t>(&part - parts_.data());
  std::size_t all_heard = part.told.size();
  for (const std::uint32_t instance : current_) {
    all_heard = std::min(all_heard, part.heard[instances_[instance].groups[place]]);
  }
  if (all_heard < kToldKept / 2) return;
  part.told.erase(part.told.begin(), part.told.begin() + static_cast<std::ptrdiff_t>(all_heard));
  for (std::size_t& heard : part.heard) heard -= std::min(heard, all_heard);
}

// --- Restarts ------------------------------------------------------------------------------------------------------

std::int64_t Replicas::restart(const RestartOf& restart, WallTime wall_at_zero, Instant now) {
  drain_charges();
  worked_at_ = now;
  std::int64_t restarted = 0;
  for (std::uint32_t replica = 0; replica < current_.size(); ++replica) {
    if (restart.replica != 0 && restart.replica != replica + 1) continue;
    const std::uint32_t old = current_[replica];
    begin_instance(replica, restart.state == GatewayState::kept ? std::optional{old} : std::nullopt, wall_at_zero);
    ++restarted;
  }
  return restarted;
}

void Replicas::set_wall_clock(WallTime at_zero) {
  for (monitor::Pipeline& other : others_) other.set_wall_clock(at_zero);
}

monitor::Pipeline Replicas::take_result(Instant now) {
  monitor::Pipeline& shown = work_on(current_.front(), now);
  first_.set_observer({});
  for (monitor::Pipeline& other : others_) other.set_observer({});
  const Instance& instance = instances_[current_.front()];
  for (const PipelinePart part : {PipelinePart::spend, PipelinePart::limits}) {
    const std::size_t place = index_of_part(part);
    const std::vector<std::uint32_t>& holders = parts_[place].holders;
    for (std::uint32_t group = 0; group < holders.size(); ++group) {
      if (group == instance.groups[place]) continue;
      if (part == PipelinePart::spend) shown.absorb_spend(pipeline(holders[group]));
      if (part == PipelinePart::limits) shown.absorb_limit_counts(pipeline(holders[group]));
    }
  }
  shown.tell_charges(nullptr);
  return std::move(shown);
}

}  // namespace windtunnel::sim
