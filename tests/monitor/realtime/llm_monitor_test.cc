#include "monitor/realtime/llm_monitor.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <stdexcept>

#include "monitor/content_key.h"
#include "tests/monitor/realtime/llm_monitor_rig.h"

// This file is long because every promise of the facade has a test here.

namespace windtunnel::monitor::llm_monitor_test {
namespace {

using namespace llm_monitor_rig;

// The latest request, as an observer sees it.
class Latest final {
 public:
  Record record;
  Reply reply;  // to its latest call
  void on(const AttemptEnded& event) { reply = event.reply; }
  void on(const Record& finished) { record = finished; }
};

TEST(LlmMonitor, serves_the_seeds_request) {
  Rig rig;
  const GenerateResult result = rig.monitor->generate({.user_profile = "Software Engineer, 5 years",
                                                       .job_market_data = "AI Engineer: $120k-180k",
                                                       .system_prompt = "You are a career advisor.",
                                                       .provider = "openai",
                                                       .feature_version = "1.2.3",
                                                       .prompt_version = "v2.1",
                                                       .experiment_id = "provider_comparison",
                                                       .variant_id = "variant_a"});
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.outcome, Outcome::served);
  EXPECT_EQ(result.provider, "openai");
  EXPECT_EQ(result.model, "gpt-4");
  EXPECT_EQ(result.input, Tokens{19});  // 26 + 23 + 25 characters
  EXPECT_EQ(result.output, Tokens{200});
  EXPECT_EQ(result.cost, cost(kMockOpenAI.tariff, Tokens{19}, Tokens{200}));
  EXPECT_EQ(result.text.size(), 800U);
  EXPECT_GE(result.latency, 1000ms);
  EXPECT_LT(result.latency, 1700ms);
  EXPECT_FALSE(result.from_cache);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.request_id.size(), 36U);
}

TEST(LlmMonitor, the_same_question_comes_from_the_cache_with_its_text) {
  Rig rig;
  const GenerateResult first = rig.ask("a");
  const GenerateResult other = rig.ask("b");
  const GenerateResult again = rig.ask("  a ", "anthropic");
  EXPECT_EQ(again.outcome, Outcome::cache_hit);
  EXPECT_TRUE(again.from_cache);
  EXPECT_EQ(again.text, first.text);
  EXPECT_NE(other.text, first.text);
  EXPECT_EQ(rig.ask("b").text, other.text);
  EXPECT_EQ(again.provider, "openai");
  EXPECT_EQ(again.cost, Usd{});
  EXPECT_EQ(again.attempts, 0);
  rig.time.advance(1h);
  EXPECT_EQ(rig.ask("a").outcome, Outcome::served);
}

TEST(LlmMonitor, a_slot_that_is_used_again_gives_the_new_text) {
  MonitorConfig config;
  config.cache.capacity = 1;
  Rig rig{config};
  const std::string a = rig.ask("a").text;
  const std::string b = rig.ask("b").text;
  EXPECT_EQ(rig.ask("b").text, b);
  const GenerateResult again = rig.ask("a");
  EXPECT_EQ(again.outcome, Outcome::served);
  EXPECT_EQ(again.text, a);
  EXPECT_EQ(rig.ask("a").text, a);
}

TEST(LlmMonitor, fails_over_in_both_directions) {
  Rig rig;
  rig.openai->fail_next(1, ReplyKind::server_error);
  const GenerateResult to_claude = rig.ask("a", "openai");
  EXPECT_EQ(to_claude.outcome, Outcome::served);
  EXPECT_EQ(to_claude.provider, "anthropic");
  EXPECT_EQ(to_claude.attempts, 2);
  EXPECT_EQ(to_claude.detail, "");
  rig.anthropic->fail_next(1, ReplyKind::overloaded);
  EXPECT_EQ(rig.ask("b", "anthropic").provider, "openai");
}

TEST(LlmMonitor, reports_what_went_wrong_when_every_provider_fails) {
  Rig rig;
  rig.openai->fail_next(1, ReplyKind::server_error);
  rig.anthropic->fail_next(1, ReplyKind::overloaded);
  const GenerateResult result = rig.ask("a");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.error, "overloaded");
  EXPECT_EQ(result.detail, "mock anthropic: overloaded");
  EXPECT_EQ(result.provider, "anthropic");
  EXPECT_EQ(result.text, "");
}

