#pragma once
// The events that are still to come, in the total order (time, order of scheduling).
//
// A run is deterministic only if events of the same instant have an order of their own: here it is the order in which
// they were scheduled. An event is an instant and 24 bits of payload, whose meaning is the driver's. There is no
// cancel: a driver owes exactly one completion per call, so it schedules the one that will happen.
//
// Entries are 16 bytes, {time; sequence:40 | payload:24}, in 4-ary implicit heaps: the pending set is small, four
// children are one cache line, and nothing is allocated once the vector has reached its greatest size. There are two of
// them. What comes next of a source that has one event pending at a time (the arrivals of a workload) is soon, so among
// the completions, which are many and far, it would sift up and down all the levels; in a heap of its own it stays put.
//
// Properties (each is a test):
//   pop() gives events in the order of time; among equals, in the order scheduled (model: a stable sort).
//   every scheduled event comes out exactly once, payload unchanged.
//   time never goes backwards: scheduling before the last popped instant stops the run, at that instant is allowed.
//   a payload of 2^24 or more, or more than 2^40 events, stops the run.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "monitor/check.h"
#include "monitor/units.h"

namespace windtunnel::sim {

struct Event {
  monitor::Instant at;
  std::uint32_t payload = 0;
  friend bool operator==(const Event&, const Event&) = default;
};

// The pending events of one kind.
class EventHeap {
 public:
  struct Entry {
    std::int64_t time_ns;
    std::uint64_t order;  // sequence:40 | payload:24; sequences differ, so the payload never decides an order
  };
  static_assert(sizeof(Entry) == 16);

  // One 128-bit comparison, which compiles to two instructions and no branch. Times are never negative: the first
  // instant is 0 and none is scheduled before the last popped.
  static bool before(const Entry& a, const Entry& b) {
    __extension__ using Wide = unsigned __int128;
    return (static_cast<Wide>(static_cast<std::uint64_t>(a.time_ns)) << 64 | a.order) <
           (static_cast<Wide>(static_cast<std::uint64_t>(b.time_ns)) << 64 | b.order);
  }

  EventHeap() : families_(1, kNobody) {}

  void reserve(std::size_t events) { families_.reserve(events / kChildren + 2); }
  [[nodiscard]] bool empty() const { return end_ == kFirst; }
  [[nodiscard]] std::size_t size() const { return end_ - kFirst; }
  // Of an empty heap: later than all.
  [[nodiscard]] const Entry& first() const { return families_.front().member[kFirst]; }

  void push(const Entry entry) {
    if (end_ == families_.size() * kChildren) families_.push_back(kNobody);
    Entry* const at = families_.front().member;
    std::size_t hole = end_++;
    while (hole > kFirst) {
      const std::size_t parent = parent_of(hole);
      if (!before(entry, at[parent])) break;
      at[hole] = at[parent];
      hole = parent;
    }
    at[hole] = entry;
  }

  // Takes the first. The heap must not be empty. Which child is least is a coin toss, so four children are compared as
  // two pairs by arithmetic on the index, without a branch to mispredict.
  void pop() {
    Entry* const at = families_.front().member;
    const Entry entry = at[--end_];
    at[end_] = kNone;
    std::size_t hole = kFirst;
    for (std::size_t child = kChildren; child < end_; child = children_of(hole)) {
      const std::size_t least = lesser(at, lesser(at, child, child + 1), lesser(at, child + 2, child + 3));
      if (!before(at[least], entry)) break;
      at[hole] = at[least];
      hole = least;
    }
    if (!empty()) at[hole] = entry;
  }

 private:
  static constexpr std::size_t kChildren = 4;
  // The four children of an entry, on one line of a processor's cache. A place where no event stands is later than all.
  struct alignas(64) Family {
    Entry member[kChildren];
  };
  static constexpr Entry kNone{INT64_MAX, UINT64_MAX};
  static constexpr Family kNobody{{kNone, kNone, kNone, kNone}};
  // The first entry is the last of family 0, so that the children of each are a family.
  static constexpr std::size_t kFirst = kChildren - 1;
  static std::size_t parent_of(std::size_t place) { return place / kChildren + (kFirst - 1); }
  static std::size_t children_of(std::size_t place) { return (place - (kFirst - 1)) * kChildren; }

  [[nodiscard]] static std::size_t lesser(const Entry* at, std::size_t a, std::size_t b) {
    return a + ((b - a) & -static_cast<std::size_t>(before(at[b], at[a])));
  }

  std::vector<Family> families_;
  std::size_t end_ = kFirst;  // behind the last entry
};

class EventQueue {
 public:
  static constexpr int kPayloadBits = 24;
  static constexpr std::uint32_t kPayloadMax = (1U << kPayloadBits) - 1;
  static constexpr std::uint64_t kSequenceMax = (1ULL << (64 - kPayloadBits)) - 1;

  EventQueue() = default;
  // A queue that has already numbered `sequence` events, so that a test can stand at the end of the numbers.
  explicit EventQueue(std::uint64_t sequence) : sequence_(sequence) {}

  void reserve(std::size_t events) { all_.reserve(events); }
  [[nodiscard]] bool empty() const { return all_.empty() && next_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size() + next_.size(); }

  void schedule(monitor::Instant at, std::uint32_t payload) { all_.push(entry(at, payload)); }
  // The same, faster for a source that has one event pending at a time and follows it up when it has come.
  void schedule_next(monitor::Instant at, std::uint32_t payload) { next_.push(entry(at, payload)); }

  // The queue must not be empty.
  Event pop() {
    monitor::check(!empty(), "an event is pending");
    EventHeap& heap = EventHeap::before(next_.first(), all_.first()) ? next_ : all_;
    last_popped_ = monitor::Instant{monitor::Duration{heap.first().time_ns}};
    const Event first{last_popped_, static_cast<std::uint32_t>(heap.first().order & kPayloadMax)};
    heap.pop();
    return first;
  }

 private:
  [[nodiscard]] EventHeap::Entry entry(monitor::Instant at, std::uint32_t payload) {
    monitor::check(at >= last_popped_, "no event is scheduled before the present");
    monitor::check(payload <= kPayloadMax, "an event's payload fits 24 bits");
    monitor::check(sequence_ <= kSequenceMax, "a run has at most 2^40 events");
    return {at.time_since_epoch().count(), sequence_++ << kPayloadBits | payload};
  }

  EventHeap all_;
  EventHeap next_;  // what schedule_next() was told
  std::uint64_t sequence_ = 0;
  monitor::Instant last_popped_{};
};

}  // namespace windtunnel::sim
