#include <gtest/gtest.h>

#include "base/stable_hash.h"
#include "wire/gateway/front_reply.h"
#include "wire/gateway/front_request.h"
#include "wire/gateway/upstream.h"
#include "wire/gateway/upstream_reply.h"

namespace windtunnel::wire::front_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;
using monitor::RetryAfter;

sim::Scenario two_providers() {
  sim::Scenario scenario;
  scenario.providers.resize(2);
  scenario.providers[0].name = "openai";
  scenario.providers[0].model = "gpt-4";
  scenario.providers[1].name = "anthropic";
  scenario.providers[1].model = "claude";
  return scenario;
}

FrontRequest front(std::string body, std::vector<HttpHeader> headers = {}, bool is_trial = false) {
  DecodedFront decoded = decode_front(
      Api::chat,
      {.method = "POST", .target = "/v1/chat/completions", .headers = std::move(headers), .body = std::move(body)},
      two_providers(), is_trial);
  EXPECT_TRUE(decoded.request) << (decoded.refusal ? decoded.refusal->body : "");
  return std::move(decoded.request).value_or(FrontRequest{});
}

constexpr const char* kChat = R"({"model":"default","messages":[{"role":"user","content":"twelve bytes"}]})";

TEST(FrontRequest, estimates_four_bytes_of_text_to_a_token) {
  EXPECT_EQ(front(kChat).request.input, Tokens{3});
  EXPECT_EQ(front(R"({"model":"default","messages":[{"role":"user","content":"thirteen byte"}]})").request.input,
            Tokens{4});
  EXPECT_EQ(front(R"({"model":"default","messages":[{"role":"user","content":""}]})").request.input, Tokens{1});
}

TEST(FrontRequest, goes_where_its_model_or_its_headers_say) {
  EXPECT_FALSE(front(kChat).request.provider);
  EXPECT_EQ(front(R"({"model":"claude","messages":[{"role":"user","content":"a"}]})").request.provider,
            monitor::ProviderId{1});
  EXPECT_EQ(front(kChat, {{"X-Windtunnel-Provider", "anthropic"}}).request.provider, monitor::ProviderId{1});
  const DecodedFront unknown = decode_front(
      Api::chat, {.body = R"({"model":"nope","messages":[{"role":"user","content":"a"}]})"}, two_providers(), false);
  ASSERT_TRUE(unknown.refusal);
  EXPECT_EQ(unknown.refusal->status, 404);
}

TEST(FrontRequest, has_equal_content_where_only_the_caller_differs) {
  const auto content = [](const char* body) { return front(body).request.content; };
  const auto plain = content(kChat);
  EXPECT_EQ(plain, content(R"({"stream":true,"user":"u","metadata":{"a":"b"},"model":"default","max_tokens":7,)"
                           R"("messages":[{"role":"user","content":"twelve bytes"}]})"));
  EXPECT_NE(plain,
            content(R"({"model":"default","temperature":1,"messages":[{"role":"user","content":"twelve bytes"}]})"));
  EXPECT_NE(plain, content(R"({"model":"default","messages":[{"role":"user","content":"twelve bytez"}]})"));
}

TEST(FrontRequest, takes_whose_it_is_from_headers_before_metadata) {
  const char* const body =
      R"({"model":"default","user":"body","metadata":{"user_id":"meta","team":"red","feature_version":"1.2"},)"
      R"("messages":[{"role":"user","content":"a"}]})";
  EXPECT_EQ(front(body).attribution.user, "meta");
  EXPECT_EQ(front(body).attribution.team, "red");
  EXPECT_EQ(front(body).attribution.feature_version, "1.2");
  EXPECT_EQ(front(body, {{"x-windtunnel-user", "head"}}).attribution.user, "head");
  EXPECT_EQ(front(body).request.user, stable_hash("meta"));
}

TEST(FrontRequest, takes_the_names_of_a_trial_in_a_trial_alone) {
  const std::vector<HttpHeader> headers = {{"x-windtunnel-request", "17"}, {"x-windtunnel-user-key", "00ff"}};
  EXPECT_EQ(front(kChat, headers, true).trial.request, 17U);
  EXPECT_EQ(front(kChat, headers, true).request.user, 255U);
  EXPECT_FALSE(front(kChat, headers).trial.request);
  EXPECT_NE(front(kChat, headers).request.user, 255U);
}

TEST(UpstreamReply, has_the_kind_of_its_status_and_its_words) {
  const auto kind = [](int status, const char* body = "") { return kind_of_status(status, body); };
  EXPECT_EQ(kind(401), ReplyKind::auth);
  EXPECT_EQ(kind(402), ReplyKind::quota_exhausted);
  EXPECT_EQ(kind(404), ReplyKind::not_found);
  EXPECT_EQ(kind(408), ReplyKind::timeout);
  EXPECT_EQ(kind(429), ReplyKind::rate_limited);
  EXPECT_EQ(kind(429, R"({"error":{"code":"insufficient_quota"}})"), ReplyKind::quota_exhausted);
  EXPECT_EQ(kind(400, R"({"error":{"code":"context_length_exceeded"}})"), ReplyKind::context_length);
  EXPECT_EQ(kind(400, R"({"error":{"message":"prompt is too long: 9"}})"), ReplyKind::context_length);
  EXPECT_EQ(kind(400, R"({"error":{"code":"content_filter"}})"), ReplyKind::content_policy);
  EXPECT_EQ(kind(400, "<html>"), ReplyKind::client_error);
  EXPECT_EQ(kind(500), ReplyKind::server_error);
  EXPECT_EQ(kind(503), ReplyKind::overloaded);
  EXPECT_EQ(kind(529), ReplyKind::overloaded);
  EXPECT_EQ(kind(302), ReplyKind::malformed);
}