TEST(LlmMonitor, an_open_breaker_admits_no_call_until_30_seconds_have_passed) {
  Rig rig{MonitorConfig{}, MockOptions{.latency_scale = {0}}};
  rig.openai->fail_next(6, ReplyKind::server_error);
  rig.anthropic->fail_next(5, ReplyKind::server_error);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(rig.ask("a").outcome, Outcome::failed);
  EXPECT_EQ(rig.ask("a").outcome, Outcome::all_providers_unavailable);
  EXPECT_EQ(rig.monitor->get_stats().providers[0].breaker.state, BreakerState::open);
  EXPECT_EQ(rig.monitor->get_stats().providers[0].breaker.opened_at, ManualTime::kStart);
  rig.time.advance(30s - 1ns);
  EXPECT_EQ(rig.ask("a").outcome, Outcome::all_providers_unavailable);
  rig.time.advance(1ns);
  const GenerateResult probe = rig.ask("a");
  EXPECT_EQ(probe.outcome, Outcome::served);
  EXPECT_EQ(probe.provider, "anthropic");
  const MonitorStats stats = rig.monitor->get_stats();
  EXPECT_EQ(stats.providers[0].breaker.state, BreakerState::open);
  EXPECT_EQ(stats.providers[1].breaker.state, BreakerState::closed);
  EXPECT_FALSE(stats.providers[1].breaker.opened_at);
}

TEST(LlmMonitor, waits_before_a_retry) {
  MonitorConfig config;
  config.provider_call.retry.max_attempts = 2;
  config.provider_call.retry.jitter = Jitter::none;
  Rig rig{config, MockOptions{.latency_scale = {0}}};
  rig.openai->fail_next(1, ReplyKind::server_error);
  const GenerateResult result = rig.ask("a");
  EXPECT_EQ(result.provider, "openai");
  EXPECT_EQ(result.attempts, 2);
  EXPECT_EQ(result.latency, 500ms);
}

TEST(LlmMonitor, a_reply_after_its_deadline_is_a_timeout_at_the_deadline) {
  for (const Duration beyond : {0ns, 1ns}) {
    ManualTime time;
    LlmMonitor monitor{scripted(time, [&](const ProviderCall& call) {
      call.time.sleep_until(call.deadline + beyond);
      return answer(call, "at last");
    })};
    const GenerateResult result = monitor.generate({.user_profile = "a"});
    const bool late = beyond > 0ns;
    EXPECT_EQ(result.latency, 30s);
    EXPECT_EQ(result.error, late ? "timeout" : "");
    EXPECT_EQ(result.text, late ? "" : "at last");
    EXPECT_EQ(result.cost == Usd{}, late);
    const MonitorStats stats = monitor.get_stats();
    EXPECT_EQ(stats.replies_late, late ? 1 : 0);
    // Its cost is unknown, so that the reservation stands.
    EXPECT_EQ(stats.providers[0].cost_unknown, late ? cost(kMockOpenAI.tariff, Tokens{1}, Tokens{499}) : Usd{});
    EXPECT_EQ(stats.month.spent, stats.total_cost + stats.providers[0].cost_unknown);
  }
}

TEST(LlmMonitor, a_timeout_that_its_adapter_noticed_a_little_late_counts_at_the_deadline_too) {
  ManualTime time;
  LlmMonitor monitor{scripted(time, [](const ProviderCall& call) -> Completion {
    call.time.sleep_until(call.deadline + 3ms);
    return {.reply = {.kind = ReplyKind::timeout}, .text = {}, .detail = "gave up"};
  })};
  const GenerateResult result = monitor.generate({.user_profile = "a"});
  EXPECT_EQ(result.latency, 30s);
  EXPECT_EQ(result.detail, "gave up");
  EXPECT_EQ(monitor.get_stats().replies_late, 0);
}

TEST(LlmMonitor, an_exception_of_an_adapter_is_a_failed_call) {
  ManualTime time;
  LlmMonitor monitor{
      scripted(time, [](const ProviderCall&) -> Completion { throw std::runtime_error("no route to host"); })};
  const GenerateResult result = monitor.generate({.user_profile = "a"});
  EXPECT_EQ(result.error, "connection_error");
  EXPECT_EQ(result.detail, "no route to host");
  EXPECT_EQ(result.provider, "scripted");
  EXPECT_EQ(monitor.get_stats().month.reserved, Usd{});
}

