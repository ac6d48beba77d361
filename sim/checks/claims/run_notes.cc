#include "sim/checks/claims/run_notes.h"

// This file is long because each note stands beside the figures that it is made of.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <variant>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/words/json_pointer.h"
#include "sim/checks/claims/recovery.h"
#include "sim/checks/claims/unplayed_rows.h"
#include "sim/world/memory_need.h"
#include "sim/world/world.h"

namespace windtunnel::sim {
namespace {

using monitor::Outcome;
using monitor::ReplyKind;

constexpr Tokens kOutputCapDefault{500};
const Tokens kInputMostDefault = TokenModel{}.most;

double timeout_seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

bool takes_no_time(const Law& law) { return sample(law, 0) <= 0 && sample(law, ~std::uint64_t{0}) <= 0; }

// A rate that changes a billion times leaves no request to look at for a minute. Empty: none does.
std::string why_not_beforehand(const Scenario& scenario) {
  constexpr double kChangesMost = 1e8;
  constexpr std::uint64_t kBytesMost = 1'000'000'000;
  if (const MemoryNeed need = memory_need(scenario); need.bytes > kBytesMost) {
    return fmt::format("a run takes at least {:.3g} GB of memory ({}) and was not tried beforehand",
                       static_cast<double>(need.bytes) / 1e9, need.largest);
  }
  for (const WorkloadSpec& load : scenario.workloads) {
    if (load.arrival != Arrival::mmpp || load.mmpp.mean_sojourn.empty()) continue;
    const auto shortest = std::max(std::ranges::min(load.mmpp.mean_sojourn), Duration{1});
    const double changes = static_cast<double>(scenario.duration.count()) / static_cast<double>(shortest.count());
    if (changes <= kChangesMost) continue;
    return fmt::format(
        "workload.{}.mmpp.mean_sojourn lets the rate change some {:.1g} times, so that the run is slow "
        "and was not looked at beforehand",
        load.name, changes);
  }
  return {};
}

// A run that leaves rows out is inconclusive because of them. Where there is no such verdict, it is a note.
void note_unplayed(std::vector<std::string>& notes, const Scenario& scenario) {
  for (const UnplayedRows& rows : unplayed_rows(scenario)) {
    notes.push_back(fmt::format("workload.{} is not played whole: {}", rows.load->name, sentence_of(rows)));
  }
}

bool varies(const std::vector<double>& factors) {
  return std::ranges::any_of(factors, [&](double factor) { return factor != factors.front(); });
}

}  // namespace

RunNotes::RunNotes(const Scenario& scenario)
    : scenario_(scenario),
      wishes_(scenario.workloads.size()),
      causes_(scenario),
      served_by_(scenario.providers.size()),
      has_token_limit_(scenario.monitor.rate_limiter.tokens_per_minute ||
                       std::ranges::any_of(scenario.monitor.limits.limits, [](const monitor::LimitConfig& limit) {
                         return limit.tokens.has_value();
                       })) {}

// Whether what the request asks for at most may be why it was refused.
bool RunNotes::counts_max_tokens(const monitor::Record& record) const {
  if (record.outcome == Outcome::refused_rate) return has_token_limit_;
  return std::ranges::any_of(record.attempts(), [&](const monitor::Attempt& attempt) {
    const RateLimit& quota = scenario_.providers[index_of(attempt.provider)].rate_limit;
    const bool has_quota = quota.tokens_per_minute || quota.output_tokens_per_minute || quota.tokens_per_day;
    return attempt.kind == ReplyKind::context_length || (attempt.kind == ReplyKind::rate_limited && has_quota);
  });
}

void RunNotes::on(const monitor::BudgetChanged& event) {
  causes_.on(event);
  const monitor::BudgetEvent& budget = event.budget;
  const bool is_refusal = budget.kind == monitor::BudgetEvent::Kind::budget_refused;
  if (is_refusal && !starved_ && budget.reserved > budget.spent) starved_ = budget;
}

void RunNotes::on(const monitor::Record& record) {
  ++requests_;
  causes_.on(record);
  const std::size_t workload = static_cast<std::size_t>(record.request.labels) - 1;
  const bool fails_its_caller = !is_answered(record.outcome) && record.request.id != left_;
  if (fails_its_caller && workload < wishes_.size()) wishes_[workload].failed_request = record.finished;
  if (is_answered(record.outcome)) warm_up_.add(record.finished, record.latency());
  const bool is_served = record.outcome == Outcome::served;
  if (is_served && record.answered_by) ++served_by_[index_of(*record.answered_by)];
  const bool is_at_cap = record.request.max_tokens == kOutputCapDefault && record.output == kOutputCapDefault;
  if (is_served && is_at_cap) ++at_default_max_tokens_;
  if (record.request.max_tokens == kOutputCapDefault && counts_max_tokens(record)) ++refused_by_max_tokens_;
  if (record.request.input == kInputMostDefault) ++at_longest_input_;
  const bool is_cut = record.granted_output < record.request.max_tokens && record.output == record.granted_output;
  if (is_served && is_cut) ++cut_by_grant_;
  const bool broke_off = std::ranges::any_of(
      record.attempts(), [](const monitor::Attempt& attempt) { return attempt.kind == ReplyKind::truncated; });
  if (broke_off && is_answered(record.outcome)) ++answered_after_break_;
}

void RunNotes::on(const CallerLeft& event) {
  causes_.on(event);
  left_ = event.request;
}

// A request that ends a try is recorded before the wish ends, at the same instant.
void RunNotes::on(const WishEnded& event) {
  Wishes& wishes = wishes_[event.workload];
  ++wishes.ended;
  if (event.how == WishEnded::How::answered) return;
  if (event.how == WishEnded::How::left) {
    ++wishes.left;
  } else {
    ++(wishes.failed_request == event.at ? wishes.failed : wishes.timed_out);
  }
}

std::string RunNotes::share_of(std::int64_t count) const {
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(count) / static_cast<double>(requests_));
}

