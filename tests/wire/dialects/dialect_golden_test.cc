// The bytes of every answer, whole and streamed. Clients of these interfaces need these fields.

#include <gtest/gtest.h>

#include <string>

#include "wire/dialects/dialect.h"

namespace windtunnel::wire::dialect_golden_test {
namespace {

Answer answer(std::int64_t output = 2) {
  return {.call = 7, .model = "m\"1", .created = 1'768'903'200, .usage = {Tokens{30}, Tokens{output}}};
}

std::string stream_of(Api api, const Answer& of) {
  std::string text = stream_begin(api, of);
  for (std::int64_t i = 0; i < of.usage.output.count(); ++i) text += stream_token(api, of, i);
  return text + stream_end(api, of);
}

TEST(AnswerText, has_as_many_words_as_tokens_and_the_number_of_its_call) {
  EXPECT_EQ(answer_text(7, Tokens{}), "");
  EXPECT_EQ(answer_text(7, Tokens{1}), "call-7");
  EXPECT_EQ(answer_text(7, Tokens{4}), "call-7 1 2 3");
  EXPECT_EQ(answer_text(7, Tokens{2}), token_text(7, 0) + token_text(7, 1));
}

TEST(Chat, whole_answer) {
  EXPECT_EQ(whole_answer(Api::chat, answer()),
            R"({"id":"chatcmpl-wt7","object":"chat.completion","created":1768903200,"model":"m\"1",)"
            R"("choices":[{"index":0,"message":{"role":"assistant","content":"call-7 1","refusal":null},)"
            R"("logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":2,)"
            R"("total_tokens":32,"prompt_tokens_details":{"cached_tokens":0},)"
            R"("completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default",)"
            R"("system_fingerprint":"fp_windtunnel"})");
}

// 30 tokens of input, 20 of them cached and 4 written, and one of the two of output thought.
Answer answer_with_kinds() {
  Answer of = answer();
  of.usage.kinds = {Tokens{20}, Tokens{4}, Tokens{1}};
  return of;
}

bool holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(UsageKinds, are_within_the_counts_of_openai) {
  const std::string chat = whole_answer(Api::chat, answer_with_kinds());
  EXPECT_TRUE(holds(chat, R"("prompt_tokens":30,"completion_tokens":2,"total_tokens":32,)"
                          R"("prompt_tokens_details":{"cached_tokens":20},)"
                          R"("completion_tokens_details":{"reasoning_tokens":1})"));
  const std::string responses = whole_answer(Api::responses, answer_with_kinds());
  EXPECT_TRUE(holds(responses, R"("input_tokens":30,"input_tokens_details":{"cached_tokens":20},"output_tokens":2,)"
                               R"("output_tokens_details":{"reasoning_tokens":1},"total_tokens":32)"));
}

TEST(UsageKinds, are_beside_the_input_of_anthropic) {
  const char* const expected =
      R"("input_tokens":6,"cache_creation_input_tokens":4,"cache_read_input_tokens":20,"output_tokens":)";
  EXPECT_TRUE(holds(whole_answer(Api::messages, answer_with_kinds()), expected));
  EXPECT_TRUE(holds(stream_begin(Api::messages, answer_with_kinds()), expected));
}

TEST(UsageMissing, is_a_usage_without_counts_and_never_zero) {
  Answer of = answer();
  of.wants_usage = true;
  of.has_usage = false;
  EXPECT_FALSE(holds(whole_answer(Api::chat, of), "usage"));
  EXPECT_FALSE(holds(stream_of(Api::chat, of), "usage"));
  EXPECT_TRUE(holds(whole_answer(Api::responses, of), R"("usage":null)"));
  EXPECT_FALSE(holds(whole_answer(Api::messages, of), "put_tokens"));
  EXPECT_FALSE(holds(stream_of(Api::messages, of), "put_tokens"));
}

TEST(Chat, stream) {
  const std::string head =
      R"(data: {"id":"chatcmpl-wt7","object":"chat.completion.chunk","created":1768903200,"model":"m\"1",)"
      R"("system_fingerprint":"fp_windtunnel",)";
  const std::string begin = head + R"("choices":[{"index":0,"delta":)";
  std::string expected = begin +
                         R"({"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]})"
                         "\n\n";
  expected += begin + "{\"content\":\"call-7\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
  expected += begin + "{\"content\":\" 1\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
  expected += begin + "{},\"logprobs\":null,\"finish_reason\":\"length\"}]}\n\n";
  expected += head +
              R"("choices":[],"usage":{"prompt_tokens":30,"completion_tokens":2,"total_tokens":32,)"
              R"("prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}})"
              "\n\ndata: [DONE]\n\n";
  Answer of = answer();
  of.is_cut = true;
  of.wants_usage = true;
  EXPECT_EQ(stream_of(Api::chat, of), expected);
}

