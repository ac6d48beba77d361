#include "sim/fit/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "sim/fit/fit_estimates.h"

namespace windtunnel::sim {
namespace {

using monitor::Outcome;
using monitor::ReplyKind;

constexpr std::int64_t kDayNs = std::int64_t{24} * 3'600'000'000'000;
constexpr std::size_t kVariantsMax = 64;
// A scenario starts between 1970 and 2159.
constexpr WallTime kLatest{std::chrono::hours{24 * 365 * 180}};
constexpr double kNearlyAll = 0.99;  // of the requests carry the experiment's variant

// The midnight after an instant, UTC.
WallTime next_midnight(WallTime wall) { return WallTime{Duration{(utc_day(wall) + 1) * kDayNs}}; }

std::string most_called(const std::map<std::string, std::int64_t>& counts) {
  return std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; })->first;
}

std::size_t place_of(const Scenario& scenario, const std::string& provider) {
  const auto found = std::ranges::find(scenario.providers, provider, &ProviderSpec::name);
  return static_cast<std::size_t>(found - scenario.providers.begin());
}

// Over users, whose requests are not independent of each other; nothing: too few of the requests name theirs.
std::optional<Estimate> share_by_user(const std::map<std::string, std::map<std::string, std::int64_t>>& by_user,
                                      const std::string& arm, std::int64_t requests) {
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

void limit_nothing(monitor::MonitorConfig& monitor) {
  monitor.token_limiter.mode = monitor::TokenMode::off;
  monitor.cache.enabled = false;
}

void fit_lengths(Fit& fit, WorkloadSpec& workload, const std::vector<std::int64_t>& input,
                 const std::vector<std::int64_t>& output) {
  const auto model = [](const std::vector<std::int64_t>& values) {
    const auto [least, most] = std::ranges::minmax(values);
    return TokenModel{.law = law_of(values), .least = Tokens{least}, .most = Tokens{std::max(most, std::int64_t{1})}};
  };
  workload.input = model(input);
  workload.output = model(output);
  workload.max_tokens = std::max(Tokens{500}, workload.output.most);
  add_law_parameters(fit, "input_tokens", "tokens", 1, input);
  add_law_parameters(fit, "output_tokens", "tokens", 1, output);
}

}  // namespace

std::int64_t Fitter::Calls::count() const { return std::accumulate(kinds.begin(), kinds.end(), std::int64_t{0}); }

void Fitter::add(const FitSample& sample) {
  FitSample valid = sample;
  for (std::string* name : {&valid.provider, &valid.model, &valid.experiment, &valid.variant}) {
    *name = names_.valid(*name);
  }
  for (FitAttempt& attempt : valid.attempts) attempt.provider = names_.valid(attempt.provider);
  add_valid(valid);
}

void Fitter::add_valid(const FitSample& sample) {
  arrivals_.push_back(sample.finished - sample.latency);
  if (sample.outcome) ++outcomes_;
  const bool refused = sample.outcome && is_refused(*sample.outcome);
  if (!refused) {
    ++past_limiters_;
    Lookups& day = lookups_[utc_day(arrivals_.back())];
    ++day.all;
    if (sample.outcome == Outcome::cache_hit) ++day.hits;
  }
  if (!sample.experiment.empty() && !sample.variant.empty()) ++with_variant_;
  add_calls(sample);
  const bool served = sample.outcome ? *sample.outcome == Outcome::served : sample.answered;
  if (served && !sample.provider.empty()) add_answer(sample);
}

// Without attempts the record tells of one call, the last.
void Fitter::add_calls(const FitSample& sample) {
  std::vector<FitAttempt> calls = sample.attempts;
  const bool called = !sample.provider.empty() &&
                      !(sample.outcome && sample.outcome != Outcome::served && is_answered(*sample.outcome));
  if (calls.empty() && called) {
    calls.push_back({.provider = sample.provider,
                     .kind = sample.answered ? ReplyKind::ok : ReplyKind::server_error,
                     .latency = sample.latency,
                     .cost = sample.cost});
  }
  std::int32_t in_a_row = 0;
  const std::string* before = nullptr;
  for (const FitAttempt& call : calls) {
    ++calls_[call.provider].kinds[static_cast<std::size_t>(call.kind)];
    if (call.kind == ReplyKind::timeout) seen_.timeouts.push_back(call.latency);
    if (call.kind == ReplyKind::ok) seen_.answered_longest = std::max(seen_.answered_longest, call.latency);
    in_a_row = before != nullptr && *before == call.provider ? in_a_row + 1 : 1;
    seen_.attempts_at_one = std::max(seen_.attempts_at_one, in_a_row);
    before = &call.provider;
  }
  if (calls.empty()) return;
  const std::string& first = calls.front().provider;
  ++calls_[first].first;
  if (!sample.user.empty()) ++users_by_provider_[sample.user][first];
  if (sample.experiment.empty() || sample.variant.empty()) return;
  ++arms_[sample.experiment][sample.variant][first];
  if (!sample.user.empty()) ++users_by_variant_[sample.user][sample.variant];
}

// The call that gave the answer is the last one; what came before it has taken the rest of the time.
void Fitter::add_answer(const FitSample& sample) {
  input_.push_back(sample.input.count());
  output_.push_back(sample.output.count());
  Calls& calls = calls_[sample.provider];
  calls.model = sample.model;
  Answered one{.latency = sample.latency, .input = sample.input, .output = sample.output, .cost = sample.cost};
  if (!sample.attempts.empty()) {
    one.latency = sample.attempts.back().latency;
    one.cost = sample.attempts.back().cost.value_or(Usd{});
  }
  if (sample.time_to_first_token) {
    one.has_first_token = true;
    one.first_token =
        std::clamp(*sample.time_to_first_token - (sample.latency - one.latency), Duration{0}, one.latency);
  }
  calls.answered.push_back(one);
}

