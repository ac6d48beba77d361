// A hand-made trial of a few requests: what its figures, its events and the checks make of it.

#include "wire/trial/checks/trial_checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/checks/judge.h"
#include "sim/checks/outside.h"
#include "tests/sim/world_fixture.h"
#include "wire/trial/trial_events.h"
#include "wire/trial/trial_figures.h"

namespace windtunnel::wire::trial_checks_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;
using monitor::ReplyKind;

// Two providers, two requests with one whole answer of five tokens each.
class Trial {
 public:
  sim::Scenario scenario = sim::world(60s, sim::workload("chat", sim::per_second(1)));
  TrialRun run;

  Trial() {
    scenario.providers.push_back(sim::provider("beta"));
    for (const std::uint64_t i : {0U, 1U}) {
      const Instant at = Instant{} + 1s * static_cast<int>(i + 1);
      TrialRequest request{.arrived = at, .sent = at, .first_byte = at + 200ms, .finished = at + 500ms};
      request.request.id = RequestId{i};
      request.request.content = {i, i};
      request.demand.ordinal = i;
      request.end = RequestEnd::answered;
      request.status = 200;
      request.answer = {.text = answer_of(i), .output_tokens = 5, .has_end = true};
      run.requests.push_back(request);
      run.calls.push_back(call(i, i, at + 10ms, at + 490ms));
    }
    run.ended = Instant{} + 5s;
  }
  static std::string answer_of(std::uint64_t call) { return "call-" + std::to_string(call) + " 1 2 3 4"; }
  static CallLine call(std::uint64_t number, std::uint64_t ordinal, Instant from, Instant to) {
    return {.call = number,
            .arrived = from,
            .ended = to,
            .provider = "alpha",
            .workload = "chat",
            .name = {0, ordinal, 0},
            .tagged = true,
            .billed = {Tokens{100}, Tokens{5}},
            .cost = Usd::from_cents(1),
            .usage_sent = true};
  }
  TrialRequest& first() { return run.requests[0]; }
  CallLine& first_call() { return run.calls[0]; }
  // One more call of the first request, after the others.
  CallLine& another_call(Instant from, Instant to) {
    run.calls.push_back(call(run.calls.size(), 0, from, to));
    return run.calls.back();
  }
  [[nodiscard]] std::vector<std::string> violated() const { return violated(scenario); }
  [[nodiscard]] std::vector<std::string> violated(const sim::Scenario& declared) const {
    std::vector<std::string> ids;
    for (const sim::Finding& finding : check_trial(run, scenario, declared).findings) ids.push_back(finding.id);
    return ids;
  }
};

using Ids = std::vector<std::string>;

TEST(TrialChecks, find_nothing_in_a_trial_without_a_fault) { EXPECT_EQ(Trial{}.violated(), Ids{}); }

TEST(TrialChecks, x1_finds_a_token_that_is_lost_or_comes_twice) {
  for (const char* text : {"call-0 1 2 4", "call-0 1 2 3 3", "call-0 1 3 2 4", "call-0 1 2 3 4 5"}) {
    Trial trial;
    trial.first().answer.text = text;
    EXPECT_EQ(trial.violated(), Ids{"X1"}) << text;
  }
}

TEST(TrialChecks, x2_finds_the_answer_of_another_question_and_knows_a_cached_one) {
  Trial trial;
  trial.first().answer.text = Trial::answer_of(1);
  EXPECT_EQ(trial.violated(), Ids{"X2"});
  trial.run.calls.erase(trial.run.calls.begin());
  trial.run.calls[0].call = 0;
  trial.run.requests[0].answer.text = Trial::answer_of(0);
  trial.run.requests[1].answer.text = Trial::answer_of(0);
  EXPECT_EQ(trial.violated(), Ids{"X2"}) << "without a call of its own, but of another question";
  trial.run.requests[0].request.content = trial.run.requests[1].request.content;
  EXPECT_EQ(trial.violated(), Ids{}) << "a cache";
}

