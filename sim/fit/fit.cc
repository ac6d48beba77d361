#include "sim/fit/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/calendar.h"
#include "sim/fit/fit_estimates.h"
#include "sim/fit/fit_spent.h"

namespace windtunnel::sim {
namespace {

using monitor::Outcome;

constexpr std::int64_t kDayNs = std::int64_t{24} * 3'600'000'000'000;
constexpr std::size_t kVariantsMax = 64;
// A scenario starts between 1970 and 2159.
constexpr WallTime kLatest{std::chrono::hours{24 * 365 * 180}};
constexpr double kRateMost = 100'000;  // requests a second
constexpr double kNearlyAll = 0.99;    // of the requests carry the experiment's variant

struct Arm {
  std::string id;
  std::size_t provider = 0;  // its place in the scenario
  std::int64_t count = 0;
};

std::string most_called(const FitTally::Counts& counts) {
  return std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })->first;
}

std::size_t place_of(const Scenario& scenario, const std::string& provider) {
  const auto found = std::ranges::find(scenario.providers, provider, &ProviderSpec::name);
  return static_cast<std::size_t>(found - scenario.providers.begin());
}

void limit_nothing(monitor::MonitorConfig& monitor) {
  monitor.token_limiter.mode = monitor::TokenMode::off;
  monitor.cache.enabled = false;
}

// --- Split ---------------------------------------------------------------------------------------------------------

// Over users, whose requests are not independent of each other; nothing: too few of the requests name theirs.
std::optional<Estimate> share_by_user(const std::map<std::string, FitTally::Counts>& by_user, const std::string& arm,
                                      std::int64_t requests) {
  std::vector<std::int64_t> parts;
  std::vector<std::int64_t> wholes;
  std::int64_t named = 0;
  for (const auto& [user, counts] : by_user) {
    const auto found = counts.find(arm);
    parts.push_back(found == counts.end() ? 0 : found->second);
    std::int64_t whole = 0;
    for (const auto& [other, count] : counts) whole += count;
    wholes.push_back(whole);
    named += whole;
  }
  if (static_cast<double>(named) < kNearlyAll * static_cast<double>(requests)) return std::nullopt;
  return estimate_ratio(parts, wholes);
}

std::vector<Arm> arms_by_variant(const Fit& fit, const FitTally& tally) {
  std::vector<Arm> arms;
  for (const auto& [variant, by_target] : tally.arms.begin()->second) {
    Arm arm{.id = variant, .provider = place_of(fit.scenario, most_called(by_target))};
    for (const auto& [target, called] : by_target) arm.count += called;
    if (arm.provider < fit.scenario.providers.size()) arms.push_back(std::move(arm));
  }
  return arms;
}

std::int64_t requests_of(const std::vector<Arm>& arms) {
  std::int64_t sum = 0;
  for (const Arm& arm : arms) sum += arm.count;
  return sum;
}

void add_shares(Fit& fit, const std::vector<Arm>& arms, const std::map<std::string, FitTally::Counts>& by_user) {
  const std::int64_t all = requests_of(arms);
  for (const Arm& arm : arms) {
    const auto by_users = share_by_user(by_user, arm.id, all);
    const Estimate share =
        by_users ? *by_users : estimate_share(static_cast<std::size_t>(arm.count), static_cast<std::size_t>(all));
    fit.parameters.push_back({"split." + arm.id, "share", share, all});
  }
}

void add_arms(Fit& fit, const std::vector<Arm>& arms, const std::map<std::string, FitTally::Counts>& by_user) {
  for (const Arm& arm : arms) {
    fit.scenario.monitor.ab_router.variants.push_back(
        {.id = arm.id, .provider = monitor::ProviderId{static_cast<std::uint8_t>(arm.provider)}, .weight = arm.count});
  }
  add_shares(fit, arms, by_user);
}

// By the first calls of requests, or by all calls where the log's attempts name none of these targets first.
std::vector<Arm> arms_by_target(const Fit& fit, const std::vector<FitTarget>& targets) {
  const bool has_first = std::ranges::any_of(targets, [](const FitTarget& target) { return target.calls->first > 0; });
  std::vector<Arm> arms;
  for (const FitTarget& target : targets) {
    const std::int64_t count = has_first ? target.calls->first : target.calls->count();
    arms.push_back({*target.name, place_of(fit.scenario, *target.name), count});
  }
  return arms;
}

void fit_split(Fit& fit, const FitTally& tally, const std::vector<FitTarget>& targets) {
  monitor::RouterConfig& router = fit.scenario.monitor.ab_router;
  const double nearly_all = kNearlyAll * static_cast<double>(tally.past_limiters);
  if (tally.arms.size() == 1 && tally.arms.begin()->second.size() <= kVariantsMax &&
      static_cast<double>(tally.with_variant) >= nearly_all) {
    const std::vector<Arm> arms = arms_by_variant(fit, tally);
    if (requests_of(arms) > 0) {
      router.experiment_id = tally.arms.begin()->first;
      return add_arms(fit, arms, tally.users_by_variant);
    }
  }
  const std::vector<Arm> arms = arms_by_target(fit, targets);
  if (targets.size() < 2 || requests_of(arms) == 0) return;
  router.experiment_id = "log";
  add_arms(fit, arms, tally.users_by_target);
  fit.notes.emplace_back(
      "not all requests carry a variant of one experiment: the split is by the provider called first");
}

