// Why nothing can break a threshold, and that such a threshold does not pass.

#include "sim/checks/claims/unbreakable.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/checks/judge.h"
#include "tests/sim/checks/claims/threshold_fixture.h"

namespace windtunnel::sim::unbreakable_test {
namespace {

using namespace std::chrono_literals;
using monitor::Outcome;
using thresholds_test::spec;

ThresholdSpec none_of(Metric metric) { return spec(metric, Aggregate::count, Comparison::equal, 0); }

ThresholdSpec none_of(Metric metric, Outcome outcome) {
  ThresholdSpec threshold = none_of(metric);
  threshold.outcome = outcome;
  return threshold;
}

Finding judged(Scenario scenario, const ThresholdSpec& threshold, bool from_outside = false) {
  scenario.thresholds = {threshold};
  Judge judge{scenario, {.checks = {"none"}, .from_outside = from_outside}};
  return judge.judge(run(scenario, {.observers = {&judge}})).findings.front();
}

// One provider, a request a second, everything off.
Scenario plain() { return world(10s, workload("chat", per_second(1))); }

TEST(Unbreakable, a_claim_that_holds_by_the_settings_alone_is_inconclusive_and_says_why) {
  const Finding finding = judged(plain(), none_of(Metric::breaker_opened));
  EXPECT_EQ(finding.verdict, Verdict::inconclusive);
  EXPECT_EQ(finding.reason, "nothing could break it: no breaker can open: none has a rule");
  EXPECT_EQ(judged(plain(), none_of(Metric::breaker_opened), true).verdict, Verdict::pass) << "another gateway's may";
  ThresholdSpec some = none_of(Metric::breaker_opened);
  some.comparison = Comparison::greater;
  EXPECT_EQ(judged(plain(), some).verdict, Verdict::fail) << "what does not hold fails";
}

TEST(Unbreakable, a_breaker_opens_by_any_rule_and_by_another_programs) {
  const auto why = [](const Scenario& scenario, std::optional<std::string> provider = {}) {
    ThresholdSpec threshold = none_of(Metric::breaker_opened);
    threshold.provider = std::move(provider);
    return why_unbreakable(scenario, threshold);
  };
  Scenario scenario = plain();
  EXPECT_EQ(why(scenario, "alpha"), "no breaker of it can open: it has no rule");
  scenario.breaker_command = {"breaker"};
  EXPECT_EQ(why(scenario), "");
  for (const auto change :
       {+[](monitor::BreakerConfig& breaker) { breaker.consecutive_threshold = 3; },
        +[](monitor::BreakerConfig& breaker) { breaker.failure_rate_threshold = Millionths{1}; },
        +[](monitor::BreakerConfig& breaker) { breaker.failure_count_threshold = 3; },
        +[](monitor::BreakerConfig& breaker) { breaker.allowed_fails = 3; },
        +[](monitor::BreakerConfig& breaker) { breaker.allowed_fails_by[3] = 3; },
        +[](monitor::BreakerConfig& breaker) { breaker.outcomes[3] = monitor::BreakerOutcome::fatal; }}) {
    scenario = plain();
    change(scenario.monitor.circuit_breaker);
    EXPECT_EQ(why(scenario), "");
    EXPECT_EQ(why(scenario, "alpha"), "");
  }
}

TEST(Unbreakable, a_call_waits_where_places_are_short_and_there_is_a_queue) {
  const auto why = [](const Scenario& scenario) { return why_unbreakable(scenario, none_of(Metric::provider_wait)); };
  Scenario scenario = plain();
  EXPECT_EQ(why(scenario), "no call can wait: there is no concurrency");
  scenario.faults = {fault("narrow", Brownout{})};
  EXPECT_EQ(why(scenario), "");
  scenario.providers[0].concurrency = 2;
  EXPECT_EQ(why(scenario), "no call can wait: there is no queue");
  scenario.providers[0].queue = 1;
  EXPECT_EQ(why(scenario), "");
}

TEST(Unbreakable, an_outcome_needs_what_brings_it_about) {
  const auto why = [](const Scenario& scenario, Outcome outcome) {
    return why_unbreakable(scenario, none_of(Metric::requests, outcome));
  };
  Scenario scenario = plain();
  EXPECT_EQ(why(scenario, Outcome::refused_budget), "no request can end as refused_budget: there is no budget");
  EXPECT_EQ(why(scenario, Outcome::refused_tokens),
            "no request can end as refused_tokens: monitor.token_limiter is off");
  EXPECT_NE(why(scenario, Outcome::refused_rate), "");
  EXPECT_NE(why(scenario, Outcome::cache_hit), "");
  EXPECT_NE(why(scenario, Outcome::stale_hit), "");
  EXPECT_NE(why(scenario, Outcome::deadline_exceeded), "");
  EXPECT_NE(why(scenario, Outcome::broken_stream), "");
  EXPECT_EQ(why(scenario, Outcome::failed), "") << "a run may fail";
  EXPECT_NE(why_unbreakable(scenario, none_of(Metric::requests_refused)), "");
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::cache_hits)), "the cache is off");
  scenario.monitor.limits.limits = {{.usd = Usd::from_cents(1)}};
  EXPECT_EQ(why(scenario, Outcome::refused_budget), "");
  EXPECT_NE(why(scenario, Outcome::refused_rate), "") << "a limit of money does not refuse so";
  scenario.monitor.limits.limits[0].requests = 5;
  EXPECT_EQ(why(scenario, Outcome::refused_rate), "");
  scenario.monitor.cache.enabled = true;
  scenario.workloads[0].prompts.count = 5;
  EXPECT_EQ(why(scenario, Outcome::cache_hit), "");
  EXPECT_NE(why(scenario, Outcome::stale_hit), "") << "nothing stale is served";
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::cache_hits)), "");
}

