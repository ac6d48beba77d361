#pragma once
// Named draws of one seed, for a world that is drawn at random. A draw depends on its name and on the number of its
// member, never on the draws before it, so that a new draw moves no other.

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "sim/kernel/chance.h"

namespace windtunnel::sim {

// Both ends included.
template <typename T>
struct Range {
  T least{};
  T most{};
  friend bool operator==(const Range&, const Range&) = default;
};

// Draws that replace others: each of a share of all names takes its value from this seed.
struct DiceLayer {
  std::uint64_t seed = 0;
  std::int64_t percent = 0;
  friend bool operator==(const DiceLayer&, const DiceLayer&) = default;
};

// The names are apart from those of the run itself, which has the same seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed, std::vector<DiceLayer> layers = {})
      : key_(Chance{seed}.stream("swarm")), layers_(std::move(layers)) {}

  [[nodiscard]] std::uint64_t bits(std::string_view name, std::uint64_t member = 0) const {
    for (std::size_t i = layers_.size(); i-- > 0;) {
      const StreamKey key = Chance{layers_[i].seed}.stream("swarm");
      const Draw drawn = draw(Chance{key.value}.stream(name), member);
      // The half that no value is made of decides whether it counts.
      if (below(drawn.b, 100) < static_cast<std::uint64_t>(layers_[i].percent)) return drawn.a;
    }
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
  std::vector<DiceLayer> layers_;  // the last one first
};

// The nearest multiple of the grid, at least one; with a grid of 0 the duration as it is.
[[nodiscard]] Duration on_grid(Duration duration, Duration grid);

}  // namespace windtunnel::sim
