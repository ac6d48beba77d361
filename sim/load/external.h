#pragma once
// Requests that a program sends by itself, through an SDK of its own: only a trial with such a program has them.

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct External : ExecutorRules {
  static constexpr const char* kName = "external";
  static constexpr const char* kDoc =
      "A program of a trial sends the requests by itself (\"drives\" in the gateway's file); a simulated run has none "
      "of "
      "them. Their tokens are those of the answers.";

  static constexpr ArrivalSource kSource = ArrivalSource::outside;
  static constexpr bool kHasDuration = false;
  [[nodiscard]] double expected_requests(const Rate& /*rate*/, Duration /*length*/, std::size_t /*listed*/) const {
    return 0;
  }
  [[nodiscard]] LoadPeak peak(double /*per_second*/, double /*unit_seconds*/, double /*latency*/,
                              std::size_t /*listed*/) const {
    return {};
  }
  friend bool operator==(const External&, const External&) = default;
};

}  // namespace windtunnel::sim
