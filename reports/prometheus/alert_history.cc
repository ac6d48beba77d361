#include "reports/prometheus/alert_history.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/duration_text.h"
#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;
using sim::Verdict;

// Sets which fault had begun last by the episode's begin; of two at the same instant the first in file order.
void attribute_to_fault(const Timeline& timeline, AlertEpisode& episode) {
  for (std::size_t i = 0; i < timeline.faults.size(); ++i) {
    for (const Timeline::Phase& phase : timeline.faults[i].phases) {
      const Duration after = episode.begin - phase.from.time_since_epoch();
      if (after < Duration{0} || (episode.fault && after >= episode.after)) continue;
      episode.fault = i;
      episode.after = after;
    }
  }
}

std::string labels_text(const MetricLabels& labels) {
  std::string text;
  for (const MetricLabel& label : labels) {
    if (!text.empty()) text += ' ';
    text += label.name + "=" + label.value;
  }
  return text;
}

AlertFinding judge_never(const AlertExpectation& expectation, const AlertRun& run) {
  for (const AlertHistory& history : run.histories) {
    if (history.name != expectation.alert || history.episodes.empty()) continue;
    std::string reason = "it fired at " + span_text(history.episodes.front().begin);
    if (!history.labels.empty()) reason += " (" + labels_text(history.labels) + ")";
    return {expectation.text, Verdict::fail, std::move(reason)};
  }
  if (std::string why = run.why_silent(expectation.alert); !why.empty()) {
    return {expectation.text, Verdict::inconclusive, std::move(why)};
  }
  return {expectation.text, Verdict::pass, "it never fired"};
}

// When the fault began first; nothing if it never did.
std::optional<Duration> onset_of(const AlertExpectation& expectation, const Timeline& timeline) {
  const auto fault = std::ranges::find(timeline.faults, expectation.fault, &Timeline::Fault::id);
  if (fault == timeline.faults.end()) {
    return expectation.fault == kRunStart ? std::optional{Duration{0}} : std::nullopt;
  }
  if (fault->phases.empty()) return std::nullopt;
  return fault->phases.front().from.time_since_epoch();
}

// The first scrape at or after `onset` at which the alert fires with any labels.
std::optional<Duration> first_from(const std::vector<AlertHistory>& histories, const std::string& alert, Duration onset,
                                   Duration interval) {
  std::optional<Duration> first;
  for (const AlertHistory& history : histories) {
    if (history.name != alert) continue;
    for (const AlertEpisode& episode : history.episodes) {
      if (episode.end < onset) continue;
      const Duration scrape_of_onset = (onset + interval - Duration{1}) / interval * interval;
      const Duration at = std::max(episode.begin, scrape_of_onset);
      if (!first || at < *first) first = at;
    }
  }
  return first;
}

void put_labels(JsonWriter& json, const MetricLabels& labels) {
  json.key("labels").begin_object();
  for (const MetricLabel& label : labels) json.key(label.name).text(label.value);
  json.end_object();
}

Instant instant_of(Duration since_start) { return Instant{} + since_start; }

}  // namespace

std::vector<AlertHistory> alert_histories(const Timeline& timeline, const Scrapes& scrapes,
                                          const std::vector<AlertSeen>& seen, const std::vector<std::string>& names) {
  std::vector<AlertHistory> histories;
  for (const AlertSeen& alert : seen) {
    AlertHistory history{.name = alert.name, .labels = alert.labels, .episodes = {}};
    std::size_t before = 0;
    for (const std::size_t scrape : alert.scrapes) {
      const Duration at = scrapes.after_start(scrape);
      if (history.episodes.empty() || scrape != before + 1) {
        history.episodes.push_back({.begin = at, .end = at, .fault = {}, .after = Duration{0}});
        attribute_to_fault(timeline, history.episodes.back());
      }
      history.episodes.back().end = at;
      before = scrape;
    }
    histories.push_back(std::move(history));
  }
  for (const std::string& name : names) {
    if (std::ranges::find(histories, name, &AlertHistory::name) == histories.end()) histories.push_back({name, {}, {}});
  }
  return histories;
}