// A workload for each target, with its lengths and its share of the requests. They share the draws of demand.
void divide_workload(Fit& fit, const FitTally& tally, const std::vector<FitTarget>& targets) {
  const std::vector<Arm> arms = arms_by_target(fit, targets);
  const std::int64_t sum = requests_of(arms);
  if (sum == 0) return;  // nothing shows whose requests they are
  const WorkloadSpec all = std::move(fit.scenario.workloads.front());
  fit.scenario.workloads.clear();
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (arms[i].count == 0) continue;
    WorkloadSpec& workload = fit.scenario.workloads.emplace_back(all);
    workload.name = arms[i].id;
    workload.provider = arms[i].id;
    workload.demand = "log";
    const double share = static_cast<double>(arms[i].count) / static_cast<double>(sum);
    workload.rate.count.value =
        std::max<std::int64_t>(1, std::llround(static_cast<double>(all.rate.count.value) * share));
    fit_lengths(fit, workload, {targets[i]}, arms[i].id + ".");
  }
  add_shares(fit, arms, tally.users_by_target);
  fit.notes.emplace_back("the answers' lengths differ by target: each has a workload of its own");
  if (!tally.arms.empty()) {
    fit.notes.emplace_back("the log's experiment is left out, because lengths differ by target and not by variant");
  }
}

// --- The whole -----------------------------------------------------------------------------------------------------

// Those that answered anything, the most called first.
std::vector<FitTarget> targets_of(Fit& fit, const FitTally& tally) {
  std::vector<FitTarget> targets;
  for (const auto& [name, calls] : tally.calls) {
    if (!calls.answered.empty()) {
      targets.push_back({&name, &calls});
    } else {
      fit.notes.push_back(fmt::format("{}: none of its {} calls was answered; it is left out", name, calls.count()));
    }
  }
  std::ranges::stable_sort(targets, std::ranges::greater{},
                           [](const FitTarget& target) { return target.calls->first; });
  return targets;
}

std::optional<std::string> problem_with(const FitTally& tally) {
  if (tally.arrivals.empty() && tally.unreached + tally.unmeasured == 0) return "the log has no request";
  const auto is_answered = [](const auto& entry) { return !entry.second.answered.empty(); };
  if (std::ranges::none_of(tally.calls, is_answered)) {
    if (tally.unmeasured > 0) return "no answered request of the log has both input and output tokens";
    return "the log has no answered request, so that nothing is known of lengths, latency and price";
  }
  const WallTime first = tally.arrivals.front();
  const WallTime last = tally.arrivals.back();
  if (first == last) return "all requests of the log come at one instant, so that nothing is known of the rate";
  if (first < WallTime{} || last > kLatest) return "the log's requests do not lie between 1970 and 2150";
  return std::nullopt;
}

void add_notes(Fit& fit, const FitTally& tally, const FitLog& log, const FitTargets& targets) {
  if (tally.unreached > 0) {
    const std::int64_t all = std::ssize(tally.arrivals) + tally.unreached;
    fit.notes.push_back(fmt::format(
        "{} of {} requests ({:.3g} %) failed without a call to a provider that answered any; the fit leaves "
        "them out, so that its rate, its cost of a request and its share of served requests are of the "
        "others",
        tally.unreached, all, 100 * static_cast<double>(tally.unreached) / static_cast<double>(all)));
  }
  if (tally.unmeasured > 0) {
    fit.notes.push_back(
        fmt::format("{} answered requests are of providers none of whose answers has both input and output tokens: "
                    "they are left out",
                    tally.unmeasured));
  }
  const std::int64_t refused = std::ssize(tally.arrivals) - tally.past_limiters;
  if (refused > 0) {
    fit.notes.push_back(
        fmt::format("{} requests were refused by limiters: they count for the rate, their lengths are not "
                    "known",
                    refused));
  }
  if (tally.outcomes == 0) {
    fit.notes.emplace_back(
        "the log names no outcomes: hits of a cache are not known, and a failed request is one call");
  }
  if (tally.seen.failures_unknown > 0) {
    fit.notes.push_back(fmt::format("of {} failures the kind of {} is unknown: they count as server_error",
                                    tally.seen.failures, tally.seen.failures_unknown));
  }
  if (targets.divided() > 0) {
    fit.notes.push_back(fmt::format("{} of the providers answer with several models: each model is a target of its own",
                                    targets.divided()));
  }
  if (targets.others() > 0) {
    fit.notes.push_back(fmt::format("the {} targets that cost least are one, \"others\", because a scenario has {}",
                                    targets.others(), kFitTargetsMax));
  }
  if (log.names_changed() > 0) {
    fit.notes.push_back(
        fmt::format("{} names of the log are no names for a scenario and were changed (control or invisible "
                    "characters, or over {} bytes)",
                    log.names_changed(), FitNames::kBytesMax));
  }
  fit.notes.emplace_back(
      "the token limiter is off: lengths are as they came out of the one that the log was written behind");
}

