// Both sides of the edge of each claim about the world.

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "sim/checks/world/arrival_counts.h"
#include "sim/checks/world/queue_order.h"
#include "sim/checks/world/think_times.h"
#include "sim/checks/world/throttle_minutes.h"
#include "sim/checks/world/timeout_bills.h"
#include "sim/checks/world/token_kind_bills.h"
#include "sim/checks/world/touched_shares.h"
#include "tests/sim/checks/world/world_watch_fixture.h"

namespace windtunnel::sim::world_claims_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;
using Place = CallPlaced::Place;

Scenario plain() { return world(60s, workload("load", per_second(10))); }

// --- QueueOrder ----------------------------------------------------------------------------------------------------

bool finds_fault_with(std::initializer_list<std::pair<std::uint64_t, Place>> calls, std::int64_t queue = 2) {
  Scenario scenario = plain();
  scenario.providers[0].concurrency = 1;
  scenario.providers[0].queue = queue;
  Watching watching{scenario};
  QueueOrder order{watching.watch()};
  for (const auto& [request, place] : calls) {
    order.on_placed({.at = {}, .request = RequestId{request}, .provider = kFirst, .place = place, .wanted = {}});
  }
  return watching.found();
}

TEST(QueueOrder, is_first_come_first_served) {
  EXPECT_FALSE(finds_fault_with({{1, Place::in_service},
                                 {2, Place::waiting},
                                 {3, Place::waiting},
                                 {2, Place::in_service},
                                 {3, Place::in_service}}));
  EXPECT_TRUE(
      finds_fault_with({{1, Place::in_service}, {2, Place::waiting}, {3, Place::waiting}, {3, Place::in_service}}));
  EXPECT_TRUE(finds_fault_with({{1, Place::in_service}, {2, Place::waiting}, {3, Place::in_service}}));
  EXPECT_FALSE(finds_fault_with({{1, Place::in_service}, {2, Place::waiting}, {3, Place::none}}));
}

TEST(QueueOrder, turns_a_call_away_only_where_the_queue_is_full) {
  EXPECT_FALSE(finds_fault_with({{1, Place::waiting}, {2, Place::waiting}, {3, Place::turned_away}}));
  EXPECT_TRUE(finds_fault_with({{1, Place::waiting}, {2, Place::turned_away}}));
}

TEST(QueueOrder, passes_over_a_call_whose_caller_gave_up) {
  Watching watching{plain()};
  QueueOrder order{watching.watch()};
  const auto place = [&](std::uint64_t request, Place where) {
    order.on_placed({.at = {}, .request = RequestId{request}, .provider = kFirst, .place = where, .wanted = {}});
  };
  place(1, Place::waiting);
  place(2, Place::waiting);
  order.on_end(RequestId{1}, kFirst);
  place(2, Place::in_service);
  EXPECT_FALSE(watching.found());
}

// --- TimeoutBills --------------------------------------------------------------------------------------------------

bool is_billed_wrongly(TimeoutBill rule, TimedOut call, std::int64_t input, std::int64_t output,
                       Disconnect on_disconnect = Disconnect::go_on) {
  Scenario scenario = plain();
  scenario.providers[0].bill_on_timeout = rule;
  scenario.providers[0].on_disconnect = on_disconnect;
  Watching watching{scenario};
  call.input = Tokens{100};
  call.output = Tokens{50};
  call.billed_input = Tokens{input};
  call.billed_output = Tokens{output};
  TimeoutBills{watching.watch()}.on_timeout(call);
  return watching.found();
}

TEST(TimeoutBills, of_a_call_that_was_worked_on_follow_the_rule_to_the_token) {
  const TimedOut served{.was_served = true};
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::full, served, 100, 50));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, served, 100, 49));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, served, 0, 0));
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::input, served, 100, 0));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::input, served, 100, 1));
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::none, served, 0, 0));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::none, served, 1, 0));
}

TEST(TimeoutBills, of_work_that_stops_are_at_most_what_was_written) {
  const TimedOut served{.was_served = true};
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::full, served, 100, 49, Disconnect::stop));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, served, 100, 51, Disconnect::stop));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, served, 99, 49, Disconnect::stop));
}