std::string AlertRun::why_silent(const std::string& alert) const {
  const auto found = unreachable.find(alert);
  return found == unreachable.end() ? "" : "it cannot fire in this run: " + found->second;
}

AlertFinding judge_alert(const AlertExpectation& expectation, const AlertRun& run) {
  if (!expectation.within) return judge_never(expectation, run);
  AlertFinding finding{.claim = expectation.text, .verdict = Verdict::inconclusive, .reason = {}};
  const std::optional<Duration> onset = onset_of(expectation, run.timeline);
  if (!onset) {
    finding.reason = expectation.fault + " never began in this run";
    return finding;
  }
  const auto first = first_from(run.histories, expectation.alert, *onset, run.scrapes.interval);
  const Duration last = run.scrapes.after_start(run.scrapes.count - 1) - *onset;
  if (first) finding.reason = "it fired " + span_text(*first - *onset) + " after it";
  if (first && *first - *onset <= *expectation.within) {
    finding.verdict = Verdict::pass;
  } else if (!first && !run.why_silent(expectation.alert).empty()) {
    finding.reason = run.why_silent(expectation.alert);
  } else if (!first && last < *expectation.within) {
    finding.reason = "the run was over " + span_text(last) + " after it, and until then it had not fired";
  } else {
    finding.verdict = Verdict::fail;
    if (!first) finding.reason = "it never fired after it";
  }
  return finding;
}

std::string alerts_text(const AlertReport& report) {
  const Timeline& run = report.run.timeline;
  const Scrapes& scrapes = report.run.scrapes;
  std::string text = run.file + ", seed " + std::to_string(run.seed) + ": " +
                     span_text(scrapes.after_start(scrapes.count - 1)) + ", scraped and evaluated every " +
                     span_text(scrapes.interval) + "\n\n";
  TextTable table{{"Alert", "Times", "First", "After", "Until", "Labels"}};
  for (const AlertHistory& alert : report.run.histories) {
    if (alert.episodes.empty()) {
      table.add({alert.name, "never", "-", "-", "-", "-"});
      continue;
    }
    const AlertEpisode& first = alert.episodes.front();
    table.add({alert.name, std::to_string(alert.episodes.size()), span_text(first.begin),
               first.fault ? span_text(first.after) + " after " + run.faults[*first.fault].id : "no fault before it",
               span_text(alert.episodes.back().end), labels_text(alert.labels)});
  }
  text += table.text(2);
  for (const AlertHistory& alert : report.run.histories) {
    const std::string why = report.run.why_silent(alert.name);
    if (alert.episodes.empty() && !why.empty()) text += "\n  Note: " + alert.name + ": " + why + ".";
  }
  if (text.ends_with('.')) text += '\n';
  if (report.findings.empty()) return text;
  text += "\n";
  for (const AlertFinding& finding : report.findings) {
    text += "  " + std::string(sim::name_of(finding.verdict)) + ": " + finding.claim + " - " + finding.reason + "\n";
  }
  return text;
}

std::string alerts_json(const AlertReport& report) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  const Timeline& run = report.run.timeline;
  json.begin_object().key("scenario").text(run.file).key("seed").integer(static_cast<Int128>(run.seed));
  json.key("digest").hex(run.digest).key("interval_s").decimal(report.run.scrapes.interval.count(), kSecondDecimals);
  json.key("alerts").begin_array();
  for (const AlertHistory& alert : report.run.histories) {
    json.begin_object().key("name").text(alert.name);
    put_labels(json, alert.labels);
    json.key("episodes").begin_array();
    for (const AlertEpisode& episode : alert.episodes) {
      json.begin_object().key("begin_s").seconds(instant_of(episode.begin));
      json.key("end_s").seconds(instant_of(episode.end));
      json.key("fault").text_or_null(episode.fault ? run.faults[*episode.fault].id : std::string{});
      json.key("after_s").seconds(episode.fault ? std::optional{instant_of(episode.after)} : std::nullopt).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("expectations").begin_array();
  for (const AlertFinding& finding : report.findings) {
    json.begin_object().key("claim").text(finding.claim).key("verdict").text(sim::name_of(finding.verdict));
    json.key("reason").text(finding.reason).end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

}  // namespace windtunnel::reports
