#include "wire/dialects/model_request.h"

#include <gtest/gtest.h>

#include "wire/dialects/error_reply.h"
#include "wire/dialects/rate_headers.h"

namespace windtunnel::wire::model_request_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;
using monitor::RetryAfter;

ModelRequest read(Api api, std::string_view body, std::string_view target = "/v1/x") {
  const DecodedRequest decoded = decode_request(api, target, body);
  EXPECT_TRUE(decoded.request) << decoded.problem;
  return decoded.request.value_or(ModelRequest{});
}

TEST(ModelRequest, of_a_chat) {
  const ModelRequest request = read(
      Api::chat,
      R"({"model":"gpt-4","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":9,"user":"u",)"
      R"("messages":[{"role":"system","content":"be brief"},{"role":"user","content":"first"},)"
      R"({"role":"assistant","content":null},{"role":"user","content":[{"type":"text","text":"a"},)"
      R"({"type":"image_url"},{"type":"text","text":"b"}]}]})");
  EXPECT_EQ(request.model, "gpt-4");
  EXPECT_TRUE(request.stream && request.wants_usage);
  EXPECT_EQ(request.max_tokens, Tokens{9});
  EXPECT_EQ(request.user, "u");
  EXPECT_EQ(request.last_text, "ab");
  EXPECT_EQ(request.text_size, 8U + 5U + 2U);
}

TEST(ModelRequest, of_messages_has_its_user_in_the_metadata) {
  const ModelRequest request =
      read(Api::messages, R"({"model":"c","max_tokens":5,"system":[{"type":"text","text":"be brief"}],)"
                          R"("metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hello"}]})");
  EXPECT_EQ(request.user, "u");
  EXPECT_EQ(request.last_text, "hello");
  EXPECT_EQ(request.text_size, 13U);
}

TEST(ModelRequest, of_responses_and_embeddings_takes_texts_and_lists) {
  EXPECT_EQ(read(Api::responses, R"({"model":"m","input":"hello"})").last_text, "hello");
  EXPECT_EQ(read(Api::responses, R"({"model":"m","input":[{"role":"user","content":[{"type":"input_text",)"
                                 R"("text":"hi"}]}],"max_output_tokens":7})")
                .last_text,
            "hi");
  const ModelRequest embeddings =
      read(Api::embeddings, R"({"model":"m","input":["ab","cde"],"encoding_format":"base64","stream":true})");
  EXPECT_EQ(embeddings.inputs, 2U);
  EXPECT_EQ(embeddings.text_size, 5U);
  EXPECT_TRUE(embeddings.base64 && !embeddings.stream);
}

TEST(ModelRequest, of_azure_has_its_model_in_the_path) {
  EXPECT_EQ(read(Api::chat, R"({"messages":[{"role":"user","content":"x"}]})",
                 "/openai/deployments/four/chat/completions?api-version=1")
                .model,
            "four");
}

TEST(ModelRequest, is_refused_with_the_parameter_that_is_wrong) {
  const auto parameter = [](Api api, std::string_view body) {
    const DecodedRequest decoded = decode_request(api, "/v1/x", body);
    EXPECT_FALSE(decoded.request);
    EXPECT_FALSE(decoded.problem.empty());
    return decoded.parameter;
  };
  EXPECT_EQ(parameter(Api::chat, "{"), "");
  EXPECT_EQ(parameter(Api::chat, "[]"), "");
  EXPECT_EQ(parameter(Api::chat, R"({"messages":[{}]})"), "model");
  EXPECT_EQ(parameter(Api::chat, R"({"model":"m"})"), "messages");
  EXPECT_EQ(parameter(Api::chat, R"({"model":"m","messages":[]})"), "messages");
  EXPECT_EQ(parameter(Api::chat, R"({"model":"m","messages":[{}],"max_tokens":0})"), "max_tokens");
  EXPECT_EQ(parameter(Api::messages, R"({"model":"m","messages":[{}]})"), "max_tokens");
  EXPECT_EQ(parameter(Api::responses, R"({"model":"m"})"), "input");
  EXPECT_EQ(parameter(Api::embeddings, R"({"model":"m","input":[]})"), "input");
}

TEST(ApiOf, takes_paths_with_and_without_a_version_and_of_azure) {
  EXPECT_EQ(api_of("/v1/chat/completions?x=1"), Api::chat);
  EXPECT_EQ(api_of("/chat/completions/"), Api::chat);
  EXPECT_EQ(api_of("/openai/deployments/d/embeddings?api-version=2"), Api::embeddings);
  EXPECT_EQ(api_of("/openai/v1/responses"), Api::responses);
  EXPECT_EQ(api_of("/v1/messages"), Api::messages);
  EXPECT_EQ(api_of("/v1/models/gpt-4"), Api::models);
  EXPECT_EQ(api_of("/"), Api::health);
  EXPECT_EQ(api_of("/v1/moderations"), std::nullopt);
}