TEST(TrialChecks, x3_finds_calls_for_a_request_that_has_ended) {
  Trial trial;
  const Instant end = trial.first().finished;
  trial.another_call(end, end + 1s).kind = ReplyKind::server_error;
  EXPECT_EQ(trial.violated(), Ids{});
  trial.run.calls.back().arrived = end + 1ns;
  EXPECT_EQ(trial.violated(), Ids{"X3"});
}

TEST(TrialChecks, x3_finds_a_call_that_stays_open_after_its_caller_has_left) {
  Trial trial;
  trial.first().end = RequestEnd::timed_out;
  trial.first().answer = {};
  trial.first_call().end = CallEnd::left;
  trial.first_call().kind = ReplyKind::timeout;
  trial.first_call().ended = trial.first().finished + 2s;
  EXPECT_EQ(trial.violated(), Ids{});
  trial.first_call().ended += 1ns;
  EXPECT_EQ(trial.violated(), Ids{"X3"});
}

TEST(TrialChecks, x4_finds_a_cut_that_passes_for_an_answer) {
  Trial trial;
  trial.first_call().kind = ReplyKind::truncated;
  trial.first_call().end = CallEnd::cut;
  trial.first_call().usage_sent = false;
  trial.first().answer = {.text = "call-0 1 2", .output_tokens = {}, .has_end = false};
  EXPECT_EQ(trial.violated(), Ids{"X4"});
  EXPECT_EQ(view_of(trial.first()), CallerView::cut_unseen);
  trial.first().end = RequestEnd::broken;
  EXPECT_EQ(trial.violated(), Ids{}) << "the caller sees the connection break";
  EXPECT_EQ(view_of(trial.first()), CallerView::cut_seen);
}

TEST(TrialChecks, x5_finds_usage_that_is_lost_or_changed) {
  for (const std::optional<std::int64_t> stated : {std::optional<std::int64_t>{}, {0}, {6}}) {
    Trial trial;
    trial.first().answer.output_tokens = stated;
    EXPECT_EQ(trial.violated(), Ids{"X5"});
    trial.first_call().usage_sent = false;
    EXPECT_EQ(trial.violated(), stated == 0 ? Ids{"X5"} : Ids{}) << "what was not sent cannot arrive, not even as 0";
  }
}

TEST(TrialChecks, x8_finds_a_callers_own_error_that_is_retried_or_hidden) {
  Trial trial;
  trial.first_call().kind = ReplyKind::client_error;
  trial.first().status = 400;
  trial.first().answer = {};
  EXPECT_EQ(trial.violated(), Ids{});
  trial.another_call(trial.first_call().ended, trial.first().finished).kind = ReplyKind::client_error;
  EXPECT_EQ(trial.violated(), Ids{"X8"});
  trial.run.calls.pop_back();
  trial.first().status = 500;
  EXPECT_EQ(trial.violated(), Ids{"X8"});
}

// The scenario as if these keys had been written in it.
sim::Scenario declaring(sim::Scenario scenario, const std::vector<std::string>& pointers) {
  for (const std::string& pointer : pointers) scenario.origins.emplace(pointer, sim::Origin{});
  return scenario;
}

TEST(TrialChecks, x6_counts_calls_against_a_declared_maximum_and_no_default) {
  Trial trial;
  trial.another_call(trial.first_call().arrived, trial.first().finished).provider = "beta";
  trial.another_call(trial.first_call().arrived, trial.first().finished);
  EXPECT_EQ(trial.violated(), Ids{}) << "nothing is declared";
  sim::Scenario declared = declaring(trial.scenario, {"/monitor/provider_call/max_attempts"});
  EXPECT_EQ(trial.violated(declared), Ids{"X6"}) << "two providers, one attempt each";
  trial.run.calls.pop_back();
  EXPECT_EQ(trial.violated(declared), Ids{});
}

