#include "sim/load/constant_vus.h"

#include <algorithm>

namespace windtunnel::sim {

// As if an answer and a thought took two seconds.
double ConstantVus::expected_requests(const Rate& /*rate*/, Duration length, std::size_t /*listed*/) const {
  return static_cast<double>(vus) * static_cast<double>(length.count()) / 2e9;
}

// A user does not ask again before the answer and a pause of at least a millisecond.
LoadPeak ConstantVus::peak(double /*per_second*/, double /*unit_seconds*/, double latency,
                           std::size_t /*listed*/) const {
  const double round = std::max(1e-3, (latency + sample(think_time, 0)) / 1e9);
  return {.per_second = static_cast<double>(vus) / round, .at_once = static_cast<double>(vus)};
}

void ConstantVus::multiply_traffic(std::int64_t millionths) {
  const Int128 product = Int128{vus} * millionths;
  vus = std::max<std::int64_t>(1, static_cast<std::int64_t>((product + 500'000) / 1'000'000));
}

}  // namespace windtunnel::sim
