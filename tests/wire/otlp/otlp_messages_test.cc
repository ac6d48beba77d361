#include "wire/otlp/otlp_messages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace windtunnel::wire::otlp_messages_test {
namespace {

// A field with a length, as protobuf writes it.
std::string field(int number, const std::string& content) {
  EXPECT_LT(content.size(), 128U);
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(content.size()) + content;
}
std::string number_field(int number, int value) {
  return std::string(1, static_cast<char>(number << 3)) + static_cast<char>(value);
}
std::string export_of(const std::string& span) { return field(1, field(2, field(2, span))); }

TEST(OtlpMessages, write_a_span_of_protobuf_as_the_json_of_otlp) {
  const std::string tokens = field(9, field(1, "gen_ai.usage.output_tokens") + field(2, number_field(3, 20)));
  const std::string span = field(1, "\x0a\xf7") + field(2, "\xb7\xad") + field(5, "chat") + number_field(6, 3) +
                           tokens + field(15, number_field(3, 2));
  EXPECT_EQ(
      traces_json_of(export_of(span)),
      R"({"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":""},"spans":[)"
      R"({"traceId":"0af7","spanId":"b7ad","name":"chat","kind":3,"startTimeUnixNano":"0","endTimeUnixNano":"0",)"
      R"("attributes":[{"key":"gen_ai.usage.output_tokens","value":{"intValue":"20"}}],"status":{"code":2}}]}]}]})");
}

TEST(OtlpMessages, keep_every_kind_of_value_that_an_attribute_may_have) {
  const std::string nan = "\x21" + std::string("\0\0\0\0\0\0\xf8\x7f", 8);
  const std::string half = "\x21" + std::string("\0\0\0\0\0\0\xe0\x3f", 8);
  const auto value_of = [](const std::string& value) {
    const std::string json = traces_json_of(export_of(field(9, field(1, "k") + field(2, value)))).value();
    const std::size_t begin = json.find(R"("value":)") + 8;
    return json.substr(begin, json.find("}", begin) + 1 - begin);
  };
  EXPECT_EQ(value_of(field(1, "a\"b")), R"({"stringValue":"a\"b"})");
  EXPECT_EQ(value_of(number_field(2, 1)), R"({"boolValue":true})");
  EXPECT_EQ(value_of(half), R"({"doubleValue":0.5})");
  EXPECT_EQ(value_of(nan), R"({"doubleValue":null})") << "JSON has no such number";
  EXPECT_EQ(value_of(field(5, field(1, field(1, "x")))), "{}") << "a list";
  EXPECT_EQ(value_of(""), "{}");
}

TEST(OtlpMessages, are_not_read_of_bytes_that_are_none) {
  EXPECT_EQ(traces_json_of(""), R"({"resourceSpans":[]})") << "an export without spans";
  EXPECT_FALSE(traces_json_of("\x0a\xff"));
  EXPECT_FALSE(traces_json_of(R"({"resourceSpans":[]})"));
  const std::string span = export_of(field(1, "0123456789abcdef") + field(5, "chat"));
  for (std::size_t length = 1; length < span.size(); ++length) EXPECT_FALSE(traces_json_of(span.substr(0, length)));
}

// One span that failed and its parent, with an attribute of each kind.
std::vector<OtlpSpan> two_spans() {
  const std::string trace(32, 'a');
  return {{.trace = trace, .id = "00f067aa0ba902b7", .parent = "", .name = "chat", .attributes = {}},
          {.trace = trace,
           .id = "b7ad6b7169203331",
           .parent = "00f067aa0ba902b7",
           .name = "chat gpt-4o",
           .kind = OtlpSpanKind::client,
           .begin = WallTime{Duration{1'700'000'000'000'000'001}},
           .end = WallTime{Duration{1'700'000'002'500'000'000}},
           .attributes = {{"gen_ai.provider.name", "openai"},
                          {"gen_ai.usage.input_tokens", 150},
                          {"windtunnel.cost_usd", OtlpDecimal{190'000'000, 12}}},
           .is_error = true}};
}

TEST(OtlpMessages, write_a_span_in_both_forms_alike) {
  const OtlpAttributes resource{{"service.name", "gateway"}};
  const std::string json = traces_body(OtlpForm::json, resource, two_spans());
  EXPECT_EQ(traces_json_of(traces_body(OtlpForm::protobuf, resource, two_spans())), json);
  EXPECT_EQ(
      json,
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gateway"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"windtunnel"},"spans":[)"
      R"({"traceId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","spanId":"00f067aa0ba902b7","name":"chat","kind":2,)"
      R"("startTimeUnixNano":"0","endTimeUnixNano":"0","attributes":[],"status":{}},)"
      R"({"traceId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","spanId":"b7ad6b7169203331","parentSpanId":"00f067aa0ba902b7",)"
      R"("name":"chat gpt-4o","kind":3,"startTimeUnixNano":"1700000000000000001",)"
      R"("endTimeUnixNano":"1700000002500000000","attributes":[)"
      R"({"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},)"
      R"({"key":"gen_ai.usage.input_tokens","value":{"intValue":"150"}},)"
      R"({"key":"windtunnel.cost_usd","value":{"doubleValue":0.00019}}],"status":{"code":2}}]}]}]})");
}

TEST(OtlpMessages, replace_what_is_no_utf8_so_that_a_decoder_takes_the_other_spans) {
  std::vector<OtlpSpan> spans = two_spans();
  spans[0].attributes = {{"windtunnel.team", "caf\xe9"}};
  for (const OtlpForm form : {OtlpForm::json, OtlpForm::protobuf}) {
    EXPECT_NE(traces_body(form, {}, spans).find("caf\xef\xbf\xbd"), std::string::npos);
  }
}