TEST(TrialChecks, x7_finds_a_call_before_the_retry_after_has_passed) {
  Trial trial;
  trial.first_call().kind = ReplyKind::rate_limited;
  trial.first_call().status = 429;
  trial.first_call().retry_after = 3s;
  trial.first().answer.text = Trial::answer_of(1);
  trial.run.requests.erase(trial.run.requests.begin());
  trial.first().finished = Instant{} + 20s;
  trial.run.calls[1].arrived = trial.first_call().ended + 3s - 250ms;
  EXPECT_EQ(trial.violated(), Ids{}) << "as late as bytes may take";
  trial.run.calls[1].arrived -= 1ns;
  EXPECT_EQ(trial.violated(), Ids{"X7"});
  trial.run.calls[1].provider = "beta";
  EXPECT_EQ(trial.violated(), Ids{});
  trial.run.calls[1].provider = "alpha";
  trial.first_call().retry_after.reset();
  EXPECT_EQ(trial.violated(), Ids{});
}

TEST(TrialChecks, x9_finds_an_error_of_another_class_and_silence) {
  Trial trial;
  trial.first_call().kind = ReplyKind::rate_limited;
  trial.first_call().status = 429;
  trial.first().answer = {};
  trial.first().status = 429;
  EXPECT_EQ(trial.violated(), Ids{});
  trial.first().status = 503;
  EXPECT_EQ(trial.violated(), Ids{"X9"}) << "without Retry-After";
  trial.first().names_wait = true;
  EXPECT_EQ(trial.violated(), Ids{});
  trial.first().status = 500;
  EXPECT_EQ(trial.violated(), Ids{"X9"});
  trial.first_call().kind = ReplyKind::server_error;
  EXPECT_EQ(trial.violated(), Ids{});
  trial.first().status = 200;
  EXPECT_EQ(trial.violated(), Ids{"X9"});
  trial.first().status = 0;
  trial.first().end = RequestEnd::timed_out;
  trial.first().finished = trial.first().sent + 4s;
  trial.first_call().ended = trial.first().sent + 2s + 1ns;
  EXPECT_EQ(trial.violated(), Ids{});
  trial.first_call().ended -= 1ns;
  EXPECT_EQ(trial.violated(), Ids{"X9"}) << "half of its patience without a word";
}

TEST(TrialChecks, x9_holds_a_request_to_a_declared_deadline) {
  Trial trial;
  sim::Scenario declared = declaring(trial.scenario, {"/monitor/provider_call/deadline"});
  declared.monitor.provider_call.deadline = 250ms;
  EXPECT_EQ(trial.violated(declared), Ids{}) << "500 ms, and 250 ms of slack";
  trial.first().finished += 1ns;
  EXPECT_EQ(trial.violated(declared), Ids{"X9"});
}

TEST(TrialChecks, x10_finds_a_call_that_the_declared_breaker_would_not_admit) {
  Trial trial;
  sim::Scenario declared = declaring(trial.scenario, {"/monitor/circuit_breaker"});
  declared.monitor.circuit_breaker = {.consecutive_threshold = 2, .open = 10s};
  trial.first_call().kind = ReplyKind::server_error;
  trial.first_call().ended = Instant{} + 1s;
  trial.first_call().arrived = Instant{} + 900ms;
  trial.run.calls[1].kind = ReplyKind::server_error;
  trial.run.calls[1].arrived = Instant{} + 1100ms;
  trial.run.calls[1].ended = Instant{} + 1200ms;
  for (TrialRequest& request : trial.run.requests) {
    request.status = 500;
    request.answer = {};
    request.finished = Instant{} + 20s;
  }
  CallLine& third = trial.another_call(Instant{} + 1450ms, Instant{} + 1460ms);
  third.kind = ReplyKind::server_error;
  EXPECT_EQ(trial.violated(declared), Ids{"X10"}) << "the second failure is known by now";
  third.arrived -= 1ns;
  EXPECT_EQ(trial.violated(declared), Ids{}) << "it may not have been read yet";
  third.arrived = Instant{} + 11s;
  third.ended = third.arrived + 10ms;
  EXPECT_EQ(trial.violated(declared), Ids{}) << "a probe";
  EXPECT_EQ(trial.violated(), Ids{}) << "nothing is declared";
  third.arrived = Instant{} + 1450ms;
  third.ended = Instant{} + 1460ms;
  declared.monitor.circuit_breaker.outcomes[monitor::index_of(ReplyKind::server_error)] =
      monitor::BreakerOutcome::ignored;
  EXPECT_EQ(trial.violated(declared), Ids{}) << "what is declared to count as nothing opens nothing";
  sim::Scenario of_provider = declaring(trial.scenario, {"/providers/" + third.provider + "/circuit_breaker"});
  EXPECT_EQ(trial.violated(of_provider), Ids{});
  for (sim::ProviderSpec& provider : of_provider.providers) {
    if (provider.name == third.provider)
      provider.breaker = monitor::NamedBreaker{.config = {.consecutive_threshold = 2, .open = 10s}};
  }
  EXPECT_EQ(trial.violated(of_provider), Ids{"X10"}) << "a provider may have a breaker of its own";
}

