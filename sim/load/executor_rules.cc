#include "sim/load/executor_rules.h"

#include <algorithm>

namespace windtunnel::sim {

Millionths multiplied(Millionths count, std::int64_t millionths) {
  const Int128 product = Int128{count.value} * millionths;
  const auto rounded = static_cast<std::int64_t>((product + 500'000) / 1'000'000);
  return Millionths{count.value > 0 ? std::max<std::int64_t>(1, rounded) : rounded};
}

}  // namespace windtunnel::sim