RC_GTEST_PROP(OtlpMessages, of_changed_bytes_are_an_export_or_none, ()) {
  std::string bytes = export_of(field(1, "0123456789abcdef") + field(5, "chat") + number_field(6, 3) +
                                field(9, field(1, "k") + field(2, field(1, "v"))));
  const auto changes = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, bytes.size()), rc::gen::arbitrary<char>()));
  for (const auto& [place, byte] : changes) bytes[place] = byte;
  const auto json = traces_json_of(bytes);
  RC_ASSERT(!json || json->starts_with("{\"resourceSpans\":["));
}

TEST(OtlpMessages, answer_in_the_form_of_the_request) {
  EXPECT_EQ(taken_answer(OtlpForm::json, 0, ""), "{}");
  EXPECT_EQ(taken_answer(OtlpForm::protobuf, 0, ""), "");
  EXPECT_EQ(taken_answer(OtlpForm::json, 2, "why"), R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}})");
  EXPECT_EQ(taken_answer(OtlpForm::protobuf, 2, "why"), field(1, number_field(1, 2) + field(2, "why")));
  EXPECT_EQ(refused_answer(OtlpForm::json, "no"), R"({"code":3,"message":"no"})");
  EXPECT_EQ(refused_answer(OtlpForm::protobuf, "no"), number_field(1, 3) + field(2, "no"));
}

TEST(OtlpMessages, write_metrics_in_both_forms) {
  const OtlpMetrics metrics{.start = WallTime{Duration{5}},
                            .at = WallTime{Duration{9}},
                            .metrics = {{.name = "requests",
                                         .description = "d",
                                         .kind = OtlpMetricKind::counter,
                                         .points = {{.attributes = {{"outcome", "served"}}, .value = 7, .counts = {}}}},
                                        {.name = "cost",
                                         .unit = "{USD}",
                                         .decimals = 12,
                                         .points = {{.attributes = {}, .value = 25'000'000'000, .counts = {}}}},
                                        {.name = "took",
                                         .unit = "s",
                                         .kind = OtlpMetricKind::histogram,
                                         .decimals = 9,
                                         .bounds = {{10, 3}, {20, 3}},
                                         .points = {{.attributes = {}, .value = 1'500'000'000, .counts = {4, 0, 1}}}}}};
  EXPECT_EQ(
      metrics_body(OtlpForm::json, {{"service.name", "gateway"}}, metrics),
      R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gateway"}}]},)"
      R"("scopeMetrics":[{"scope":{"name":"windtunnel"},"metrics":[)"
      R"({"name":"requests","description":"d","unit":"","sum":{"dataPoints":[{"attributes":[{"key":"outcome",)"
      R"("value":{"stringValue":"served"}}],"startTimeUnixNano":"5","timeUnixNano":"9","asInt":"7"}],)"
      R"("aggregationTemporality":2,"isMonotonic":true}},)"
      R"({"name":"cost","description":"","unit":"{USD}","gauge":{"dataPoints":[{"attributes":[],)"
      R"("timeUnixNano":"9","asDouble":0.025}]}},)"
      R"({"name":"took","description":"","unit":"s","histogram":{"dataPoints":[{"attributes":[],)"
      R"("startTimeUnixNano":"5","timeUnixNano":"9","count":"5","sum":1.5,"bucketCounts":["4","0","1"],)"
      R"("explicitBounds":[0.01,0.02]}],"aggregationTemporality":2}}]}]}]})");
  // A test with another's decoder reads the bytes; here is what they are made of.
  const std::string point =
      field(1, "\x11" + std::string("\5\0\0\0\0\0\0\0", 8) + "\x19" + std::string("\x9\0\0\0\0\0\0\0", 8) + "\x31" +
                   std::string("\7\0\0\0\0\0\0\0", 8) + field(7, field(1, "outcome") + field(2, field(1, "served"))));
  EXPECT_NE(
      metrics_body(OtlpForm::protobuf, {}, metrics).find(field(7, point + number_field(2, 2) + number_field(3, 1))),
      std::string::npos);
}

TEST(OtlpMessages, read_what_a_collector_answered) {
  for (const OtlpForm form : {OtlpForm::json, OtlpForm::protobuf}) {
    const TakenPart all = taken_part(form, taken_answer(form, 0, ""));
    EXPECT_EQ(all.rejected, 0);
    const TakenPart some = taken_part(form, taken_answer(form, 2, "too old"));
    EXPECT_EQ(some.rejected, 2);
    EXPECT_EQ(some.why, "too old");
    EXPECT_EQ(taken_part(form, "\xff<html>").rejected, 0);
    EXPECT_EQ(refusal_in(form, refused_answer(form, "no tenant")), "no tenant");
    EXPECT_EQ(refusal_in(form, "\xff<html>"), "");
    EXPECT_EQ(refusal_in(form, refused_answer(form, std::string(1000, 'x'))).size(), 200U);
  }
  EXPECT_EQ(taken_part(OtlpForm::json, R"({"partialSuccess":{"rejectedSpans":3}})").rejected, 3) << "no text";
}

TEST(OtlpForm, is_found_whatever_the_parameters_and_the_case_of_the_type) {
  EXPECT_EQ(otlp_form_of("application/json; charset=utf-8"), OtlpForm::json);
  EXPECT_EQ(otlp_form_of("Application/X-Protobuf"), OtlpForm::protobuf);
  EXPECT_EQ(otlp_form_of("application/grpc"), std::nullopt);
  EXPECT_EQ(otlp_form_of(""), std::nullopt);
}

}  // namespace
}  // namespace windtunnel::wire::otlp_messages_test
