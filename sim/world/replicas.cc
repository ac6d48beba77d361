#include "sim/world/replicas.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sim/faults/fault.h"
#include "sim/world/world.h"

namespace windtunnel::sim {

using monitor::PipelinePart;

namespace {

constexpr std::size_t place_of(PipelinePart part) { return static_cast<std::size_t>(part); }

// What is heard of these changes no breaker and no budget, so that no event comes of it.
constexpr bool is_quiet(PipelinePart part) {
  return part == PipelinePart::limits || part == PipelinePart::usage || part == PipelinePart::latency;
}

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

bool is_known_to_all(const Scenario& scenario, PipelinePart part) {
  if (sharing_of(scenario, part) == Duration{0}) return true;
  if (scenario.replicas.count > 1) return false;
  // What was spent stands in a database.
  return part == PipelinePart::spend || std::ranges::none_of(scenario.faults, [](const FaultSpec& fault) {
           const auto restart = restart_of(fault.settings);
           return restart && restart->state == GatewayState::lost;
         });
}

Replicas::Replicas(const Scenario& scenario, monitor::Pipeline& first, const std::vector<Observer>& observers,
                   monitor::Observer handler)
    : scenario_(scenario),
      first_(first),
      observers_(observers),
      handler_(handler),
      store_(make_pipeline(scenario.start)) {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    parts_[i].sharing = sharing_of(scenario, static_cast<PipelinePart>(i));
  for (std::int64_t replica = 0; replica < scenario.replicas.count; ++replica) {
    begin_instance(static_cast<std::uint32_t>(replica), std::nullopt, scenario.start);
  }
}

// Windows that follow the first wall clock have the same phase in each.
monitor::Pipeline Replicas::make_pipeline(WallTime wall_at_zero) const {
  monitor::Pipeline made{scenario_.monitor, provider_configs(scenario_)};
  made.set_wall_clock(scenario_.start);
  made.set_wall_clock(wall_at_zero);
  return made;
}

std::uint32_t Replicas::new_group(std::size_t part, std::uint32_t instance) {
  parts_[part].holders.push_back(instance);
  return static_cast<std::uint32_t>(parts_[part].holders.size() - 1);
}

void Replicas::begin_instance(std::uint32_t replica, std::optional<std::uint32_t> keeps, WallTime wall_at_zero) {
  const auto place = static_cast<std::uint32_t>(instances_.size());
  const bool is_restart = current_.size() > replica;
  if (place > 0) {
    others_.push_back(make_pipeline(wall_at_zero));
    others_.back().set_observer(handler_);
  }
  Instance& instance = instances_.emplace_back(Instance{.replica = replica});
  std::optional<monitor::Pipeline> known;
  if (is_restart && !keeps) known = store_;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const PipelinePart part = static_cast<PipelinePart>(i);
    // What was spent stands in a database.
    const bool stays = keeps || (is_restart && part == PipelinePart::spend);
    if (parts_[i].sharing == Duration{0} && !parts_[i].holders.empty()) {
      instance.groups[i] = 0;
    } else if (stays) {
      instance.groups[i] = instances_[current_[replica]].groups[i];
    } else {
      instance.groups[i] = new_group(i, place);
      if (known && is_quiet(part) && has_lag(parts_[i].sharing)) pipeline(place).exchange(*known, part);
    }
  }
  if (has_lag(parts_[place_of(PipelinePart::limits)].sharing)) pipeline(place).tell_charges(&outbox_);
  if (is_restart) {
    current_[replica] = place;
  } else {
    current_.push_back(place);
  }
}

monitor::Pipeline& Replicas::work_on(std::uint32_t instance, Instant now) {
  drain_charges();
  hear_due(now);
  worker_ = instance;
  worked_at_ = now;
  return switch_to(instance, now);
}

monitor::Pipeline& Replicas::switch_to(std::uint32_t instance, Instant now) {
  monitor::Pipeline& working = pipeline(instance);
  const auto& groups = instances_[instance].groups;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    std::uint32_t& holder = parts_[i].holders[groups[i]];
    if (holder == instance) continue;
    working.exchange(pipeline(holder), static_cast<PipelinePart>(i));
    holder = instance;
  }
  const ReplicaTurn turn{.at = now,
                         .replica = instances_[instance].replica,
                         .state = groups[place_of(PipelinePart::cache)],
                         .limits = groups[place_of(PipelinePart::limits)],
                         .breakers = groups[place_of(PipelinePart::breakers)],
                         .is_current = current_[instances_[instance].replica] == instance,
                         .pipeline = &working};
  for (const Observer& observer : observers_) observer.on(turn);
  return working;
}

void Replicas::carry_in(Usd month_spent, Instant now) {
  const std::vector<std::uint32_t>& holders = parts_[place_of(PipelinePart::spend)].holders;
  work_on(holders.front(), now).carry_in(month_spent, now);
  // Reports count it once.
  for (std::size_t i = 1; i < holders.size(); ++i) work_on(holders[i], now).hear_month_spent(month_spent, now);
}

// --- A lag ---------------------------------------------------------------------------------------------------------

void Replicas::add(PipelinePart part, std::uint32_t instance, Deed deed) {
  Part& to = parts_[place_of(part)];
  if (!has_lag(to.sharing)) return;
  deed.group = instances_[instance].groups[place_of(part)];
  to.deeds.push_back(deed);
}

void Replicas::drain_charges() {
  for (const monitor::LimitCharge& charge : outbox_) {
    add(PipelinePart::limits, worker_, {.at = worked_at_, .charge = charge});
  }
  outbox_.clear();
}

