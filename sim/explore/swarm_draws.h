#pragma once
// The parts of a swarm's world, each drawn by a function of its own. For swarm.cc only.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "sim/kernel/chance.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim::swarm {

// Named draws of one seed. Their names are apart from those of the run itself, which has the same seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : key_(Chance{seed}.stream("swarm")) {}

  [[nodiscard]] std::uint64_t bits(std::string_view name, std::uint64_t member = 0) const {
    return draw(Chance{key_.value}.stream(name), member).a;
  }
  [[nodiscard]] std::int64_t between(Range<std::int64_t> range, std::string_view name, std::uint64_t member = 0) const {
    const auto count = static_cast<std::uint64_t>(range.most - range.least) + 1;
    return range.least + static_cast<std::int64_t>(below(bits(name, member), count));
  }
  [[nodiscard]] bool coin(std::int64_t percent, std::string_view name, std::uint64_t member = 0) const {
    return between({0, 99}, name, member) < percent;
  }
  template <typename T>
  [[nodiscard]] T one_of(std::initializer_list<T> all, std::string_view name, std::uint64_t member = 0) const {
    return *(all.begin() + static_cast<std::ptrdiff_t>(below(bits(name, member), all.size())));
  }
  template <typename T>
  [[nodiscard]] const T& one_of(const std::vector<T>& all, std::string_view name, std::uint64_t member = 0) const {
    return all[static_cast<std::size_t>(below(bits(name, member), all.size()))];
  }
  // From the round numbers (1, 1.5, 2, 3, 5, 7 times a power of ten) within the range and its two ends: about as often
  // in each decade, and easy to read.
  [[nodiscard]] std::int64_t round_one(Range<std::int64_t> range, std::string_view name,
                                       std::uint64_t member = 0) const;
  [[nodiscard]] Duration round_one(Range<Duration> range, std::string_view name, std::uint64_t member = 0) const {
    return Duration{round_one(Range<std::int64_t>{range.least.count(), range.most.count()}, name, member)};
  }

 private:
  StreamKey key_;
};

// What the parts share.
struct Draft {
  const Scenario& base;
  const ExploreSpec& ranges;
  Dice dice;
  Duration grid{0};  // 0: none
  Scenario world;

  [[nodiscard]] bool keeps(SwarmPart part) const;
  // The nearest multiple of the grid, at least one; without a grid as it is.
  [[nodiscard]] Duration on_grid(Duration duration) const;
};

// In this order: each may look at what those before it drew.
void draw_provider_names(Draft& draft);
void draw_calls(Draft& draft);             // provider_call
void draw_load(Draft& draft);              // duration, workload
void draw_limits(Draft& draft);            // rate_limiter, token_limiter, cost_limiter
void draw_providers(Draft& draft);         // all but their names
void draw_breaker(Draft& draft);           // circuit_breaker
void draw_cache_and_routes(Draft& draft);  // cache, ab_router
void draw_faults(Draft& draft);            // faults, between the start and the time at which they are healed

}  // namespace windtunnel::sim::swarm
