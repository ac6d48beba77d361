// The driver's part in the wishes of callers who try again.

#include "sim/world/callers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/rounding.h"
#include "sim/kernel/samplers.h"
#include "sim/world/driver.h"

namespace windtunnel::sim {
namespace {

TryEnd end_of(const monitor::Record& record) {
  using monitor::Outcome;
  if (is_answered(record.outcome)) return TryEnd::answered;
  if (record.outcome == Outcome::refused_rate) return TryEnd::rate_limited;
  if (is_refused(record.outcome) || record.outcome == Outcome::client_error) return TryEnd::refused;
  return record.outcome == Outcome::broken_stream ? TryEnd::broken : TryEnd::failed;
}

}  // namespace

void Driver::begin_wish(std::uint32_t workload, std::uint64_t ordinal) {
  const std::uint32_t slot = take_slot();
  slots_[slot].is_wish = true;
  wishes_.resize(slots_.size());
  wishes_[slot] = {.workload = workload, .ordinal = ordinal};
  ++callers_[workload].wishes;
  if (const auto& patience = scenario_.workloads[workload].client->patience) {
    const Draw drawn = draw(gap_streams_[workload], ordinal, 0);
    wishes_[slot].leaves = now_ + std::max(Duration{1}, whole_nanoseconds(sample(*patience, drawn.a)));
    expect_wish(slot, wishes_[slot].leaves);
  }
  try_wish(slot);
}

void Driver::try_wish(std::uint32_t slot) {
  Wish& wish = wishes_[slot];
  wish.next_try = Instant::max();
  wish.request = arrivals_;
  ++wish.tries;
  ++callers_[wish.workload].tries;
  if (const auto timeout = try_timeout_of(*scenario_.workloads[wish.workload].client)) {
    wish.try_ends = now_ + *timeout;
    expect_wish(slot, wish.try_ends);
  }
  if (observed_) {
    emit(CallerTries{.at = now_, .request = RequestId{arrivals_}, .workload = wish.workload, .number = wish.tries});
  }
  begin_request(wish.workload, wish.ordinal, kNobody, slot);
}

// What is due of it; or what was due once and is no more.
void Driver::on_wish(std::uint32_t slot) {
  Wish& wish = wishes_[slot];
  --wish.events;
  if (wish.is_over) {
    if (wish.events > 0) return;
    slots_[slot].is_wish = false;
    free_.push_back(slot);
    return;
  }
  if (now_ >= wish.leaves) {
    leave_try(slot);
    return end_wish(slot, WishEnded::How::left);
  }
  if (now_ == wish.next_try) return try_wish(slot);
  if (now_ != wish.try_ends) return;
  leave_try(slot);
  try_again_or_end(slot, TryEnd::timed_out, Duration{0});
}

void Driver::on_try_end(std::uint32_t slot, const monitor::Record& record) {
  Wish& wish = wishes_[slot];
  const TryEnd end = end_of(record);
  CallerTotals& totals = callers_[static_cast<std::size_t>(record.request.labels) - 1];
  totals.calls += record.attempt_count;
  if (!slots_[slot].is_wish || wish.is_over || wish.request != number_of(record.request.id)) {
    if (end == TryEnd::answered) ++totals.unread;
    return;
  }
  if (end == TryEnd::answered) return end_wish(slot, WishEnded::How::answered);
  try_again_or_end(slot, end, record.retry_after);
}

void Driver::try_again_or_end(std::uint32_t slot, TryEnd end, Duration retry_after) {
  Wish& wish = wishes_[slot];
  wish.request = UINT64_MAX;
  wish.try_ends = Instant::max();
  const ClientSpec& client = *scenario_.workloads[wish.workload].client;
  if (!tries_again(client, end, wish.tries)) return end_wish(slot, WishEnded::How::failed);
  const Draw drawn = draw(gap_streams_[wish.workload], wish.ordinal, static_cast<std::uint32_t>(wish.tries));
  const Instant at = now_ + gap_of(client, wish.tries, retry_after, drawn.a);
  if (at >= end_) return end_wish(slot, WishEnded::How::failed);
  wish.next_try = at;
  expect_wish(slot, at);
}

void Driver::end_wish(std::uint32_t slot, WishEnded::How how) {
  Wish& wish = wishes_[slot];
  CallerTotals& totals = callers_[wish.workload];
  switch (how) {
    case WishEnded::How::answered:
      ++totals.answered;
      break;
    case WishEnded::How::failed:
      ++totals.failed;
      break;
    case WishEnded::How::left:
      ++totals.left;
      break;
  }
  wish.is_over = true;
  if (observed_) emit(WishEnded{.at = now_, .workload = wish.workload, .how = how, .tries = wish.tries});
  if (wish.events > 0) return;
  slots_[slot].is_wish = false;
  free_.push_back(slot);
}

// --- A caller who has gone -------------------------------------------------------------------------------------------

void Driver::leave_try(std::uint32_t slot) {
  Wish& wish = wishes_[slot];
  const std::uint64_t request = std::exchange(wish.request, UINT64_MAX);
  if (request == UINT64_MAX) return;  // between two tries
  if (observed_) emit(CallerLeft{.at = now_, .request = RequestId{request}});
  if (scenario_.monitor.provider_call.on_caller_gone == monitor::OnCallerGone::cancel) cancel(wish.try_slot);
}

void Driver::cancel(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  const bool is_calling = in_flight.flow.awaiting == monitor::Awaiting::reply;
  // No event names the slot of a call that waits for a place.
  if (!in_flight.place_in_line) {
    in_flight.is_wish = true;
    wishes_.resize(slots_.size());
    wishes_[slot] = {.events = 1, .is_over = true};
  }
  if (is_calling) leave_provider(slot);
  const monitor::Step step = gateway(in_flight.instance).abandon(in_flight.flow, now_, &options_.breakers);
  if (is_calling) {
    const monitor::Attempt& attempt = *in_flight.flow.record.last_attempt();
    if (replicas_) {
      replicas_->on_reply(in_flight.instance, in_flight.flow, attempt, {.kind = attempt.kind}, true, now_);
    }
    watch_breaker(attempt.provider);
  }
  perform(slot, step);
}

void Driver::leave_provider(std::uint32_t slot) {
  InFlight& in_flight = slots_[slot];
  const std::size_t place = index_of(in_flight.flow.record.last_attempt()->provider);
  Provider& provider = providers_[place];
  if (in_flight.place_in_line) {
    const Duration work = provider.leave_waiting(in_flight.call, now_, in_flight.effect, in_flight.result);
    stations_[place].waiting.leave(*std::exchange(in_flight.place_in_line, std::nullopt), work);
  } else {
    in_flight.call.deadline = now_;
    provider.abandon(in_flight.call, in_flight.effect, in_flight.result);
  }
  in_flight.result.reply.usage.reset();  // also where the answer comes at this very instant
  book_call(slot);
}

void Driver::expect_wish(std::uint32_t slot, Instant at) {
  ++wishes_[slot].events;
  queue_.schedule(at, slot_base_ + slot);
}

}  // namespace windtunnel::sim
