#include "sim/kernel/dice.h"

#include <algorithm>

namespace windtunnel::sim {

std::int64_t Dice::round_one(Range<std::int64_t> range, std::string_view name, std::uint64_t member) const {
  std::vector<std::int64_t> rungs{range.least};
  for (std::int64_t power = 1; power <= range.most; power *= 10) {
    for (const std::int64_t tenths : {10, 15, 20, 30, 50, 70}) {
      if (power == 1 && tenths == 15) continue;
      const std::int64_t rung = power == 1 ? tenths / 10 : power / 10 * tenths;
      if (rung > range.least && rung < range.most) rungs.push_back(rung);
    }
    if (power > INT64_MAX / 100) break;
  }
  if (range.most > range.least) rungs.push_back(range.most);
  return one_of(rungs, name, member);
}

Duration on_grid(Duration duration, Duration grid) {
  if (grid == Duration{0}) return duration;
  const std::int64_t steps = (duration.count() + grid.count() / 2) / grid.count();
  return grid * std::max<std::int64_t>(1, steps);
}

}  // namespace windtunnel::sim
