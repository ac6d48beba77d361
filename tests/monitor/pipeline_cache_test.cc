// What is stored, under whom, and what a cached answer costs.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_cache_test {
namespace {

using namespace pipeline_rig;
using Words = std::vector<std::string>;

MonitorConfig cached() {
  MonitorConfig config = bare();
  config.cache = {.enabled = true, .ttl = 10s};
  return config;
}

MonitorConfig stale_for(Duration stale) {
  MonitorConfig config = cached();
  config.cache.stale_if_error = stale;
  return config;
}

TEST(PipelineCache, a_hit_costs_nothing_calls_no_provider_and_releases_everything) {
  MonitorConfig config = cached();
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{500}};
  Rig rig{config};
  rig.serve(request(0));
  const Usd spent = rig.spent();
  rig.log.clear();

  const Ride ride = rig.begin(request(0), at(1s));
  EXPECT_EQ(ride.outcome(), "cache_hit");
  EXPECT_EQ(rig.log.words(),
            (Words{"arrival", "granted 200", "reserved", "from cache", "released", "finish cache_hit"}));
  EXPECT_EQ(rig.log.released(), (std::vector{usd(7)}));
  EXPECT_EQ(rig.spent(), spent);
  EXPECT_EQ(ride.record().attempt_count, 0);
  EXPECT_EQ(ride.record().confirmed_cost(), Usd{});
  EXPECT_EQ(rig.pipeline.token_limiter().settled_requests(), 1);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineCache, a_hit_reads_no_breaker_and_no_retry_after) {
  MonitorConfig config = cached();
  config.circuit_breaker = opens_after(1);
  Rig rig{config, 1};
  rig.serve(request(0));
  rig.begin(request(1)).reply(throttled(60), at(0s));
  EXPECT_EQ(rig.begin(request(2), at(1s)).outcome(), "all_providers_unavailable");
  EXPECT_EQ(rig.begin(request(0), at(1s)).outcome(), "cache_hit");
}

TEST(PipelineCache, is_fresh_until_its_ttl_from_insertion) {
  Rig rig{cached()};
  rig.begin(request(0), at(0s)).reply(ok(), at(3s));
  EXPECT_EQ(rig.begin(request(0), at(13s) - 1ns).outcome(), "cache_hit");
  EXPECT_EQ(rig.log.served().at(0).age, 10s - 1ns);
  EXPECT_FALSE(rig.log.served().at(0).stale);
  EXPECT_TRUE(rig.log.edges().empty());
  EXPECT_EQ(rig.begin(request(0), at(13s)).called(), 0);
  EXPECT_EQ(rig.log.edges(), std::vector{at(13s)});
}

TEST(PipelineCache, other_content_or_other_max_tokens_is_no_hit) {
  Rig rig{cached()};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(1)).called(), 0);
  EXPECT_EQ(rig.begin(request(0, 100, 201)).called(), 0);
}

TEST(PipelineCache, only_validated_successes_are_stored) {
  for (std::size_t kind = 1; kind < kReplyKinds; ++kind) {
    Rig rig{cached(), 1};
    const Ride ride = rig.begin(request(0)).reply(failed(static_cast<ReplyKind>(kind)), at(0s));
    EXPECT_FALSE(ride.flow.stored) << kind;
    EXPECT_TRUE(rig.log.stored().empty()) << kind;
    EXPECT_EQ(rig.pipeline.cache().size(), 0U) << kind;
    EXPECT_EQ(rig.begin(request(0)).called(), 0) << kind;
  }
}

TEST(PipelineCache, an_answer_is_stored_under_the_provider_that_produced_it) {
  Rig rig{cached()};
  const Ride ride = rig.begin(request(0)).reply(failed(), at(0s)).reply(ok(), at(0s));
  EXPECT_TRUE(ride.flow.stored);
  EXPECT_EQ(rig.log.stored().at(0).provider, provider_at(1));
  EXPECT_EQ(ride.record().assigned, provider_at(0));
  const Ride hit = rig.begin(request(0));
  EXPECT_EQ(hit.outcome(), "cache_hit");
  EXPECT_EQ(hit.record().answered_by, provider_at(1));
  EXPECT_EQ(hit.flow.cache_slot, ride.flow.cache_slot);
}

TEST(PipelineCache, with_scope_shared_a_hit_serves_every_provider) {
  Rig rig{cached()};
  rig.serve(request_to(0, 0));
  EXPECT_EQ(rig.begin(request_to(1, 0)).outcome(), "cache_hit");
}

TEST(PipelineCache, with_scope_provider_each_has_its_own_answers) {
  MonitorConfig config = cached();
  config.cache.scope = CacheConfig::Scope::provider;
  Rig rig{config};
  rig.serve(request_to(0, 0));
  EXPECT_EQ(rig.begin(request_to(1, 0)).called(), 1);
  EXPECT_EQ(rig.begin(request_to(0, 0)).outcome(), "cache_hit");
}

TEST(PipelineCache, with_scope_provider_a_failover_stores_for_the_one_that_served) {
  MonitorConfig config = cached();
  config.cache.scope = CacheConfig::Scope::provider;
  Rig rig{config};
  rig.begin(request_to(0, 0)).reply(failed(), at(0s)).reply(ok(), at(0s));
  EXPECT_EQ(rig.begin(request_to(0, 0)).called(), 0);
  EXPECT_EQ(rig.begin(request_to(1, 0)).outcome(), "cache_hit");
}