TEST(ErrorReply, carries_the_wait_as_its_form_has_it) {
  const auto headers = [](Family family, const RetryAfter& wait) {
    return error_reply(family, ReplyKind::rate_limited, 3, wait).headers;
  };
  using Form = RetryAfter::Form;
  EXPECT_TRUE(headers(Family::openai, {}).empty());
  EXPECT_EQ(headers(Family::openai, {.form = Form::seconds, .seconds = 7}),
            (std::vector<HttpHeader>{{"retry-after", "7"}}));
  EXPECT_EQ(headers(Family::openai, {.form = Form::seconds, .seconds = 0.25}),
            (std::vector<HttpHeader>{{"retry-after", "1"}, {"retry-after-ms", "250"}}));
  EXPECT_EQ(headers(Family::anthropic, {.form = Form::seconds, .seconds = 0.25}),
            (std::vector<HttpHeader>{{"retry-after", "1"}}));
  EXPECT_EQ(headers(Family::openai, {.form = Form::date, .date = WallTime{1'768'903'200s}}),
            (std::vector<HttpHeader>{{"retry-after", "Tue, 20 Jan 2026 10:00:00 GMT"}}));
}

TEST(ErrorReply, has_the_words_of_its_family) {
  EXPECT_EQ(error_reply(Family::anthropic, ReplyKind::overloaded, 3, {}).body,
            R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_wt3"})");
  EXPECT_EQ(refusal(Family::openai, 400, "no \"x\"", "x").body,
            R"({"error":{"message":"no \"x\"","type":"invalid_request_error","param":"x","code":null}})");
}

TEST(RateHeaders, show_what_the_window_leaves) {
  const sim::RateLimit limit{.requests_per_minute = 10, .tokens_per_minute = Tokens{5000}};
  sim::RateWindow window;
  const WallTime at{1'768'903'200s + 12'500ms};
  EXPECT_FALSE(window.admit(limit, {Tokens{1000}, Tokens{400}}, at));
  EXPECT_EQ(rate_headers(Family::openai, window.left(limit, at), at),
            (std::vector<HttpHeader>{{"x-ratelimit-limit-requests", "10"},
                                     {"x-ratelimit-remaining-requests", "9"},
                                     {"x-ratelimit-reset-requests", "47.5s"},
                                     {"x-ratelimit-limit-tokens", "5000"},
                                     {"x-ratelimit-remaining-tokens", "3600"},
                                     {"x-ratelimit-reset-tokens", "47.5s"}}));
  const auto anthropic = rate_headers(Family::anthropic, window.left(limit, at), at);
  EXPECT_EQ(anthropic[2], (HttpHeader{"anthropic-ratelimit-requests-reset", "2026-01-20T10:01:00Z"}));
  EXPECT_EQ(anthropic[4], (HttpHeader{"anthropic-ratelimit-tokens-remaining", "4000"}));
  // The next minute has all of it again.
  EXPECT_EQ(window.left(limit, at + 48s).of(sim::QuotaKind::requests)->left, 10);
  EXPECT_TRUE(rate_headers(Family::openai, window.left({}, at), at).empty());
}

TEST(RateHeaders, show_the_limit_that_leaves_least_of_each_kind) {
  const sim::RateLimit limit{.requests_per_minute = 10,
                             .input_tokens_per_minute = Tokens{60'000},
                             .output_tokens_per_minute = Tokens{6'000},
                             .requests_per_day = 3,
                             .algorithm = sim::QuotaAlgorithm::token_bucket};
  sim::RateWindow window;
  const WallTime at{1'768'903'200s};
  EXPECT_FALSE(window.admit(limit, {Tokens{2'000}, Tokens{1'000}}, at));
  const auto anthropic = rate_headers(Family::anthropic, window.left(limit, at), at);
  EXPECT_EQ(anthropic, (std::vector<HttpHeader>{{"anthropic-ratelimit-requests-limit", "3"},
                                                {"anthropic-ratelimit-requests-remaining", "2"},
                                                {"anthropic-ratelimit-requests-reset", "2026-01-20T18:00:00Z"},
                                                {"anthropic-ratelimit-input-tokens-limit", "60000"},
                                                {"anthropic-ratelimit-input-tokens-remaining", "58000"},
                                                {"anthropic-ratelimit-input-tokens-reset", "2026-01-20T10:00:02Z"},
                                                {"anthropic-ratelimit-output-tokens-limit", "6000"},
                                                {"anthropic-ratelimit-output-tokens-remaining", "5000"},
                                                {"anthropic-ratelimit-output-tokens-reset", "2026-01-20T10:00:10Z"}}));
  const auto openai = rate_headers(Family::openai, window.left(limit, at + 5s), at + 5s);
  EXPECT_EQ(openai[0], (HttpHeader{"x-ratelimit-limit-requests", "3"}));
  EXPECT_EQ(openai[2], (HttpHeader{"x-ratelimit-reset-requests", "7h59m55s"}));
  EXPECT_EQ(openai[4], (HttpHeader{"x-ratelimit-remaining-tokens", "5500"})) << "the output's, which are fewer";
  EXPECT_EQ(openai[5], (HttpHeader{"x-ratelimit-reset-tokens", "5s"}));
}

}  // namespace
}  // namespace windtunnel::wire::model_request_test
