#include "sim/load/popularity.h"

#include <algorithm>
#include <iterator>

#include "sim/kernel/real_math.h"
#include "sim/kernel/samplers.h"

namespace windtunnel::sim {

Popularity::Popularity(std::int64_t count, double exponent) : count_(static_cast<std::uint64_t>(count)) {
  if (exponent == 0) return;
  double sum = 0;
  cumulative_.reserve(count_);
  for (std::uint64_t k = 1; k <= count_; ++k) {
    sum += 1 / pow(static_cast<double>(k), exponent);
    cumulative_.push_back(sum);
  }
}

std::uint32_t Popularity::pick(std::uint64_t bits) const {
  if (cumulative_.empty()) return static_cast<std::uint32_t>(below(bits, count_));
  const double at = unit(bits) * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
  const auto place = std::min<std::ptrdiff_t>(found - cumulative_.begin(), std::ssize(cumulative_) - 1);
  return static_cast<std::uint32_t>(place);
}

}  // namespace windtunnel::sim
