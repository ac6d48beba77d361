#pragma once
// Lets promtool try alert rules on a run: which alert fired when, and whether that is what was expected.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/prometheus/alert_history.h"
#include "reports/prometheus/run_metrics.h"
#include "runs/problem.h"

namespace windtunnel::runs {

struct AlertRequest {
  std::vector<std::string> rules;         // files
  std::vector<std::string> expectations;  // as they were written
  std::string file;                       // the rule test to write
  // Gets notes for people, each a whole line.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

struct AlertDone {
  std::optional<Problem> problem;  // then nothing else is set
  std::vector<reports::AlertFinding> findings;
  std::string text;
  std::string json;
};

AlertDone try_alerts(const AlertRequest& request, const sim::Timeline& timeline, const reports::Scrapes& scrapes,
                     const reports::MetricLabels& labels);

}  // namespace windtunnel::runs
