#include "reports/run/experiment_text.h"

#include "base/exact_decimal.h"
#include "reports/run/text_figures.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

std::string with_sign(double value, std::string_view unit_before) {
  const std::string digits = four_digits(value < 0 ? -value : value);
  const std::string_view sign = digits == "0" ? "" : value < 0 ? "-" : "+";
  return std::string(sign) + std::string(unit_before) + digits;
}

struct IntervalLine {
  const char* name;
  const std::optional<Interval>& interval;
  double scale = 1;
  std::string_view before;
  std::string_view after;
};

std::string text_of(const IntervalLine& line) {
  const std::string name = std::string("    ") + line.name + ": ";
  if (!line.interval) return name + "-\n";
  const Interval& interval = *line.interval;
  const std::string text = name + with_sign(interval.difference * line.scale, line.before) + std::string(line.after);
  if (!interval.low || !interval.high) return text + " (no interval: " + interval.no_interval.value_or("") + ")\n";
  return text + " (" + with_sign(*interval.low * line.scale, line.before) + " to " +
         with_sign(*interval.high * line.scale, line.before) + ")\n";
}

std::string against_first(const ExperimentSummary& experiment, std::size_t place) {
  const AgainstFirstSummary& against = experiment.against_first[place];
  const VariantSummary& first = experiment.variants[0];
  return "  " + against.id + " against " + first.id +
         " (n = " + with_thousands(experiment.variants[place + 1].requests.requests) + " and " +
         with_thousands(first.requests.requests) + "; " + experiment.intervals + "):\n" +
         text_of({"Success", against.success_rate, 100, "", " points"}) +
         text_of({"Mean latency", against.latency_mean_ms, 1, "", "ms"}) +
         text_of({"Cost/Request", against.cost_mean_usd, 1, "$", ""});
}

std::string ratio_line(const ExperimentSummary& experiment) {
  const SampleRatioSummary& ratio = experiment.sample_ratio;
  std::string shown;
  for (std::size_t i = 0; i < ratio.units.size(); ++i) {
    shown += (i == 0 ? "" : i + 1 == ratio.units.size() ? " and " : ", ") + with_thousands(ratio.units[i]);
  }
  shown += " units at weights ";
  for (std::size_t i = 0; i < experiment.variants.size(); ++i) {
    shown += (i == 0 ? "" : ":") + std::to_string(experiment.variants[i].weight);
  }
  if (!ratio.mismatch) return "  Division: " + shown + ": too few to judge\n";
  const std::string chi = ", chi-square " + four_digits(ratio.chi_square.value_or(0)) + " (" +
                          std::to_string(ratio.degrees_of_freedom) +
                          (ratio.degrees_of_freedom == 1 ? " degree" : " degrees") + " of freedom)";
  if (!*ratio.mismatch) return "  Division: " + shown + chi + ": as the weights say\n";
  return "  WARNING: sample ratio mismatch: " + shown + chi +
         ", p < 0.001: the division is not what the weights say, and the differences may not mean what they seem to\n";
}

}  // namespace

std::string experiment_text(const ExperimentSummary& experiment) {
  TextTable variants{{"Variant", "Requests", "Success", "P50", "P95", "Cost"}};
  TextTable means{{"Mean of", "Units", "Latency", "Cost/Request"}};
  for (std::size_t i = 0; i < experiment.variants.size(); ++i) {
    const VariantSummary& variant = experiment.variants[i];
    const RequestSummary& requests = variant.requests;
    variants.add({variant.id, with_thousands(requests.requests), percent(requests.answered, requests.requests),
                  whole_milliseconds(requests.latency.p50), whole_milliseconds(requests.latency.p95),
                  dollars(requests.cost.billed)});
    means.add({variant.id, with_thousands(experiment.sample_ratio.units[i]),
               variant.latency_mean_ms ? four_digits(*variant.latency_mean_ms) + "ms" : "-",
               variant.cost_mean_usd ? "$" + four_digits(*variant.cost_mean_usd) : "-"});
  }
  std::string text = "\nExperiment " + experiment.id + ":\n" + variants.text(2) + means.text(2);
  for (std::size_t i = 0; i < experiment.against_first.size(); ++i) text += against_first(experiment, i);
  return text + ratio_line(experiment);
}

}  // namespace windtunnel::reports