std::vector<std::string> RunNotes::notes(const std::vector<FaultCount>& faults) const {
  std::vector<std::string> notes;
  if (requests_ == 0) return notes;
  note_wishes(notes);
  note_unanswered(notes, faults);
  note_settings(notes);
  note_start(notes);
  note_warm_up(notes);
  note_streams(notes);
  return notes;
}

std::vector<std::string> RunNotes::notes_of_settings() const {
  std::vector<std::string> notes;
  if (requests_ > 0) note_settings(notes);
  return notes;
}

void RunNotes::note_settings(std::vector<std::string>& notes) const {
  note_latency(notes);
  note_tokens(notes);
  note_inputs(notes);
  note_cache(notes);
  note_breaker(notes);
  note_timeout(notes);
  note_reservations(notes);
  note_traces(notes);
  std::ranges::move(unplayed_stages(scenario_), std::back_inserter(notes));
}

void RunNotes::note_wishes(std::vector<std::string>& notes) const {
  std::int64_t ended = 0;
  std::int64_t unanswered = 0;
  std::int64_t most = 0;
  std::string cause;
  const auto weigh = [&](std::int64_t count, auto&& words) {
    unanswered += count;
    if (count <= most) return;
    most = count;
    cause = words();
  };
  for (std::size_t i = 0; i < wishes_.size(); ++i) {
    const auto& client = scenario_.workloads[i].client;
    if (!client) continue;
    const std::string name = "workload." + scenario_.workloads[i].name + ".client";
    ended += wishes_[i].ended;
    weigh(wishes_[i].left, [&] { return "because of " + name + ".patience"; });
    weigh(wishes_[i].timed_out, [&] {
      return fmt::format("because of {}.timeout, which is {} s", name,
                         timeout_seconds(try_timeout_of(*client).value_or(Duration{0})));
    });
    weigh(wishes_[i].failed, [&] { return "because the requests of " + scenario_.workloads[i].name + " were not"; });
  }
  if (unanswered * 100 <= ended) return;
  notes.push_back(fmt::format("{:.1f} % of the wishes were not answered; {} of these {} were not {}",
                              100.0 * static_cast<double>(unanswered) / static_cast<double>(ended), most, unanswered,
                              cause));
}