TEST(Messages, whole_answer) {
  EXPECT_EQ(whole_answer(Api::messages, answer()),
            R"({"id":"msg_wt7","type":"message","role":"assistant","model":"m\"1",)"
            R"("content":[{"type":"text","text":"call-7 1"}],"stop_reason":"end_turn","stop_sequence":null,)"
            R"("usage":{"input_tokens":30,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
            R"("output_tokens":2,"service_tier":"standard"}})");
}

TEST(Messages, stream) {
  EXPECT_EQ(stream_of(Api::messages, answer()),
            "event: message_start\n"
            R"(data: {"type":"message_start","message":{"id":"msg_wt7","type":"message","role":"assistant",)"
            R"("model":"m\"1","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":30,)"
            R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,)"
            R"("service_tier":"standard"}}})"
            "\n\nevent: content_block_start\n"
            R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
            "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\nevent: content_block_delta\n"
            R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"call-7"}})"
            "\n\nevent: content_block_delta\n"
            R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" 1"}})"
            "\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
            "event: message_delta\n"
            R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
            R"("usage":{"output_tokens":2}})"
            "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

TEST(Responses, whole_answer) {
  EXPECT_EQ(whole_answer(Api::responses, answer()),
            R"({"id":"resp_wt7","object":"response","created_at":1768903200,"status":"completed","model":"m\"1",)"
            R"("error":null,"incomplete_details":null,"instructions":null,"metadata":{},"output":[{"id":"msg_wt7",)"
            R"("type":"message","status":"completed","role":"assistant","content":[{"type":"output_text",)"
            R"("text":"call-7 1","annotations":[],"logprobs":[]}]}],"parallel_tool_calls":true,"temperature":1.0,)"
            R"("tool_choice":"auto","tools":[],"top_p":1.0,"usage":{"input_tokens":30,)"
            R"("input_tokens_details":{"cached_tokens":0},"output_tokens":2,)"
            R"("output_tokens_details":{"reasoning_tokens":0},"total_tokens":32}})");
}

TEST(Responses, stream_has_each_event_once_and_in_order) {
  const std::string text = stream_of(Api::responses, answer());
  std::size_t at = 0;
  for (const std::string event :
       {"created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_wt7\"",
        "in_progress\n", "output_item.added\n", "content_part.added\n",
        "output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":4,"
        "\"item_id\":\"msg_wt7\",\"output_index\":0,\"content_index\":0,\"delta\":\"call-7\",\"logprobs\":[]}",
        "output_text.delta\n", "output_text.done\n", "content_part.done\n", "output_item.done\n",
        "completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":9,"}) {
    at = text.find("event: response." + event, at);
    ASSERT_NE(at, std::string::npos) << event << "\n" << text;
  }
  Answer cut = answer();
  cut.is_cut = true;
  EXPECT_NE(stream_end(Api::responses, cut).find("event: response.incomplete\n"), std::string::npos);
}

TEST(Embeddings, are_the_same_numbers_in_both_forms) {
  Answer of = answer(0);
  of.call = 1;
  EXPECT_EQ(whole_answer(Api::embeddings, of),
            R"({"object":"list","data":[{"object":"embedding","index":0,)"
            R"("embedding":[0.125,0.25,0.375,0.5,0.625,0.75,0.875,0]}],"model":"m\"1",)"
            R"("usage":{"prompt_tokens":30,"total_tokens":30}})");
  of.base64 = true;
  EXPECT_NE(whole_answer(Api::embeddings, of).find(R"("AAAAPgAAgD4AAMA+AAAAPwAAID8AAEA/AABgPwAAAAA=")"),
            std::string::npos);
}

TEST(Spoilt, answers_and_tokens_are_cut_in_the_middle) {
  for (const Api api : {Api::chat, Api::responses, Api::messages, Api::embeddings}) {
    const std::string whole = whole_answer(api, answer());
    const std::string spoilt = spoilt_answer(api, answer());
    EXPECT_TRUE(whole.starts_with(spoilt) && spoilt.size() == whole.size() / 2);
  }
  EXPECT_EQ(spoilt_token(Api::messages, answer(), 0),
            "event: content_block_delta\ndata: {\"type\":\"content_block_delt\n\n");
}

}  // namespace
}  // namespace windtunnel::wire::dialect_golden_test