TEST(LlmMonitor, an_impossible_usage_is_a_malformed_answer) {
  for (const std::int64_t tokens : {std::int64_t{-1}, kTokensMax.count() + 1}) {
    ManualTime time;
    LlmMonitor monitor{scripted(time, [&](const ProviderCall& call) {
      Completion completion = answer(call, "text");
      completion.reply.usage->output = Tokens{tokens};
      return completion;
    })};
    const GenerateResult result = monitor.generate({.user_profile = "a"});
    EXPECT_EQ(result.error, "malformed");
    EXPECT_EQ(result.detail, "the provider's usage is not between 0 and 100,000,000 tokens");
    EXPECT_EQ(result.text, "");
  }
}

TEST(LlmMonitor, the_text_of_a_failed_reply_is_no_answer_and_has_no_length) {
  ManualTime time;
  Latest latest;
  LlmMonitorOptions options = scripted(time, [](const ProviderCall& call) {
    Completion completion = answer(call, "half a sente");
    completion.reply.kind = ReplyKind::malformed;
    return completion;
  });
  options.observer = &latest;
  LlmMonitor monitor{std::move(options)};
  EXPECT_EQ(monitor.generate({.user_profile = "a"}).text, "");
  EXPECT_EQ(latest.reply.response_length, 0U);
}

TEST(LlmMonitor, a_first_token_comes_between_a_calls_begin_and_its_end_whatever_the_provider_reports) {
  struct Case {
    Duration elapsed;
    Duration said;
    Duration believed;
  };
  for (const Case& entry : {Case{5ms, -1ns, 0ns}, Case{5ms, 0ns, 0ns}, Case{5ms, 3ms, 3ms}, Case{5ms, 5ms, 5ms},
                            Case{5ms, 5ms + 1ns, 5ms}, Case{0ns, 1h, 0ns}}) {
    ManualTime time;
    Latest latest;
    LlmMonitorOptions options = scripted(time, [&](const ProviderCall& call) {
      time.advance(entry.elapsed);
      Completion completion = answer(call, "text");
      completion.reply.time_to_first_token = entry.said;
      return completion;
    });
    options.observer = &latest;
    LlmMonitor monitor{std::move(options)};
    EXPECT_TRUE(monitor.generate({.user_profile = "a"}).ok());
    EXPECT_EQ(latest.record.time_to_first_token, entry.believed);
  }
}

TEST(LlmMonitor, the_content_of_a_request_is_its_three_texts_in_the_order_of_the_key) {
  ManualTime time;
  Latest latest;
  LlmMonitorOptions options = scripted(time, [](const ProviderCall& call) { return answer(call, "text"); });
  options.observer = &latest;
  LlmMonitor monitor{std::move(options)};
  (void)monitor.generate({.user_profile = "profile", .job_market_data = "jobs", .system_prompt = "prompt"});
  EXPECT_EQ(latest.record.request.content, content_key("profile", "jobs", "prompt"));
}

TEST(LlmMonitor, a_stale_answer_after_a_retrys_pause_comes_with_its_text) {
  ManualTime time;
  bool fails = false;
  LlmMonitorOptions options = scripted(time, [&](const ProviderCall& call) -> Completion {
    if (!fails) return answer(call, "as it was");
    return {.reply = {.kind = ReplyKind::server_error, .usage = Usage{}}, .text = {}, .detail = {}};
  });
  options.config->cache.stale_if_error = 1h;
  options.config->circuit_breaker = BreakerConfig{};
  options.config->circuit_breaker.consecutive_threshold = 1;
  options.config->provider_call.retry.max_attempts = 2;
  options.config->provider_call.retry.jitter = Jitter::none;
  LlmMonitor monitor{std::move(options)};
  EXPECT_EQ(monitor.generate({.user_profile = "a"}).text, "as it was");
  time.advance(1h);
  fails = true;
  // The breaker opens while the retry waits: its wake-up finds no provider to call.
  const GenerateResult result = monitor.generate({.user_profile = "a"});
  EXPECT_EQ(result.outcome, Outcome::stale_hit);
  EXPECT_EQ(result.text, "as it was");
  EXPECT_EQ(result.attempts, 1);
  EXPECT_EQ(result.latency, 500ms);
  EXPECT_EQ(monitor.get_stats().cache_stale_hits, 1);
}

