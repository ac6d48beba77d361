#include "reports/text/explore_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "reports/text/text_table.h"
#include "sim/checks/findings/registry.h"

namespace windtunnel::reports {
namespace {

double virtual_seconds(const sim::SeedTotals& totals) { return static_cast<double>(totals.virtual_time.count()) / 1e9; }

double percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string seeds_line(const ExploreReport& report) {
  const sim::Exploration& done = report.exploration;
  if (!done.last) return "Seeds: none was looked at\n";
  std::string line = fmt::format("Seeds: {}..{}", report.first, *done.last);
  if (report.asked_last && *report.asked_last != *done.last)
    line += fmt::format(" of {}..{}", report.first, *report.asked_last);
  const std::uint64_t failed = done.failure ? 1 : 0;
  const char* const held = report.verdict == sim::Verdict::nothing_claimed ? "without a finding" : "passed";
  line += fmt::format(", {} {}", done.totals.seeds - failed - done.totals.inconclusive, held);
  if (done.totals.inconclusive > 0) line += fmt::format(", {} inconclusive", done.totals.inconclusive);
  return line + fmt::format(", {} failed\n", failed);
}

// Why seeds are inconclusive, the most frequent claim first.
std::string reasons_of(const sim::SeedTotals& totals) {
  std::vector<std::pair<std::string, std::uint64_t>> reasons{totals.inconclusive_by.begin(),
                                                             totals.inconclusive_by.end()};
  std::ranges::stable_sort(reasons, std::ranges::greater{}, &std::pair<std::string, std::uint64_t>::second);
  std::string text;
  for (const auto& [claim, seeds] : reasons) text += fmt::format("  {:>6}  {}\n", seeds, claim);
  return text;
}

std::string worlds_lines(const sim::SeedTotals& totals) {
  std::string text;
  if (totals.fault_idle > 0) {
    text +=
        fmt::format("Faults: in {} of {} worlds one that was drawn changed no call\n", totals.fault_idle, totals.seeds);
  }
  return text + fmt::format("Liveness: claimed in {} of {} worlds; the settings of the others do not promise it\n",
                            totals.seeds - totals.recovery_impossible, totals.seeds);
}

std::string coverage_table(const sim::SeedTotals& totals) {
  TextTable table{{"Counter", "Count", "Seeds", "Share"}};
  const auto names = sim::coverage_counters();
  for (std::size_t i = 0; i < names.size(); ++i) {
    table.add({std::string(names[i]), fmt::format("{}", totals.coverage[i]),
               fmt::format("{}", totals.seeds_covering[i]),
               fmt::format("{:.1f}%", percent_of(totals.seeds_covering[i], totals.seeds))});
  }
  return "\nCoverage:\n" + table.text(2);
}

std::string failure_text(const ExploreReport& report) {
  const sim::FailingSeed& failure = *report.exploration.failure;
  const sim::Finding& finding = failure.finding;
  const bool is_named_by_claim = finding.claim.starts_with(finding.id);
  std::string text = fmt::format("\nSeed {} fails: {} {}\n", failure.seed, sim::name_of(finding.kind),
                                 is_named_by_claim ? finding.claim : finding.id);
  if (!is_named_by_claim) text += "  " + finding.claim + "\n";
  text += "  " + finding.reason;
  if (finding.at)
    text += fmt::format(", at {:.9f} s", static_cast<double>(finding.at->time_since_epoch().count()) / 1e9);
  if (finding.request) text += fmt::format(", request {}", number_of(*finding.request));
  text += "\n  replay: " + report.replay + "\n";
  if (!report.shrunk) return text;
  const ShrunkReport& small = *report.shrunk;
  text += fmt::format("Shrunk in {} runs from {} to {}{}\n", small.runs, small.from, small.to,
                      small.is_minimal ? "" : "; broken off, so it may not be minimal");
  if (!small.file.empty()) return text + fmt::format("  file: {}\n  replay: {}\n", small.file, small.replay);
  return text + "\n" + small.scenario;
}

std::string verdict_line(const ExploreReport& report) {
  if (report.interrupted) {
    const std::uint64_t seeds = report.exploration.totals.seeds;
    return fmt::format("Verdict: INCONCLUSIVE, interrupted after {} seed{}; none of them failed\n", seeds,
                       seeds == 1 ? "" : "s");
  }
  std::string line = "Verdict: " + sim::verdict_words(report.verdict);
  const sim::SeedTotals& totals = report.exploration.totals;
  if (report.verdict == sim::Verdict::inconclusive) {
    line += totals.requests == 0 ? ": no request arrived in any seed"
                                 : fmt::format(": {} of {} seeds showed nothing", totals.inconclusive, totals.seeds);
    if (totals.requests > 0 && report.swarm) {
      line += fmt::format(", and at most {} % of a swarm may", sim::kSwarmInconclusiveMax);
    }
  }
  if (report.verdict == sim::Verdict::nothing_claimed) {
    line += ": the scenario has no threshold, liveness, coverage or min_affected; ";
    line += sim::CheckSelection{report.checks}.any() ? "only the invariants were watched" : "and no check was on";
    line += fmt::format("\nAnswered: {:.1f}% of {} requests", percent_of(totals.answered, totals.requests),
                        totals.requests);
  }
  return line + "\n";
}

void write_inconclusive(JsonWriter& json, const sim::SeedTotals& totals) {
  json.key("seeds").integer(totals.seeds).key("inconclusive").integer(totals.inconclusive);
  json.key("inconclusive_by").begin_object();
  for (const auto& [claim, seeds] : totals.inconclusive_by) json.key(claim).integer(seeds);
  json.end_object();
}

// What is seen of a gateway from outside.
void write_trials(JsonWriter& json, const sim::SeedTotals& totals) {
  json.key("totals").begin_object();
  write_inconclusive(json, totals);
  json.key("claims").integer(totals.claims).key("requests").integer(totals.requests);
  json.key("answered").integer(totals.answered);
  json.key("provider_calls").integer(totals.events).key("virtual_ns").integer(totals.virtual_time.count());
  json.end_object();
}

void write_totals(JsonWriter& json, const sim::SeedTotals& totals) {
  json.key("totals").begin_object();
  write_inconclusive(json, totals);
  json.key("fault_idle").integer(totals.fault_idle);
  json.key("recovery_impossible").integer(totals.recovery_impossible);
  json.key("claims").integer(totals.claims);
  json.key("requests").integer(totals.requests).key("answered").integer(totals.answered);
  json.key("events").integer(totals.events);
  json.key("virtual_ns").integer(totals.virtual_time.count());
  json.key("coverage").begin_object();
  const auto names = sim::coverage_counters();
  for (std::size_t i = 0; i < names.size(); ++i) {
    json.key(names[i]).begin_object();
    json.key("count").integer(totals.coverage[i]).key("seeds").integer(totals.seeds_covering[i]);
    json.end_object();
  }
  json.end_object().end_object();
}

void write_checks(JsonWriter& json, const std::vector<std::string>& checks) {
  json.key("checks").begin_array();
  for (const std::string& check : checks) json.text(check);
  json.end_array();
}

void write_failure(JsonWriter& json, const ExploreReport& report) {
  json.key("failure");
  if (!report.exploration.failure) {
    json.null();
    return;
  }
  const sim::FailingSeed& failure = *report.exploration.failure;
  const sim::Finding& finding = failure.finding;
  json.begin_object().key("seed").integer(failure.seed);
  json.key("kind").text(sim::name_of(finding.kind)).key("id").text(finding.id);
  json.key("claim").text(finding.claim).key("reason").text(finding.reason);
  json.key("t_s").seconds(finding.at).key("replay").text(report.replay);
  json.key("shrunk");
  if (report.shrunk) {
    const ShrunkReport& small = *report.shrunk;
    json.begin_object().key("file").text_or_null(small.file).key("scenario").text(small.scenario);
    json.key("replay").text_or_null(small.replay).key("runs").integer(small.runs);
    json.key("minimal").boolean(small.is_minimal).end_object();
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

std::string explore_text(const ExploreReport& report) {
  const sim::SeedTotals& totals = report.exploration.totals;
  std::string text = fmt::format("Explored: {}{}{}\n", report.file, report.title.empty() ? "" : " - " + report.title,
                                 report.swarm ? ", as a swarm" : "");
  const bool is_gateway = !report.gateway.empty();
  if (is_gateway) text += "Behind: " + report.gateway + "\n";
  text += seeds_line(report);
  text += fmt::format("Looked at: {:.0f} s of virtual time, {} requests, {} {}\n", virtual_seconds(totals),
                      totals.requests, totals.events, is_gateway ? "provider calls" : "events");
  if (totals.inconclusive > 0) text += "Inconclusive, in seeds, because of:\n" + reasons_of(totals);
  if (report.swarm) text += worlds_lines(totals);
  if (totals.seeds > 0 && !is_gateway) text += coverage_table(totals);
  if (report.exploration.failure) text += failure_text(report);
  return text + "\n" + verdict_line(report);
}

std::string explore_json(const ExploreReport& report) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_explore").integer(kExploreVersion);
  json.key("scenario").begin_object().key("file").text(report.file).key("title").text(report.title);
  json.key("hash").hex(report.scenario_hash).end_object();
  if (!report.gateway.empty()) json.key("gateway").text(report.gateway);
  json.key("swarm").boolean(report.swarm);
  write_checks(json, report.checks);
  json.key("verdict").text(sim::name_of(report.verdict)).key("interrupted").boolean(report.interrupted);
  json.key("seeds").begin_object().key("first").integer(report.first).key("last");
  report.exploration.last ? json.integer(*report.exploration.last) : json.null();
  json.key("asked_last");
  report.asked_last ? json.integer(*report.asked_last) : json.null();
  json.end_object();
  if (report.gateway.empty()) {
    write_totals(json, report.exploration.totals);
  } else {
    write_trials(json, report.exploration.totals);
  }
  write_failure(json, report);
  json.end_object();
  return text + "\n";
}

std::string progress_text(const ExploreProgress& progress) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_explore_progress").integer(kExploreVersion);
  json.key("program").text(progress.program).key("scenario_hash").hex(progress.scenario_hash);
  json.key("swarm").boolean(progress.swarm);
  write_checks(json, progress.checks);
  json.key("first").integer(progress.first).key("first_digest").hex(progress.first_digest).key("last");
  progress.last ? json.integer(*progress.last) : json.null();
  json.key("failing_seed");
  progress.failing_seed ? json.integer(*progress.failing_seed) : json.null();
  write_totals(json, progress.totals);
  json.end_object();
  return text + "\n";
}

}  // namespace windtunnel::reports
