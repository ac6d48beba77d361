// The places of a provider: who has one, who waits for one, and who is sent away.

#include <algorithm>
#include <utility>

#include "sim/world/places.h"
#include "wire/trial/provider_host.h"

namespace windtunnel::wire {
// --- Places --------------------------------------------------------------------------------------------------------

// Work that goes on without its caller keeps the place.
void ProviderHost::leave_station(std::uint32_t slot) {
  Open& open = slots_[slot];
  if (!open.has_place) return;
  open.has_place = false;
  if (open.result.work_until <= now_) return leave_place(open.provider);
  queue_.schedule(open.result.work_until, place_base_ + static_cast<std::uint32_t>(open.provider));
}

void ProviderHost::leave_place(std::size_t provider) {
  --stations_[provider].in_service;
  serve_waiting(provider);
}

// A brownout that ramps down gives each place back at an instant of its own.
void ProviderHost::give_back(std::size_t provider) {
  serve_waiting(provider);
  const auto& own = scenario_.providers[provider].concurrency;
  const auto at = own ? faults_.next_place(provider_id(provider), *own, now_) : std::nullopt;
  if (!at || std::exchange(stations_[provider].place, at) == at) return;
  queue_.schedule(*at, given_back_base_ + static_cast<std::uint32_t>(provider));
}

void ProviderHost::serve_waiting(std::size_t provider) {
  Station& station = stations_[provider];
  while (!station.waiting.empty() &&
         sim::has_place(scenario_.providers[provider], faults_, provider_id(provider), station.in_service, now_)) {
    // Those whose time in the line is over now leave first, and then come back here.
    const auto expiry = station.waiting.next_to_expire();
    if (expiry && expiry->deadline <= now_) return;
    const sim::WaitingLine::Turn turn = station.waiting.take();
    if (!turn.call) {
      work_on(provider, turn.work);
      continue;
    }
    const std::uint32_t slot = *turn.call;
    Open& open = slots_[slot];
    open.in_line = false;
    if (open.is_open) {
      open.has_place = true;
      ++station.in_service;
      open.call.waited = now_ - std::exchange(open.call.at, now_);
      serve(slot);
      continue;
    }
    const Duration work = open.result.work_until - open.call.deadline;
    release(slot);
    if (work > Duration{0}) work_on(provider, work);
  }
}

// What a caller has left behind takes a place.
void ProviderHost::work_on(std::size_t provider, Duration work) {
  ++stations_[provider].in_service;
  queue_.schedule(now_ + work, place_base_ + static_cast<std::uint32_t>(provider));
}

// Those who have waited for as long as the provider lets them. Work that was left behind waits on.
void ProviderHost::end_waits(std::size_t provider) {
  sim::WaitingLine& waiting = stations_[provider].waiting;
  for (auto next = waiting.next_to_expire(); next && next->deadline <= now_; next = waiting.next_to_expire()) {
    Open& open = slots_[next->call];
    open.in_line = false;
    if (open.is_open) {
      waiting.expire(providers_[provider].end_wait(open.call, now_, open.effect, open.result));
      fail(next->call);
    } else {
      waiting.expire(open.result.work_until - open.call.deadline);
      release(next->call);
    }
  }
  serve_waiting(provider);
}

}  // namespace windtunnel::wire