TEST(TimeoutBills, of_a_call_that_waited_are_those_of_the_work_that_goes_on) {
  const TimedOut waited{.waited = true};
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::full, waited, 100, 50));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, waited, 0, 0));
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::full, waited, 0, 0, Disconnect::stop));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, waited, 100, 50, Disconnect::stop));
}

TEST(TimeoutBills, of_a_call_that_was_never_worked_on_are_nothing) {
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::full, {}, 0, 0));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, {}, 100, 50));
  const TimedOut failed_too_late{.was_served = true, .may_have_failed = true};
  EXPECT_FALSE(is_billed_wrongly(TimeoutBill::full, failed_too_late, 0, 0));
  EXPECT_TRUE(is_billed_wrongly(TimeoutBill::full, failed_too_late, 100, 0));
}

// --- TokenKindBills ------------------------------------------------------------------------------------------------

const TokenKinds kWanted{.cached_input = Tokens{60}, .cache_write = Tokens{30}, .reasoning = Tokens{20}};

bool are_wrong_kinds(const TokenKinds& billed, ReplyKind kind = ReplyKind::ok, std::int64_t output = 50,
                     bool has_prices = true) {
  Watching watching{plain()};
  Tariff tariff{};
  if (has_prices) tariff.cached_input = tariff.cache_write = Price{};
  TokenKindBills{watching.watch()}.on_end({.kind = kind,
                                           .tariff = tariff,
                                           .wanted = kWanted,
                                           .input = Tokens{100},
                                           .output = Tokens{output},
                                           .billed = billed});
  return watching.found();
}

TEST(TokenKindBills, are_the_kinds_that_were_asked_for) {
  EXPECT_FALSE(are_wrong_kinds(kWanted));
  EXPECT_TRUE(are_wrong_kinds({Tokens{59}, Tokens{30}, Tokens{20}}));
  EXPECT_TRUE(are_wrong_kinds({Tokens{60}, Tokens{31}, Tokens{20}}));
  EXPECT_TRUE(are_wrong_kinds({Tokens{60}, Tokens{30}, Tokens{19}}));
}

TEST(TokenKindBills, of_a_provider_without_a_cache_hold_reasoning_alone) {
  EXPECT_FALSE(are_wrong_kinds({Tokens{}, Tokens{}, Tokens{20}}, ReplyKind::ok, 50, false));
  EXPECT_TRUE(are_wrong_kinds(kWanted, ReplyKind::ok, 50, false));
}

TEST(TokenKindBills, of_an_answer_that_is_cut_hold_reasoning_first) {
  EXPECT_FALSE(are_wrong_kinds({Tokens{60}, Tokens{30}, Tokens{7}}, ReplyKind::truncated, 7));
  EXPECT_TRUE(are_wrong_kinds(kWanted, ReplyKind::truncated, 7));
}

TEST(TokenKindBills, of_failures_are_none) {
  EXPECT_FALSE(are_wrong_kinds({}, ReplyKind::server_error, 0));
  EXPECT_TRUE(are_wrong_kinds({Tokens{60}, Tokens{}, Tokens{}}, ReplyKind::server_error, 0));
  EXPECT_FALSE(are_wrong_kinds({}, ReplyKind::timeout, 0));
  EXPECT_TRUE(are_wrong_kinds({}, ReplyKind::timeout, 1));
}

// --- ThinkTimes ----------------------------------------------------------------------------------------------------

TEST(ThinkTimes, count_from_the_end_of_the_users_request) {
  Scenario scenario = plain();
  scenario.workloads[0].executor = ConstantVus{.vus = 1, .think_time = Law::fixed(1e9)};
  for (const Duration error : {Duration{-1}, Duration{0}, Duration{1}}) {
    Watching watching{scenario};
    ThinkTimes times{watching.watch()};
    times.on_begin(1);
    times.on_arrival(Instant{}, RequestId{0}, 0, 0);
    times.on_end(Instant{} + 3s, 0, 0);
    times.on_arrival(Instant{} + 4s + error, RequestId{1}, 0, 1);
    EXPECT_EQ(watching.found(), error != Duration{0}) << error.count();
  }
}

