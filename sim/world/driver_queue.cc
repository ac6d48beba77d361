// What the driver checkpoints up about places, queues and its own calendar, apart from the way of a request
// (driver.cc).

#include "sim/world/driver.h"
#include "sim/world/places.h"

namespace windtunnel::sim {

void Driver::look_until(Instant now) {
  if (options_.checkpoints == nullptr) return;
  const std::vector<Instant>& at = options_.checkpoints->at;
  for (; checkpoints_passed_ < at.size() && at[checkpoints_passed_] <= now; ++checkpoints_passed_)
    options_.checkpoints->sample(checkpoints_passed_, pipeline_);
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
                        monitor::ProviderId{static_cast<std::uint8_t>(provider)}, stations_[provider].in_service);
}

// The next request of a virtual user, who asks no more before this.
void Driver::schedule_user(std::uint32_t vu, Instant from) {
  const auto at = loads_[vus_[vu].workload].turn_of_user(vus_[vu].number, from);
  if (at) queue_.schedule(*at, vu_base_ + vu);
}

}  // namespace windtunnel::sim