void RunNotes::note_unanswered(std::vector<std::string>& notes, const std::vector<FaultCount>& faults) const {
  std::int64_t unanswered = 0;
  std::size_t most = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (is_answered(outcome)) continue;
    unanswered += causes_.count(outcome);
    if (causes_.count(outcome) <= count) continue;
    most = i;
    count = causes_.count(outcome);
  }
  if (!is_many(unanswered)) return;
  const auto outcome = static_cast<Outcome>(most);
  notes.push_back(fmt::format("{} of the requests were not answered; {} of these {} ended as {}, because of {}",
                              share_of(unanswered), count, unanswered, name_of(outcome), causes_.of(outcome, faults)));
}

void RunNotes::note_latency(std::vector<std::string>& notes) const {
  for (std::size_t i = 0; i < scenario_.providers.size(); ++i) {
    const ProviderSpec& provider = scenario_.providers[i];
    // A model has what its provider states.
    const bool is_model = !provider.account.empty();
    const std::string pointer = "/providers" + pointer_step(is_model ? provider.account : provider.name);
    const std::string own =
        is_model ? pointer + "/models" + pointer_step(provider.name.substr(provider.account.size() + 1)) : pointer;
    const bool is_instant =
        takes_no_time(provider.time_to_first_token) && takes_no_time(provider.time_per_output_token);
    const bool is_default = !is_written(pointer + "/ttft") && !is_written(pointer + "/tpot") &&
                            !is_written(own + "/ttft") && !is_written(own + "/tpot");
    if (!is_many(served_by_[i])) continue;
    const bool has_no_first = takes_no_time(provider.time_to_first_token) && !is_instant;
    if (has_no_first && !is_written(pointer + "/ttft") && !is_written(own + "/ttft")) {
      notes.push_back(fmt::format("{} has no ttft, so that its first token comes after 0 ms: {} of the requests",
                                  provider.name, share_of(served_by_[i])));
    }
    if (!is_instant || !is_default) continue;
    notes.push_back(fmt::format("{} has no latency (ttft, tpot), so it answers in 0 ms: {} of the requests",
                                provider.name, share_of(served_by_[i])));
  }
}

void RunNotes::note_tokens(std::vector<std::string>& notes) const {
  const bool is_cap_written =
      std::ranges::all_of(scenario_.workloads, [&](const WorkloadSpec& load) { return load.max_tokens.has_value(); });
  if (!is_cap_written && is_many(at_default_max_tokens_)) {
    notes.push_back(fmt::format("max_tokens is not written, so answers are cut at {} tokens: {} of the requests",
                                kOutputCapDefault.count(), share_of(at_default_max_tokens_)));
  }
  if (!is_cap_written && is_many(refused_by_max_tokens_)) {
    notes.push_back(fmt::format(
        "max_tokens is not written, so each request asks for {} output tokens, which count in context windows, quotas "
        "and limits of tokens: these refused {} of the requests",
        kOutputCapDefault.count(), share_of(refused_by_max_tokens_)));
  }
  const std::int64_t refused = causes_.count(Outcome::refused_tokens);
  if (is_written("/monitor/token_limiter") || !is_many(refused + cut_by_grant_)) return;
  notes.push_back(fmt::format(
      "monitor.token_limiter is not written, so it keeps the average at {} tokens a request: it refuses {} of the "
      "requests and cuts the answers of {}; \"mode\": \"off\" lifts it",
      scenario_.monitor.token_limiter.limit.count(), share_of(refused), share_of(cut_by_grant_)));
}