TEST(ThinkTimes, are_at_least_a_millisecond_and_all_users_ask_at_the_beginning) {
  Scenario scenario = plain();
  scenario.workloads[0].executor = ConstantVus{.vus = 2, .think_time = Law::fixed(0)};
  Watching watching{scenario};
  ThinkTimes times{watching.watch()};
  times.on_begin(1);
  times.on_arrival(Instant{}, RequestId{0}, 0, 0);
  times.on_arrival(Instant{}, RequestId{1}, 0, 1);
  times.on_end(Instant{}, 0, 0);
  times.on_arrival(Instant{} + 1ms, RequestId{2}, 0, 2);
  EXPECT_FALSE(watching.found());
  times.on_arrival(Instant{} + 1ms, RequestId{3}, 0, 3);  // the second user has no answer yet
  EXPECT_TRUE(watching.found());
}

// --- ThrottleMinutes -----------------------------------------------------------------------------------------------

Scenario throttled() {
  Scenario scenario = plain();
  Throttle throttle;
  throttle.limit.tokens_per_minute = Tokens{100};
  throttle.limit.requests_per_minute = 2;
  scenario.faults = {fault("slow", throttle), fault("down", Outage{})};
  return scenario;
}

// Calls of these tokens in the first minute, and whether the throttle hit each.
bool finds_fault_with_throttle(std::initializer_list<std::pair<std::int64_t, bool>> calls) {
  Watching watching{throttled()};
  ThrottleMinutes minutes{watching.watch()};
  minutes.on_fault(0, true);
  const std::vector<std::size_t> hit{0};
  for (const auto& [tokens, is_hit] : calls) {
    minutes.on_call({.tokens = tokens}, is_hit ? std::span{hit} : std::span<const std::size_t>{});
  }
  return watching.found();
}

TEST(ThrottleMinutes, refuse_what_exceeds_their_tokens_or_requests_and_nothing_else) {
  EXPECT_FALSE(finds_fault_with_throttle({{60, false}, {40, false}, {1, true}}));
  EXPECT_FALSE(finds_fault_with_throttle({{60, false}, {41, true}, {40, false}}));  // what is refused does not count
  EXPECT_TRUE(finds_fault_with_throttle({{60, false}, {41, false}}));
  EXPECT_TRUE(finds_fault_with_throttle({{60, false}, {40, true}}));
  EXPECT_FALSE(finds_fault_with_throttle({{1, false}, {1, false}, {1, true}}));
  EXPECT_TRUE(finds_fault_with_throttle({{1, false}, {1, false}, {1, false}}));
}

TEST(ThrottleMinutes, begin_again_with_each_utc_minute_and_are_not_asked_after_an_outage) {
  Watching watching{throttled()};
  ThrottleMinutes minutes{watching.watch()};
  minutes.on_fault(0, true);
  minutes.on_call({.true_time = WallTime{} + 59s, .tokens = 100}, {});
  minutes.on_call({.true_time = WallTime{} + 60s, .tokens = 100}, {});
  const std::vector<std::size_t> outage{1};
  minutes.on_call({.true_time = WallTime{} + 61s, .tokens = 100}, outage);
  EXPECT_FALSE(watching.found());
}

TEST(ThrottleMinutes, report_whether_a_providers_own_limit_refuses) {
  Scenario scenario = plain();
  scenario.providers[0].rate_limit.tokens_per_minute = Tokens{100};
  Watching watching{scenario};
  ThrottleMinutes minutes{watching.watch()};
  ASSERT_TRUE(minutes.has_own_limit(0));
  EXPECT_FALSE(minutes.own_limit_refuses({.tokens = 100}));
  EXPECT_TRUE(minutes.own_limit_refuses({.tokens = 1}));
}

// --- ArrivalCounts -------------------------------------------------------------------------------------------------

TEST(ArrivalCounts, of_a_constant_rate_are_exact_to_one_request) {
  const std::vector<std::pair<int, bool>> counts{{598, true}, {599, false}, {601, false}, {602, true}};
  for (const auto& [count, is_wrong] : counts) {
    Watching watching{plain()};
    ArrivalCounts arrivals{watching.watch()};
    for (int i = 0; i < count; ++i) arrivals.on_arrival(0);
    arrivals.at_end(Instant{} + 90s);  // those in flight end after the last arrival
    EXPECT_EQ(watching.found(), is_wrong) << count;
  }
}

