#pragma once
// What the cache should hold: entries by the full identity of what was asked (no combined hash of it), least recently
// used first to go when the capacity is reached, after those whose time is over.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"

namespace windtunnel::sim {

// Everything that changes an answer.
struct CacheIdentity {
  monitor::ContentKey content;
  static constexpr std::int64_t kNotAsked = -1;
  std::int64_t max_tokens = 0;  // as the caller asked for; kNotAsked: the caller named none
  std::uint32_t provider = 0;   // with scope provider: its place + 1; else 0
  std::uint32_t route = 0;      // that was asked for
  friend bool operator==(const CacheIdentity&, const CacheIdentity&) = default;
};

class CacheModel {
 public:
  struct Entry {
    CacheIdentity identity;
    monitor::ProviderId provider{};
    std::uint32_t response_length = 0;
    Instant stored{};  // what its age counts from
  };

  // lifetime: from storing until it is gone.
  CacheModel(std::size_t capacity, Duration lifetime);

  // The held entry, gone or not; nullptr: none.
  [[nodiscard]] const Entry* find(const CacheIdentity& identity) const;
  // A hit: the entry, which must be held, is the latest used.
  void use(const CacheIdentity& identity);
  // Its age counts from now on. It must be held.
  void renew(const CacheIdentity& identity, Instant now);
  void store(const Entry& entry, Instant now);
  // Fetches the places of the index that a search for this identity and the next entry to leave will read, because the
  // index is larger than the processor's nearest memory.
  void look_ahead(const CacheIdentity& identity) const;
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Links {
    std::uint32_t before = 0;
    std::uint32_t after = 0;
  };
  struct Slot {
    Entry entry;
    Links used;  // ring through slot 0, least recently used first
    Links aged;  // ring through slot 0, oldest first
    std::uint32_t hash = 0;
  };
  // A place of the index: the slot, 0 is empty, and half of the identity's hash, so that few slots are read.
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t slot = 0;
  };
  [[nodiscard]] std::size_t place(const CacheIdentity& identity, std::uint32_t hash) const;
  [[nodiscard]] std::size_t place(const CacheIdentity& identity) const;
  [[nodiscard]] std::size_t free_place(std::uint32_t hash) const;
  void append(Links Slot::*ring, std::uint32_t slot);
  void unlink(Links Slot::*ring, std::uint32_t slot);
  void remove(std::uint32_t slot);
  void widen();

  std::size_t capacity_;
  Duration lifetime_;
  std::vector<Slot> slots_;  // [0] heads the rings
  std::vector<std::uint32_t> free_;
  std::vector<Place> index_;  // open addressing
  std::size_t size_ = 0;
};

}  // namespace windtunnel::sim
