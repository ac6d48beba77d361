#include "sim/models/cache_model.h"

namespace windtunnel::sim {
namespace {

std::uint32_t spread(const CacheIdentity& identity) {
  std::uint64_t x =
      identity.content.low + (std::uint64_t{identity.provider} << 32U | identity.route) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9;
  x += identity.content.high ^ (static_cast<std::uint64_t>(identity.max_tokens) << 17U);
  x = (x ^ (x >> 32)) * 0x94d049bb133111eb;
  return static_cast<std::uint32_t>(x ^ (x >> 31));
}

}  // namespace

CacheModel::CacheModel(std::size_t capacity, Duration lifetime)
    : capacity_(capacity), lifetime_(lifetime), slots_(1), index_(64) {}

// Where the index names this identity, or the empty place where it would.
inline std::size_t CacheModel::place(const CacheIdentity& identity, std::uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash & mask;
  while (index_[at].slot != 0 && (index_[at].hash != hash || slots_[index_[at].slot].entry.identity != identity)) {
    at = (at + 1) & mask;
  }
  return at;
}

std::size_t CacheModel::place(const CacheIdentity& identity) const { return place(identity, spread(identity)); }

std::size_t CacheModel::free_place(std::uint32_t hash) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash & mask;
  while (index_[at].slot != 0) at = (at + 1) & mask;
  return at;
}

const CacheModel::Entry* CacheModel::find(const CacheIdentity& identity) const {
  const std::uint32_t slot = index_[place(identity)].slot;
  return slot == 0 ? nullptr : &slots_[slot].entry;
}

void CacheModel::use(const CacheIdentity& identity) {
  const std::uint32_t slot = index_[place(identity)].slot;
  unlink(&Slot::used, slot);
  append(&Slot::used, slot);
}

void CacheModel::renew(const CacheIdentity& identity, Instant now) {
  const std::uint32_t slot = index_[place(identity)].slot;
  slots_[slot].entry.stored = now;
  unlink(&Slot::aged, slot);
  append(&Slot::aged, slot);
}

void CacheModel::store(const Entry& entry, Instant now) {
  if (capacity_ == 0) return;
  const std::uint32_t hash = spread(entry.identity);
  std::uint32_t slot = index_[place(entry.identity, hash)].slot;
  if (slot != 0) {
    unlink(&Slot::used, slot);
    unlink(&Slot::aged, slot);
  } else {
    while (size_ > 0 && now - slots_[slots_[0].aged.after].entry.stored >= lifetime_) remove(slots_[0].aged.after);
    if (size_ == capacity_) remove(slots_[0].used.after);
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    slot = free_.back();
    free_.pop_back();
    if (2 * (size_ + 1) > index_.size()) widen();
    index_[free_place(hash)] = {hash, slot};
    slots_[slot].hash = hash;
    ++size_;
  }
  slots_[slot].entry = entry;
  slots_[slot].entry.stored = now;
  append(&Slot::used, slot);
  append(&Slot::aged, slot);
  const Slot& leaves_next = slots_[slots_[0].aged.after];
  __builtin_prefetch(&leaves_next.entry);
  __builtin_prefetch(&leaves_next.hash);
}

void CacheModel::append(Links Slot::*ring, std::uint32_t slot) {
  const std::uint32_t last = (slots_[0].*ring).before;
  slots_[slot].*ring = {last, 0};
  (slots_[last].*ring).after = slot;
  (slots_[0].*ring).before = slot;
}

void CacheModel::unlink(Links Slot::*ring, std::uint32_t slot) {
  const Links links = slots_[slot].*ring;
  (slots_[links.before].*ring).after = links.after;
  (slots_[links.after].*ring).before = links.before;
}

void CacheModel::look_ahead(const CacheIdentity& identity) const {
  const std::size_t mask = index_.size() - 1;
  __builtin_prefetch(&index_[spread(identity) & mask]);
  __builtin_prefetch(&index_[slots_[slots_[0].aged.after].hash & mask]);
}

// Every name that follows the hole without a gap is inserted again, so that none becomes unreachable.
void CacheModel::remove(std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = slots_[slot].hash & mask;
  while (index_[at].slot != slot) at = (at + 1) & mask;
  index_[at] = {};
  for (at = (at + 1) & mask; index_[at].slot != 0; at = (at + 1) & mask) {
    const Place moved = index_[at];
    index_[at] = {};
    index_[free_place(moved.hash)] = moved;
  }
  unlink(&Slot::used, slot);
  unlink(&Slot::aged, slot);
  free_.push_back(slot);
  --size_;
}

void CacheModel::widen() {
  std::vector<Place> old(2 * index_.size());
  old.swap(index_);
  for (const Place& place : old) {
    if (place.slot != 0) index_[free_place(place.hash)] = place;
  }
}

}  // namespace windtunnel::sim