TEST(PipelineCache, a_reply_cut_short_by_a_grant_is_not_stored) {
  const auto stored = [](std::int64_t limit, std::int64_t output) {
    MonitorConfig config = cached();
    config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{limit}};
    Rig rig{config};
    const Ride ride = rig.begin(request(0)).reply(ok(100, output), at(0s));
    EXPECT_EQ(ride.outcome(), "served");
    EXPECT_EQ(rig.pipeline.cache().size(), ride.flow.stored ? 1U : 0U);
    return ride.flow.stored;
  };
  EXPECT_FALSE(stored(299, 199));  // the whole grant, one less than was asked for
  EXPECT_TRUE(stored(299, 198));   // it ended by itself
  EXPECT_TRUE(stored(300, 200));   // the grant was all that was asked for
}

TEST(PipelineCache, an_answer_is_found_under_what_was_requested_whatever_was_granted) {
  MonitorConfig config = cached();
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{200}};
  Rig rig{config};
  rig.begin(request(0)).reply(ok(100, 20), at(0s));
  const Ride hit = rig.begin(request(0));
  EXPECT_EQ(hit.outcome(), "cache_hit");
  EXPECT_EQ(hit.record().granted_output, Tokens{180});  // it was 100 the first time
}

TEST(PipelineCache, switched_off_stores_nothing) {
  Rig rig{bare()};
  EXPECT_FALSE(rig.serve(request(0)).flow.stored);
  EXPECT_EQ(rig.begin(request(0)).called(), 0);
}

TEST(PipelineStale, serves_in_place_of_failed_at_the_cost_of_the_attempts) {
  Rig rig{stale_for(5s)};
  rig.serve(request(0));
  const Usd before = rig.spent();
  Ride ride = rig.begin(request(0), at(10s)).reply(failed(ReplyKind::malformed), at(11s));
  ASSERT_EQ(ride.called(), 1);
  ride.reply(failed(ReplyKind::timeout), at(12s));
  EXPECT_EQ(ride.outcome(), "stale_hit");
  EXPECT_EQ(ride.record().attempt_count, 2);
  EXPECT_EQ(ride.record().confirmed_cost(), cents(100 + 3 * 50));
  EXPECT_EQ(rig.spent() - before, cents(100 + 3 * 50) + usd(4));
  EXPECT_EQ(ride.record().answered_by, provider_at(0));
  EXPECT_TRUE(rig.log.served().at(0).stale);
  EXPECT_EQ(rig.log.served().at(0).age, 12s);
  EXPECT_FALSE(ride.flow.stored);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineStale, serves_in_place_of_all_providers_unavailable) {
  MonitorConfig config = stale_for(5s);
  config.circuit_breaker = opens_after(1);
  Rig rig{config, 1};
  rig.serve(request(0));
  rig.begin(request(1), at(9s)).reply(failed(), at(9s));
  const Usd spent = rig.spent();
  const Ride ride = rig.begin(request(0), at(10s));
  EXPECT_EQ(ride.outcome(), "stale_hit");
  EXPECT_EQ(ride.record().attempt_count, 0);
  EXPECT_EQ(rig.spent(), spent);
  EXPECT_EQ(rig.log.released().back(), usd(7));
  expect_at_rest(rig.pipeline);
}

TEST(PipelineStale, serves_until_ttl_and_stale_if_error_have_passed) {
  for (const bool in_time : {true, false}) {
    Rig rig{stale_for(5s), 1};
    rig.serve(request(0));
    const Instant end = at(15s) - (in_time ? 1ns : 0ns);
    EXPECT_EQ(rig.begin(request(0), at(12s)).reply(failed(), end).outcome(), in_time ? "stale_hit" : "failed");
  }
}

TEST(PipelineStale, is_off_by_default) {
  Rig rig{cached(), 1};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0), at(10s)).reply(failed(), at(10s)).outcome(), "failed");
}

TEST(PipelineStale, does_not_stand_in_for_a_client_error) {
  Rig rig{stale_for(5s), 1};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0), at(10s)).reply(failed(ReplyKind::client_error), at(10s)).outcome(), "client_error");
}

TEST(PipelineStale, does_not_stand_in_for_a_passed_deadline) {
  MonitorConfig config = stale_for(5s);
  config.provider_call.deadline = 1s;
  Rig rig{config};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0), at(10s)).reply(failed(ReplyKind::timeout), at(11s)).outcome(), "deadline_exceeded");
}

TEST(PipelineStale, does_not_stand_in_for_a_refused_further_attempt) {
  MonitorConfig config = stale_for(5s);
  config.cost_limiter.monthly = usd(13);
  Rig rig{config};
  rig.serve(request(0));
  EXPECT_EQ(rig.begin(request(0), at(10s)).reply(failed(ReplyKind::timeout), at(10s)).outcome(), "refused_budget");
}

// While the request was failing, another one brought a fresh answer: it is not stale, and is not served here.
TEST(PipelineStale, an_answer_that_is_fresh_again_is_not_stale) {
  Rig rig{stale_for(5s), 1};
  rig.serve(request(0));
  Ride failing = rig.begin(request(0), at(10s));
  rig.serve(request(0), at(10s));
  EXPECT_EQ(failing.reply(failed(), at(11s)).outcome(), "failed");
}

TEST(PipelineCache, a_fresh_hit_saves_what_its_answer_would_cost_today) {
  Rig rig{cached()};
  rig.serve(request(0));
  const Usd bill = rig.spent();
  EXPECT_EQ(rig.pipeline.metrics().spend().saved_by_cache, Usd{});
  rig.begin(request(0), at(1s));
  EXPECT_GT(bill, Usd{});
  EXPECT_EQ(rig.pipeline.metrics().spend().saved_by_cache, bill);
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_cache_test
