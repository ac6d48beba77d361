// What the driver does about its first events, places, queues, faults, replicas and its own calendar, apart from the
// way of a request (driver.cc).

#include "sim/world/driver.h"
#include "sim/world/places.h"

namespace windtunnel::sim {

// Faults come first, so that one that begins at an instant acts on a call of the same instant.
void Driver::schedule_first_events() {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (const auto at = faults_.next_change(i)) queue_.schedule(*at, fault_base_ + static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    if (const auto first = loads_[i].next_arrival()) {
      next_ordinal_[i] = first->ordinal;
      queue_.schedule_next(first->at, static_cast<std::uint32_t>(i));
    }
  }
  for (std::size_t i = 0; i < vus_.size(); ++i) {
    schedule_user(static_cast<std::uint32_t>(i), loads_[vus_[i].workload].begin());
  }
}

void Driver::look_until(Instant now) {
  if (options_.checkpoints == nullptr) return;
  const std::vector<Instant>& at = options_.checkpoints->at;
  for (; checkpoints_passed_ < at.size() && at[checkpoints_passed_] <= now; ++checkpoints_passed_)
    options_.checkpoints->sample(checkpoints_passed_, gateway(0));
  next_checkpoint_ = checkpoints_passed_ < at.size() ? at[checkpoints_passed_] : Instant::max();
}

// One event is enough for all who wait: that of the earliest deadline.
void Driver::plan_expiry(std::size_t provider) {
  Station& station = stations_[provider];
  const auto next = station.waiting.next_to_expire();
  if (!next || (station.expiry && *station.expiry <= next->deadline)) return;
  station.expiry = next->deadline;
  queue_.schedule(next->deadline, expiry_base_ + static_cast<std::uint32_t>(provider));
}

bool Driver::has_place(std::size_t provider) const {
  return sim::has_place(scenario_.providers[provider], faults_,
                        monitor::ProviderId{static_cast<std::uint8_t>(provider)}, stations_[provider].in_service, now_);
}

// Who waits takes a place at the instant at which a brownout gives it back, though no call ends then.
void Driver::plan_place(std::size_t provider) {
  const auto& own = scenario_.providers[provider].concurrency;
  if (!own) return;
  const auto at = faults_.next_place(monitor::ProviderId{static_cast<std::uint8_t>(provider)}, *own, now_);
  Station& station = stations_[provider];
  if (!at || station.place == at) return;
  station.place = at;
  queue_.schedule(*at, expiry_base_ + static_cast<std::uint32_t>(provider));
}

std::uint32_t Driver::take_slot() {
  if (free_.empty()) {
    slots_.emplace_back();
    check(slot_base_ + slots_.size() <= EventQueue::kPayloadMax, "the requests in flight have numbers");
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

// The next request of a virtual user, who asks no more before this.
void Driver::schedule_user(std::uint32_t vu, Instant from) {
  const auto at = loads_[vus_[vu].workload].turn_of_user(vus_[vu].number, from);
  if (at) queue_.schedule(*at, vu_base_ + vu);
}

// --- Usage that comes late -----------------------------------------------------------------------------------------

Driver::DelayedUsage Driver::delayed_usage(std::uint32_t slot, std::uint8_t attempt) const {
  const InFlight& in_flight = slots_[slot];
  const monitor::Attempt& made = in_flight.flow.record.attempt_storage[attempt];
  return {.call = {.request = in_flight.flow.record.request.id,
                   .provider = made.provider,
                   .ordinal = attempt,
                   .admitted = in_flight.flow.admitted,
                   .tariff = in_flight.flow.tariff,
                   .settled = made.cost,
                   .limits = unbilled_limits_},
          .usage = in_flight.result.billed,
          .instance = in_flight.instance};
}

void Driver::expect_usage(const DelayedUsage& delayed, Duration after) {
  const std::uint32_t slot = take_slot();
  slots_[slot].is_wish = true;
  delayed_.emplace(slot, delayed);
  delays_usage_ = true;
  queue_.schedule(now_ + after, slot_base_ + slot);
}

void Driver::on_usage(std::uint32_t slot) {
  const DelayedUsage delayed = delayed_.extract(slot).mapped();
  slots_[slot].is_wish = false;
  free_.push_back(slot);
  digest_.add(number_of(delayed.call.request) << 8U | delayed.call.ordinal);
  gateway(delayed.instance).learn_usage(delayed.call, delayed.usage, now_);
}

// --- Faults and replicas -------------------------------------------------------------------------------------------

void Driver::on_fault(std::size_t fault) {
  const bool acts = faults_.change(fault);
  digest_.add(acts ? 1 : 0);
  if (const auto at = faults_.next_change(fault)) {
    queue_.schedule(*at, fault_base_ + static_cast<std::uint32_t>(fault));
  }
  if (observed_) emit(FaultChanged{.at = now_, .fault = fault, .active = acts});
  const Fault& settings = faults_.spec(fault).settings;
  if (const auto offset = wall_clock_offset_of(settings)) {
    if (acts) faults_.note_affected(fault);
    wall_at_zero_ += acts ? *offset : -*offset;
    pipeline_.set_wall_clock(wall_at_zero_);
    if (replicas_) replicas_->set_wall_clock(wall_at_zero_);
  }
  if (const auto restart = restart_of(settings); restart && acts) {
    faults_.note_affected(fault);
    replicas_->restart(*restart, wall_at_zero_, now_);
  }
  // Capacity may have come back.
  if (capacity_of(settings)) {
    for (std::size_t i = 0; i < stations_.size(); ++i) {
      serve_waiting(i);
      plan_place(i);
    }
  }
}

void Driver::carry_in(Usd month_spent) {
  if (replicas_) return replicas_->carry_in(month_spent, now_);
  pipeline_.carry_in(month_spent, now_);
}

void Driver::wake_breakers() {
  if (!replicas_) return pipeline_.on_time(now_, &options_.breakers);
  for (std::uint32_t instance = 0; instance < replicas_->instances(); ++instance) {
    if (replicas_->is_alive(instance)) gateway(instance).on_time(now_, &options_.breakers);
  }
}

// Of replicas, of the one that is due first.
std::optional<Instant> Driver::first_wakeup(monitor::ProviderId provider) const {
  std::optional<Instant> first;
  for (std::uint32_t instance = 0; instance < replicas_->instances(); ++instance) {
    if (!replicas_->is_alive(instance)) continue;
    const auto at = replicas_->instance(instance).wakeup(provider);
    if (at && *at > now_ && (!first || *at < *first)) first = at;
  }
  return first;
}

// A breaker that opened turns half-open at an instant of its own, and opens again where probes take too long: an event
// carries it. One that does not turn when it said so is not queried again at once: the checks report it.
void Driver::schedule_wakeup(monitor::ProviderId provider, Instant at) {
  std::optional<Instant>& scheduled = stations_[index_of(provider)].wakeup;
  if (at <= now_ || scheduled == at) return;
  scheduled = at;
  queue_.schedule(at, breaker_base_ + static_cast<std::uint32_t>(index_of(provider)));
}

}  // namespace windtunnel::sim
