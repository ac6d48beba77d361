// The chain before the first call: who is asked in which order, and what a refusal leaves untouched.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_admission_test {
namespace {

using namespace pipeline_rig;
using Words = std::vector<std::string>;

MonitorConfig one_request_per_minute() {
  MonitorConfig config = bare();
  config.rate_limiter.requests_per_minute = 1;
  return config;
}

TEST(PipelineAdmission, asks_tokens_then_money_then_the_breaker) {
  Rig rig;
  rig.serve(request(0));
  EXPECT_EQ(rig.log.words(), (Words{"arrival", "granted 200", "reserved", "admitted 0", "reserved", "call 0",
                                    "reply ok", "finish served"}));
  expect_at_rest(rig.pipeline);
}

TEST(PipelineAdmission, a_request_over_the_rate_touches_nothing_later) {
  Rig rig{one_request_per_minute()};
  rig.serve(request(0));
  rig.log.clear();
  const Usd spent = rig.spent();

  EXPECT_EQ(rig.begin(request(1)).outcome(), "refused_rate");
  EXPECT_EQ(rig.log.words(), (Words{"arrival", "finish refused_rate"}));
  EXPECT_EQ(rig.spent(), spent);
  EXPECT_EQ(rig.pipeline.token_limiter().refused(), 0);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineAdmission, a_request_over_the_rate_reports_when_to_come_back) {
  Rig rig{one_request_per_minute()};
  EXPECT_EQ(rig.serve(request(0), at(10s)).record().retry_after, 0s);
  EXPECT_EQ(rig.begin(request(1), at(10s)).record().retry_after, 50s);
  EXPECT_EQ(rig.begin(request(2), at(60s) - 1ns).record().retry_after, 1ns);
  EXPECT_EQ(rig.serve(request(3), at(60s)).outcome(), "served");
}

TEST(PipelineAdmission, the_rate_counts_input_and_all_the_output_requested_and_corrects_nothing) {
  MonitorConfig config = bare();
  config.rate_limiter.tokens_per_minute = Tokens{600};
  Rig rig{config};
  rig.serve(request(0));  // 100 + 200 asked for, 150 used
  EXPECT_EQ(rig.pipeline.rate_limiter().window_tokens(), Tokens{300});
  EXPECT_EQ(rig.begin(request(1, 100, 201)).outcome(), "refused_rate");
  EXPECT_EQ(rig.serve(request(2, 100, 200)).outcome(), "served");
}

TEST(PipelineAdmission, the_rate_keeps_the_minutes_of_the_first_wall_clock) {
  for (const Duration step : {Duration{59s}, Duration{-1h}}) {
    Rig rig{one_request_per_minute()};
    EXPECT_EQ(rig.serve(request(0)).outcome(), "served");
    rig.pipeline.set_wall_clock(kNoon + step);
    EXPECT_EQ(rig.begin(request(1), at(60s) - 1ns).record().retry_after, 1ns);
    EXPECT_EQ(rig.serve(request(2), at(60s)).outcome(), "served");
  }
}

TEST(PipelineAdmission, a_cache_hit_takes_its_place_in_the_rate_too) {
  MonitorConfig config = one_request_per_minute();
  config.cache.enabled = true;
  Rig rig{config};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0)).outcome(), "refused_rate");
}

TEST(PipelineAdmission, a_request_refused_for_its_tokens_takes_no_money) {
  MonitorConfig config = bare();
  config.token_limiter = {.mode = TokenMode::per_request, .limit = Tokens{299}};
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).outcome(), "refused_tokens");
  EXPECT_EQ(rig.log.words(), (Words{"arrival", "finish refused_tokens"}));
  EXPECT_EQ(rig.pipeline.cost_limiter().windows_open(), 0U);

  config.token_limiter.limit = Tokens{300};
  Rig wider{config};
  EXPECT_EQ(wider.serve(request(0)).outcome(), "served");
}

TEST(PipelineAdmission, reserves_the_dearest_candidate) {
  MonitorConfig config = bare();
  for (const std::size_t assigned : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    Rig rig{config, 3};
    rig.begin(request_to(assigned));
    EXPECT_EQ(rig.log.reserved().at(0).amount, usd(7)) << "assigned " << assigned;
  }
  config.cost_limiter.monthly = usd(7) - kPico;
  Rig poor{config, 3};
  EXPECT_EQ(poor.begin(request_to(2)).outcome(), "refused_budget");
  EXPECT_EQ(poor.pipeline.token_limiter().in_flight(), 0);
  config.cost_limiter.monthly = usd(7);
  Rig rich{config, 3};
  EXPECT_EQ(rich.begin(request_to(2)).called(), 2);
}

TEST(PipelineAdmission, the_dearest_candidate_may_be_any_of_them) {
  std::vector<ProviderConfig> all = providers(3);
  for (const std::size_t dearest : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    std::swap(all[0], all[dearest]);
    Rig rig{bare(), all};
    rig.begin(request_to((dearest + 1) % 3));
    EXPECT_EQ(rig.log.reserved().at(0).amount, usd(7)) << "dearest " << dearest;
    std::swap(all[0], all[dearest]);
  }
}

