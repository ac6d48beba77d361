#include "sim/checks/claims/threshold_data.h"

#include "sim/checks/claims/threshold_units.h"

namespace windtunnel::sim {
namespace {

// Whether something was billed for it, as far as the metric looks, or is held for what may have been.
bool is_billed(const ThresholdSpec& spec, const monitor::Record& record, Usd billed_unknown) {
  const Usd known = record.confirmed_cost() + record.reserved_cost();
  return known > Usd{} || (spec.of == Metric::cost_usd && billed_unknown > Usd{});
}

}  // namespace

bool is_counted_by_calls(Metric of) {
  return of == Metric::amplification || of == Metric::provider_calls || of == Metric::provider_errors ||
         of == Metric::breaker_opened;
}

bool is_counted_by_requests(Metric of) {
  return of != Metric::provider_errors && of != Metric::breaker_opened && of != Metric::amplification &&
         of != Metric::provider_wait;
}

bool is_data(const ThresholdSpec& spec, const monitor::Record& record, Usd billed_unknown) {
  if (is_cost(spec.of) || spec.of == Metric::tokens) {
    return is_answered(record.outcome) || is_billed(spec, record, billed_unknown);
  }
  if (spec.of == Metric::failovers) return record.attempt_count > 0;
  if (spec.of == Metric::requests_failed || spec.of == Metric::cache_hits) return !is_refused(record.outcome);
  return true;
}

bool is_of_refusals(const ThresholdSpec& spec) {
  return spec.outcome ? is_refused(*spec.outcome) : spec.of == Metric::requests_refused;
}

std::string missing_data(const ThresholdSpec& spec) {
  const bool of_calls =
      spec.of == Metric::provider_errors || spec.of == Metric::breaker_opened || spec.of == Metric::provider_wait;
  std::string text = of_calls ? "no call" : "no request";
  const bool is_served = spec.of == Metric::tokens && spec.aggregate == Aggregate::avg;
  const bool is_measured = !of_calls && (is_duration(spec) || is_served);
  if (spec.of == Metric::failovers || spec.of == Metric::amplification) text += " that made a call";
  if (spec.of == Metric::requests_failed || spec.of == Metric::cache_hits) text += " that was not refused";
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
