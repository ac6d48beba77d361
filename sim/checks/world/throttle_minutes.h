#pragma once
// Q: a throttle refuses what exceeds its requests or tokens in a UTC minute, a provider's own limit what exceeds its
// quotas, and neither anything else. What they refuse does not count.

#include <cstdint>
#include <span>
#include <vector>

#include "sim/checks/world/world_watch.h"
#include "sim/models/quota_model.h"
#include "sim/models/token_limit_model.h"

namespace windtunnel::sim {

// A call as it reaches its provider.
struct ThrottledCall {
  Instant at{};
  RequestId request{};
  std::size_t provider = 0;
  WallTime true_time{};
  std::int64_t tokens = 0;
  std::int64_t input = 0;  // of these
};

class ThrottleMinutes {
 public:
  explicit ThrottleMinutes(const WorldWatch& watch);

  void on_fault(std::size_t fault, bool acts) { faults_[fault].acts = acts; }
  [[nodiscard]] bool has_throttle() const { return has_throttle_; }
  // A call is made that these faults hit, in their order. There must be a throttle.
  void on_call(const ThrottledCall& call, std::span<const std::size_t> hits);
  // A call that no fault hit is served now. Returns whether the provider's own limit must refuse it.
  [[nodiscard]] bool own_limit_refuses(const ThrottledCall& call);
  [[nodiscard]] bool has_own_limit(std::size_t provider) const { return own_[provider].limited(); }

 private:
  struct Fault {
    std::uint64_t providers = 0;  // by bit
    bool acts = false;
    std::vector<RateModel> minutes;  // by provider; empty: no throttle, or not one that touches each call
  };

  WorldWatch watch_;
  bool has_throttle_ = false;
  std::vector<Fault> faults_;
  std::vector<QuotaModel> own_;  // by provider
};

}  // namespace windtunnel::sim