void RunNotes::note_inputs(std::vector<std::string>& notes) const {
  if (!is_many(at_longest_input_)) return;
  for (const WorkloadSpec& load : scenario_.workloads) {
    const std::string pointer = "/workload" + pointer_step(load.name);
    if (!is_written(pointer) || load.input.most != kInputMostDefault || is_written(pointer + "/tokens/input/most"))
      continue;
    notes.push_back(
        fmt::format("workload.{}.tokens.input.most is not written, so inputs are cut at {} tokens: {} of the "
                    "requests have as many",
                    load.name, kInputMostDefault.count(), share_of(at_longest_input_)));
    return;
  }
}

void RunNotes::note_cache(std::vector<std::string>& notes) const {
  const std::int64_t hits = causes_.count(Outcome::cache_hit) + causes_.count(Outcome::stale_hit);
  if (is_written("/monitor/cache") || !is_many(hits)) return;
  const std::int64_t ttl = scenario_.monitor.cache.ttl / std::chrono::seconds{1};
  notes.push_back(fmt::format(
      "monitor.cache is not written, so answers are kept for {} s: it answers {} of the requests; \"enabled\": false "
      "turns it off",
      ttl, share_of(hits)));
}

// Where a provider or a route states its own breaker, the file is taken to know what breakers do.
void RunNotes::note_breaker(std::vector<std::string>& notes) const {
  const std::int64_t refused = causes_.count(Outcome::all_providers_unavailable);
  const auto is_own = [](const auto& each) { return each.breaker.has_value(); };
  const bool is_stated = is_written("/monitor/circuit_breaker") || !scenario_.breaker_command.empty() ||
                         std::ranges::any_of(scenario_.providers, is_own) ||
                         std::ranges::any_of(scenario_.monitor.routing.routes, is_own);
  if (is_stated || !causes_.has_opened() || !is_many(refused)) return;
  notes.push_back(fmt::format(
      "monitor.circuit_breaker is not written, so the breakers are those of {} by default: {} of the requests met open "
      "ones only; \"preset\": \"none\" turns them off",
      scenario_.breaker_preset, share_of(refused)));
}

void RunNotes::note_timeout(std::vector<std::string>& notes) const {
  const Duration timeout = scenario_.monitor.provider_call.timeout;
  for (std::size_t i = 0; i < scenario_.providers.size(); ++i) {
    const double latency = healthy_latency_max(scenario_, scenario_.providers[i]);
    if (latency <= static_cast<double>(timeout.count()) || !is_many(causes_.cut_off(i))) continue;
    notes.push_back(fmt::format(
        "monitor.provider_call.timeout is {} s{}, below the latency of {} when all is well: it cuts off {} of the "
        "requests",
        timeout_seconds(timeout), is_written("/monitor/provider_call/timeout") ? "" : " by default",
        scenario_.providers[i].name, share_of(causes_.cut_off(i))));
  }
}

// What depends on the calendar: the hours and days of a load, and prices with dates.
void RunNotes::note_start(std::vector<std::string>& notes) const {
  if (is_written("/start")) return;
  const bool has_hours = std::ranges::any_of(scenario_.workloads, [](const WorkloadSpec& load) {
    const auto* diurnal = std::get_if<Diurnal>(&load.executor);
    return diurnal != nullptr && (varies(diurnal->hourly) || varies(diurnal->weekday));
  });
  bool has_dates = false;
  for (std::size_t i = 0; i < scenario_.providers.size(); ++i) {
    has_dates = has_dates || (scenario_.providers[i].tariffs.size() > 1 && is_many(served_by_[i]));
  }
  if (!has_hours && !has_dates) return;
  notes.push_back(fmt::format("start is not written, so the run begins at {}, which decides {}",
                              iso8601(scenario_.start),
                              has_hours ? "the hours and weekdays of the load" : "which of the dated prices hold"));
}