TEST(ArrivalCounts, expect_the_area_under_the_ramps) {
  WorkloadSpec spec = workload("ramps", per_second(10));
  spec.executor = RampingArrivalRate{.stages = {{10s, {20'000'000}}, {10s, {0}}, {10s, {4'000'000}}}};
  const auto until = [&](Duration end) { return *ArrivalCounts::expected(spec, {}, Instant{} + end); };
  EXPECT_NEAR(until(5s), 62.5, 1e-6);
  EXPECT_NEAR(until(10s), 150, 1e-6);
  EXPECT_NEAR(until(20s), 250, 1e-6);
  EXPECT_NEAR(until(60s), 270, 1e-6);
}

// Two hours around midnight: the second is of the next day, which grows by half, and a Friday.
TEST(ArrivalCounts, expect_hours_weekdays_and_growth) {
  WorkloadSpec spec = workload("days", per(1h, 100));
  Diurnal diurnal;
  diurnal.hourly[23] = 0.5;
  diurnal.weekday[4] = 2;
  diurnal.growth_per_day = 0.5;
  spec.executor = diurnal;
  const WallTime start = WallTime{} + 23h;  // 1970-01-01 was a Thursday
  EXPECT_NEAR(*ArrivalCounts::expected(spec, start, Instant{} + 1h), 50, 1e-6);
  EXPECT_NEAR(*ArrivalCounts::expected(spec, start, Instant{} + 2h), 50 + 100 * 2 * 1.5, 1e-6);
  diurnal.day_factor_cv = 0.1;
  spec.executor = diurnal;
  EXPECT_FALSE(ArrivalCounts::expected(spec, start, Instant{} + 1h)) << "its rate is drawn";
}

// A run that is stopped at its first instant has had all of them.
TEST(ArrivalCounts, expect_nothing_of_users_and_lists_of_times) {
  for (const Executor& executor : {Executor{ConstantVus{.vus = 2}}, Executor{Script{}}}) {
    WorkloadSpec spec = workload("others", per_second(10));
    spec.executor = executor;
    EXPECT_FALSE(ArrivalCounts::expected(spec, {}, Instant{}));
    EXPECT_FALSE(ArrivalCounts::expected(spec, {}, Instant{} + 10s));
  }
}

// --- TouchedShares -------------------------------------------------------------------------------------------------

bool finds_fault_with_share(double fraction, int calls, int hits) {
  Scenario scenario = plain();
  scenario.faults = {fault("down", Outage{})};
  scenario.faults[0].fraction = fraction;
  Watching watching{scenario};
  TouchedShares shares{watching.watch()};
  shares.on_fault(0, true);
  const std::vector<std::size_t> hit{0};
  for (int i = 0; i < calls; ++i) {
    shares.on_call(Instant{} + 10s, 0, i < hits ? std::span{hit} : std::span<const std::size_t>{});
  }
  shares.at_end(Instant{} + 60s);
  return watching.found();
}

// Of 10,000 calls at one half: 31 / 3 + sqrt(31^2 / 9 + 2 x 2,500 x 31) = 404.2 is as far as chance is allowed to go.
TEST(TouchedShares, may_deviate_by_the_bound_and_no_more) {
  EXPECT_FALSE(finds_fault_with_share(0.5, 10'000, 5'000));
  EXPECT_FALSE(finds_fault_with_share(0.5, 10'000, 5'404));
  EXPECT_TRUE(finds_fault_with_share(0.5, 10'000, 5'405));
  EXPECT_FALSE(finds_fault_with_share(0.5, 10'000, 4'596));
  EXPECT_TRUE(finds_fault_with_share(0.5, 10'000, 4'595));
}

TEST(TouchedShares, do_not_count_calls_that_a_stronger_fault_decided) {
  Scenario scenario = plain();
  scenario.faults = {fault("bad", Malformed{}), fault("down", Outage{})};
  Watching watching{scenario};
  TouchedShares shares{watching.watch()};
  shares.on_fault(0, true);
  shares.on_fault(1, true);
  const std::vector<std::size_t> outage{1};
  for (int i = 0; i < 1'000; ++i) shares.on_call(Instant{}, 0, outage);
  shares.at_end(Instant{} + 60s);
  EXPECT_FALSE(watching.found());
}

}  // namespace
}  // namespace windtunnel::sim::world_claims_test