// The kinds of a provider of `serve` come back as they were, but for the word that stands for two of them.
TEST(UpstreamReply, reads_the_errors_of_both_families) {
  for (const Family family : {Family::openai, Family::anthropic}) {
    for (const ReplyKind kind : {ReplyKind::server_error, ReplyKind::overloaded, ReplyKind::rate_limited,
                                 ReplyKind::client_error, ReplyKind::context_length, ReplyKind::content_policy,
                                 ReplyKind::not_found, ReplyKind::auth, ReplyKind::quota_exhausted}) {
      const ErrorReply reply = error_reply(family, kind, 1, {});
      EXPECT_EQ(kind_of_status(reply.status, reply.body), kind) << name_of(kind);
    }
  }
}

TEST(UpstreamReply, takes_every_form_of_a_wait) {
  EXPECT_EQ(retry_after_of({}).form, RetryAfter::Form::absent);
  EXPECT_EQ(retry_after_of({{"Retry-After", "7"}}).seconds, 7);
  EXPECT_EQ(retry_after_of({{"retry-after", "1"}, {"retry-after-ms", "300"}}).seconds, 0.3);
  EXPECT_EQ(retry_after_of({{"retry-after", "soon"}}).form, RetryAfter::Form::unreadable);
  const RetryAfter date = retry_after_of({{"retry-after", "Tue, 20 Jan 2026 10:00:00 GMT"}});
  EXPECT_EQ(date.form, RetryAfter::Form::date);
  EXPECT_EQ(date.date.time_since_epoch(), 1'768'903'200s);
}

TEST(BaseUrl, is_taken_apart_or_refused) {
  const auto url = base_url("https://api.example.com/v1/");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->authority(), "api.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/v1");
  EXPECT_EQ(base_url("http://127.0.0.1:8000")->authority(), "127.0.0.1:8000");
  for (const char* const text :
       {"", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://user@a", "http://a b"}) {
    EXPECT_FALSE(base_url(text)) << text;
  }
}

TEST(Upstream, has_the_paths_and_the_keys_of_its_interface) {
  const Upstream openai{.url = *base_url("https://api.openai.com/v1"), .key = "k"};
  EXPECT_EQ(target_of(openai, Api::chat), "/v1/chat/completions");
  EXPECT_EQ(key_headers(openai).back(), (HttpHeader{"authorization", "Bearer k"}));
  const Upstream anthropic{
      .api = sim::EndpointApi::anthropic, .url = *base_url("https://api.anthropic.com"), .key = "k"};
  EXPECT_EQ(target_of(anthropic, Api::messages), "/v1/messages");
  EXPECT_EQ(key_headers(anthropic).back(), (HttpHeader{"x-api-key", "k"}));
  const Upstream azure{.api = sim::EndpointApi::azure,
                       .url = *base_url("https://x.openai.azure.com"),
                       .deployment = "d",
                       .api_version = "v",
                       .key = "k"};
  EXPECT_EQ(target_of(azure, Api::chat), "/openai/deployments/d/chat/completions?api-version=v");
  EXPECT_EQ(target_of(azure, Api::responses), "/openai/responses?api-version=v");
  EXPECT_EQ(key_headers(azure).back(), (HttpHeader{"api-key", "k"}));
}

TEST(FrontReply, has_the_status_that_the_outcome_means) {
  monitor::Record record;
  const auto status = [&](monitor::Outcome outcome, const LastReply& last = {}) {
    record.outcome = outcome;
    return front_error(Family::openai, record, 0s, last, true).status;
  };
  EXPECT_EQ(status(monitor::Outcome::refused_rate), 429);
  EXPECT_EQ(status(monitor::Outcome::refused_tokens), 400);
  EXPECT_EQ(status(monitor::Outcome::refused_budget), 402);
  EXPECT_EQ(status(monitor::Outcome::deadline_exceeded), 504);
  EXPECT_EQ(status(monitor::Outcome::all_providers_unavailable), 503);
  EXPECT_EQ(status(monitor::Outcome::client_error, {.status = 422, .body = "{}"}), 422);
  EXPECT_EQ(status(monitor::Outcome::client_error), 400);
  record.attempt_storage[record.attempt_count++] = {.kind = ReplyKind::rate_limited};
  EXPECT_EQ(status(monitor::Outcome::failed), 429);
  record.attempt_storage[0].kind = ReplyKind::truncated;
  EXPECT_EQ(status(monitor::Outcome::failed), 502);
}

}  // namespace
}  // namespace windtunnel::wire::front_test
