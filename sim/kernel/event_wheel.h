#pragma once
// Pending events in the order (time, order of scheduling), in buckets of equal width that cover the near future: what
// is scheduled goes straight to its bucket, what comes next is in the first bucket that holds anything. A calendar
// queue (R. Brown, CACM 31/10, 1988) of one year: what lies beyond it, or finds its bucket full, goes to a heap, which
// is as right and only slower. So no width and number of buckets can give a wrong order; those in use follow what is
// scheduled.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/kernel/event_heap.h"

namespace windtunnel::sim {

class EventWheel {
 public:
  using Entry = EventHeap::Entry;

  [[nodiscard]] bool empty() const { return near_size_ == 0 && others_.empty(); }
  [[nodiscard]] std::size_t size() const { return near_size_ + others_.size(); }
  // Of an empty wheel: later than all.
  [[nodiscard]] const Entry& first() const {
    return EventHeap::before(others_.first(), near_first_) ? others_.first() : near_first_;
  }

  // No entry is before `now_ns`, which never goes backwards.
  void push(const Entry& entry, std::int64_t now_ns) {
    if (++pushes_ >= 2 * buckets_.size()) [[unlikely]]
      fit(now_ns);
    if (others_.size() < kFew || !push_near(entry, now_ns)) others_.push(entry);
  }

  // Takes the first. The wheel must not be empty.
  void pop() {
    if (EventHeap::before(others_.first(), near_first_)) return others_.pop();
    const std::size_t bucket = bucket_of(near_first_.time_ns);
    Entry* const at = buckets_[bucket].member;
    const std::size_t last = --counts_[bucket];
    at[near_place_] = at[last];
    at[last] = EventHeap::kNone;
    if (last == 0) filled_[bucket / kWordBits] &= ~(std::uint64_t{1} << bucket % kWordBits);
    --near_size_;
    find_first_from(bucket);
  }

 private:
  static constexpr std::size_t kBucketsLeast = 1024;
  static constexpr std::size_t kBucketsMost = std::size_t{1} << 20;
  static constexpr std::size_t kRoom = EventHeap::kChildren;  // of a bucket: one line of a processor's cache
  static constexpr std::size_t kWordBits = 64;
  static constexpr std::size_t kFew = 5;       // so many a heap holds in two lines, which are always near
  static constexpr unsigned kShiftFirst = 26;  // 67 ms a bucket, 69 s in all
  static constexpr unsigned kShiftMost = 50;

  [[nodiscard]] std::size_t bucket_of(std::int64_t time_ns) const {
    return static_cast<std::size_t>(time_ns >> shift_) & (buckets_.size() - 1);
  }

  bool push_near(const Entry& entry, std::int64_t now_ns) {
    if ((entry.time_ns >> shift_) - (now_ns >> shift_) >= std::ssize(buckets_)) {
      ++too_far_;
      return false;
    }
    const std::size_t bucket = bucket_of(entry.time_ns);
    const std::size_t place = counts_[bucket];
    if (place == kRoom) {
      ++too_full_;
      return false;
    }
    counts_[bucket] = static_cast<std::uint8_t>(place + 1);
    filled_[bucket / kWordBits] |= std::uint64_t{1} << bucket % kWordBits;
    buckets_[bucket].member[place] = entry;
    ++near_size_;
    if (EventHeap::before(entry, near_first_)) {
      near_first_ = entry;
      near_place_ = place;
    }
    return true;
  }

  // All that is near lies less than one turn after the entry that was taken last, which lay in this bucket.
  void find_first_from(std::size_t bucket) {
    if (near_size_ == 0) {
      near_first_ = EventHeap::kNone;
      return;
    }
    std::size_t word = bucket / kWordBits;
    std::uint64_t bits = filled_[word] & (~std::uint64_t{0} << bucket % kWordBits);
    while (bits == 0) bits = filled_[word = (word + 1) & (filled_.size() - 1)];
    const std::size_t found = word * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
    const Entry* const at = buckets_[found].member;
    near_place_ = EventHeap::lesser(at, EventHeap::lesser(at, 0, 1), EventHeap::lesser(at, 2, 3));
    near_first_ = at[near_place_];
  }

  // Narrower buckets where too many were full, wider ones where too much lay beyond the last; more of them where both
  // is so, and fewer again where most are empty.
  void fit(std::int64_t now_ns) {
    const bool full = too_full_ > pushes_ / 16;
    const bool far = too_far_ > pushes_ / 16;
    const bool some_far = too_far_ > pushes_ / 64;
    pushes_ = too_far_ = too_full_ = 0;
    if (full && some_far) {
      if (buckets_.size() < kBucketsMost) rebuild(2 * buckets_.size(), shift_, now_ns);
    } else if (full && shift_ > 0) {
      rebuild(buckets_.size(), shift_ - 1, now_ns);
    } else if (far && shift_ < kShiftMost) {
      rebuild(buckets_.size(), shift_ + 1, now_ns);
    } else if (buckets_.size() > kBucketsLeast && 16 * size() < buckets_.size()) {
      rebuild(buckets_.size() / 2, shift_, now_ns);
    }
  }

  void rebuild(std::size_t buckets, unsigned shift, std::int64_t now_ns) {
    std::vector<Entry> entries;
    entries.reserve(near_size_);
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      entries.insert(entries.end(), buckets_[i].member, buckets_[i].member + counts_[i]);
    }
    buckets_.assign(buckets, EventHeap::kNobody);
    counts_.assign(buckets, 0);
    filled_.assign(buckets / kWordBits, 0);
    shift_ = shift;
    near_first_ = EventHeap::kNone;
    near_size_ = 0;
    for (const Entry& entry : entries) {
      if (!push_near(entry, now_ns)) others_.push(entry);
    }
  }

  std::vector<EventHeap::Family> buckets_ = std::vector<EventHeap::Family>(kBucketsLeast, EventHeap::kNobody);
  std::vector<std::uint8_t> counts_ = std::vector<std::uint8_t>(kBucketsLeast);
  std::vector<std::uint64_t> filled_ = std::vector<std::uint64_t>(kBucketsLeast / kWordBits);  // a bit a bucket
  unsigned shift_ = kShiftFirst;         // a bucket is 2^shift_ ns wide
  Entry near_first_ = EventHeap::kNone;  // of all buckets
  std::size_t near_place_ = 0;           // in its bucket
  std::size_t near_size_ = 0;
  EventHeap others_;
  std::uint32_t pushes_ = 0;  // since the width was last checked, and those that went to the heap
  std::uint32_t too_far_ = 0;
  std::uint32_t too_full_ = 0;
};

}  // namespace windtunnel::sim
