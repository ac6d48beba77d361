#pragma once
// Hands a run, by the timeline.json that its reports hold, to other programs: Prometheus, its rule tests, and whatever
// reads CSV.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/prometheus/alert_history.h"
#include "runs/problem.h"

namespace windtunnel::runs {

struct ExportRequest {
  enum class To : std::uint8_t { openmetrics, promtest, csv };
  To to = To::openmetrics;
  std::string directory;            // of the run's reports
  std::string out;                  // empty: a file of its own name in `directory`
  std::string interval;             // a duration; empty: chosen
  std::vector<std::string> labels;  // NAME=VALUE, for every metric
  // Of promtest.
  std::vector<std::string> rules;
  std::vector<std::string> expectations;
};

struct ExportDone {
  std::optional<Problem> problem;  // then nothing else is set
  std::string text;
  std::string json;                             // of promtest
  std::vector<reports::AlertFinding> findings;  // of promtest
};

// `note` gets notes for people, each a whole line.
ExportDone export_run(const ExportRequest& request, const std::function<void(const std::string&)>& note);

}  // namespace windtunnel::runs