TEST(Unbreakable, a_limit_refuses_only_requests_that_it_counts) {
  Scenario scenario = plain();
  scenario.workloads[0].team = "blue";
  monitor::LimitConfig red{.id = "red", .per = {{monitor::LimitScope::team}}, .requests = 1};
  red.when = {{.word = {monitor::LimitScope::team}, .value = "red"}};
  scenario.monitor.limits.limits = {red};
  ThresholdSpec threshold = none_of(Metric::requests_refused);
  threshold.limit = "red";
  EXPECT_EQ(judged(scenario, threshold).reason, "nothing could break it: no request is counted by the limit red");
  scenario.workloads[0].team.clear();
  scenario.workloads[0].teams.count = 3;
  EXPECT_NE(why_unbreakable(scenario, threshold), "") << "the teams that are drawn are team-1 to team-3";
  scenario.monitor.limits.limits[0].when[0].value = "team-2";
  EXPECT_EQ(why_unbreakable(scenario, threshold), "");
  scenario.monitor.limits.limits[0].when.clear();
  EXPECT_EQ(why_unbreakable(scenario, threshold), "");
}

// Of an experiment: who is refused before it has a variant has no provider either.
TEST(Unbreakable, a_refusal_before_there_is_a_target_is_of_no_target) {
  Scenario scenario = plain();
  scenario.providers.push_back(provider("beta"));
  scenario.monitor.rate_limiter.requests_per_minute = 6;
  ThresholdSpec threshold = none_of(Metric::requests_refused);
  threshold.provider = "beta";
  EXPECT_EQ(why_unbreakable(scenario, threshold), "") << "without an experiment all go to the first";
  scenario.monitor.ab_router = {.experiment_id = "split", .variants = {{"a", kFirst, 1}, {"b", kSecond, 1}}};
  const std::string why = "every refusal comes before a request has a target, so that none is of this one";
  EXPECT_EQ(why_unbreakable(scenario, threshold), why);
  EXPECT_EQ(judged(scenario, threshold).verdict, Verdict::inconclusive) << "54 of 60 requests are refused all the same";
  for (const Outcome outcome : {Outcome::refused_rate}) {
    threshold = none_of(Metric::requests, outcome);
    threshold.served_by = "alpha";
    EXPECT_EQ(why_unbreakable(scenario, threshold), why);
    threshold.served_by.reset();
    threshold.variant = "a";
    EXPECT_EQ(why_unbreakable(scenario, threshold), why);
    threshold.variant.reset();
    EXPECT_EQ(why_unbreakable(scenario, threshold), "") << "without a tag there is one";
  }
  threshold = none_of(Metric::requests_refused);
  threshold.provider = "beta";
  scenario.workloads[0].provider = "beta";
  EXPECT_EQ(why_unbreakable(scenario, threshold), "") << "a request that names its provider has one from the beginning";
  scenario.workloads[0].provider.reset();
  scenario.monitor.cost_limiter.monthly = Usd::from_dollars(1000);
  EXPECT_EQ(why_unbreakable(scenario, threshold), "") << "a further call may find no money left";
  EXPECT_EQ(judged(scenario, threshold).reason,
            "4 requests were refused before they had a provider, and none after that")
      << "a minute's limit of 6 and 10 requests";
  EXPECT_EQ(judged(scenario, threshold).verdict, Verdict::inconclusive);
  scenario.monitor.cost_limiter.monthly.reset();
  scenario.monitor.limits.limits = {{.per = {{monitor::LimitScope::deployment}}, .requests = 1}};
  EXPECT_EQ(why_unbreakable(scenario, threshold), "") << "a limit on calls refuses at the target";
}

