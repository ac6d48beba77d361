#pragma once
// Requests arrive at one rate from the load's begin to its end.

#include "sim/load/executor_rules.h"

namespace windtunnel::sim {

struct ConstantArrivalRate : ExecutorRules {
  static constexpr const char* kName = "constant-arrival-rate";
  static constexpr const char* kDoc = "Requests arrive at one rate, whether earlier ones were answered or not.";
  static constexpr bool kIsConstant = true;
  friend bool operator==(const ConstantArrivalRate&, const ConstantArrivalRate&) = default;
};

}  // namespace windtunnel::sim
