#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/json_writer.h"
#include "reports/files/report_error.h"
#include "reports/text/explore_report.h"

namespace windtunnel::reports {
namespace {

using ProgressJson = nlohmann::json;

std::optional<std::uint64_t> seed_or_none(const ProgressJson& json) {
  return json.is_null() ? std::nullopt : std::optional<std::uint64_t>{json.get<std::uint64_t>()};
}

sim::SeedTotals totals_of(const ProgressJson& json) {
  sim::SeedTotals totals;
  totals.seeds = json.at("seeds").get<std::uint64_t>();
  totals.inconclusive = json.at("inconclusive").get<std::uint64_t>();
  totals.inconclusive_by = json.at("inconclusive_by").get<std::map<std::string, std::uint64_t>>();
  totals.fault_idle = json.at("fault_idle").get<std::uint64_t>();
  totals.recovery_impossible = json.at("recovery_impossible").get<std::uint64_t>();
  totals.claims = json.at("claims").get<std::uint64_t>();
  totals.requests = json.at("requests").get<std::uint64_t>();
  totals.answered = json.at("answered").get<std::uint64_t>();
  totals.events = json.at("events").get<std::uint64_t>();
  totals.virtual_time = Duration{json.at("virtual_ns").get<std::int64_t>()};
  const ProgressJson& coverage = json.at("coverage");
  const auto names = sim::coverage_counters();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ProgressJson& counter = coverage.at(std::string(names[i]));
    totals.coverage[i] = counter.at("count").get<std::int64_t>();
    totals.seeds_covering[i] = counter.at("seeds").get<std::uint64_t>();
  }
  return totals;
}

}  // namespace

ExploreProgress read_progress(const std::string& text, const std::string& name) {
  try {
    const ProgressJson json = ProgressJson::parse(text);
    if (json.at("windtunnel_explore_progress").get<int>() != kExploreVersion) {
      throw ReportError(name, "read", "this is the progress of another version of windtunnel explore");
    }
    ExploreProgress progress;
    progress.program = json.at("program").get<std::string>();
    progress.scenario_hash = read_digest(json.at("scenario_hash").get<std::string>());
    progress.swarm = json.at("swarm").get<bool>();
    progress.checks = json.at("checks").get<std::vector<std::string>>();
    progress.first = json.at("first").get<std::uint64_t>();
    progress.first_digest = read_digest(json.at("first_digest").get<std::string>());
    progress.last = seed_or_none(json.at("last"));
    progress.failing_seed = seed_or_none(json.at("failing_seed"));
    progress.totals = totals_of(json.at("totals"));
    return progress;
  } catch (const ProgressJson::exception& error) {
    throw ReportError(name, "read", std::string{json_reason(error.what())});
  } catch (const std::invalid_argument& error) {
    throw ReportError(name, "read", error.what());
  }
}

}  // namespace windtunnel::reports