// Where the present begins: after the last step in the counts of days or in what a request costs.
std::optional<std::int64_t> regime_of(Fit& fit, const FitTally& tally, DayRange whole,
                                      const std::optional<DayModel>& model) {
  std::optional<std::int64_t> regime;
  if (model && !model->steps.empty()) {
    regime = model->steps.back();
    fit.notes.push_back(fmt::format("the number of requests a day changes on {}: the rate is that from then on",
                                    iso8601(midnight_of(*regime)).substr(0, 10)));
  }
  if (whole.size() < kDaysForStudent) return regime;
  std::vector<double> cost;
  std::vector<double> requests;
  for (const FitTally::Day& day : days_in(tally, whole)) {
    cost.push_back(day.cost);
    requests.push_back(static_cast<double>(day.requests));
  }
  if (const auto step = last_step_of(cost, requests)) {
    const std::int64_t day = whole.begin + static_cast<std::int64_t>(*step);
    fit.notes.push_back(
        fmt::format("what a request costs changes on {}: prices, lengths and shares are those from "
                    "then on",
                    iso8601(midnight_of(day)).substr(0, 10)));
    regime = std::max(regime.value_or(day), day);
  }
  return regime;
}

void fit_parts(Fit& fit, const FitTally& all, const FitTally& tally, DayRange whole,
               const std::optional<DayModel>& model, bool shows_hours) {
  Scenario& scenario = fit.scenario;
  const std::vector<FitTarget> targets = targets_of(fit, tally);
  WorkloadSpec workload{.name = "traffic"};
  fit_demand(fit, workload, model && model->steps.empty() ? all.arrivals : tally.arrivals, whole, model, shows_hours);
  scenario.workloads = {std::move(workload)};
  for (const FitTarget& target : targets) scenario.providers.push_back(fit_provider(fit, *target.name, *target.calls));
  if (targets.size() > 1 && lengths_differ(targets, scenario.providers)) {
    divide_workload(fit, tally, targets);
  } else {
    fit_lengths(fit, scenario.workloads.front(), targets, "");
    fit_split(fit, tally, targets);
  }
}

// The quantiles of means of sums are none of requests.
void forget_single_lengths(Fit& fit) {
  std::erase_if(fit.parameters, [](const FittedParameter& parameter) {
    return parameter.name.ends_with("tokens.p50") || parameter.name.ends_with("tokens.p95");
  });
}

}  // namespace

Fit Fitter::fit(std::optional<WallTime> until) const {
  Fit fit;
  const WallTime end = until.value_or(WallTime::max());
  const FitTargets targets{log_, end};
  const FitTally all = tally_of(log_, targets, WallTime::min(), end);
  fit.requests = std::ssize(all.arrivals) + all.unreached + all.unmeasured;
  fit.problem = problem_with(all);
  if (fit.problem) return fit;
  fit.first = all.arrivals.front();
  fit.last = all.arrivals.back();
  Scenario& scenario = fit.scenario;
  scenario.title = "Fitted to a log";
  scenario.start = until.value_or(midnight_of(utc_day(fit.last) + 1));
  scenario.duration = Duration{30 * kDayNs};
  limit_nothing(scenario.monitor);

  DayRange whole = whole_days_of(all.arrivals);
  if (until) whole.end = std::max(whole.end, utc_day(*until));  // days without a request before it were observed too
  std::vector<std::int64_t> counts;
  for (const FitTally::Day& day : days_in(all, whole)) counts.push_back(day.requests);
  const std::optional<DayModel> model = fit_days(whole.begin, counts);
  const std::optional<std::int64_t> regime = regime_of(fit, all, whole, model);
  FitTally present;
  if (regime) present = tally_of(log_, targets, midnight_of(*regime), end);
  const bool is_cut = regime && !problem_with(present);
  const FitTally& tally = is_cut ? present : all;
  const DayRange present_days{is_cut ? *regime : whole.begin, whole.end};

  fit_parts(fit, all, tally, whole, model, !log_.has_shares());
  if (const double rate = requests_a_day(scenario) / 86'400; rate > kRateMost) {
    Fit failed;
    failed.problem = fmt::format(
        "its requests come at {:.3g} a second, and a month of more than {:.0f} a second cannot be "
        "replayed",
        rate, kRateMost);
    return failed;
  }
  add_notes(fit, tally, log_, targets);
  if (log_.has_shares()) forget_single_lengths(fit);
  fit_settings(fit, tally.seen);
  fit_hits(fit, tally, present_days);
  fit_cost(fit, tally, present_days);
  fit_spent(fit, log_, targets);
  for (const FittedParameter& parameter : fit.parameters) {
    const Estimate& estimate = parameter.estimate;
    if (std::isfinite(estimate.value) && std::isfinite(estimate.low) && std::isfinite(estimate.high)) continue;
    Fit failed;
    failed.problem = fmt::format("its requests lie so far apart that {} has no finite value", parameter.name);
    return failed;
  }
  return fit;
}

}  // namespace windtunnel::sim
