#pragma once
// An input file for `promtool test rules` that holds the metrics of a run, and promtool's answer to it, so that alert
// rules meet the run as a Prometheus would have shown it to them.
//
// promtool compares and prints differences; it does not list alerts. So the file asks at every scrape for the alerts
// that fire and claims that there are none: what promtool then prints as found is the list. Each question multiplies by
// the number of its scrape, so that the answer holds its place: ALERTS{alertstate="firing"} * 17. Which probes ever had
// a value is asked once for some thousands of scrapes, because a query of promtool holds at most 10,000 samples.
//
// The file is JSON, which is YAML. promtool's clock begins at 1970-01-01T00:00:00Z, so that rules which read the
// calendar see that day.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/output_file.h"
#include "reports/prometheus/run_metrics.h"

namespace windtunnel::reports {

// `rules` are the rule files, as promtool finds them; `probes` is how many alerts are probed by them (rule_probes.h).
// Finishing the file is the owner's affair.
void write_rule_test(const sim::Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added,
                     const std::vector<std::string>& rules, std::size_t probes, OutputFile& file);

// An alert that fires with these labels, without its name and state, and the scrapes at which it does, ascending.
struct AlertSeen {
  std::string name;
  MetricLabels labels;
  std::vector<std::size_t> scrapes;
};

struct RuleTestAnswer {
  std::vector<AlertSeen> alerts;  // in the order in which they first fire
  std::set<std::string> shown;    // alerts whose probe has a value at any scrape
  std::string rest;               // lines that are no answer to what was asked: why promtool could not go on
};
RuleTestAnswer read_rule_test_answer(std::string_view output, std::size_t scrapes);

}  // namespace windtunnel::reports
