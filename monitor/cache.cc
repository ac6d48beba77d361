#include "monitor/cache.h"

#include <bit>

#include "monitor/content_key.h"

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
  index_shift_ = 64U - static_cast<unsigned>(std::countr_zero(index_.size()));
}

ContentKey Cache::key_of(const Request& request, ProviderId provider) const {
  const ContentKey key = with(request.content, static_cast<std::uint64_t>(request.max_tokens.count()));
  if (config_.scope == CacheConfig::Scope::shared) return key;
  return with(key, index_of(provider));
}

std::optional<Hit> Cache::find(ContentKey key, Instant now) {
  if (!on()) return std::nullopt;
  const std::uint32_t slot = index_[place_of(key)];
  if (slot != 0) {
    const Duration age = age_of(slot, now);
    if (age < config_.ttl) {
      ++hits_;
      return hit(slot, age);
    }
  }
  ++misses_;
  return std::nullopt;
}

std::optional<Hit> Cache::find_stale(ContentKey key, Instant now) {
  if (!on()) return std::nullopt;
  const std::uint32_t slot = index_[place_of(key)];
  if (slot == 0) return std::nullopt;
  const Duration age = age_of(slot, now);
  if (age < config_.ttl || age >= lifetime_) return std::nullopt;
  ++stale_hits_;
  return hit(slot, age);
}

bool Cache::is_at_edge(ContentKey key, Instant now) const {
  if (!on()) return false;
  const std::uint32_t slot = index_[place_of(key)];
  return slot != 0 && age_of(slot, now) == config_.ttl;
}

std::uint32_t Cache::keep(ContentKey key, const Answer& answer, Instant now) {
  if (!on()) return kNoSlot;
  std::uint32_t slot = index_[place_of(key)];
  if (slot != 0) {
    unlink(&Slot::by_use, slot);
    unlink(&Slot::by_age, slot);
  } else {
    slot = vacant_slot(now);
    if (2 * (size_ + 1) > index_.size()) grow_index();
    slots_[slot].key = key;
    index_[place_of(key)] = slot;
    ++size_;
  }
  slots_[slot].answer = answer;
  slots_[slot].answer.stored_at = now;
  append(&Slot::by_use, slot);
  append(&Slot::by_age, slot);
  return slot - 1;
}

std::size_t Cache::home_of(ContentKey key) const {
  return static_cast<std::size_t>((key.low ^ std::rotl(key.high, 32)) * 0x9e3779b97f4a7c15 >> index_shift_);
}

// Where the index holds this key, or the empty place where it would go.
std::size_t Cache::place_of(ContentKey key) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t place = home_of(key);
  while (index_[place] != 0 && slots_[index_[place]].key != key) place = (place + 1) & mask;
  return place;
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

// Takes the key out of the index without leaving a mark: whatever follows and may move into the hole moves.
void Cache::remove(std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = place_of(slots_[slot].key);
  for (std::size_t place = (hole + 1) & mask; index_[place] != 0; place = (place + 1) & mask) {
    const std::size_t home = home_of(slots_[index_[place]].key);
    if (((place - home) & mask) < ((place - hole) & mask)) continue;
    index_[hole] = index_[place];
    hole = place;
  }
  index_[hole] = 0;
  unlink(&Slot::by_use, slot);
  unlink(&Slot::by_age, slot);
  slots_[slot].by_use.after = free_;
  free_ = slot;
  --size_;
}

std::uint32_t Cache::vacant_slot(Instant now) {
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

void Cache::grow_index() {
  index_.assign(2 * index_.size(), 0);
  --index_shift_;
  for (std::uint32_t slot = slots_[0].by_use.after; slot != 0; slot = slots_[slot].by_use.after) {
    index_[place_of(slots_[slot].key)] = slot;
  }
}

Hit Cache::hit(std::uint32_t slot, Duration age) {
  unlink(&Slot::by_use, slot);
  append(&Slot::by_use, slot);
  return {.slot = slot - 1, .answer = slots_[slot].answer, .age = age};
}

Duration Cache::age_of(std::uint32_t slot, Instant now) const {
  const Duration age = now - slots_[slot].answer.stored_at;
  check(age >= Duration{0}, "time never goes backwards");
  return age;
}

}  // namespace windtunnel::monitor
