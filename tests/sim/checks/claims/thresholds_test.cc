// What a threshold means: which samples it takes, at which instants, what it makes of them, and when there are none.
//
// This file is long because the tests of all metrics share the histories that they judge.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sim/checks/claims/threshold_fixture.h"

namespace windtunnel::sim::thresholds_test {
namespace {

using monitor::BreakerState;
using monitor::Outcome;
using monitor::ReplyKind;

void call(monitor::Record& record, monitor::ProviderId provider, ReplyKind kind) {
  monitor::Attempt& attempt = record.attempt_storage[record.attempt_count++];
  attempt = {};
  attempt.provider = provider;
  attempt.kind = kind;
  attempt.usage_known = true;
  attempt.cost = Usd::from_cents(1);
}

monitor::AttemptEnded call_ended(Instant at, monitor::ProviderId provider, ReplyKind kind = ReplyKind::ok) {
  monitor::AttemptEnded event;
  event.at = at;
  event.provider = provider;
  event.reply.kind = kind;
  return event;
}

Finding judged_calls(const ThresholdSpec& threshold_spec, const std::vector<monitor::AttemptEnded>& calls) {
  Scenario scenario = two_providers();
  scenario.thresholds = {threshold_spec};
  Thresholds thresholds{scenario};
  for (const monitor::AttemptEnded& event : calls) thresholds.on(event);
  return thresholds.judge(kStart + 60s).front();
}

// The number in "it was 3", or "it was 1460.000 ms".
std::string value(Aggregate aggregate, Metric of, const std::vector<monitor::Record>& records,
                  std::int64_t percentile = 0) {
  ThresholdSpec threshold_spec = spec(of, aggregate, Comparison::greater_equal, 0);
  threshold_spec.percentile = Millionths{percentile};
  return judged(threshold_spec, records).reason;
}

// --- Aggregates ------------------------------------------------------------------------------------------------------

TEST(Thresholds, each_aggregate_of_durations) {
  std::vector<monitor::Record> records;
  for (const int ms : {100, 200, 300, 400}) records.push_back(ended(kStart + 1s, Outcome::served, ms * 1ms));
  EXPECT_EQ(value(Aggregate::avg, Metric::request_duration, records), "it was 250.000 ms");
  EXPECT_EQ(value(Aggregate::min, Metric::request_duration, records), "it was 100.000 ms");
  EXPECT_EQ(value(Aggregate::max, Metric::request_duration, records), "it was 400.000 ms");
  // Nearest rank, within the histogram's 0.1 %.
  const auto is_near = [&](Aggregate aggregate, std::int64_t percentile, double expected) {
    const std::string text = value(aggregate, Metric::request_duration, records, percentile);
    EXPECT_NEAR(std::stod(text.substr(7)), expected, 0.001 * expected) << text;
  };
  is_near(Aggregate::med, 0, 200);
  is_near(Aggregate::percentile, 500'000, 200);
  is_near(Aggregate::percentile, 500'001, 300);
  is_near(Aggregate::percentile, 750'000, 300);
  is_near(Aggregate::percentile, 750'001, 400);
}

TEST(Thresholds, a_percentile_is_compared_exactly) {
  // No middle of a bucket: the histogram's p50 of these is another number.
  std::vector<monitor::Record> records;
  for (const int ms : {1000, 1000, 2000, 2001}) records.push_back(ended(kStart + 1s, Outcome::served, ms * 1ms));
  const auto verdict = [&](Comparison comparison, Duration bound, std::int64_t percentile = 500'000) {
    ThresholdSpec threshold_spec = spec(Metric::request_duration, Aggregate::percentile, comparison, bound.count());
    threshold_spec.percentile = Millionths{percentile};
    return judged(threshold_spec, records).verdict;
  };
  EXPECT_EQ(verdict(Comparison::equal, 1s), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::less_equal, 1s), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::greater_equal, 1s), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::less, 1s), Verdict::fail);
  EXPECT_EQ(verdict(Comparison::less, 1s + 1ns), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::equal, 1s - 1ns), Verdict::fail);
  EXPECT_EQ(verdict(Comparison::equal, 2s, 750'000), Verdict::pass);
  EXPECT_EQ(verdict(Comparison::equal, 2s, 750'001), Verdict::fail);
  EXPECT_EQ(verdict(Comparison::not_equal, 1s), Verdict::fail);
}

TEST(Thresholds, a_finding_has_its_figure_as_a_number_also_after_skip) {
  const std::vector<monitor::Record> records{ended(kStart + 1s, Outcome::served, 9s),
                                             ended(kStart + 30s, Outcome::served, 250ms)};
  ThresholdSpec threshold_spec = spec(Metric::request_duration, Aggregate::max, Comparison::less, 1'000'000'000);
  threshold_spec.skip = 10s;
  EXPECT_EQ(judged(threshold_spec, records).value, 250.0);
  EXPECT_EQ(judged(threshold_spec, records).unit, "ms");
  threshold_spec.skip.reset();
  EXPECT_EQ(judged(threshold_spec, records).value, 9000.0) << "of a claim that fails too";
  EXPECT_EQ(judged(spec(Metric::requests_failed, Aggregate::rate, Comparison::less, 5), records).unit, "share");
  EXPECT_FALSE(judged(threshold_spec, {}).value) << "without data there is none";
}

TEST(Thresholds, durations_are_of_answered_requests_unless_a_tag_requests_others) {
  const std::vector<monitor::Record> records = {
      ended(kStart + 1s, Outcome::served, 1460ms), ended(kStart + 2s, Outcome::failed, 0ms),
      ended(kStart + 3s, Outcome::refused_rate, 0ms), ended(kStart + 4s, Outcome::stale_hit, 1460ms)};
  EXPECT_EQ(value(Aggregate::min, Metric::request_duration, records), "it was 1460.000 ms");
  ThresholdSpec of_failed = spec(Metric::request_duration, Aggregate::max, Comparison::less_equal, 0);
  of_failed.outcome = Outcome::failed;
  EXPECT_EQ(judged(of_failed, records).verdict, Verdict::pass);
}

TEST(Thresholds, each_aggregate_of_money_and_tokens) {
  monitor::Record cheap = ended(kStart + 1s);
  call(cheap, kFirst, ReplyKind::ok);
  cheap.input = Tokens{100};
  cheap.output = Tokens{20};
  monitor::Record dear = ended(kStart + 2s, Outcome::failed);
  call(dear, kFirst, ReplyKind::ok);
  call(dear, kSecond, ReplyKind::ok);
  EXPECT_EQ(value(Aggregate::value, Metric::cost_usd, {cheap, dear}), "it was 0.030000");
  EXPECT_EQ(value(Aggregate::avg, Metric::cost_usd, {cheap, dear}), "it was 0.015000");
  EXPECT_EQ(value(Aggregate::count, Metric::cost_usd, {cheap, dear}), "it was 2");
  EXPECT_EQ(value(Aggregate::value, Metric::tokens, {cheap, dear}), "it was 120.000000");
  EXPECT_EQ(value(Aggregate::avg, Metric::tokens, {cheap, dear}), "it was 120.000000") << "of served requests";
  EXPECT_EQ(value(Aggregate::rate, Metric::tokens, {cheap, dear}), "it was 2.000000") << "of 60 s";
}

TEST(Thresholds, shares_are_of_all_requests_and_exact) {
  const std::vector<monitor::Record> records = {ended(kStart + 1s), ended(kStart + 1s, Outcome::failed),
                                                ended(kStart + 1s, Outcome::refused_budget)};
  EXPECT_EQ(judged(spec(Metric::requests_failed, Aggregate::rate, Comparison::less_equal, 333'333), records).verdict,
            Verdict::fail)
      << "a third is more than 0.333333";
  EXPECT_EQ(judged(spec(Metric::requests_failed, Aggregate::rate, Comparison::less, 333'334), records).verdict,
            Verdict::pass);
  EXPECT_EQ(value(Aggregate::rate, Metric::requests_refused, records), "it was 0.333333");
}

TEST(Thresholds, the_rate_of_requests_is_per_second_of_the_stretch) {
  std::vector<monitor::Record> records(30, ended(kStart + 15s));
  EXPECT_EQ(value(Aggregate::rate, Metric::requests, records), "it was 0.500000") << "30 in a minute";
  ThresholdSpec during = spec(Metric::requests, Aggregate::rate, Comparison::greater, 2'999'999);
  during.during = "down";
  EXPECT_EQ(judged(during, records).verdict, Verdict::pass) << "30 in ten seconds";
  during.bound = 3'000'000;
  EXPECT_EQ(judged(during, records).verdict, Verdict::fail);
}

// --- Instants --------------------------------------------------------------------------------------------------------

std::string seen_at(const ThresholdSpec& threshold_spec, Instant at) {
  ThresholdSpec none = threshold_spec;
  none.bound = 0;
  return judged(none, {ended(kStart + 1ns, Outcome::refused_rate, 1ns), ended(at)}).verdict == Verdict::fail ? "in"
                                                                                                             : "out";
}

ThresholdSpec no_served_request() {
  ThresholdSpec threshold_spec = count_at_most(Metric::requests, 0);
  threshold_spec.outcome = Outcome::served;
  return threshold_spec;
}

TEST(Thresholds, during_begins_with_the_fault_and_excludes_the_instant_at_which_it_ends) {
  ThresholdSpec during = no_served_request();
  during.during = "down";
  EXPECT_EQ(seen_at(during, kStart + 10s - 1ns), "out");
  EXPECT_EQ(seen_at(during, kStart + 10s), "in");
  EXPECT_EQ(seen_at(during, kStart + 20s - 1ns), "in");
  EXPECT_EQ(seen_at(during, kStart + 20s), "out");
}

TEST(Thresholds, after_begins_at_the_instant_at_which_the_fault_ends) {
  ThresholdSpec after = no_served_request();
  after.after = "down";
  EXPECT_EQ(seen_at(after, kStart + 20s - 1ns), "out");
  EXPECT_EQ(seen_at(after, kStart + 20s), "in");
}

TEST(Thresholds, skip_leaves_out_the_beginning) {
  ThresholdSpec skip = no_served_request();
  skip.skip = 5s;
  EXPECT_EQ(seen_at(skip, kStart + 5s - 1ns), "out");
  EXPECT_EQ(seen_at(skip, kStart + 5s), "in");
  skip.during = "down";
  EXPECT_EQ(seen_at(skip, kStart + 15s - 1ns), "out");
  EXPECT_EQ(seen_at(skip, kStart + 15s), "in");
}

// --- Tags ------------------------------------------------------------------------------------------------------------

TEST(Thresholds, a_provider_tag_is_the_assigned_target_and_served_by_the_last) {
  monitor::Record moved = ended(kStart + 1s, Outcome::failed);
  call(moved, kFirst, ReplyKind::server_error);
  call(moved, kSecond, ReplyKind::server_error);
  monitor::Record stuck = ended(kStart + 1s, Outcome::all_providers_unavailable);
  monitor::Record cached = ended(kStart + 1s, Outcome::cache_hit);
  cached.answered_by = kSecond;
  const auto count = [&](std::optional<std::string> provider, std::optional<std::string> served_by) {
    ThresholdSpec threshold_spec = spec(Metric::requests, Aggregate::count, Comparison::greater_equal, 0);
    threshold_spec.provider = std::move(provider);
    threshold_spec.served_by = std::move(served_by);
    return judged(threshold_spec, {moved, stuck, cached}).reason;
  };
  EXPECT_EQ(count("alpha", {}), "it was 3");
  EXPECT_EQ(count("beta", {}), "there was no data: no request assigned to beta ended in that time");
  EXPECT_EQ(count({}, "alpha"), "there was no data: no request served by alpha ended in that time");
  EXPECT_EQ(count({}, "beta"), "it was 2");
}

TEST(Thresholds, a_request_that_is_refused_before_the_router_counts_for_its_target) {
  monitor::Record refused = ended(kStart + 1s, Outcome::refused_rate);
  refused.assigned.reset();
  ThresholdSpec threshold_spec = spec(Metric::requests_refused, Aggregate::count, Comparison::equal, 1'000'000);
  threshold_spec.provider = "alpha";
  EXPECT_EQ(judged(threshold_spec, {refused}).verdict, Verdict::pass) << "the default";
  refused.request.provider = kSecond;
  EXPECT_EQ(judged(threshold_spec, {refused}).verdict, Verdict::fail);
  threshold_spec.provider = "beta";
  EXPECT_EQ(judged(threshold_spec, {refused}).verdict, Verdict::pass) << "its own choice";
  refused.request.provider.reset();
  Scenario experiment = two_providers();
  experiment.monitor.ab_router.variants = {{"a", kFirst, 1}, {"b", kSecond, 1}};
  for (const char* name : {"alpha", "beta"}) {
    threshold_spec.provider = name;
    EXPECT_NE(judged(threshold_spec, {refused}, experiment).verdict, Verdict::pass) << "the experiment had not decided";
  }
}

TEST(Thresholds, an_outcome_narrows_what_is_counted_and_not_what_it_is_a_share_of) {
  const std::vector<monitor::Record> records = {ended(kStart + 1s), ended(kStart + 1s, Outcome::failed),
                                                ended(kStart + 1s, Outcome::deadline_exceeded),
                                                ended(kStart + 1s, Outcome::deadline_exceeded)};
  ThresholdSpec late = spec(Metric::requests_failed, Aggregate::rate, Comparison::equal, 500'000);
  late.outcome = Outcome::deadline_exceeded;
  EXPECT_EQ(judged(late, records).reason, "it was 0.500000");
}

TEST(Thresholds, calls_are_tagged_by_their_own_provider) {
  ThresholdSpec errors = spec(Metric::provider_errors, Aggregate::rate, Comparison::equal, 500'000);
  errors.provider = "beta";
  EXPECT_EQ(
      judged_calls(errors, {call_ended(kStart + 1s, kFirst, ReplyKind::timeout),
                            call_ended(kStart + 1s, kSecond, ReplyKind::timeout), call_ended(kStart + 1s, kSecond)})
          .verdict,
      Verdict::pass);
}

// --- Routes ---------------------------------------------------------------------------------------------------------

// Every request asks for `chat`, whose target fails, and is answered by its fallback.
TEST(Thresholds, calls_are_of_the_route_that_makes_them) {
  Scenario scenario = world(10s, workload("load", per_second(1)), provider("alpha"));
  scenario.providers.push_back(provider("beta"));
  scenario.providers[0].errors.rates = {{monitor::ReplyKind::server_error, 1}};
  const auto target = [](std::uint8_t place) { return monitor::RouteTarget{.deployment = monitor::ProviderId{place}}; };
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {target(0)}},
                                     {.name = "last", .targets = {target(1)}}};
  monitor::RouteFallback fallback{.route = monitor::RouteId{1}};
  fallback.on.add(monitor::ReplyKind::server_error);
  scenario.monitor.routing.routes[0].fallback = {fallback};
  const auto count = [&](Metric of, const char* route) {
    ThresholdSpec of_route = count_at_most(of, 1'000);
    of_route.route = route;
    scenario.thresholds = {of_route};
    Thresholds thresholds{scenario};
    const RunResult result = run(scenario, {.observers = {&thresholds}});
    return thresholds.judge(result.ended).front().value;
  };
  EXPECT_EQ(count(Metric::provider_calls, "chat"), 10);
  EXPECT_EQ(count(Metric::provider_calls, "last"), 10);
  EXPECT_EQ(count(Metric::provider_errors, "chat"), 10);
  EXPECT_EQ(count(Metric::provider_errors, "last"), 0);
  EXPECT_EQ(count(Metric::requests, "chat"), 10);
  // A limit that is asked before each call does not change what the call belongs to.
  scenario.monitor.limits.limits = {{.per = {{.scope = monitor::LimitScope::deployment}}, .requests = 1'000}};
  EXPECT_EQ(count(Metric::provider_calls, "chat"), 10);
  EXPECT_EQ(count(Metric::provider_calls, "last"), 10);
}

// The first three ask for `chat`; a limit sends the others to `cheap` at their admission.
TEST(Thresholds, calls_are_of_the_route_that_a_limit_sends_their_request_to) {
  Scenario scenario = world(10s, workload("load", per_second(1)), provider("alpha"));
  scenario.providers.push_back(provider("beta"));
  const auto target = [](std::uint8_t place) { return monitor::RouteTarget{.deployment = monitor::ProviderId{place}}; };
  scenario.monitor.routing.routes = {{.name = "chat", .targets = {target(0)}},
                                     {.name = "cheap", .targets = {target(1)}}};
  scenario.monitor.limits.limits = {
      {.requests = 3, .period = 1h, .on_exhausted = monitor::OnExhausted::route, .route = monitor::RouteId{1}}};
  for (const auto& [route, calls] : {std::pair{"chat", 3}, std::pair{"cheap", 7}}) {
    ThresholdSpec of_route = count_at_most(Metric::provider_calls, 1'000);
    of_route.route = route;
    scenario.thresholds = {of_route};
    Thresholds thresholds{scenario};
    const RunResult result = run(scenario, {.observers = {&thresholds}});
    EXPECT_EQ(thresholds.judge(result.ended).front().value, calls) << route;
  }
}

// --- No data ---------------------------------------------------------------------------------------------------------

TEST(Thresholds, a_claim_that_nothing_could_have_broken_is_inconclusive) {
  for (const Metric of : {Metric::requests, Metric::requests_failed, Metric::requests_refused, Metric::provider_calls,
                          Metric::provider_errors, Metric::cost_usd, Metric::tokens, Metric::breaker_opened,
                          Metric::failovers, Metric::cache_hits}) {
    const Finding finding = judged(count_at_most(of, 5), {});
    EXPECT_EQ(finding.verdict, Verdict::inconclusive) << static_cast<int>(of);
    EXPECT_TRUE(finding.reason.starts_with("there was no data: no ")) << finding.reason;
  }
}

TEST(Thresholds, a_request_is_data_for_what_it_could_have_been) {
  std::vector<monitor::Record> served = {ended(kStart + 1s)};
  for (const Metric of : {Metric::requests_failed, Metric::requests_refused, Metric::provider_calls, Metric::cost_usd,
                          Metric::cache_hits}) {
    EXPECT_EQ(judged(count_at_most(of, 1), served).verdict, Verdict::pass) << static_cast<int>(of);
  }
  EXPECT_EQ(judged(count_at_most(Metric::failovers, 1), served).verdict, Verdict::inconclusive) << "it made no call";
  served[0].attempt_count = 1;
  EXPECT_EQ(judged(count_at_most(Metric::failovers, 1), served).verdict, Verdict::pass);
  std::vector<monitor::Record> refused = {ended(kStart + 1s, Outcome::refused_rate)};
  for (const Metric of : {Metric::requests_failed, Metric::cache_hits, Metric::cost_usd, Metric::tokens}) {
    EXPECT_EQ(judged(count_at_most(of, 1), refused).verdict, Verdict::inconclusive) << static_cast<int>(of);
  }
  ThresholdSpec none_failed = count_at_most(Metric::requests, 0);
  none_failed.outcome = Outcome::failed;
  EXPECT_EQ(judged(none_failed, served).verdict, Verdict::pass);
}

TEST(Thresholds, only_a_call_is_data_for_errors_and_trips) {
  for (const Metric of : {Metric::provider_errors, Metric::breaker_opened}) {
    ThresholdSpec none = count_at_most(of, 0);
    none.provider = "alpha";
    EXPECT_EQ(judged(none, {ended(kStart + 1s)}).verdict, Verdict::inconclusive);
    EXPECT_EQ(judged_calls(none, {call_ended(kStart + 1s, kSecond)}).verdict, Verdict::inconclusive);
    EXPECT_EQ(judged_calls(none, {call_ended(kStart + 1s, kFirst)}).verdict, Verdict::pass);
  }
}

TEST(Thresholds, a_claim_that_does_not_hold_fails_also_without_data) {
  EXPECT_EQ(judged(spec(Metric::requests, Aggregate::count, Comparison::greater, 0), {}).verdict, Verdict::fail);
}

TEST(Thresholds, a_stretch_that_the_run_never_reaches_is_inconclusive) {
  ThresholdSpec during = spec(Metric::requests, Aggregate::count, Comparison::greater, 0);
  during.during = "down";
  const Finding finding = judged(during, {ended(kStart + 5s)}, two_providers(), kStart + 10s);
  EXPECT_EQ(finding.verdict, Verdict::inconclusive);
  EXPECT_EQ(finding.reason, "there was no data: the run ended before that");
  EXPECT_EQ(judged(during, {ended(kStart + 5s)}, two_providers(), kStart + 10s + 1ns).verdict, Verdict::fail);
}

}  // namespace
}  // namespace windtunnel::sim::thresholds_test
