#include "monitor/cache.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "monitor/content_key.h"

namespace windtunnel::monitor::cache_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1s};

ContentKey key_of(std::uint64_t number) { return {number, 0}; }

Answer answer_of(std::int64_t output) {
  return {.provider = ProviderId{1}, .response_length = 9, .input = Tokens{7}, .output = Tokens{output}};
}

Cache cache_of(std::size_t capacity, Duration ttl = 10s, Duration stale_if_error = 0s) {
  return Cache{{.ttl = ttl, .capacity = capacity, .stale_if_error = stale_if_error}};
}

bool holds(Cache cache, std::uint64_t number, Instant now) { return cache.find(key_of(number), now).has_value(); }

TEST(Cache, returns_what_was_kept) {
  Cache cache = cache_of(10);
  const std::uint32_t slot = cache.keep(key_of(1), answer_of(80), kStart);
  cache.keep(key_of(2), answer_of(90), kStart);
  const Hit hit = cache.find(key_of(1), kStart + 3s).value();
  Answer expected = answer_of(80);
  expected.stored_at = kStart;
  EXPECT_EQ(hit.answer, expected);
  EXPECT_EQ(hit.slot, slot);
  EXPECT_EQ(hit.age, 3s);
  EXPECT_FALSE(cache.find(key_of(3), kStart + 3s));
  EXPECT_EQ(cache.hits(), 1);
  EXPECT_EQ(cache.misses(), 1);
}

TEST(Cache, an_entry_is_at_its_edge_at_exactly_the_ttl) {
  Cache cache = cache_of(10);
  cache.keep(key_of(1), answer_of(80), kStart);
  EXPECT_FALSE(cache.is_at_edge(key_of(1), kStart + 10s - 1ns));
  EXPECT_TRUE(cache.is_at_edge(key_of(1), kStart + 10s));
  EXPECT_FALSE(cache.is_at_edge(key_of(1), kStart + 10s + 1ns));
  EXPECT_FALSE(cache.is_at_edge(key_of(2), kStart + 10s));
}

TEST(Cache, distinguishes_both_halves_of_a_key) {
  Cache cache = cache_of(10);
  cache.keep({1, 2}, answer_of(1), kStart);
  EXPECT_TRUE(cache.find({1, 2}, kStart));
  EXPECT_FALSE(cache.find({1, 3}, kStart));
  EXPECT_FALSE(cache.find({3, 2}, kStart));
  EXPECT_FALSE(cache.find({2, 1}, kStart));
}

TEST(Cache, an_entry_is_fresh_below_the_ttl) {
  Cache cache = cache_of(10, 10s);
  cache.keep(key_of(1), answer_of(1), kStart);
  EXPECT_TRUE(cache.find(key_of(1), kStart + 10s - 1ns));
  EXPECT_FALSE(cache.find(key_of(1), kStart + 10s));
}

TEST(Cache, hits_do_not_renew_the_age) {
  Cache cache = cache_of(10, 10s);
  cache.keep(key_of(1), answer_of(1), kStart);
  for (int second = 1; second < 10; ++second) EXPECT_TRUE(cache.find(key_of(1), kStart + second * 1s));
  EXPECT_FALSE(cache.find(key_of(1), kStart + 10s));
}

// Only while the entry is fresh: what is stale is served for a while in place of a failure, and then it is gone.
TEST(Cache, hits_renew_the_age_where_it_counts_from_the_last_hit) {
  Cache cache{{.ttl = 10s, .capacity = 2, .stale_if_error = 5s, .ttl_from = CacheConfig::TtlFrom::last_hit}};
  cache.keep(key_of(1), answer_of(1), kStart);
  cache.keep(key_of(2), answer_of(2), kStart + 1s);
  EXPECT_EQ(cache.find(key_of(1), kStart + 9s).value().age, 9s);
  EXPECT_EQ(cache.find(key_of(1), kStart + 19s - 1ns).value().age, 10s - 1ns);
  EXPECT_EQ(cache.fresh(kStart + 19s), 1U) << "the other one has expired, though it was stored later";
  EXPECT_TRUE(cache.find_stale(key_of(1), kStart + 29s));
  EXPECT_FALSE(cache.find(key_of(1), kStart + 29s)) << "a stale answer that is served becomes no younger";
  EXPECT_FALSE(cache.find_stale(key_of(1), kStart + 34s));
  cache.keep(key_of(3), answer_of(3), kStart + 33s);
  EXPECT_EQ(cache.evictions(), 0) << "the one whose time was over made room";
  EXPECT_TRUE(cache.find_stale(key_of(1), kStart + 33s));
}