TEST(LlmMonitor, an_invalid_request_never_enters_the_pipeline) {
  Rig rig;
  const GenerateResult unknown = rig.ask("a", "mistral");
  EXPECT_EQ(unknown.outcome, Outcome::client_error);
  EXPECT_EQ(unknown.error, "client_error");
  EXPECT_EQ(unknown.detail, "there is no provider \"mistral\"");
  EXPECT_FALSE(rig.monitor->generate({.user_profile = "a", .max_tokens = Tokens{-1}}).ok());
  EXPECT_FALSE(rig.monitor->generate({.user_profile = "a", .max_tokens = kTokensMax + Tokens{1}}).ok());
  const MonitorStats stats = rig.monitor->get_stats();
  EXPECT_EQ(stats.requests_invalid, 3);
  EXPECT_EQ(stats.user_requests(), 0);
  // The ends of what may be asked for: the pipeline itself refuses an answer of no token.
  EXPECT_EQ(rig.monitor->generate({.user_profile = "a", .max_tokens = Tokens{0}}).outcome, Outcome::refused_tokens);
  EXPECT_EQ(rig.monitor->generate({.user_profile = "a", .max_tokens = kTokensMax}).outcome, Outcome::served);
}

TEST(LlmMonitor, the_default_settings_divide_users_between_both_providers_and_keep_each_at_one) {
  Rig rig{std::nullopt, MockOptions{.latency_scale = {0}}};
  std::array<int, 2> by_provider{};
  for (int user = 0; user < 200; ++user) {
    const std::string name = "user-" + std::to_string(user);
    const GenerateResult first = rig.monitor->generate({.user_profile = name + " one", .user_id = name});
    const GenerateResult second = rig.monitor->generate({.user_profile = name + " two", .user_id = name});
    EXPECT_EQ(first.provider, second.provider);
    ++by_provider[first.provider == "openai" ? 0 : 1];
  }
  EXPECT_GT(by_provider[0], 60);
  EXPECT_GT(by_provider[1], 60);
}

TEST(LlmMonitor, without_a_user_id_a_profile_stays_in_its_arm_and_without_both_requests_are_divided) {
  Rig rig{std::nullopt, MockOptions{.latency_scale = {0}}};
  std::set<std::string> of_one_profile;
  std::set<std::string> of_nobody;
  for (int i = 0; i < 50; ++i) {
    const std::string jobs = std::to_string(i);
    of_one_profile.insert(rig.monitor->generate({.user_profile = "engineer", .job_market_data = jobs}).provider);
    of_nobody.insert(rig.monitor->generate({.job_market_data = jobs}).provider);
  }
  EXPECT_EQ(of_one_profile.size(), 1U);
  EXPECT_EQ(of_nobody.size(), 2U);
}

TEST(LlmMonitor, a_request_reserves_500_tokens_or_what_is_left) {
  std::vector<Tokens> asked;
  const auto script = [&](const ProviderCall& call) {
    asked.push_back(call.output_max);
    return answer(call, "text");
  };
  for (const TokenMode mode : {TokenMode::off, TokenMode::per_request}) {
    ManualTime time;
    LlmMonitorOptions options = scripted(time, script);
    options.config->token_limiter.mode = mode;
    options.config->token_limiter.limit = Tokens{300};
    LlmMonitor monitor{std::move(options)};
    EXPECT_TRUE(monitor.generate({.user_profile = std::string(400, 'a')}).ok());
  }
  EXPECT_EQ(asked, (std::vector<Tokens>{Tokens{500}, Tokens{200}}));
}

TEST(LlmMonitor, a_prompt_that_leaves_no_token_requests_none_and_a_longer_prompt_is_refused) {
  for (const std::size_t tokens : {100U, 101U}) {
    ManualTime time;
    Latest latest;
    LlmMonitorOptions options = scripted(time, [](const ProviderCall& call) { return answer(call, "text"); });
    options.config->token_limiter.mode = TokenMode::per_request;
    options.config->token_limiter.limit = Tokens{100};
    options.observer = &latest;
    LlmMonitor monitor{std::move(options)};
    const GenerateResult result = monitor.generate({.user_profile = std::string(4 * tokens, 'a')});
    EXPECT_EQ(result.outcome, tokens == 100 ? Outcome::served : Outcome::refused_tokens);
    EXPECT_EQ(latest.record.request.max_tokens, Tokens{0});
  }
}

