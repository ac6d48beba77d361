#include <gtest/gtest.h>
#include <simdjson.h>

#include "wire/dialects/dialect.h"
#include "wire/gateway/translation/neutral_answer.h"
#include "wire/gateway/translation/request_body.h"
#include "wire/gateway/translation/stream_relay.h"

namespace windtunnel::wire::translation_test {
namespace {

using monitor::Usage;

std::string at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (parser.parse(json).at_pointer(pointer).get(value) != simdjson::SUCCESS) return "(none)";
  return simdjson::minify(value);
}

// An answer of four tokens as a provider of `serve` writes it.
Answer served() {
  return {.call = 7, .model = "m", .created = 5, .usage = {Tokens{9}, Tokens{4}}, .wants_usage = true};
}

TEST(RequestBody, keeps_what_the_same_dialect_holds_and_replaces_model_and_limit) {
  const std::string body = request_body(
      {.from = Api::chat, .to = Api::chat, .model = "gpt-x", .max_tokens = Tokens{30}},
      R"({"model":"default","seed":3,"max_completion_tokens":90,"logit_bias":{"5":1.5},"messages":[{"role":"user","content":"é"}]})");
  EXPECT_EQ(at(body, "/model"), "\"gpt-x\"");
  EXPECT_EQ(at(body, "/max_completion_tokens"), "30");
  EXPECT_EQ(at(body, "/max_tokens"), "(none)");
  EXPECT_EQ(at(body, "/logit_bias/5"), "1.5");
  EXPECT_EQ(at(body, "/messages/0/content"), "\"é\"");
  EXPECT_EQ(at(body, "/stream_options"), "(none)");
}

TEST(RequestBody, asks_every_stream_of_a_chat_for_its_usage) {
  const std::string body = request_body({.from = Api::chat, .to = Api::chat, .model = "m"},
                                        R"({"model":"d","stream":true,"messages":[{"role":"user","content":"a"}]})");
  EXPECT_EQ(at(body, "/stream_options/include_usage"), "true");
}

TEST(RequestBody, of_a_chat_becomes_messages_with_tools) {
  const std::string body = request_body(
      {.from = Api::chat, .to = Api::messages, .model = "claude", .max_tokens = Tokens{50}},
      R"({"model":"d","temperature":0.5,"stop":"END","user":"u","tool_choice":"required","messages":[)"
      R"({"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"see"},)"
      R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f",)"
      R"("arguments":"{\"x\":1}"}}]},{"role":"tool","tool_call_id":"c1","content":"42"}],)"
      R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]})");
  EXPECT_EQ(at(body, "/system"), "\"be brief\"");
  EXPECT_EQ(at(body, "/max_tokens"), "50");
  EXPECT_EQ(at(body, "/messages/0/content/1/source/media_type"), "\"image/png\"");
  EXPECT_EQ(at(body, "/messages/1/content/0/input/x"), "1");
  EXPECT_EQ(at(body, "/messages/2/content/0/tool_use_id"), "\"c1\"");
  EXPECT_EQ(at(body, "/stop_sequences/0"), "\"END\"");
  EXPECT_EQ(at(body, "/tools/0/input_schema/type"), "\"object\"");
  EXPECT_EQ(at(body, "/tool_choice/type"), "\"any\"");
  EXPECT_EQ(at(body, "/metadata/user_id"), "\"u\"");
}

TEST(RequestBody, of_messages_becomes_a_chat_with_tools) {
  const std::string body = request_body(
      {.from = Api::messages, .to = Api::chat, .model = "gpt", .max_tokens = Tokens{50}, .new_limit_word = true},
      R"({"model":"d","max_tokens":80,"stream":true,"system":[{"type":"text","text":"be brief"}],"messages":[)"
      R"({"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"t"},{"type":"tool_use",)"
      R"("id":"c1","name":"f","input":{"x":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1",)"
      R"("content":[{"type":"text","text":"42"}]}]}],"stop_sequences":["END"],)"
      R"("tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  EXPECT_EQ(at(body, "/messages/0/content"), "\"be brief\"");
  EXPECT_EQ(at(body, "/messages/2/tool_calls/0/function/arguments"), R"("{\"x\":1}")");
  EXPECT_EQ(at(body, "/messages/3/role"), "\"tool\"");
  EXPECT_EQ(at(body, "/messages/3/content"), "\"42\"");
  EXPECT_EQ(at(body, "/max_completion_tokens"), "50");
  EXPECT_EQ(at(body, "/stream_options/include_usage"), "true");
  EXPECT_EQ(at(body, "/stop/0"), "\"END\"");
  EXPECT_EQ(at(body, "/tools/0/function/parameters/type"), "\"object\"");
}