TEST(TrialChecks, x12_finds_a_call_after_the_budget_is_spent) {
  Trial trial;
  sim::Scenario declared = declaring(trial.scenario, {"/monitor/cost_limiter/monthly_usd"});
  declared.monitor.cost_limiter.monthly = Usd::from_picos(Usd::from_cents(1).picos() - 1);
  EXPECT_EQ(trial.violated(declared), Ids{"X12"}) << "the first call has cost a cent";
  declared.monitor.cost_limiter.monthly = Usd::from_cents(1);
  EXPECT_EQ(trial.violated(declared), Ids{}) << "the limit is reached and not exceeded";
  declared.month_spent = Usd::from_picos(1);
  EXPECT_EQ(trial.violated(declared), Ids{"X12"});
}

TEST(TrialChecks, x8_finds_a_key_that_is_tried_again_where_it_was_refused) {
  Trial trial;
  trial.first_call().kind = ReplyKind::auth;
  trial.first_call().status = 401;
  CallLine& next = trial.another_call(trial.first_call().ended, trial.first().finished);
  next.provider = "beta";
  trial.first().answer.text = Trial::answer_of(2);
  EXPECT_EQ(trial.violated(), Ids{});
  next.provider = "alpha";
  EXPECT_EQ(trial.violated(), Ids{"X8"});
}

TEST(TrialFigures, count_what_callers_got_and_what_was_billed_for_nothing) {
  Trial trial;
  CallLine& more = trial.another_call(trial.first_call().arrived + 5ms, trial.first().finished);
  more.provider = "beta";
  more.kind = ReplyKind::malformed;
  trial.run.calls.push_back(Trial::call(3, 77, Instant{} + 3s, Instant{} + 4s));
  const TrialFigures figures = trial_figures(trial.run, trial.scenario);
  EXPECT_EQ(figures.count(CallerView::served), 2);
  EXPECT_EQ(figures.calls, 4);
  EXPECT_EQ(figures.unasked, 1);
  EXPECT_EQ(figures.calls_most, 2);
  EXPECT_EQ(figures.failed_over, 1);
  EXPECT_EQ(figures.billed, UsdSum{Usd::from_cents(4)});
  EXPECT_EQ(figures.billed_unused, UsdSum{Usd::from_cents(2)});
  EXPECT_EQ(figures.latency_p50, 500ms);
  EXPECT_EQ(figures.added_p95, 20ms) << "of the request with one call";
  EXPECT_EQ(figures.providers[1].failed, 1);
}

TEST(TrialOutcome, follows_from_what_the_caller_got_and_the_calls_that_were_made) {
  Trial trial;
  EXPECT_EQ(outcome_of(trial.first(), 1), Outcome::served);
  EXPECT_EQ(outcome_of(trial.first(), 0), Outcome::cache_hit);
  const auto of_status = [&](int status, std::size_t calls) {
    TrialRequest request = trial.first();
    request.status = status;
    return outcome_of(request, calls);
  };
  EXPECT_EQ(of_status(429, 0), Outcome::refused_rate);
  EXPECT_EQ(of_status(429, 1), Outcome::failed);
  EXPECT_EQ(of_status(400, 1), Outcome::client_error);
  EXPECT_EQ(of_status(503, 0), Outcome::all_providers_unavailable);
  EXPECT_EQ(of_status(500, 2), Outcome::failed);
  trial.first().status = 0;
  trial.first().end = RequestEnd::timed_out;
  EXPECT_EQ(outcome_of(trial.first(), 1), Outcome::deadline_exceeded);
}

