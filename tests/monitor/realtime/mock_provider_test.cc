#include "monitor/realtime/mock_provider.h"

#include <gtest/gtest.h>

#include "monitor/content_key.h"
#include "tests/monitor/realtime/manual_time.h"

namespace windtunnel::monitor::mock_provider_test {
namespace {

constexpr Instant kDeadline{30s};

ProviderCall call_at(ManualTime& time, std::uint64_t request = 0, Tokens output_max = Tokens{500}) {
  return {.system_prompt = "You are a career advisor.",
          .user_profile = "Software Engineer",
          .job_market_data = "AI Engineer: $120k",
          .request = RequestId{request},
          .attempt = 0,
          .input = Tokens{150},
          .output_max = output_max,
          .deadline = kDeadline,
          .time = time};
}

TEST(MockLatency, lies_between_its_two_ends) {
  EXPECT_EQ(mock_latency(kMockOpenAI, 0), 1000ms);
  EXPECT_EQ(mock_latency(kMockOpenAI, UINT64_MAX), 1700ms - 1ns);
  EXPECT_EQ(mock_latency(kMockAnthropic, 0), 600ms);
  EXPECT_EQ(mock_latency(kMockAnthropic, std::uint64_t{1} << 63), 950ms);
}

// Computed once by a separate program: what a seed gives is the same in every release.
TEST(MockLatency, of_request_attempt_and_seed_is_pinned) {
  struct Case {
    std::uint64_t request;
    std::uint8_t attempt;
    std::uint64_t seed;
    Duration latency;
  };
  for (const Case& entry : {Case{0, 0, 0, 1'134'028'967ns}, Case{7, 1, 42, 1'156'620'089ns},
                            Case{1, 7, 42, 1'137'720'021ns}, Case{7, 42, 1, 1'373'606'753ns}}) {
    ManualTime time;
    MockOpenAIProvider provider{{.seed = entry.seed}};
    ProviderCall call = call_at(time, entry.request);
    call.attempt = entry.attempt;
    (void)provider.complete(call);
    EXPECT_EQ(time.now(), Instant{entry.latency});
  }
}

TEST(MockPrice, is_a_millionth_of_the_dollars_a_token) {
  for (const std::int64_t dollars : {3, 60}) {
    EXPECT_EQ(usd_per_million_tokens(dollars).per_token * 1'000'000, Usd::from_dollars(dollars));
  }
}

TEST(MockProvider, answers_after_its_latency_and_bills_prompt_and_answer) {
  ManualTime time;
  MockOpenAIProvider provider;
  const Completion completion = provider.complete(call_at(time));
  EXPECT_EQ(completion.reply.kind, ReplyKind::ok);
  EXPECT_EQ(completion.reply.usage->input, Tokens{150});
  EXPECT_EQ(completion.reply.usage->output, Tokens{200});
  EXPECT_EQ(
      completion.text,
      mock_answer(kMockOpenAI, content_key("Software Engineer", "AI Engineer: $120k", "You are a career advisor."),
                  Tokens{200}));
  EXPECT_EQ(completion.text.size(), 800U);
  EXPECT_EQ(Instant{completion.reply.time_to_first_token}, time.now());
  EXPECT_GE(time.now(), Instant{1000ms});
  EXPECT_LT(time.now(), Instant{1700ms});
}

TEST(MockProvider, never_answers_with_more_than_it_may) {
  ManualTime time;
  MockAnthropicProvider provider;
  EXPECT_EQ(provider.complete(call_at(time, 0, Tokens{7})).text.size(), 28U);
  EXPECT_EQ(provider.complete(call_at(time, 0, Tokens{0})).text, "");
  EXPECT_EQ(provider.complete(call_at(time, 0, Tokens{200})).reply.usage->output, Tokens{200});
}

TEST(MockProvider, the_same_question_has_the_same_answer_and_another_latency) {
  ManualTime first_time;
  ManualTime second_time;
  MockOpenAIProvider provider;
  EXPECT_EQ(provider.complete(call_at(first_time, 1)).text, provider.complete(call_at(second_time, 2)).text);
  EXPECT_NE(first_time.now(), second_time.now());
}

TEST(MockProvider, an_answer_that_would_come_after_the_deadline_is_a_timeout_at_the_deadline) {
  ManualTime time;
  MockOpenAIProvider provider;
  time.advance(29'500ms);
  const Completion completion = provider.complete(call_at(time));
  EXPECT_EQ(completion.reply.kind, ReplyKind::timeout);
  EXPECT_FALSE(completion.reply.usage);
  EXPECT_EQ(time.now(), kDeadline);
}

TEST(MockProvider, a_deadline_is_met_to_the_nanosecond) {
  ManualTime alone;
  MockOpenAIProvider provider;
  (void)provider.complete(call_at(alone));
  for (const Duration before : {0ns, 1ns}) {
    ManualTime time;
    ProviderCall call = call_at(time);
    call.deadline = alone.now() - before;
    EXPECT_EQ(provider.complete(call).reply.kind, before == 0ns ? ReplyKind::ok : ReplyKind::timeout);
    EXPECT_EQ(time.now(), call.deadline);
  }
  for (const Duration left : {1ns, 0ns}) {
    ManualTime time;
    time.advance(kDeadline.time_since_epoch() - left);
    EXPECT_EQ(provider.complete(call_at(time)).reply.kind, ReplyKind::timeout);
    EXPECT_EQ(time.now(), kDeadline);
  }
}

TEST(MockProvider, fails_as_often_as_configured_and_in_that_order) {
  ManualTime time;
  MockOpenAIProvider provider{{.latency_scale = {0}}};
  provider.fail_next(2, ReplyKind::overloaded);
  provider.fail_next(0, ReplyKind::client_error);
  provider.fail_next(1, ReplyKind::timeout);
  EXPECT_EQ(provider.complete(call_at(time)).reply.kind, ReplyKind::overloaded);
  EXPECT_EQ(provider.complete(call_at(time)).reply.kind, ReplyKind::overloaded);
  EXPECT_EQ(provider.complete(call_at(time)).reply.kind, ReplyKind::timeout);
  EXPECT_EQ(provider.complete(call_at(time)).reply.kind, ReplyKind::ok);
  EXPECT_EQ(time.now(), Instant{});
}

TEST(MockProvider, bills_failures_as_the_default_profile_does) {
  ManualTime time;
  MockOpenAIProvider provider{{.latency_scale = {0}}};
  for (std::size_t i = 1; i < kReplyKinds; ++i) {
    const auto kind = static_cast<ReplyKind>(i);
    provider.fail_next(1, kind);
    const Completion completion = provider.complete(call_at(time));
    EXPECT_EQ(completion.reply.kind, kind);
    EXPECT_EQ(completion.text, "");
    EXPECT_EQ(completion.detail, std::string("mock openai: ") + name_of(kind));
    const bool unknown = kind == ReplyKind::timeout || kind == ReplyKind::truncated;
    ASSERT_EQ(completion.reply.usage.has_value(), !unknown) << name_of(kind);
    if (unknown) continue;
    const bool billed = kind == ReplyKind::malformed;
    EXPECT_EQ(completion.reply.usage->input, Tokens{billed ? 150 : 0});
    EXPECT_EQ(completion.reply.usage->output, Tokens{billed ? 200 : 0});
  }
}

TEST(MockProvider, an_injected_timeout_takes_until_the_deadline) {
  ManualTime time;
  MockAnthropicProvider provider;
  for (const Duration left : {Duration{30s}, Duration{1ns}}) {
    ProviderCall call = call_at(time);
    call.deadline = time.now() + left;
    provider.fail_next(1, ReplyKind::timeout);
    EXPECT_EQ(provider.complete(call).reply.kind, ReplyKind::timeout);
    EXPECT_EQ(time.now(), call.deadline);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::mock_provider_test