TEST(LlmMonitor, a_budget_follows_the_calendar_and_time_does_not) {
  MonitorConfig config;
  config.cost_limiter.monthly.reset();
  config.cost_limiter.daily = Usd::from_cents(5);
  config.cache.enabled = false;
  Rig rig{config, MockOptions{.latency_scale = {0}}};
  EXPECT_EQ(rig.ask("a").outcome, Outcome::served);
  EXPECT_EQ(rig.ask("b").outcome, Outcome::served);
  EXPECT_EQ(rig.ask("c").outcome, Outcome::refused_budget);
  rig.time.step_wall(14h);  // midnight
  EXPECT_EQ(rig.ask("c").outcome, Outcome::served);
  rig.time.step_wall(-14h);  // to the day that is spent, and on to the new one
  EXPECT_EQ(rig.ask("d").outcome, Outcome::refused_budget);
  rig.time.step_wall(14h);
  EXPECT_EQ(rig.ask("d").outcome, Outcome::served);
  EXPECT_EQ(rig.ask("e").outcome, Outcome::refused_budget);
}

TEST(LlmMonitor, counts_by_versions) {
  Rig rig;
  Usd of_v1 = rig.monitor->generate({.user_profile = "a", .feature_version = "1", .prompt_version = "v1"}).cost;
  (void)rig.monitor->generate({.user_profile = "b", .feature_version = "1", .prompt_version = "v2"});
  of_v1 += rig.monitor->generate({.user_profile = "c", .feature_version = "1", .prompt_version = "v1"}).cost;
  (void)rig.monitor->generate({.user_profile = "d"});
  const MonitorStats stats = rig.monitor->get_stats();
  ASSERT_EQ(stats.labels.size(), 3U);
  EXPECT_EQ(stats.labels[0].requests, 1);
  EXPECT_EQ(stats.labels[0].feature_version, "");
  EXPECT_EQ(stats.labels[1].feature_version, "1");
  EXPECT_EQ(stats.labels[1].prompt_version, "v1");
  EXPECT_EQ(stats.labels[1].requests, 2);
  EXPECT_GT(of_v1, Usd{});
  EXPECT_EQ(stats.labels[1].cost, of_v1);
  EXPECT_EQ(stats.labels[2].prompt_version, "v2");
  EXPECT_EQ(stats.labels[2].answered, 1);
}

TEST(LlmMonitor, counts_a_thousand_pairs_of_versions_apart_and_later_ones_as_none) {
  Rig rig{MonitorConfig{}, MockOptions{.latency_scale = {0}}};
  const auto ask = [&](int version) {
    EXPECT_TRUE(rig.monitor->generate({.user_profile = "a", .feature_version = std::to_string(version)}).ok());
  };
  for (int version = 1; version <= 1'001; ++version) ask(version);
  ask(1);
  const MonitorStats stats = rig.monitor->get_stats();
  ASSERT_EQ(stats.labels.size(), 1'001U);
  EXPECT_EQ(stats.labels[0].requests, 1);  // 1001
  EXPECT_EQ(stats.labels[1].requests, 2);
  EXPECT_EQ(stats.labels[1'000].feature_version, "1000");
  EXPECT_EQ(stats.labels[1'000].requests, 1);
}

TEST(LlmMonitor, has_both_mocks_when_it_is_given_no_provider) {
  ManualTime time;
  LlmMonitorOptions options;
  options.time = &time;
  LlmMonitor monitor{std::move(options)};
  const MonitorStats stats = monitor.get_stats();
  ASSERT_EQ(stats.providers.size(), 2U);
  EXPECT_EQ(stats.providers[0].name, "openai");
  EXPECT_EQ(stats.providers[1].name, "anthropic");
}

TEST(LlmMonitor, reports_when_a_request_that_the_rate_limiter_refused_may_come_again) {
  MonitorConfig config;
  config.rate_limiter.requests_per_minute = 1;
  Rig rig{config, MockOptions{.latency_scale = {0}}};
  EXPECT_EQ(rig.ask("a").retry_after, Duration{0});
  rig.time.advance(20s);
  const GenerateResult refused = rig.ask("b");
  EXPECT_EQ(refused.outcome, Outcome::refused_rate);
  EXPECT_EQ(refused.retry_after, 40s);
}

TEST(LlmMonitor, accepts_a_usage_up_to_its_ends) {
  for (const Tokens tokens : {Tokens{0}, kTokensMax}) {
    ManualTime time;
    LlmMonitor monitor{scripted(time, [&](const ProviderCall& call) {
      Completion completion = answer(call, "text");
      completion.reply.usage = Usage{tokens, tokens};
      return completion;
    })};
    const GenerateResult result = monitor.generate({.user_profile = "a"});
    EXPECT_EQ(result.outcome, Outcome::served) << result.detail;
    EXPECT_EQ(result.output, tokens);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_test
