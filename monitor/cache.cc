#include "monitor/cache.h"

// `inline` marks what is short or has one caller: the compiler is to put it there.

#include <bit>

namespace windtunnel::monitor {
namespace {
constexpr std::size_t kIndexSizeLeast = 16;
}  // namespace

std::optional<std::string> invalid(const CacheConfig& config) {
  if (config.ttl < Duration{0}) return "the cache's ttl is negative";
  if (config.stale_if_error < Duration{0}) return "stale_if_error is negative";
  if (config.ttl > Duration::max() - config.stale_if_error) return "ttl and stale_if_error make more than 292 years";
  if (config.capacity > kCacheCapacityMax) return "the cache's capacity is above 2^28";
  return std::nullopt;
}

Cache::Cache(const CacheConfig& config) : config_(config), lifetime_(Duration{0}) {
  check(!invalid(config), "the cache's configuration is valid");
  lifetime_ = config.ttl + config.stale_if_error;
  if (!on()) return;
  slots_.emplace_back();
  index_.resize(kIndexSizeLeast);
  tag_shift_ = 32U - static_cast<unsigned>(std::countr_zero(index_.size()));
}

std::optional<Hit> Cache::find(ContentKey key, Instant now) {
  if (!on()) return std::nullopt;
  const std::uint32_t slot = slot_of(key);
  if (slot != 0) {
    const Duration age = age_of(slot, now);
    if (age < config_.ttl) {
      ++hits_;
      if (config_.ttl_from == CacheConfig::TtlFrom::last_hit) [[unlikely]]
        renew(slot, now);
      return hit(slot, age);
    }
  }
  ++misses_;
  return std::nullopt;
}

std::optional<Hit> Cache::find_stale(ContentKey key, Instant now) {
  if (!on()) return std::nullopt;
  const std::uint32_t slot = slot_of(key);
  if (slot == 0) return std::nullopt;
  const Duration age = age_of(slot, now);
  if (age < config_.ttl || age >= lifetime_) return std::nullopt;
  ++stale_hits_;
  return hit(slot, age);
}

bool Cache::is_at_edge(ContentKey key, Instant now) const {
  if (!on()) return false;
  const std::uint32_t slot = slot_of(key);
  return slot != 0 && age_of(slot, now) == config_.ttl;
}

std::uint32_t Cache::keep(ContentKey key, const Answer& answer, Instant now) {
  if (!on()) return kNoSlot;
  std::uint32_t slot = slot_of(key);
  if (slot != 0) {
    unlink(&Slot::by_use, slot);
    unlink(&Slot::by_age, slot);
  } else {
    slot = vacant_slot(now);
    if (4 * (size_ + 1) > index_.size()) grow_index();
    slots_[slot].key = key;
    put_into_index(tag_of(key), slot);
    ++size_;
  }
  slots_[slot].answer = answer;
  slots_[slot].answer.stored_at = now;
  append(&Slot::by_use, slot);
  append(&Slot::by_age, slot);
  return slot - 1;
}

std::size_t Cache::fresh(Instant now) const {
  if (size_ == 0) return 0;
  std::size_t expired = 0;
  std::uint32_t slot = slots_[0].by_age.after;
  for (; slot != 0 && now - slots_[slot].answer.stored_at >= config_.ttl; slot = slots_[slot].by_age.after) ++expired;
  return size_ - expired;
}

// The slot of this key; 0 if it is not held.
std::uint32_t Cache::slot_of(ContentKey key) const {
  const std::size_t mask = index_.size() - 1;
  const std::uint32_t tag = tag_of(key);
  for (std::size_t place = home_of(tag); index_[place].slot != 0; place = (place + 1) & mask) {
    if (index_[place].tag == tag && slots_[index_[place].slot].key == key) return index_[place].slot;
  }
  return 0;
}

void Cache::put_into_index(std::uint32_t tag, std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = home_of(tag);
  while (index_[place].slot != 0) place = (place + 1) & mask;
  index_[place] = {tag, slot};
}

void Cache::unlink(Links Slot::*ring, std::uint32_t slot) {
  const Links links = slots_[slot].*ring;
  (slots_[links.before].*ring).after = links.after;
  (slots_[links.after].*ring).before = links.before;
}

void Cache::append(Links Slot::*ring, std::uint32_t slot) {
  const std::uint32_t last = (slots_[0].*ring).before;
  (slots_[last].*ring).after = slot;
  slots_[slot].*ring = {.before = last, .after = 0};
  (slots_[0].*ring).before = slot;
}

// Takes the key out of the index without leaving a mark: whatever follows and may move into the hole moves. Who was
// used next after it is likely the next to go.
void Cache::remove(std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = home_of(tag_of(slots_[slot].key));
  while (index_[hole].slot != slot) hole = (hole + 1) & mask;
  for (std::size_t place = (hole + 1) & mask; index_[place].slot != 0; place = (place + 1) & mask) {
    const std::size_t home = home_of(index_[place].tag);
    if (((place - home) & mask) < ((place - hole) & mask)) continue;
    index_[hole] = index_[place];
    hole = place;
  }
  index_[hole] = {};
  look_ahead(slots_[slots_[slot].by_use.after].key);
  unlink(&Slot::by_use, slot);
  unlink(&Slot::by_age, slot);
  slots_[slot].by_use.after = free_;
  free_ = slot;
  --size_;
}

inline std::uint32_t Cache::vacant_slot(Instant now) {
  while (size_ > 0 && age_of(slots_[0].by_age.after, now) >= lifetime_) remove(slots_[0].by_age.after);
  if (size_ == config_.capacity) {
    ++evictions_;
    remove(slots_[0].by_use.after);
  }
  if (free_ == 0) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_;
  free_ = slots_[slot].by_use.after;
  return slot;
}

// The index grows when more entries are held than ever before, so that no slot is vacant but the one that is about to
// be filled.
void Cache::grow_index() {
  check(free_ == 0 && slots_.size() == size_ + 2, "the index grows for one slot more than were ever filled");
  index_ = std::vector<Place>(2 * index_.size());
  --tag_shift_;
  for (std::uint32_t slot = 1; slot <= size_; ++slot) put_into_index(tag_of(slots_[slot].key), slot);
}

Hit Cache::hit(std::uint32_t slot, Duration age) {
  unlink(&Slot::by_use, slot);
  append(&Slot::by_use, slot);
  return {.slot = slot - 1, .answer = slots_[slot].answer, .age = age};
}

void Cache::renew(std::uint32_t slot, Instant now) {
  slots_[slot].answer.stored_at = now;
  unlink(&Slot::by_age, slot);
  append(&Slot::by_age, slot);
}

Duration Cache::age_of(std::uint32_t slot, Instant now) const {
  const Duration age = now - slots_[slot].answer.stored_at;
  check(age >= Duration{0}, "time never goes backwards");
  return age;
}

}  // namespace windtunnel::monitor
