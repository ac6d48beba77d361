// What the driver checkpoints up about places, queues and its own calendar, apart from the way of a request
// (driver.cc).

#include "sim/world/driver.h"

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

// One more call can be in service: fewer are than the provider's own limit, and than a brownout leaves.
bool Driver::has_place(std::size_t provider) const {
  const std::int64_t in_service = stations_[provider].in_service;
  const auto& own = scenario_.providers[provider].concurrency;
  if (own && in_service >= *own) return false;
  if (!faults_.acts_on(monitor::ProviderId{static_cast<std::uint8_t>(provider)})) return true;
  const auto left = faults_.capacity(monitor::ProviderId{static_cast<std::uint8_t>(provider)});
  return !left || in_service < *left;
}

// A provider without a limit of its own lets every call wait while a brownout lasts.
std::optional<std::int64_t> Driver::queue_limit_of(std::size_t provider) const {
  if (!scenario_.providers[provider].concurrency) return std::nullopt;
  return scenario_.providers[provider].queue;
}

}  // namespace windtunnel::sim
