#include "sim/checks/claims/threshold_units.h"

namespace windtunnel::sim {

bool is_cost(Metric metric) {
  return metric == Metric::cost_usd || metric == Metric::cost_known_usd || metric == Metric::cost_reserved_usd;
}

bool is_money(const ThresholdSpec& spec) { return is_cost(spec.of) && spec.aggregate != Aggregate::count; }

bool is_percentile(const ThresholdSpec& spec) {
  return spec.aggregate == Aggregate::percentile || spec.aggregate == Aggregate::med;
}

Millionths share_of(const ThresholdSpec& spec) {
  return spec.aggregate == Aggregate::med ? Millionths{500'000} : spec.percentile;
}

bool is_duration(const ThresholdSpec& spec) {
  if (spec.aggregate == Aggregate::count || spec.aggregate == Aggregate::rate) return false;
  return spec.of == Metric::request_duration || spec.of == Metric::time_to_first_token ||
         spec.of == Metric::provider_wait;
}

bool is_flow(Metric metric) {
  return metric == Metric::requests || metric == Metric::provider_calls || metric == Metric::tokens;
}

const char* unit_of(const ThresholdSpec& spec) {
  if (is_duration(spec)) return "ms";
  if (is_money(spec)) return "USD";
  if (spec.of == Metric::amplification) return "calls_per_wish";
  if (spec.aggregate == Aggregate::count) return "count";
  if (spec.aggregate == Aggregate::rate) return is_flow(spec.of) ? "per_s" : "share";
  return "tokens";
}

}  // namespace windtunnel::sim
