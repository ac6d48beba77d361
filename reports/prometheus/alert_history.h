#pragma once
// How alert rules met a run: which alert fired, from when to when, how long after the fault before it began, which
// never did; and whether that is what was expected of them.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/prometheus/alert_rules.h"
#include "reports/prometheus/run_metrics.h"
#include "sim/checks/findings/verdict.h"
#include "sim/timeline/timeline.h"

namespace windtunnel::reports {

// An alert fires at each scrape from `begin` to `end`, both included.
struct AlertEpisode {
  Duration begin{0};  // since the run's start
  Duration end{0};
  // The fault that had begun last by then, and how long before. Nothing: none had. That one came after the other is all
  // that it says.
  std::optional<std::size_t> fault;  // place in the timeline's list
  Duration after{0};
};

struct AlertHistory {
  std::string name;
  MetricLabels labels;
  std::vector<AlertEpisode> episodes;  // none: it never fired
};

// Every alert of the rules: those that fired, one for each set of labels, and those that never did.
std::vector<AlertHistory> alert_histories(const sim::Timeline& timeline, const Scrapes& scrapes,
                                          const std::vector<AlertSeen>& seen, const std::vector<std::string>& names);

struct AlertRun {
  const sim::Timeline& timeline;
  const Scrapes& scrapes;
  const std::vector<AlertHistory>& histories;
  std::map<std::string, std::string> unreachable = {};  // alerts that this run cannot make fire, and why

  // Why the silence of an alert shows nothing; empty: it does.
  [[nodiscard]] std::string why_silent(const std::string& alert) const;
};

struct AlertExpectation {
  std::string text;   // as it was written
  std::string alert;  // by name; any of its labels will do
  std::string fault;  // by id; kRunStart: the begin of the run, if no fault has that id
  // It fires at a scrape at or after the first begin of the fault, and at most so much later. Nothing: it never fires.
  std::optional<Duration> within;
};

inline constexpr const char* kRunStart = "start";

struct AlertFinding {
  std::string claim;
  sim::Verdict verdict = sim::Verdict::pass;
  std::string reason;
};
// Inconclusive: the fault never began, or the run was over before the time was, or the alert was silent and could be
// nothing else in this run.
AlertFinding judge_alert(const AlertExpectation& expectation, const AlertRun& run);

struct AlertReport {
  const AlertRun& run;
  const std::vector<AlertFinding>& findings;
};
std::string alerts_text(const AlertReport& report);
// Ends with a newline.
std::string alerts_json(const AlertReport& report);

}  // namespace windtunnel::reports