// A budget that refuses while most of what it counts is reserved, not spent.
void RunNotes::note_reservations(std::vector<std::string>& notes) const {
  if (!starved_) return;
  const auto in_usd = [](UsdSum money) { return rounded_decimal(money.picos(), kDollarDecimals, 2); };
  notes.push_back(
      fmt::format("the {}'s budget of {} USD refused its first request when {} USD were spent, because {} USD were "
                  "reserved: a call "
                  "in flight reserves the price of all the output that it may ask for (max_tokens)",
                  starved_->daily ? "day" : "month", in_usd(starved_->limit.value_or(Usd{})), in_usd(starved_->spent),
                  in_usd(starved_->reserved)));
}

// Of a load that is the same all the time and of a run without faults: anything else changes latencies too.
void RunNotes::note_warm_up(std::vector<std::string>& notes) const {
  const bool is_steady = std::ranges::all_of(scenario_.workloads, [](const WorkloadSpec& load) {
    return std::holds_alternative<ConstantArrivalRate>(load.executor) ||
           std::holds_alternative<ConstantVus>(load.executor);
  });
  if (!is_steady || !scenario_.faults.empty()) return;
  const auto found = warm_up_.proposal();
  if (!found) return;
  const bool is_left_out = std::ranges::all_of(scenario_.thresholds, [&](const ThresholdSpec& threshold_spec) {
    return threshold_spec.skip.value_or(Duration{0}) >= found->skip;
  });
  if (is_left_out && !scenario_.thresholds.empty()) return;
  const auto in_ms = [](Duration mean) { return static_cast<double>(mean.count()) / 1e6; };
  notes.push_back(fmt::format(
      "latencies are steady from {} s on (MSER-5): their mean is {:.1f} ms with the beginning and {:.1f} ms "
      "without it; \"skip\": \"{}s\" leaves it out of a threshold",
      found->skip / std::chrono::seconds{1}, in_ms(found->mean_all), in_ms(found->mean_after),
      found->skip / std::chrono::seconds{1}));
}

void RunNotes::note_traces(std::vector<std::string>& notes) const {
  for (const WorkloadSpec& load : scenario_.workloads) {
    const auto* replay = std::get_if<TraceReplay>(&load.executor);
    if (replay == nullptr) continue;
    if (replay->strangers > 0) {
      notes.push_back(
          fmt::format("{} of {} rows of {} name a model that no provider has, \"{}\" for one; they go where "
                      "the others go",
                      replay->strangers, load.requests.size(), replay->trace, replay->stranger));
    }
    if (replay->shift == Duration{0}) continue;
    notes.push_back(fmt::format("the times of {} count from 1970: its first row, of {}, is played at the start of {}",
                                replay->trace, iso8601(WallTime{replay->shift}), load.name));
  }
}

// Of a stream no such request is answered.
void RunNotes::note_streams(std::vector<std::string>& notes) const {
  if (answered_after_break_ == 0) return;
  notes.push_back(
      fmt::format("{} of the requests, {}, were answered after a reply that broke off; callers of streams "
                  "would have seen the break, and \"stream\": true counts it as a failure",
                  share_of(answered_after_break_), answered_after_break_));
}

ForecastWords forecast_words(const Scenario& scenario) {
  if (!scenario.breaker_command.empty()) return {};
  if (const std::string why = why_not_beforehand(scenario); !why.empty()) return {.causes = {}, .notes = {why}};
  RunNotes notes{scenario};
  EventsAtMost end{100'000};
  const RunResult result = run(scenario, {.observers = {&notes, &end}});
  std::vector<std::string> words = notes.notes_of_settings();
  note_unplayed(words, scenario);
  return {notes.causes(result.faults), std::move(words)};
}

std::vector<std::string> notes_beforehand(const Scenario& scenario) {
  if (std::string why = why_not_beforehand(scenario); !why.empty()) return {std::move(why)};
  RunNotes notes{scenario};
  EventsAtMost end{100'000};
  const RunResult result = run(scenario, {.observers = {&notes, &end}});
  std::vector<std::string> words = notes.notes(result.faults);
  note_unplayed(words, scenario);
  return words;
}

}  // namespace windtunnel::sim