// The providers that answered anything, the most called first.
std::vector<Fitter::Called> Fitter::providers_of(Fit& fit) const {
  std::vector<Called> providers;
  for (const auto& [name, calls] : calls_) {
    if (!calls.answered.empty()) {
      providers.push_back({&name, &calls});
    } else {
      fit.notes.push_back(fmt::format("{}: none of its {} calls was answered; it is left out", name, calls.count()));
    }
  }
  std::ranges::stable_sort(providers, std::ranges::greater{}, [](const Called& one) { return one.calls->first; });
  if (providers.size() > monitor::kProvidersMax) {
    fit.notes.push_back(
        fmt::format("of {} providers the {} that are called most are kept", providers.size(), monitor::kProvidersMax));
    providers.resize(monitor::kProvidersMax);
  }
  return providers;
}

std::vector<Fitter::Arm> Fitter::arms_by_variant(const Fit& fit) const {
  std::vector<Arm> arms;
  for (const auto& [variant, by_provider] : arms_.begin()->second) {
    Arm arm{.id = variant, .provider = place_of(fit.scenario, most_called(by_provider))};
    for (const auto& [provider, called] : by_provider) arm.count += called;
    if (arm.provider < fit.scenario.providers.size()) arms.push_back(std::move(arm));
  }
  return arms;
}

void Fitter::add_arms(Fit& fit, const std::vector<Arm>& arms, const std::map<std::string, Counts>& by_user) {
  std::int64_t all = 0;
  for (const Arm& arm : arms) all += arm.count;
  for (const Arm& arm : arms) {
    fit.scenario.monitor.ab_router.variants.push_back(
        {.id = arm.id, .provider = monitor::ProviderId{static_cast<std::uint8_t>(arm.provider)}, .weight = arm.count});
    const auto by_users = share_by_user(by_user, arm.id, all);
    const Estimate share =
        by_users ? *by_users : estimate_share(static_cast<std::size_t>(arm.count), static_cast<std::size_t>(all));
    fit.parameters.push_back({"split." + arm.id, "share", share, all});
  }
}

void Fitter::fit_split(Fit& fit, const std::vector<Called>& providers) const {
  monitor::RouterConfig& router = fit.scenario.monitor.ab_router;
  const double nearly_all = kNearlyAll * static_cast<double>(past_limiters_);
  if (arms_.size() == 1 && arms_.begin()->second.size() <= kVariantsMax &&
      static_cast<double>(with_variant_) >= nearly_all) {
    const std::vector<Arm> arms = arms_by_variant(fit);
    if (!arms.empty()) {
      router.experiment_id = arms_.begin()->first;
      return add_arms(fit, arms, users_by_variant_);
    }
  }
  if (providers.size() < 2) return;
  router.experiment_id = "log";
  std::vector<Arm> arms;
  for (const Called& one : providers) {
    arms.push_back({*one.name, place_of(fit.scenario, *one.name), one.calls->first});
  }
  add_arms(fit, arms, users_by_provider_);
  fit.notes.emplace_back(
      "not all requests carry a variant of one experiment: the split is by the provider called first");
}

std::optional<std::string> Fitter::problem() const {
  if (arrivals_.empty()) return "the log has no request";
  if (input_.empty()) return "the log has no answered request, so that nothing is known of lengths, latency and price";
  const auto [first, last] = std::ranges::minmax(arrivals_);
  if (first == last) return "all requests of the log come at one instant, so that nothing is known of the rate";
  if (first < WallTime{} || last > kLatest) return "the log's requests do not lie between 1970 and 2150";
  return std::nullopt;
}

void Fitter::add_notes(Fit& fit) const {
  const std::int64_t refused = fit.requests - past_limiters_;
  if (refused > 0) {
    fit.notes.push_back(
        fmt::format("{} requests were refused by limiters: they count for the rate, their lengths are not "
                    "known",
                    refused));
  }
  if (outcomes_ == 0) {
    fit.notes.emplace_back(
        "the log names no outcomes: hits of a cache are not known, and a failed request is one call that "
        "ended with server_error");
  }
  if (names_.changed() > 0) {
    fit.notes.push_back(fmt::format(
        "{} names of the log are no names for a scenario and were changed (control characters, or over {} bytes)",
        names_.changed(), FitNames::kBytesMax));
  }
  fit.notes.emplace_back(
      "the token limiter is off: lengths are as they came out of the one that the log was written behind");
}

Fit Fitter::fit() const {
  Fit fit;
  fit.requests = std::ssize(arrivals_);
  fit.problem = problem();
  if (fit.problem) return fit;
  const auto [first, last] = std::ranges::minmax(arrivals_);
  fit.first = first;
  fit.last = last;
  Scenario& scenario = fit.scenario;
  scenario.title = "Fitted to a log";
  scenario.start = next_midnight(last);
  scenario.duration = Duration{30 * kDayNs};
  limit_nothing(scenario.monitor);
  WorkloadSpec workload{.name = "traffic"};
  fit_demand(fit, workload, arrivals_);
  fit_lengths(fit, workload, input_, output_);
  scenario.workloads = {std::move(workload)};
  const std::vector<Called> providers = providers_of(fit);
  for (const Called& one : providers) scenario.providers.push_back(fit_provider(fit, *one.name, *one.calls));
  fit_split(fit, providers);
  add_notes(fit);
  fit_settings(fit, seen_);
  fit_hits(fit, lookups_, whole_days_of(arrivals_));
  return fit;
}

}  // namespace windtunnel::sim