TEST(Unbreakable, a_limit_that_alerts_refuses_nothing) {
  Scenario scenario = plain();
  scenario.monitor.limits.limits = {{.id = "soft", .requests = 1, .on_exhausted = monitor::OnExhausted::alert}};
  ThresholdSpec threshold = none_of(Metric::requests_refused);
  EXPECT_EQ(why_unbreakable(scenario, threshold), "nothing can refuse a request: there is no limit and no budget");
  threshold.limit = "soft";
  EXPECT_EQ(why_unbreakable(scenario, threshold), "the limit soft alerts and refuses nothing");
}

TEST(Unbreakable, a_failover_needs_another_provider) {
  Scenario scenario = plain();
  const std::string why = "no request can fail over: there is one provider";
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::failovers)), why);
  scenario.providers.push_back(provider("beta"));
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::failovers)), "");
}

TEST(Unbreakable, a_bound_that_no_figure_can_miss_shows_nothing) {
  const auto why = [](Metric of, Aggregate aggregate, Comparison comparison, std::int64_t bound) {
    return why_unbreakable(plain(), spec(of, aggregate, comparison, bound));
  };
  using enum Comparison;
  EXPECT_EQ(why(Metric::requests_failed, Aggregate::rate, less_equal, 1'000'000), "no share is above 1");
  EXPECT_EQ(why(Metric::requests_failed, Aggregate::rate, less, 1'000'000), "") << "all may fail";
  EXPECT_EQ(why(Metric::requests_failed, Aggregate::rate, less, 1'000'001), "no share is above 1");
  EXPECT_EQ(why(Metric::requests_failed, Aggregate::count, greater_equal, 0), "it is never negative");
  EXPECT_EQ(why(Metric::requests_failed, Aggregate::count, greater, 0), "");
  EXPECT_EQ(why(Metric::requests, Aggregate::rate, less_equal, 1'000'000), "") << "a number per second";
  EXPECT_EQ(why(Metric::requests, Aggregate::rate, greater_equal, 0), "it is never negative");
  EXPECT_EQ(why(Metric::request_duration, Aggregate::percentile, greater_equal, 0), "it is never negative");
  EXPECT_EQ(judged(plain(), spec(Metric::requests_failed, Aggregate::rate, less_equal, 1'000'000), true).verdict,
            Verdict::inconclusive)
      << "of another gateway too";
}

TEST(Unbreakable, what_counts_no_failure_opens_no_breaker) {
  Scenario scenario = plain();
  scenario.monitor.circuit_breaker.consecutive_threshold = 3;
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::breaker_opened)), "");
  for (auto& outcome : scenario.monitor.circuit_breaker.outcomes) outcome = monitor::BreakerOutcome::ignored;
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::breaker_opened)),
            "no breaker can open: its outcomes count no reply as a failure");
  scenario.monitor.circuit_breaker.slow_call_rate = Millionths{500'000};
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::breaker_opened)), "") << "a slow success counts too";
}

TEST(Unbreakable, a_cache_answers_only_what_is_asked_twice) {
  Scenario scenario = plain();
  scenario.monitor.cache.enabled = true;
  scenario.workloads[0].prompts.count = 0;
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::cache_hits)), "no prompt repeats: no workload has prompts.count");
  scenario.workloads[0].prompts.count = 5;
  EXPECT_EQ(why_unbreakable(scenario, none_of(Metric::cache_hits)), "");
}

TEST(Unbreakable, without_a_price_nothing_costs) {
  ThresholdSpec threshold = spec(Metric::cost_usd, Aggregate::value, Comparison::less, 1'000'000);
  Scenario scenario = plain();
  EXPECT_EQ(why_unbreakable(scenario, threshold), "");
  scenario.providers[0].tariffs[0].tariff = tariff(0, 0);
  EXPECT_EQ(why_unbreakable(scenario, threshold), "no call costs anything: every price is 0");
  threshold.aggregate = Aggregate::count;
  EXPECT_EQ(why_unbreakable(scenario, threshold), "") << "of requests there may be any number";
}

TEST(Unbreakable, that_breakers_close_is_not_claimed_where_none_can_open) {
  Scenario scenario = plain();
  scenario.liveness = LivenessSpec{.heal_at = 2s, .recover_within = 2s};
  Judge judge{scenario, {.checks = {"V1"}}};
  for (const Finding& finding : judge.judge(run(scenario, {.observers = {&judge}})).findings) {
    EXPECT_NE(finding.id, "breakers close");
  }
}

}  // namespace
}  // namespace windtunnel::sim::unbreakable_test
