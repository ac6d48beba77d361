#pragma once
// What a threshold's figure is a figure of, and in what unit.

#include "sim/world/scenario.h"

namespace windtunnel::sim {

[[nodiscard]] bool is_cost(Metric metric);
// A sum or a mean of money, which is compared to the pico-dollar.
[[nodiscard]] bool is_money(const ThresholdSpec& spec);
// Also the median.
[[nodiscard]] bool is_percentile(const ThresholdSpec& spec);
// Of a percentile.
[[nodiscard]] Millionths share_of(const ThresholdSpec& spec);
// A figure of durations, and not how many there are.
[[nodiscard]] bool is_duration(const ThresholdSpec& spec);
// Of requests, calls and tokens: a number per second. Of the others a rate is a share.
[[nodiscard]] bool is_flow(Metric metric);
// As findings have it: "ms", "USD", "share" and the like.
[[nodiscard]] const char* unit_of(const ThresholdSpec& spec);

}  // namespace windtunnel::sim
