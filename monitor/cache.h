#pragma once
// Remembers answers by content. It stores what is needed to account for an answer; an owner of texts keeps them by
// slot.
//
// An entry is fresh while age < ttl and stale while ttl <= age < ttl + stale_if_error; then it is gone. Age counts from
// keep() or, with ttl_from: last_hit, from the latest fresh hit. At most `capacity` entries are held: for a new one
// those that are gone make room first, then the one that was stored or hit the longest ago. A hit refreshes that order.
// What may be stored (validated successes only) is the pipeline's affair.

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/content_key.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

struct CacheConfig {
  enum class Scope : std::uint8_t { shared, provider };
  enum class TtlFrom : std::uint8_t { insertion, last_hit };  // of a fresh answer: a stale one stays stale
  bool enabled = true;
  Duration ttl = std::chrono::hours{1};  // 0: nothing is ever fresh
  std::size_t capacity = 10'000;         // 0: off; at most kCacheCapacityMax
  Scope scope = Scope::shared;
  Duration stale_if_error{0};
  TtlFrom ttl_from = TtlFrom::insertion;
  friend bool operator==(const CacheConfig&, const CacheConfig&) = default;
};
inline constexpr std::size_t kCacheCapacityMax = std::size_t{1} << 28;

// Why this configuration cannot be used, as one sentence; nothing if it can.
std::optional<std::string> invalid(const CacheConfig& config);

struct Answer {
  ProviderId provider{};  // who produced it
  std::uint32_t response_length = 0;
  Tokens input;
  Tokens output;
  Instant stored_at{};  // set by keep(): what its age counts from
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Hit {
  std::uint32_t slot = 0;
  Answer answer;
  Duration age{0};
};

class Cache {
 public:
  static constexpr std::uint32_t kNoSlot = UINT32_MAX;

  explicit Cache(const CacheConfig& config = {});

  // Where the answer of `provider` to this request is kept: the content and everything else that changes the answer,
  // which is the max_tokens that the caller asked for (never the grant) and, with scope provider, the provider.
  [[nodiscard]] ContentKey key_of(const Request& request, ProviderId provider) {
    return scoped(shared_key_of(request), provider);
  }
  // The same in two steps: what needs no provider, and the rest. Most requests ask for as much as the one before.
  [[nodiscard]] ContentKey shared_key_of(const Request& request) {
    const Tokens asked = request.max_tokens_is_asked ? request.max_tokens : kNotAsked;
    if (asked != asked_) {
      asked_ = asked;
      asked_hash_ = stable_hash(static_cast<std::uint64_t>(asked_.count()));
    }
    const ContentKey key = with_hashed(request.content, asked_hash_);
    // What another route answers is another answer.
    return request.route == RouteId{} ? key : with(key, kRoutes + index_of(request.route));
  }
  [[nodiscard]] ContentKey scoped(ContentKey shared, ProviderId provider) const {
    return config_.scope == CacheConfig::Scope::shared ? shared : with(shared, index_of(provider));
  }

  // The key will be asked for soon: brings its place of the index near. Changes nothing.
  void look_ahead(ContentKey key) const {
    if (!index_.empty()) __builtin_prefetch(&index_[home_of(tag_of(key))]);
  }
  // A fresh entry, or nothing. `now` never goes backwards from call to call.
  [[nodiscard]] std::optional<Hit> find(ContentKey key, Instant now);
  // A stale entry, or nothing; a fresh one is not stale. Nothing counts as a miss here.
  [[nodiscard]] std::optional<Hit> find_stale(ContentKey key, Instant now);
  // The entry of this key is exactly ttl old: it was fresh a nanosecond ago.
  [[nodiscard]] bool is_at_edge(ContentKey key, Instant now) const;
  // Stores with age 0, over what the key had. Returns the slot, below the capacity; kNoSlot if the cache is off.
  std::uint32_t keep(ContentKey key, const Answer& answer, Instant now);

  [[nodiscard]] const CacheConfig& config() const { return config_; }
  [[nodiscard]] bool on() const { return config_.enabled && config_.capacity > 0; }
  // Held entries, with those that are stale or gone and have not made room yet.
  [[nodiscard]] std::size_t size() const { return size_; }
  // Of these, the ones that a request would hit at `now`. Looks at each of the others, so it is for reports.
  [[nodiscard]] std::size_t fresh(Instant now) const;
  // Since the start. A cache that is off counts nothing.
  [[nodiscard]] std::int64_t hits() const { return hits_; }
  [[nodiscard]] std::int64_t stale_hits() const { return stale_hits_; }
  [[nodiscard]] std::int64_t misses() const { return misses_; }
  [[nodiscard]] std::int64_t evictions() const { return evictions_; }  // entries not yet gone that made room

 private:
  static constexpr Tokens kNotAsked{-1};
  static constexpr std::uint64_t kRoutes = 1'000;  // apart from the places of providers
  // The neighbours in a doubly linked ring through the slots; slot 0 is the ring's head and holds no entry.
  struct Links {
    std::uint32_t before = 0;
    std::uint32_t after = 0;
  };
  struct alignas(64) Slot {  // one line of a processor's cache
    ContentKey key;
    Answer answer;
    Links by_use;  // from the head: least recently stored or hit first
    Links by_age;  // from the head: oldest first
  };
  static_assert(sizeof(Slot) == 64);

  // A place of the index. The tag is the upper half of the key's hash: most of the entries on the way differ in
  // it, so that the slot is not read.
  struct Place {
    std::uint32_t tag = 0;
    std::uint32_t slot = 0;  // 0: nothing lies here
  };

  [[nodiscard]] static std::uint32_t tag_of(ContentKey key) {
    return static_cast<std::uint32_t>((key.low ^ std::rotl(key.high, 32)) * 0x9e3779b97f4a7c15 >> 32);
  }
  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const { return tag >> tag_shift_; }
  [[nodiscard]] std::uint32_t slot_of(ContentKey key) const;
  void put_into_index(std::uint32_t tag, std::uint32_t slot);
  void unlink(Links Slot::*ring, std::uint32_t slot);
  void append(Links Slot::*ring, std::uint32_t slot);
  void remove(std::uint32_t slot);
  [[nodiscard]] std::uint32_t vacant_slot(Instant now);
  void grow_index();
  [[nodiscard]] Hit hit(std::uint32_t slot, Duration age);
  void renew(std::uint32_t slot, Instant now);
  [[nodiscard]] Duration age_of(std::uint32_t slot, Instant now) const;

  CacheConfig config_;
  Duration lifetime_;         // ttl + stale_if_error
  std::vector<Slot> slots_;   // [0] is the head of the rings
  std::uint32_t free_ = 0;    // the first removed slot; each names the next in by_use.after; 0 ends
  std::vector<Place> index_;  // open addressing, linear probing, a power of two, at most a quarter full
  unsigned tag_shift_ = 32;   // what remains of a tag is its home
  std::size_t size_ = 0;
  Tokens asked_;  // by the latest request, and their hash
  std::uint64_t asked_hash_ = stable_hash(0);
  std::int64_t hits_ = 0;
  std::int64_t stale_hits_ = 0;
  std::int64_t misses_ = 0;
  std::int64_t evictions_ = 0;
};

}  // namespace windtunnel::monitor
