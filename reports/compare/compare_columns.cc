#include "reports/compare/compare_columns.h"

#include <string>
#include <utility>

#include "reports/compare/compare_numbers.h"
#include "sim/compare/compare_metrics.h"

namespace windtunnel::reports {
namespace {

constexpr const char* kColumn = "comparison column";

constexpr std::pair<const char*, const char*> kFixed[] = {
    {"variation",
     "The settings or the file that the line is about; the first one is what the others are compared with."},
    {"metric", "The comparison metric that the line is about."},
    {"unit", "Of the line's figures: ms, count, usd, ratio or share."},
    {"n", "The seeds, or replications, in which the metric has a value."},
    {"mean", "The mean of the metric over these seeds, or the share of replications that have it."},
    {"low", "The lower end of the mean's 95 % interval; empty where there is one value only, or all are alike."},
    {"high", "The upper end of the mean's 95 % interval; empty where there is one value only, or all are alike."},
    {"difference_n", "The seeds in which this variation and the first one both have a value."},
    {"difference_mean", "The mean of the difference to the first variation, seed by seed."},
    {"difference_low", "The lower end of the difference's 95 % interval; empty where all differences are alike."},
    {"difference_high", "The upper end of the difference's 95 % interval; empty where all differences are alike."},
    {"variance_reduction",
     "How many times as many seeds would be needed for the same interval if the variations did not share their draws; "
     "infinite where the difference is the same in every seed."},
};

}  // namespace

std::vector<Explanation> compare_columns() {
  std::vector<Explanation> all;
  for (const auto& [name, text] : kFixed)
    all.push_back({kColumn, name, std::string_view{name} == "variation" ? "Variation" : "", text});
  for (const sim::CompareMetricEntry& entry : sim::compare_metrics()) {
    const bool is_time = entry.unit == sim::CompareUnit::nanoseconds;
    const std::string heading = compare_heading(entry.metric);
    const std::string name = std::string(entry.name) + (is_time ? "_ms" : "");
    // The metric's own entry has its bare name and heading.
    const bool has_name = is_time;
    const bool has_heading = heading != entry.heading;
    if (!has_name && !has_heading) continue;
    all.push_back({kColumn, has_name ? name : heading, has_name && has_heading ? heading : std::string{},
                   std::string(entry.sentence)});
  }
  return all;
}

}  // namespace windtunnel::reports