// Thresholds and coverage judge a trial by the same code as a run.
TEST(TrialEvents, are_judged_by_the_claims_of_the_scenario) {
  Trial trial;
  sim::ThresholdSpec fast{.text = "p(95)<400ms",
                          .metric = "request_duration",
                          .of = sim::Metric::request_duration,
                          .aggregate = sim::Aggregate::percentile,
                          .percentile = Millionths{950'000},
                          .comparison = sim::Comparison::less,
                          .bound = (400ms).count() * 1'000'000};
  sim::ThresholdSpec opened{.text = "count<1", .metric = "breaker_opened", .of = sim::Metric::breaker_opened};
  trial.scenario.thresholds = {fast, opened};
  trial.scenario.coverage = {{"failover", 1}, {"breaker_half_open", 1}};
  CallLine& more = trial.another_call(trial.first_call().arrived + 5ms, trial.first().finished + 3s);
  more.provider = "beta";
  sim::OutsideClaims claims = sim::claims_from_outside(trial.scenario);
  EXPECT_EQ(claims.unobserved,
            (std::vector<std::string>{"threshold breaker_opened: count<1", "coverage breaker_half_open at least 1"}));
  sim::Judge judge{claims.scenario, {.checks = {"none"}, .from_outside = true}};
  Instant last{};
  for (const sim::Event& event : trial_events(trial.run, claims.scenario)) {
    std::visit([&](const auto& each) { judge.on(each); }, event);
    if (const auto* record = std::get_if<monitor::Record>(&event)) {
      EXPECT_GE(record->finished, last);
      last = record->finished;
      EXPECT_EQ(record->attempt_count, record->request.id == RequestId{0} ? 2 : 1);
    }
  }
  const sim::Judgement judgement = judge.judge(sim::RunFacts{.ended = trial.run.ended, .arrivals = 2});
  ASSERT_EQ(judgement.findings.size(), 2U);
  EXPECT_EQ(judgement.findings[0].verdict, sim::Verdict::fail) << judgement.findings[0].reason;
  EXPECT_EQ(judgement.findings[1].verdict, sim::Verdict::pass) << judgement.findings[1].reason;
  EXPECT_EQ(judgement.verdict, sim::Verdict::fail);
}

TEST(LeaveOutUnseen, takes_what_was_not_seen_out_of_the_verdict) {
  sim::Judgement judgement;
  judgement.claims = 1;
  judgement.findings = {{.kind = sim::Finding::Kind::liveness, .id = "breakers close", .verdict = sim::Verdict::fail},
                        {.kind = sim::Finding::Kind::liveness, .id = "requests succeed"}};
  std::vector<std::string> unobserved;
  sim::leave_out_unseen(judgement, 5, unobserved);
  EXPECT_EQ(judgement.verdict, sim::Verdict::pass);
  EXPECT_EQ(unobserved.size(), 1U);
  EXPECT_EQ(judgement.findings.size(), 1U);
}

TEST(LeaveOutUnseen, a_file_whose_claims_are_all_unseen_is_not_one_that_claims_nothing) {
  sim::Judgement judgement;
  std::vector<std::string> unobserved{"threshold breaker_opened: count<1", "coverage late_result at least 1"};
  sim::leave_out_unseen(judgement, 5, unobserved);
  EXPECT_EQ(judgement.verdict, sim::Verdict::inconclusive);
  ASSERT_EQ(judgement.findings.size(), 1U);
  EXPECT_NE(judgement.findings[0].reason.find("threshold breaker_opened: count<1, and others"), std::string::npos);
  judgement = {};
  unobserved.clear();
  sim::leave_out_unseen(judgement, 5, unobserved);
  EXPECT_EQ(judgement.verdict, sim::Verdict::nothing_claimed);
}

}  // namespace
}  // namespace windtunnel::wire::trial_checks_test