TEST(NeutralAnswer, is_the_same_whatever_dialect_it_went_through) {
  for (const Api from : {Api::chat, Api::messages, Api::responses}) {
    const auto read = read_answer(from, whole_answer(from, served()));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text, "call-7 1 2 3");
    ASSERT_TRUE(read->usage);
    EXPECT_EQ(read->usage->output, Tokens{4});
    for (const Api to : {Api::chat, Api::messages, Api::responses}) {
      const auto again = read_answer(to, whole_text(to, *read));
      ASSERT_TRUE(again);
      EXPECT_EQ(again->text, read->text);
      EXPECT_EQ(again->usage->input, read->usage->input);
      EXPECT_EQ(again->finish, read->finish);
    }
  }
}

TEST(NeutralAnswer, keeps_calls_of_tools_and_the_reason_of_the_end) {
  const NeutralAnswer answer{.id = "a\"b",
                             .model = "m",
                             .text = "",
                             .tools = {{"c1", "f", R"({"x":"\"1\""})"}},
                             .finish = Finish::tool_calls,
                             .usage = Usage{Tokens{1}, Tokens{2}}};
  for (const Api api : {Api::chat, Api::messages, Api::responses}) {
    const auto read = read_answer(api, whole_text(api, answer));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tools, answer.tools);
    EXPECT_EQ(read->finish, Finish::tool_calls);
  }
}

TEST(NeutralAnswer, is_none_where_a_200_holds_none) {
  for (const char* const body :
       {"", "{", "[]", "{}", R"({"choices":[]})", R"({"choices":[{"message":null}]})", "<html>"}) {
    EXPECT_FALSE(read_answer(Api::chat, body)) << body;
  }
  EXPECT_FALSE(read_answer(Api::chat, spoilt_answer(Api::chat, served())));
}

std::string stream_of(Api api) {
  const Answer answer = served();
  std::string bytes = stream_begin(api, answer);
  for (std::int64_t place = 0; place < 4; ++place) bytes += stream_token(api, answer, place);
  return bytes + stream_end(api, answer);
}

// The text of the caller's stream, read as one of its dialect.
StreamRelay read_back(Api api, const std::string& bytes) {
  StreamRelay relay{{.from = api, .to = api, .wants_usage = true}};
  std::string unused;
  relay.put(bytes, unused);
  return relay;
}

TEST(StreamRelay, passes_the_same_dialect_byte_for_byte_however_it_is_cut) {
  for (const Api api : {Api::chat, Api::messages, Api::responses}) {
    const std::string bytes = stream_of(api);
    for (const std::size_t length : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
      StreamRelay relay{{.from = api, .to = api, .wants_usage = true}};
      std::string out;
      for (std::size_t i = 0; i < bytes.size(); i += length) relay.put(bytes.substr(i, length), out);
      EXPECT_TRUE(relay.has_end());
      EXPECT_EQ(relay.answer().text, "call-7 1 2 3");
      EXPECT_EQ(relay.answer().usage->output, Tokens{4});
      if (api != Api::messages) {
        EXPECT_EQ(out, bytes);
      }
    }
  }
}

// 9 tokens of input, 5 cached and 2 written, and one of 4 of output thought, as far as the dialect has words for them.
TokenKinds kinds_in(Api api) {
  return api == Api::messages ? TokenKinds{Tokens{5}, Tokens{2}, Tokens{}} : TokenKinds{Tokens{5}, Tokens{}, Tokens{1}};
}

