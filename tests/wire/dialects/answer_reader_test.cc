#include "wire/dialects/answer_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/dialects/client_body.h"
#include "wire/dialects/dialect.h"
#include "wire/dialects/model_request.h"

namespace windtunnel::wire::answer_reader_test {
namespace {

Answer answer() {
  return {.call = 7, .model = "m", .created = 0, .usage = {Tokens{30}, Tokens{4}}, .wants_usage = true};
}

std::string stream_of(Api api, std::int64_t tokens, bool ended) {
  std::string text = stream_begin(api, answer());
  for (std::int64_t i = 0; i < tokens; ++i) text += stream_token(api, answer(), i);
  return ended ? text + stream_end(api, answer()) : text;
}

ReadAnswer read(Api api, bool stream, std::string_view body, std::size_t piece) {
  AnswerReader reader{api, stream};
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) reader.put(body.substr(0, piece));
  reader.end();
  return reader.answer();
}

TEST(AnswerReader, reads_what_the_providers_write_however_it_is_cut) {
  for (const Api api : {Api::chat, Api::messages}) {
    for (const std::size_t piece : {1U, 7U, 100'000U}) {
      for (const bool stream : {false, true}) {
        const ReadAnswer found =
            read(api, stream, stream ? stream_of(api, 4, true) : whole_answer(api, answer()), piece);
        EXPECT_EQ(found.text, "call-7 1 2 3");
        EXPECT_EQ(found.output_tokens, 4);
        EXPECT_TRUE(found.has_end && !found.is_garbage && !found.has_error);
      }
    }
  }
}

TEST(AnswerReader, tells_the_ways_in_which_a_stream_can_fail) {
  for (const Api api : {Api::chat, Api::messages}) {
    const ReadAnswer cut = read(api, true, stream_of(api, 2, false), 50);
    EXPECT_TRUE(!cut.has_end && !cut.is_garbage && cut.text == "call-7 1");
    EXPECT_TRUE(read(api, true, stream_of(api, 2, false) + "data: {\"cho", 50).is_garbage);
    EXPECT_TRUE(read(api, true, spoilt_token(api, answer(), 0), 50).is_garbage);
    EXPECT_TRUE(read(api, true, stream_of(api, 2, false) + stream_error(api), 50).has_error);
    EXPECT_TRUE(read(api, false, spoilt_answer(api, answer()), 50).is_garbage);
    EXPECT_TRUE(read(api, false, "{}", 50).is_garbage);
    EXPECT_TRUE(read(api, false, "<html>", 50).is_garbage);
  }
}

TEST(AnswerWords, are_in_order_if_each_follows_the_one_before) {
  EXPECT_EQ(words_in("call-12 1 2").call, 12U);
  EXPECT_EQ(words_in("call-12 1 2").words, 3);
  EXPECT_TRUE(words_in("call-12 1 2").in_order);
  EXPECT_FALSE(words_in("call-12 2 1").in_order);
  EXPECT_FALSE(words_in("hello").in_order);
  EXPECT_FALSE(words_in("hello").call);
  EXPECT_EQ(words_in("").words, 0);
}

TEST(ClientBody, is_read_by_the_provider_as_it_was_meant) {
  for (const Api api : {Api::chat, Api::messages}) {
    const DecodedRequest decoded = decode_request(api, "/",
                                                  client_body({.api = api,
                                                               .model = "m",
                                                               .mark = "[wt chat 3]",
                                                               .input = Tokens{40},
                                                               .max_tokens = Tokens{9},
                                                               .stream = true}));
    ASSERT_TRUE(decoded.request) << decoded.problem;
    EXPECT_TRUE(decoded.request->last_text.starts_with("[wt chat 3] "));
    EXPECT_EQ(decoded.request->user, "[wt chat 3]");
    EXPECT_LE(tokens_of_text(decoded.request->text_size), Tokens{40});
    EXPECT_GE(tokens_of_text(decoded.request->text_size), Tokens{39});
    EXPECT_EQ(decoded.request->max_tokens, Tokens{9});
    EXPECT_TRUE(decoded.request->stream);
  }
}

}  // namespace
}  // namespace windtunnel::wire::answer_reader_test
