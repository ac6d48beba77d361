#pragma once
// The events that are still to come, in the total order (time, order of scheduling).
//
// A run is deterministic only if events of the same instant have an order of their own: here it is the order in which
// they were scheduled. An event is an instant and 24 bits of payload, whose meaning is the driver's. There is no
// cancel: a driver owes exactly one completion per call, so it schedules the one that will happen.
//
// Entries are 16 bytes, {time; sequence:40 | payload:24}. Most wait in a wheel of buckets (event_wheel.h). What comes
// next of a source that has one event pending at a time (the arrivals of a workload) waits in a small heap of its own.
//
// Properties (each is a test):
//   pop() gives events in the order of time; among equals, in the order scheduled (model: a stable sort).
//   every scheduled event comes out exactly once, payload unchanged.
//   time never goes backwards: scheduling before the last popped instant stops the run, at that instant is allowed.
//   a payload of 2^24 or more, or more than 2^40 events, stops the run.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/units.h"
#include "sim/kernel/event_heap.h"
#include "sim/kernel/event_wheel.h"

namespace windtunnel::sim {

struct Scheduled {
  Instant at;
  std::uint32_t payload = 0;
  friend bool operator==(const Scheduled&, const Scheduled&) = default;
};

class EventQueue {
 public:
  static constexpr int kPayloadBits = 24;
  static constexpr std::uint32_t kPayloadMax = (1U << kPayloadBits) - 1;
  static constexpr std::uint64_t kSequenceMax = (1ULL << (64 - kPayloadBits)) - 1;

  EventQueue() = default;
  // A queue that has already numbered `sequence` events, so that a test can stand at the end of the numbers.
  explicit EventQueue(std::uint64_t sequence) : sequence_(sequence) {}

  [[nodiscard]] bool empty() const { return all_.empty() && next_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size() + next_.size(); }

  void schedule(Instant at, std::uint32_t payload) {
    all_.push(entry(at, payload), last_popped_.time_since_epoch().count());
  }
  // The same, faster for a source that has one event pending at a time and follows it up when it has come.
  void schedule_next(Instant at, std::uint32_t payload) { next_.push(entry(at, payload)); }

  // When the first event comes. The queue must not be empty.
  [[nodiscard]] Instant next_at() const {
    check(!empty(), "an event is pending");
    const bool is_next = EventHeap::before(next_.first(), all_.first());
    return Instant{Duration{(is_next ? next_.first() : all_.first()).time_ns}};
  }

  // The queue must not be empty.
  Scheduled pop() {
    check(!empty(), "an event is pending");
    const bool is_next = EventHeap::before(next_.first(), all_.first());
    const EventHeap::Entry& entry = is_next ? next_.first() : all_.first();
    last_popped_ = Instant{Duration{entry.time_ns}};
    const Scheduled first{last_popped_, static_cast<std::uint32_t>(entry.order & kPayloadMax)};
    if (is_next) {
      next_.pop();
    } else {
      all_.pop();
    }
    return first;
  }

 private:
  [[nodiscard]] EventHeap::Entry entry(Instant at, std::uint32_t payload) {
    check(at >= last_popped_, "no event is scheduled before the present");
    check(payload <= kPayloadMax, "an event's payload fits 24 bits");
    check(sequence_ <= kSequenceMax, "a run has at most 2^40 events");
    return {at.time_since_epoch().count(), sequence_++ << kPayloadBits | payload};
  }

  EventWheel all_;
  EventHeap next_;  // what schedule_next() scheduled
  std::uint64_t sequence_ = 0;
  Instant last_popped_{};
};

}  // namespace windtunnel::sim
