#include "reports/logs/span_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace windtunnel::reports::span_reader_test {
namespace {

std::string pair(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":)" + value + "}";
}
std::string text_pair(const std::string& key, const std::string& value) {
  return pair(key, R"({"stringValue":")" + value + R"("})");
}
std::string span(const std::string& id, const std::string& attributes, const std::string& more = "") {
  return R"({"traceId":"t1","spanId":")" + id + R"(","startTimeUnixNano":"1775034000000000000",)" +
         R"("endTimeUnixNano":"1775034002000000000",)" + more + R"("attributes":[)" + attributes + "]}";
}
std::string export_of(const std::string& spans) {
  return R"({"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[)" + spans + "]}]}]}";
}
const std::string kCall = text_pair("gen_ai.operation.name", "chat") + "," + text_pair("gen_ai.request.model", "fast") +
                          "," + text_pair("gen_ai.response.model", "quick-1") + "," +
                          text_pair("gen_ai.response.id", "chatcmpl-wt7");

TEST(SpanReader, reads_a_call_by_its_new_and_by_its_old_names) {
  const std::string new_names = "," + pair("gen_ai.usage.input_tokens", R"({"intValue":"50"})") + "," +
                                pair("gen_ai.usage.output_tokens", R"({"intValue":20})");
  const std::string old_names = "," + pair("gen_ai.usage.prompt_tokens", R"({"intValue":"50"})") + "," +
                                pair("gen_ai.usage.completion_tokens", R"({"intValue":"20"})");
  for (const std::string& names : {new_names, old_names}) {
    const SpansRead read = read_spans(export_of(span("a1", kCall + names, R"("kind":3,)")));
    ASSERT_EQ(read.spans.size(), 1U) << read.problem << read.first_problem;
    const ModelSpan& only = read.spans.front();
    EXPECT_EQ(only.trace, "t1");
    EXPECT_EQ(only.row.id, "a1");
    EXPECT_EQ(only.answer, "chatcmpl-wt7");
    EXPECT_EQ(only.response_model, "quick-1");
    EXPECT_EQ(only.row.model, "quick-1");
    EXPECT_EQ(only.row.input, Tokens{50});
    EXPECT_EQ(only.row.output, Tokens{20});
    EXPECT_FALSE(only.is_of_caller);
  }
}

TEST(SpanReader, keeps_spans_of_callers_and_of_other_things_apart) {
  const SpansRead read = read_spans(export_of(span("a1", kCall, R"("kind":2,)") + "," +
                                              span("a2", kCall, R"("kind":"SPAN_KIND_SERVER",)") + "," +
                                              span("a3", text_pair("db.system", "sqlite")) + "," + span("a4", kCall)));
  ASSERT_EQ(read.spans.size(), 3U);
  EXPECT_TRUE(read.spans[0].is_of_caller);
  EXPECT_TRUE(read.spans[1].is_of_caller);
  EXPECT_FALSE(read.spans[2].is_of_caller);
  EXPECT_EQ(read.others, 1U);
}

TEST(SpanReader, counts_a_call_whose_numbers_are_none_and_reads_the_others) {
  const std::string bad = kCall + "," + pair("gen_ai.usage.output_tokens", R"({"intValue":"-20"})");
  const SpansRead read = read_spans(export_of(span("a1", bad) + "," + span("a2", kCall) + "," + span("", kCall)));
  EXPECT_EQ(read.spans.size(), 1U);
  EXPECT_EQ(read.unreadable, 2U);
  EXPECT_FALSE(read.first_problem.empty());
  EXPECT_EQ(read.problem, "");
}

RC_GTEST_PROP(SpanReader, reads_changed_bytes_or_refuses_them, ()) {
  std::string text = export_of(span("a1", kCall, R"("kind":3,)"));
  const auto changes = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, text.size()), rc::gen::arbitrary<char>()));
  for (const auto& [place, byte] : changes) text[place] = byte;
  const SpansRead read = read_spans(text);
  RC_ASSERT(read.problem.empty() || read.spans.empty());
}

TEST(SpanReader, refuses_what_is_no_export) {
  for (const char* text : {"", "{", "[]", "7", R"({"resourceSpans":[)", R"({"resourceSpans":7})", R"({"spans":[]})",
                           "{}{}", R"({"resourceSpans":[]} x)"}) {
    EXPECT_FALSE(read_spans(text).problem.empty()) << text;
  }
  for (const char* text : {"{}", R"({"resourceSpans":[]})", R"({"resourceSpans":[{}]})",
                           R"({"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]})", R"({"resourceSpans":[7]})"}) {
    const SpansRead read = read_spans(text);
    EXPECT_EQ(read.problem, "") << text;
    EXPECT_EQ(read.spans.size() + read.others, 0U) << text;
  }
}

}  // namespace
}  // namespace windtunnel::reports::span_reader_test