TEST(PipelineAdmission, reserves_the_grant_and_not_what_was_requested) {
  MonitorConfig config = bare();
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{150}};
  Rig rig{config};
  const Ride ride = rig.begin(request(0));
  EXPECT_EQ(ride.call().output_max, Tokens{50});
  EXPECT_EQ(ride.record().granted_output, Tokens{50});
  EXPECT_EQ(rig.log.reserved().at(0).amount, cents(100 + 3 * 50));
}

TEST(PipelineAdmission, the_price_is_the_one_of_the_wall_clock) {
  const auto reserved_at = [](Duration since_start) {
    std::vector<ProviderConfig> all = providers(1);
    all[0].tariffs.push_back({.from = kNoon + 10s, .tariff = {{cents(2)}, {cents(4)}}});
    Rig rig{bare(), all};
    rig.begin(request(0), at(since_start));
    EXPECT_EQ(rig.log.reserved().at(1).amount, rig.log.reserved().at(0).amount);
    return rig.log.reserved().at(0).amount;
  };
  EXPECT_EQ(reserved_at(10s - 1ns), usd(7));
  EXPECT_EQ(reserved_at(10s), usd(10));
}

TEST(PipelineAdmission, a_refusal_of_the_budget_releases_the_tokens_and_calls_no_provider) {
  MonitorConfig config = bare();
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{500}};
  config.cost_limiter.monthly = usd(0);
  Rig rig{config};
  EXPECT_EQ(rig.begin(request(0)).outcome(), "refused_budget");
  EXPECT_EQ(rig.log.words(), (Words{"arrival", "granted 200", "finish refused_budget"}));
  EXPECT_EQ(rig.pipeline.token_limiter().settled_requests(), 0);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineAdmission, the_first_refusal_of_a_budget_is_reported_once) {
  MonitorConfig config = bare();
  config.cost_limiter.monthly = usd(6);
  Rig rig{config};
  rig.begin(request(0));
  rig.begin(request(1));
  std::size_t refusals = 0;
  for (const BudgetEvent& event : rig.log.budget())
    refusals += event.kind == BudgetEvent::Kind::budget_refused ? 1U : 0U;
  EXPECT_EQ(refusals, 1U);
}

TEST(PipelineAdmission, a_spent_budget_refuses_cache_hits_too) {
  MonitorConfig config = bare();
  config.cache.enabled = true;
  config.cost_limiter.monthly = usd(7);
  Rig rig{config};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0)).outcome(), "refused_budget");
  EXPECT_TRUE(rig.log.served().empty());
}

TEST(PipelineAdmission, with_serve_cached_a_spent_budget_serves_hits_and_refuses_the_rest) {
  MonitorConfig config = bare();
  config.cache.enabled = true;
  config.cost_limiter.monthly = usd(7);
  config.cost_limiter.on_exhausted = ExhaustedPolicy::serve_cached;
  Rig rig{config};
  rig.serve(request(0));
  const Usd spent = rig.spent();
  EXPECT_EQ(rig.begin(request(0)).outcome(), "cache_hit");
  EXPECT_EQ(rig.begin(request(1)).outcome(), "refused_budget");
  EXPECT_EQ(rig.begin(request(0), at(1h)).outcome(), "refused_budget");  // no longer fresh
  EXPECT_EQ(rig.log.started().size(), 1U);
  EXPECT_EQ(rig.spent(), spent);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineAdmission, a_stale_answer_does_not_stand_in_for_a_spent_budget) {
  MonitorConfig config = bare();
  config.cache = {.enabled = true, .ttl = 1s, .stale_if_error = 1h};
  config.cost_limiter.monthly = usd(7);
  config.cost_limiter.on_exhausted = ExhaustedPolicy::serve_cached;
  Rig rig{config};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0), at(1s)).outcome(), "refused_budget");
}

TEST(PipelineAdmission, an_explicit_provider_wins_over_the_experiment) {
  MonitorConfig config = bare();
  config.ab_router = {.experiment_id = "e", .variants = {{.id = "only", .provider = provider_at(1), .weight = 1}}};
  Rig rig{config};
  const Ride routed = rig.begin(request(0));
  EXPECT_EQ(routed.called(), 1);
  EXPECT_EQ(routed.record().variant, 0);
  const Ride explicit_one = rig.begin(request_to(0, 1));
  EXPECT_EQ(explicit_one.called(), 0);
  EXPECT_EQ(explicit_one.record().variant, std::nullopt);
}

TEST(PipelineAdmission, a_refused_request_is_assigned_to_no_variant) {
  MonitorConfig config = one_request_per_minute();
  config.ab_router = {.experiment_id = "e", .variants = {{.id = "only", .provider = provider_at(1), .weight = 1}}};
  Rig rig{config};
  rig.serve(request(0));
  const Ride refused = rig.begin(request(1));
  EXPECT_EQ(refused.record().assigned, std::nullopt);
  EXPECT_EQ(refused.record().variant, std::nullopt);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_admission_test
