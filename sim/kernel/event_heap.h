#pragma once
// Pending events in the order (time, order of scheduling), in a 4-ary implicit heap: four children are one line of a
// processor's cache, and nothing is allocated once the vector has reached its greatest size.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace windtunnel::sim {

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

  // The place of the lesser of two, without a branch to mispredict.
  [[nodiscard]] static std::size_t lesser(const Entry* at, std::size_t a, std::size_t b) {
    return a + ((b - a) & -static_cast<std::size_t>(before(at[b], at[a])));
  }

  static constexpr std::size_t kChildren = 4;
  // The four children of an entry, on one line of a processor's cache. A place where no event stands is later than all.
  struct alignas(64) Family {
    Entry member[kChildren];
  };
  static constexpr Entry kNone{INT64_MAX, UINT64_MAX};
  static constexpr Family kNobody{{kNone, kNone, kNone, kNone}};

  EventHeap() : families_(1, kNobody) {}

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
  // The first entry is the last of family 0, so that the children of each are a family.
  static constexpr std::size_t kFirst = kChildren - 1;
  static std::size_t parent_of(std::size_t place) { return place / kChildren + (kFirst - 1); }
  static std::size_t children_of(std::size_t place) { return (place - (kFirst - 1)) * kChildren; }

  std::vector<Family> families_;
  std::size_t end_ = kFirst;  // behind the last entry
};

}  // namespace windtunnel::sim
