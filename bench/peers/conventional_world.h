#pragma once
// The LLM-request world as it is usually written: std::priority_queue of std::function, requests held by
// std::shared_ptr, the standard library's generator and distributions, strings for names, maps for metrics. No
// pipeline, no checks: it does a part of the work, and is the floor that ours is compared with.
//
// Poisson arrivals at 50 a second; a call takes a lognormal time (mu -0.5, sigma 1, seconds), gives up after 5 s, fails
// in one case of twenty; one more attempt at the other provider.

#include <cstdint>

namespace windtunnel::bench {

struct ConventionalResult {
  std::uint64_t requests = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t attempts = 0;
  double latency_sum = 0;
};

ConventionalResult run_conventional_world(double seconds, std::uint64_t seed);

}  // namespace windtunnel::bench