Answer served_with_kinds() {
  Answer answer = served();
  answer.usage.kinds = {Tokens{5}, Tokens{2}, Tokens{1}};
  return answer;
}

TEST(StatedKinds, are_read_from_whole_answers_and_streams_and_survive_translation) {
  for (const Api api : {Api::chat, Api::messages, Api::responses}) {
    const Answer answer = served_with_kinds();
    const auto read = read_answer(api, whole_answer(api, answer));
    ASSERT_TRUE(read && read->usage);
    EXPECT_EQ(read->usage->input, Tokens{9});
    EXPECT_EQ(read->usage->kinds, kinds_in(api));
    const auto again = read_answer(api, whole_text(api, *read));
    ASSERT_TRUE(again && again->usage);
    EXPECT_EQ(again->usage->kinds, kinds_in(api));
    const StreamRelay relay =
        read_back(api, stream_begin(api, answer) + stream_token(api, answer, 0) + stream_end(api, answer));
    ASSERT_TRUE(relay.answer().usage);
    EXPECT_EQ(relay.answer().usage->input, Tokens{9});
    EXPECT_EQ(relay.answer().usage->kinds, kinds_in(api));
  }
}

TEST(NeutralAnswer, has_no_usage_where_none_was_sent) {
  for (const Api api : {Api::chat, Api::messages, Api::responses}) {
    Answer answer = served();
    answer.has_usage = false;
    const auto read = read_answer(api, whole_answer(api, answer));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->usage);
    EXPECT_FALSE(read_back(api, stream_begin(api, answer) + stream_end(api, answer)).answer().usage);
  }
}

TEST(StatedKinds, are_never_more_than_the_usage_holds) {
  const auto read = read_answer(
      Api::chat, R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,)"
                 R"("completion_tokens":2,"prompt_tokens_details":{"cached_tokens":7},)"
                 R"("completion_tokens_details":{"reasoning_tokens":-1}}})");
  ASSERT_TRUE(read && read->usage);
  EXPECT_EQ(read->usage->kinds, (TokenKinds{Tokens{3}, Tokens{}, Tokens{}}));
}

TEST(StreamRelay, takes_a_usage_out_that_was_not_asked_for) {
  StreamRelay relay{{.from = Api::chat, .to = Api::chat}};
  std::string out;
  relay.put(stream_of(Api::chat), out);
  EXPECT_EQ(out.find("prompt_tokens"), std::string::npos);
  EXPECT_EQ(relay.answer().usage->input, Tokens{9});
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));
}

TEST(StreamRelay, translates_text_piece_by_piece) {
  for (const auto& [from, to] : {std::pair{Api::chat, Api::messages}, std::pair{Api::messages, Api::chat},
                                 std::pair{Api::messages, Api::responses}}) {
    StreamRelay relay{{.from = from, .to = to, .wants_usage = true, .id = "x", .model = "m"}};
    std::string out;
    relay.put(stream_of(from), out);
    const StreamRelay read = read_back(to, out);
    EXPECT_TRUE(read.has_end()) << out;
    EXPECT_EQ(read.answer().text, "call-7 1 2 3") << out;
    EXPECT_EQ(read.answer().usage->output, Tokens{4}) << out;
  }
}

TEST(StreamRelay, has_no_end_where_the_stream_breaks_off) {
  for (const Api api : {Api::chat, Api::messages, Api::responses}) {
    const Answer answer = served();
    StreamRelay relay{{.from = api, .to = api}};
    std::string out;
    relay.put(stream_begin(api, answer) + stream_token(api, answer, 0), out);
    EXPECT_TRUE(relay.has_text());
    EXPECT_FALSE(relay.has_end());
    relay.put(stream_error(api), out);
    EXPECT_EQ(relay.trouble(), StreamRelay::Trouble::error_event);
  }
  StreamRelay relay{{.from = Api::chat, .to = Api::chat}};
  std::string out;
  relay.put(spoilt_token(Api::chat, served(), 1), out);
  EXPECT_EQ(relay.trouble(), StreamRelay::Trouble::garbage);
}

}  // namespace
}  // namespace windtunnel::wire::translation_test