TEST(Cache, keeping_again_renews_age_and_answer) {
  Cache cache = cache_of(10, 10s);
  const std::uint32_t slot = cache.keep(key_of(1), answer_of(1), kStart);
  EXPECT_EQ(cache.keep(key_of(1), answer_of(2), kStart + 5s), slot);
  EXPECT_EQ(cache.find(key_of(1), kStart + 15s - 1ns).value().answer.output, Tokens{2});
  EXPECT_FALSE(cache.find(key_of(1), kStart + 15s));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(Cache, an_entry_is_stale_from_the_ttl_until_stale_if_error_has_passed) {
  Cache cache = cache_of(10, 10s, 5s);
  cache.keep(key_of(1), answer_of(1), kStart);
  EXPECT_FALSE(cache.find_stale(key_of(1), kStart + 10s - 1ns));
  EXPECT_TRUE(cache.find_stale(key_of(1), kStart + 10s));
  EXPECT_EQ(cache.find_stale(key_of(1), kStart + 15s - 1ns).value().age, 15s - 1ns);
  EXPECT_FALSE(cache.find_stale(key_of(1), kStart + 15s));
  EXPECT_FALSE(cache.find_stale(key_of(2), kStart + 15s));
  EXPECT_EQ(cache.stale_hits(), 2);
  EXPECT_EQ(cache.misses(), 0);
}

TEST(Cache, reports_fresh_entries_from_those_that_it_only_holds) {
  Cache cache = cache_of(9, 10s, 5s);
  EXPECT_EQ(cache.fresh(kStart), 0U);
  cache.keep(key_of(1), answer_of(1), kStart);
  cache.keep(key_of(2), answer_of(2), kStart + 3s);
  EXPECT_EQ(cache.fresh(kStart + 10s - 1ns), 2U);
  EXPECT_EQ(cache.fresh(kStart + 10s), 1U);
  EXPECT_EQ(cache.fresh(kStart + 13s), 0U);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(Cache, evicts_the_one_that_was_used_the_longest_ago) {
  Cache cache = cache_of(2);
  const std::uint32_t first = cache.keep(key_of(1), answer_of(1), kStart);
  const std::uint32_t second = cache.keep(key_of(2), answer_of(2), kStart);
  EXPECT_TRUE(cache.find(key_of(1), kStart));
  EXPECT_EQ(cache.keep(key_of(3), answer_of(3), kStart), second);
  EXPECT_FALSE(holds(cache, 2, kStart));
  EXPECT_TRUE(holds(cache, 1, kStart));
  EXPECT_TRUE(holds(cache, 3, kStart));
  EXPECT_EQ(cache.evictions(), 1);
  EXPECT_EQ(cache.keep(key_of(4), answer_of(4), kStart), first);
  EXPECT_EQ(cache.size(), 2U);
}

TEST(Cache, a_stale_hit_counts_as_use) {
  Cache cache = cache_of(2, 10s, 10s);
  cache.keep(key_of(1), answer_of(1), kStart);
  cache.keep(key_of(2), answer_of(2), kStart);
  EXPECT_TRUE(cache.find_stale(key_of(1), kStart + 10s));
  cache.keep(key_of(3), answer_of(3), kStart + 10s);
  EXPECT_TRUE(cache.find_stale(key_of(1), kStart + 10s));
  EXPECT_FALSE(cache.find_stale(key_of(2), kStart + 10s));
}

TEST(Cache, entries_that_are_gone_make_room_before_any_other) {
  Cache cache = cache_of(2, 10s, 5s);
  cache.keep(key_of(1), answer_of(1), kStart);
  cache.keep(key_of(2), answer_of(2), kStart + 1s);
  EXPECT_TRUE(cache.find(key_of(1), kStart + 2s));  // entry 2 is now the one used the longest ago

  Cache before = cache;
  before.keep(key_of(3), answer_of(3), kStart + 15s - 1ns);
  EXPECT_EQ(before.evictions(), 1);
  EXPECT_FALSE(before.find_stale(key_of(2), kStart + 15s - 1ns));

  cache.keep(key_of(3), answer_of(3), kStart + 15s);
  EXPECT_EQ(cache.evictions(), 0);
  EXPECT_TRUE(cache.find_stale(key_of(2), kStart + 15s));
}

TEST(Cache, slots_stay_below_the_capacity) {
  Cache cache = cache_of(50, 10s);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    EXPECT_LT(cache.keep(key_of(i), answer_of(1), kStart + i * 100ms), 50U);
    EXPECT_LE(cache.size(), 50U);
  }
}

TEST(Cache, off_keeps_nothing) {
  for (const CacheConfig& config : {CacheConfig{.enabled = false}, CacheConfig{.capacity = 0}}) {
    Cache cache{config};
    EXPECT_FALSE(cache.on());
    EXPECT_EQ(cache.keep(key_of(1), answer_of(1), kStart), Cache::kNoSlot);
    EXPECT_FALSE(cache.find(key_of(1), kStart));
    EXPECT_FALSE(cache.find_stale(key_of(1), kStart));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(cache.misses(), 0);
  }
}

TEST(Cache, with_a_ttl_of_zero_nothing_is_fresh) {
  Cache cache = cache_of(10, 0s, 1s);
  cache.keep(key_of(1), answer_of(1), kStart);
  EXPECT_FALSE(cache.find(key_of(1), kStart));
  EXPECT_TRUE(cache.find_stale(key_of(1), kStart));
}

TEST(Cache, a_copy_goes_its_own_way) {
  Cache cache = cache_of(2);
  cache.keep(key_of(1), answer_of(1), kStart);
  Cache copy = cache;
  copy.keep(key_of(1), answer_of(2), kStart);
  copy.keep(key_of(2), answer_of(2), kStart);
  EXPECT_EQ(cache.find(key_of(1), kStart).value().answer.output, Tokens{1});
  EXPECT_FALSE(cache.find(key_of(2), kStart));
}

TEST(Cache, the_key_holds_content_and_max_tokens_and_the_provider_if_asked_to) {
  Cache shared = cache_of(1);
  Cache apart{{.scope = CacheConfig::Scope::provider}};
  Request request;
  request.content = content_key("a", "b", "c");
  Request other = request;
  other.id = RequestId{9};
  other.user = 9;
  EXPECT_EQ(shared.key_of(other, ProviderId{1}), shared.key_of(request, ProviderId{0}));
  EXPECT_EQ(apart.key_of(other, ProviderId{1}), apart.key_of(request, ProviderId{1}));
  EXPECT_NE(apart.key_of(request, ProviderId{1}), apart.key_of(request, ProviderId{0}));
  other.max_tokens = Tokens{501};
  EXPECT_NE(shared.key_of(other, ProviderId{0}), shared.key_of(request, ProviderId{0}));
  other = request;
  other.content = content_key("a", "b", "d");
  EXPECT_NE(shared.key_of(other, ProviderId{0}), shared.key_of(request, ProviderId{0}));
}

TEST(Cache, one_that_holds_nothing_has_nothing_fresh) {
  EXPECT_EQ(cache_of(2).fresh(kStart), 0U);
  EXPECT_EQ((Cache{{.enabled = false}}).fresh(kStart), 0U);
  Cache cache = cache_of(2);
  cache.keep(key_of(1), answer_of(1), kStart);
  EXPECT_EQ(cache.fresh(kStart), 1U);
}

TEST(Cache, the_key_tells_every_two_routes_apart) {
  Cache cache = cache_of(1);
  Request request;
  request.content = content_key("a", "b", "c");
  std::set<ContentKey> keys;
  for (std::uint8_t route = 0; route < 4; ++route) {
    request.route = RouteId{route};
    keys.insert(cache.key_of(request, ProviderId{0}));
  }
  EXPECT_EQ(keys.size(), 4U);
}

TEST(Cache, time_that_goes_backwards_is_our_mistake) {
  Cache cache = cache_of(10);
  cache.keep(key_of(1), answer_of(1), kStart);
  EXPECT_EXIT((void)cache.find(key_of(1), kStart - 1ns), testing::ExitedWithCode(1), "time never goes backwards");
}

TEST(Cache, configurations_out_of_range_are_invalid) {
  EXPECT_FALSE(invalid(CacheConfig{}));
  EXPECT_FALSE(invalid(CacheConfig{.ttl = Duration::max() - 1ns, .stale_if_error = 1ns}));
  EXPECT_TRUE(invalid(CacheConfig{.ttl = Duration::max(), .stale_if_error = 1ns}));
  EXPECT_TRUE(invalid(CacheConfig{.ttl = -1ns}));
  EXPECT_TRUE(invalid(CacheConfig{.stale_if_error = -1ns}));
  EXPECT_FALSE(invalid(CacheConfig{.capacity = kCacheCapacityMax}));
  EXPECT_TRUE(invalid(CacheConfig{.capacity = kCacheCapacityMax + 1}));
}

// A list from the least to the most recently used. What is gone is dropped at once.
struct CacheModel {
  struct Entry {
    std::uint64_t key;
    std::int64_t output;
    std::int64_t stored_at;
  };
  std::int64_t ttl;
  std::int64_t lifetime;
  std::size_t capacity;
  bool renews;
  std::list<Entry> entries;

  void pass(std::int64_t now) {
    entries.remove_if([&](const Entry& entry) { return now - entry.stored_at >= lifetime; });
  }
  Entry used{};
  const Entry* use(std::uint64_t key, std::int64_t now, bool stale) {
    pass(now);
    const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    if (entry == entries.end() || (now - entry->stored_at >= ttl) != stale) return nullptr;
    entries.splice(entries.end(), entries, entry);
    used = entries.back();
    if (renews && !stale) entries.back().stored_at = now;
    return &used;
  }
  void keep(std::uint64_t key, std::int64_t output, std::int64_t now) {
    pass(now);
    entries.remove_if([&](const Entry& entry) { return entry.key == key; });
    if (entries.size() == capacity) entries.pop_front();
    entries.push_back({key, output, now});
  }
};

// Whole seconds, so that ages meet the edges exactly.
RC_GTEST_PROP(Cache, does_what_a_plain_list_does, ()) {
  const auto ttl = *rc::gen::inRange<std::int64_t>(0, 12);
  const auto stale = *rc::gen::inRange<std::int64_t>(0, 6);
  const auto capacity = *rc::gen::inRange<std::size_t>(1, 40);
  const auto keys = *rc::gen::inRange<std::uint64_t>(1, 80);
  using Step = std::tuple<int, std::uint64_t, int>;
  const auto steps = *rc::gen::resize(
      400, rc::gen::container<std::vector<Step>>(rc::gen::tuple(
               rc::gen::inRange(0, 4), rc::gen::inRange<std::uint64_t>(0, 1'000'000), rc::gen::inRange(0, 40))));
  const bool renews = *rc::gen::arbitrary<bool>();
  CacheModel model{ttl, ttl + stale, capacity, renews, {}};
  Cache cache{{.ttl = ttl * 1s,
               .capacity = capacity,
               .stale_if_error = stale * 1s,
               .ttl_from = renews ? CacheConfig::TtlFrom::last_hit : CacheConfig::TtlFrom::insertion}};
  std::map<std::uint32_t, std::uint64_t> key_of_slot;
  std::int64_t now = 0;
  std::int64_t output = 0;
  for (const auto& [kind, number, wait] : steps) {
    if (wait < 4) now += wait;
    const std::uint64_t key = number % keys;
    const Instant instant{now * 1s};
    if (kind <= 1) {
      model.keep(key, ++output, now);
      const std::uint32_t slot = cache.keep(key_of(key), answer_of(output), instant);
      RC_ASSERT(slot < capacity);
      key_of_slot[slot] = key;
    } else {
      const bool wants_stale = kind == 3;
      const CacheModel::Entry* expected = model.use(key, now, wants_stale);
      const auto hit = wants_stale ? cache.find_stale(key_of(key), instant) : cache.find(key_of(key), instant);
      RC_ASSERT(hit.has_value() == (expected != nullptr));
      if (!hit) continue;
      RC_ASSERT(hit->answer.output == Tokens{expected->output});
      RC_ASSERT(hit->age == (now - expected->stored_at) * 1s);
      RC_ASSERT(key_of_slot.at(hit->slot) == key);
    }
    RC_ASSERT(cache.size() <= capacity);
    RC_ASSERT(cache.size() >= model.entries.size());
  }
}

// Thousands of entries come and go, and the index still finds each of them.
TEST(Cache, finds_everything_after_growing_and_churning) {
  constexpr std::uint64_t kEntries = 5000;
  Cache cache = cache_of(kEntries, 1h);
  for (std::uint64_t i = 0; i < 4 * kEntries; ++i) {
    cache.keep(key_of(i * i), answer_of(static_cast<std::int64_t>(i)), kStart);
  }
  for (std::uint64_t i = 0; i < 4 * kEntries; ++i) {
    const auto hit = cache.find(key_of(i * i), kStart);
    ASSERT_EQ(hit.has_value(), i >= 3 * kEntries) << i;
    if (hit) {
      ASSERT_EQ(hit->answer.output, Tokens{static_cast<std::int64_t>(i)});
    }
  }
  EXPECT_EQ(cache.evictions(), static_cast<std::int64_t>(3 * kEntries));
}

}  // namespace
}  // namespace windtunnel::monitor::cache_test
