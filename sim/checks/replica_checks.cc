#include "sim/checks/replica_checks.h"

#include <algorithm>
#include <optional>

#include "base/calendar.h"
#include "sim/world/replicas.h"

namespace windtunnel::sim {

using monitor::PipelinePart;

namespace {

// What a check follows; nothing: what no replica decides alone.
std::optional<PipelinePart> part_of(const CheckEntry& entry) {
  switch (entry.id) {
    case CheckId::F3:
    case CheckId::F4:
    case CheckId::F8:
    case CheckId::F10:
    case CheckId::F11:
    case CheckId::F12:
    case CheckId::F14:
      return PipelinePart::breakers;
    case CheckId::F15:
      return PipelinePart::usage;
    case CheckId::L1:
    case CheckId::L2:
    case CheckId::L3:
    case CheckId::L4:
    case CheckId::L5:
      return PipelinePart::limits;
    case CheckId::C3:
    case CheckId::C7:
    case CheckId::C9:
      return std::nullopt;  // of one call, whatever its replica knows of the others
    default:
      break;
  }
  if (entry.family == "breaker") return PipelinePart::breakers;
  if (entry.family == "money") return PipelinePart::spend;
  if (entry.family == "cache") return PipelinePart::cache;
  return std::nullopt;
}

// The rate and token limiter are shared at once or not at all.
Sharing sharing_for(const Scenario& scenario, const CheckEntry& entry, PipelinePart part) {
  const Sharing sharing = sharing_of(scenario, part);
  const bool is_list = entry.id == CheckId::L6 || entry.id == CheckId::L7;
  if (part == PipelinePart::limits && !is_list && sharing != Duration{0}) return std::nullopt;
  return sharing;
}

template <class Wanted>
CheckSelection selected(const CheckSelection& chosen, const Wanted& wanted) {
  std::vector<std::string> words{"none"};
  for (const CheckEntry& entry : check_registry()) {
    if (chosen.on(entry.id) && wanted(entry)) words.emplace_back(entry.name);
  }
  return CheckSelection{words};
}

bool is_own(const Scenario& scenario, const CheckEntry& entry) {
  const auto part = part_of(entry);
  return entry.id != CheckId::C12 && part && !sharing_for(scenario, entry, *part);
}

}  // namespace

CheckSelection checks_of_all(const Scenario& scenario, const CheckSelection& chosen) {
  const bool are_many = has_replicas(scenario);
  return selected(chosen, [&](const CheckEntry& entry) {
    const auto part = part_of(entry);
    return entry.id != CheckId::C12 && (!are_many || !part || sharing_for(scenario, entry, *part) == Duration{0});
  });
}

ReplicaChecks::ReplicaChecks(const Scenario& scenario, const CheckSelection& chosen, bool keep_going)
    : scenario_(scenario),
      of_states_(selected(
          chosen,
          [&](const CheckEntry& entry) { return is_own(scenario, entry) && part_of(entry) != PipelinePart::spend; })),
      of_spend_(selected(
          chosen,
          [&](const CheckEntry& entry) { return is_own(scenario, entry) && part_of(entry) == PipelinePart::spend; })),
      keep_going_(keep_going),
      overshoot_(selected(chosen, [](const CheckEntry& entry) { return entry.id == CheckId::C12; }), keep_going) {
  if (overshoot_.on(CheckId::C12) && has_lag(scenario.replicas.spend)) lag_ = scenario.replicas.spend;
  accounts_.resize(static_cast<std::size_t>(scenario.replicas.count));
}

void ReplicaChecks::on(const RunBegan& event) {
  began_ = {.seed = event.seed, .month_spent = event.month_spent};
  for (Account& account : accounts_) account.settled.months[month_of(scenario_.start).begin] += event.month_spent;
}

Checks& ReplicaChecks::checks_in(Map& map, std::uint32_t key, const CheckSelection& selection) {
  std::unique_ptr<Checks>& checks = map[key];
  if (checks == nullptr) {
    checks = std::make_unique<Checks>(scenario_, selection, keep_going_);
    checks->on(began_);
    for (const FaultChanged& fault : faults_) checks->on(fault);
  }
  return *checks;
}

void ReplicaChecks::on(const ReplicaTurn& event) {
  now_ = {.state = event.state, .replica = event.replica};
  pipeline_ = event.pipeline;
  if (lag_) hear_until(event.at);
  checks_in(states_, event.state, of_states_).on(event);
  checks_in(spends_, event.replica, of_spend_).on(event);
}

void ReplicaChecks::on(const monitor::RequestArrived& event) {
  places_[event.request.id] = now_;
  hand(event);
}

void ReplicaChecks::on(const FaultChanged& event) {
  faults_.push_back(event);
  for (const Map* map : {&states_, &spends_}) {
    for (const auto& [key, checks] : *map) checks->on(event);
  }
}

// --- C12 -----------------------------------------------------------------------------------------------------------

void ReplicaChecks::on(const monitor::MoneyReserved& event) {
  hand(event);
  if (!lag_) return;
  Held& held = held_[event.request];
  const bool grows = event.amount > held.amount;
  held.admitted = event.wall;
  hold(held, event.amount);
  if (grows) must_fit(event.request, held.admitted, event.at);
}

void ReplicaChecks::on(const monitor::MoneyReleased& event) {
  hand(event);
  if (lag_) hold(held_[event.request], Usd{});
}

void ReplicaChecks::on(const monitor::AttemptEnded& event) {
  hand(event);
  if (!lag_) return;
  Held& held = held_[event.request];
  hold(held, Usd{});
  if (event.settled == Usd{}) return;
  accounts_[now_.replica].settled.add(held.admitted, event.settled);
  spent_.push_back({event.at, now_.replica, event.settled, held.admitted});
}

void ReplicaChecks::on(const monitor::Record& record) {
  hand(record);
  held_.erase(record.request.id);
  places_.erase(record.request.id);
}

void ReplicaChecks::on(const ScheduledDone& event) {
  if (states_.empty()) return;
  hand(event);
  if (lag_) must_agree(event.at);
}

void ReplicaChecks::Windows::add(WallTime admitted, Usd amount) {
  months[month_of(admitted).begin] += amount;
  days[day_of(admitted).begin] += amount;
}

void ReplicaChecks::Windows::take(WallTime admitted, Usd amount) {
  months[month_of(admitted).begin] -= amount;
  days[day_of(admitted).begin] -= amount;
}

void ReplicaChecks::hold(Held& held, Usd amount) {
  Windows& reserved = accounts_[now_.replica].reserved;
  reserved.take(held.admitted, held.amount);
  reserved.add(held.admitted, amount);
  held.amount = amount;
}

void ReplicaChecks::hear_until(Instant now) {
  for (; !spent_.empty() && spent_.front().at + *lag_ <= now; spent_.pop_front()) {
    const Spent& spent = spent_.front();
    for (std::uint32_t replica = 0; replica < accounts_.size(); ++replica) {
      if (replica != spent.replica) accounts_[replica].settled.add(spent.admitted, spent.amount);
    }
  }
}

// What it reserved fits into the budget beside what its replica has, and beside what it could know of the others.
void ReplicaChecks::must_fit(RequestId request, WallTime admitted, Instant now) {
  Account& account = accounts_[now_.replica];
  const WallTime month = month_of(admitted).begin;
  const WallTime day = day_of(admitted).begin;
  const UsdSum in_month = account.settled.months[month] + account.reserved.months[month];
  const UsdSum in_day = account.settled.days[day] + account.reserved.days[day];
  const auto fits = [](UsdSum spent, const std::optional<Usd>& limit) { return !limit || spent <= *limit; };
  const monitor::CostLimiterConfig& config = scenario_.monitor.cost_limiter;
  if (!fits(in_month, config.monthly) || !fits(in_day, config.daily))
    overshoot_.report(
        CheckId::C12, now, request,
        "it is admitted to a month with {} pico-USD and a day with {}, of what replica {} has and could know",
        in_month.picos(), in_day.picos(), now_.replica + 1);
}

// The replica that works holds what it spent itself and what is old enough of the others, and nothing else.
void ReplicaChecks::must_agree(Instant now) {
  const WallTime wall = pipeline_->wall_at(now);
  const auto held_by = [&](bool daily) {
    const monitor::BudgetWindow* window = pipeline_->cost_limiter().window_at(wall, daily);
    return window == nullptr ? UsdSum{} : window->settled;
  };
  Windows& settled = accounts_[now_.replica].settled;
  const UsdSum month = settled.months[month_of(wall).begin];
  const UsdSum day = settled.days[day_of(wall).begin];
  if (held_by(false) != month || held_by(true) != day)
    overshoot_.report(CheckId::C12, now, std::nullopt,
                      "month and day of replica {} hold {} and {} pico-USD; it has spent and could know {} and {}",
                      now_.replica + 1, held_by(false).picos(), held_by(true).picos(), month.picos(), day.picos());
}

// --- Results -------------------------------------------------------------------------------------------------------

std::vector<Finding> ReplicaChecks::findings() const {
  std::vector<Finding> all = overshoot_.findings();
  for (const Map* map : {&states_, &spends_}) {
    for (const auto& [key, checks] : *map) all.insert(all.end(), checks->findings().begin(), checks->findings().end());
  }
  return all;
}

bool ReplicaChecks::wants_stop() const {
  const auto stops = [](const auto& entry) { return entry.second->wants_stop(); };
  return overshoot_.wants_stop() || std::ranges::any_of(states_, stops) || std::ranges::any_of(spends_, stops);
}

std::vector<std::string> ReplicaChecks::names() const {
  std::vector<std::string> names;
  for (const CheckSelection& selection : {of_states_, of_spend_, overshoot_.selection()}) {
    for (std::string& name : selection.names()) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace windtunnel::sim