void Replicas::on_call(std::uint32_t instance, monitor::ProviderId provider, Instant now) {
  add(PipelinePart::usage, instance, {.at = now, .provider = provider, .is_start = true});
}

void Replicas::on_reply(std::uint32_t instance, const monitor::Flow& flow, const monitor::Attempt& attempt,
                        const monitor::Reply& reply, bool was_bypass, Instant now) {
  Deed deed{.at = now, .provider = attempt.provider, .kind = reply.kind, .is_counted = !was_bypass};
  if (attempt.cost != Usd{}) {
    add(PipelinePart::spend, instance, {.at = now, .spent = attempt.cost, .admitted = flow.admitted});
  }
  const bool asks_for_wait =
      reply.kind != monitor::ReplyKind::ok && reply.retry_after.form != monitor::RetryAfter::Form::absent;
  if (asks_for_wait) deed.cooling_until = pipeline(instance).cooling_until(attempt.provider);
  deed.latency = attempt.latency;
  const monitor::Usage used = reply.usage.value_or(monitor::Usage{});
  deed.used = used.input + used.output;
  add(PipelinePart::breakers, instance, deed);
  add(PipelinePart::usage, instance, deed);
  add(PipelinePart::latency, instance, deed);
}

void Replicas::hear_due(Instant now) {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    std::size_t due = 0;
    while (due < part.deeds.size() && part.deeds[due].at + *part.sharing <= now) ++due;
    if (due == 0) continue;
    if (is_quiet(static_cast<PipelinePart>(i))) {
      for (std::size_t k = 0; k < due; ++k) hear_quietly(i, part.deeds[k]);
    } else {
      for (std::uint32_t group = 0; group < part.holders.size(); ++group) hear_aloud(i, group, due, now);
    }
    part.deeds.erase(part.deeds.begin(), part.deeds.begin() + static_cast<std::ptrdiff_t>(due));
  }
}

// At the very instant at which it is old enough, so that it makes no difference when anything else happens.
void Replicas::hear_quietly(std::size_t part, const Deed& deed) {
  const Instant now = deed.at + *parts_[part].sharing;
  const auto hear = [&](monitor::Pipeline& hearer) {
    if (part == place_of(PipelinePart::limits)) return hearer.hear_charge(deed.charge, now);
    if (part == place_of(PipelinePart::latency))
      return hearer.hear_latency(deed.provider, deed.kind, deed.latency, now);
    if (deed.is_start) return hearer.hear_start(deed.provider);
    hearer.hear_end(deed.provider, deed.used, now);
  };
  const std::vector<std::uint32_t>& holders = parts_[part].holders;
  for (std::uint32_t group = 0; group < holders.size(); ++group) {
    if (group != deed.group) hear(pipeline(holders[group]));
  }
  hear(store_);
}

// The group hears the first `due` deeds, which may open its breakers and fire its alerts.
void Replicas::hear_aloud(std::size_t part, std::uint32_t group, std::size_t due, Instant now) {
  const std::deque<Deed>& deeds = parts_[part].deeds;
  const auto is_of_others = [&](const Deed& deed) { return deed.group != group; };
  // A process that only ends its last requests hears nothing.
  const std::uint32_t hearer = current_[instances_[parts_[part].holders[group]].replica];
  const auto end = deeds.begin() + static_cast<std::ptrdiff_t>(due);
  if (instances_[hearer].groups[part] != group || std::none_of(deeds.begin(), end, is_of_others)) return;
  monitor::Pipeline& working = switch_to(hearer, now);
  for (auto deed = deeds.begin(); deed != end; ++deed) {
    if (!is_of_others(*deed)) continue;
    if (part == place_of(PipelinePart::spend)) {
      working.hear_spend(deed->spent, deed->admitted, now);
      continue;
    }
    if (deed->cooling_until) working.hear_retry_after(deed->provider, *deed->cooling_until, now);
    if (deed->is_counted) working.hear_result(deed->provider, deed->kind, now);
  }
}

// --- Restarts ------------------------------------------------------------------------------------------------------

void Replicas::restart(const RestartOf& restart, WallTime wall_at_zero, Instant now) {
  drain_charges();
  hear_due(now);
  for (std::uint32_t replica = 0; replica < current_.size(); ++replica) {
    if (restart.replica != 0 && restart.replica != replica + 1) continue;
    const std::uint32_t old = current_[replica];
    begin_instance(replica, restart.state == GatewayState::kept ? std::optional{old} : std::nullopt, wall_at_zero);
    switch_to(current_[replica], now);
  }
}

void Replicas::set_wall_clock(WallTime at_zero) {
  for (monitor::Pipeline& other : others_) other.set_wall_clock(at_zero);
  store_.set_wall_clock(at_zero);
}

monitor::Pipeline Replicas::take_result(Instant now) {
  monitor::Pipeline& shown = work_on(current_.front(), now);
  first_.set_observer({});
  for (monitor::Pipeline& other : others_) other.set_observer({});
  const Instance& instance = instances_[current_.front()];
  for (const PipelinePart part : {PipelinePart::spend, PipelinePart::limits}) {
    const std::vector<std::uint32_t>& holders = parts_[place_of(part)].holders;
    for (std::uint32_t group = 0; group < holders.size(); ++group) {
      if (group == instance.groups[place_of(part)]) continue;
      if (part == PipelinePart::spend) shown.absorb_spend(pipeline(holders[group]));
      if (part == PipelinePart::limits) shown.absorb_limit_counts(pipeline(holders[group]));
    }
  }
  shown.tell_charges(nullptr);
  return std::move(shown);
}

}  // namespace windtunnel::sim
