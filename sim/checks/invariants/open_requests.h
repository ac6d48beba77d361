#pragma once
// What has been seen of each request in flight, found by its number in constant time.
//
// Numbers rise, so that those in flight lie between the oldest and the newest: a ring of slots indexed by the number's
// low bits holds them. It doubles when two in flight would share a slot.

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/pipeline_events.h"
#include "sim/models/breaker_model.h"
#include "sim/models/true_spend.h"

namespace windtunnel::sim {

// What must follow a call that failed. It is due at once, or after the pause before a retry.
struct DueStep {
  bool open = false;   // nothing has followed yet
  bool retry = false;  // a retry at the same provider is due at `retry_at`
  Instant failed_at{};
  Instant retry_at{};              // the end of the pause, whether or not a retry is due
  std::optional<Instant> cooling;  // the end of the provider's Retry-After
};

struct OpenRequest {
  monitor::Request request;
  Instant arrived{};
  WallTime wall{};  // at arrival
  bool live = false;
  bool rate_fits = true;     // by the model, when it arrived
  bool rate_passed = false;  // counted in the model's window
  bool granted = false;
  bool held = false;            // a reservation was made for it
  bool is_limited = false;      // a limit of the list has refused it, or a target of it
  bool permit_pending = false;  // admitted by a breaker, not yet called
  bool calling = false;
  bool is_left = false;       // its caller has gone, and the gateway is to end it at that
  bool ledger_seen = false;   // of the present call
  bool hit_by_fault = false;  // a fault that fails calls hit the present call
  bool cache_asked = false;
  bool cache_served = false;
  bool cache_stale = false;
  bool stored = false;
  std::uint8_t attempts = 0;
  bool is_bypass = false;          // the present call was made past the breakers
  std::uint64_t asked_mask = 0;    // providers whose turn came, by bit
  std::uint64_t refused_mask = 0;  // by their breaker, or passed over under Retry-After
  std::uint64_t called_mask = 0;
  std::uint64_t retriable_mask = 0;       // providers that failed in a way that another time may mend
  monitor::ProviderId provider{};         // of the present or latest call
  monitor::ProviderId permit_provider{};  // of the latest permit
  std::optional<monitor::ProviderId> first_asked;
  // With routes: the one that is being tried, when it was entered, those before it, and within it the deployments that
  // had their turn in this round, the round, and the calls.
  monitor::RouteId route{};
  Instant route_entered{};
  std::uint64_t routes_tried = 0;
  std::uint64_t route_turns = 0;
  std::uint8_t route_round = 1;
  std::uint8_t route_calls = 0;
  std::uint8_t calls_in_a_row = 0;  // at the present provider
  Instant step_at{};                // of its latest turn or the end of its latest call
  bool has_failed = false;          // its latest call has, and no other target had a turn after it
  bool saw_break = false;           // its latest call broke off a stream that its caller reads, for which it fails
  // The latest failure that time may mend, and the latest such of another provider.
  std::optional<monitor::ReplyKind> mendable;
  std::optional<monitor::ReplyKind> mendable_before;
  monitor::ProviderId mendable_at{};
  monitor::ReplyKind last_kind = monitor::ReplyKind::ok;
  std::array<std::uint8_t, monitor::kProvidersMax> attempts_at{};
  Tokens grant;
  Tokens output_max;
  std::uint64_t ordinal = 0;      // in its workload
  Tokens wanted;                  // from the present call, uncut
  TokenKinds wanted_kinds;        // likewise
  bool was_served = false;        // the present call had a place at its provider
  bool waited_for_place = false;  // in its provider's queue
  bool asked_own_limit = false;   // and the provider's own limit decided on it, in a minute that
  bool limit_refuses = false;     // has no room for it
  Instant served_at{};
  WallTime called_at{};  // in true time: when the present call was made
  Tokens billed_input;   // for the present call, by the ledger
  Tokens billed_output;
  TokenKinds billed_kinds;
  DueStep due;
  ModelPermit permit;
  Instant started{};
  Instant deadline{};
  Instant first_token_by = Instant::max();  // of the present call
  Duration idle = Duration::max();          // likewise
  Tariff tariff;                            // of the present call, by its provider's list of prices
  Usd billed;                               // for the present call, by the ledger
  Usd reserved;
  Usd known_cost;           // by the ledger, over calls whose usage is known
  std::uint32_t month = 0;  // windows of the budget model
  std::uint32_t day = 0;
  TrueSpend::Place true_place;     // if the wall clock steps
  bool has_room_in_minute = true;  // in true time, when it arrived
  bool is_counted_in_minute = false;
  monitor::ContentKey served_key;
  Duration served_age{0};
  monitor::ProviderId served_provider{};
};

class OpenRequests {
 public:
  OpenRequests() : slots_(64), mask_(slots_.size() - 1) {}

  [[nodiscard]] OpenRequest* find(RequestId id) {
    OpenRequest& slot = slots_[number_of(id) & mask_];
    return slot.live && slot.request.id == id ? &slot : nullptr;
  }
  // A fresh slot. The number must not be in flight.
  OpenRequest& begin(RequestId id) {
    while (slots_[number_of(id) & mask_].live) grow();
    OpenRequest& slot = slots_[number_of(id) & mask_];
    std::destroy_at(&slot);
    ::new (static_cast<void*>(&slot)) OpenRequest;
    slot.live = true;
    slot.request.id = id;
    ++count_;
    return slot;
  }
  void end(OpenRequest& open_request) {
    open_request.live = false;
    --count_;
  }
  [[nodiscard]] std::int64_t count() const { return count_; }
  // One of those in flight, or nothing.
  [[nodiscard]] const OpenRequest* any() const {
    for (const OpenRequest& slot : slots_) {
      if (slot.live) return &slot;
    }
    return nullptr;
  }

 private:
  void grow() {
    std::vector<OpenRequest> wider(2 * slots_.size());
    for (const OpenRequest& slot : slots_) {
      if (slot.live) wider[number_of(slot.request.id) & (wider.size() - 1)] = slot;
    }
    slots_.swap(wider);
    mask_ = slots_.size() - 1;
  }

  std::vector<OpenRequest> slots_;
  std::uint64_t mask_;
  std::int64_t count_ = 0;
};

}  // namespace windtunnel::sim
