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

std::string missing_data(const ThresholdSpec& spec) {
  const bool of_calls =
      spec.of == Metric::provider_errors || spec.of == Metric::breaker_opened || spec.of == Metric::provider_wait;
  std::string text = of_calls ? "no call" : "no request";
  const bool is_served = spec.of == Metric::tokens && spec.aggregate == Aggregate::avg;
  const bool is_measured = !of_calls && (is_duration(spec) || is_served);
  if (!is_served && (is_cost(spec.of) || spec.of == Metric::tokens)) text += " that was answered or billed";
  if (is_measured && !spec.outcome)
    text += spec.of == Metric::request_duration ? " that was answered" : " that was served";
  if (spec.provider) text += (of_calls ? " to " : " assigned to ") + *spec.provider;
  if (spec.served_by) text += " served by " + *spec.served_by;
  if (spec.route) text += " of route " + *spec.route;
  if (spec.variant) text += " of variant " + *spec.variant;
  if (spec.team) text += " of team " + *spec.team;
  if (spec.outcome && is_measured) text += std::string(" with outcome ") + monitor::name_of(*spec.outcome);
  return text + " ended in that time";
}

}  // namespace windtunnel::sim
