#include "scenarios/json/json_document.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace windtunnel::scenarios::json_document_test {
namespace {

JsonValue parsed(const std::string& text) {
  Diagnostics diagnostics("f.json", text);
  JsonValue value = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  return value;
}

std::string error_of(const std::string& text) {
  Diagnostics diagnostics("f.json", text);
  parse_json(diagnostics);
  const auto errors = diagnostics.errors();
  if (errors.empty()) return "no error";
  std::string place =
      errors[0].line > 0 ? std::to_string(errors[0].line) + ':' + std::to_string(errors[0].column) : "whole";
  return place + ' ' + errors[0].message;
}

TEST(JsonDocument, records_the_place_of_every_key_and_value) {
  const JsonValue root = parsed("{\"a\": 1, // b\n\t\"\xC3\xA9\":/* \xE2\x82\xAC */[true,\r\n  {\"x\\\"y\" : \"z\"}]}");
  EXPECT_EQ(root.place, (Place{1, 1, -1}));
  EXPECT_EQ(root.members[0].place, (Place{1, 2, -1}));
  EXPECT_EQ(root.members[0].value.place, (Place{1, 7, -1}));
  EXPECT_EQ(root.members[1].key, "\xC3\xA9");
  EXPECT_EQ(root.members[1].place, (Place{2, 2, -1}));
  const JsonValue& list = root.members[1].value;
  EXPECT_EQ(list.place, (Place{2, 13, -1}));
  EXPECT_EQ(list.items[0].place, (Place{2, 14, -1}));
  EXPECT_EQ(list.items[1].place, (Place{3, 3, -1}));
  EXPECT_EQ(list.items[1].members[0].key, "x\"y");
  EXPECT_EQ(list.items[1].members[0].place, (Place{3, 4, -1}));
  EXPECT_EQ(list.items[1].members[0].value.place, (Place{3, 13, -1}));
}

TEST(JsonDocument, keeps_numbers_as_they_were_written) {
  const JsonValue root = parsed("[0.1000, -0, 1E+2, 123456789012345678901234567890]");
  EXPECT_EQ(root.items[0].text, "0.1000");
  EXPECT_EQ(root.items[1].text, "-0");
  EXPECT_EQ(root.items[2].text, "1E+2");
  EXPECT_EQ(root.items[3].text, "123456789012345678901234567890");
}

TEST(JsonDocument, a_byte_order_mark_takes_no_column) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF{\"a\":1}").members[0].place, (Place{1, 2, -1}));
}

TEST(JsonDocument, points_at_the_token_that_breaks_the_grammar) {
  EXPECT_EQ(error_of("{\"a\":1,}").substr(0, 4), "1:8 ");
  EXPECT_EQ(error_of("{\"a\" 1}").substr(0, 4), "1:6 ");
  EXPECT_EQ(error_of("[1,,2]").substr(0, 4), "1:4 ");
  EXPECT_EQ(error_of("{\"a\":\n \"x").substr(0, 4), "2:2 ");
  EXPECT_EQ(error_of("{\"a\":1 \"b\":2}").substr(0, 4), "1:8 ");
  EXPECT_EQ(error_of("{\"a\":1}}").substr(0, 4), "1:8 ");
  EXPECT_EQ(error_of("  nul").substr(0, 4), "1:3 ");
  EXPECT_EQ(error_of("[1e999]"), "1:2 the number is too large");
  EXPECT_EQ(error_of(""), "whole empty");
}

TEST(JsonDocument, refuses_what_is_not_utf8_at_its_byte) {
  EXPECT_EQ(error_of("[\"\xC3\xA9\xFF\"]"), "1:4 not UTF-8 from here on");
  EXPECT_EQ(error_of("[1] // \xC0\x80"), "1:8 not UTF-8 from here on");     // overlong
  EXPECT_EQ(error_of("[\"\xE0\x9F\xBF\"]"), "1:3 not UTF-8 from here on");  // overlong
  EXPECT_EQ(error_of("[\"\xE0\xA0\x80\"]"), "no error");
  EXPECT_EQ(error_of("[\"\xED\xA0\x80\"]"), "1:3 not UTF-8 from here on");  // a surrogate
  EXPECT_EQ(error_of("[\"\xED\x9F\xBF\"]"), "no error");                    // the last before them
  EXPECT_EQ(error_of("[\"\xF4\x8F\xBF\xBF\"]"), "no error");                // the last of all
  EXPECT_EQ(error_of("[\"\xF4\x90\x80\x80\"]"), "1:3 not UTF-8 from here on");
}

TEST(JsonDocument, a_key_written_twice_is_an_error_at_the_second) {
  Diagnostics diagnostics("f.json", "{\"a\": {\"b\": 1, \"c\": 2, \"b\": 3, \"b\": 4}}");
  const JsonValue root = parse_json(diagnostics);
  EXPECT_TRUE(same_json(root, parsed("{\"a\": {\"b\": 1, \"c\": 2}}")));  // the first stays
  const auto errors = diagnostics.errors();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].column, 24);
  EXPECT_EQ(errors[0].pointer, "/a/b");
  EXPECT_EQ(errors[0].help, "it first stands at 1:8");
  EXPECT_EQ(errors[1].column, 32);
}

TEST(JsonDocument, the_same_key_in_two_objects_is_no_error) {
  EXPECT_EQ(error_of("[{\"a\":1},{\"a\":{\"a\":2}}]"), "no error");
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonDocument, nests_up_to_its_limit) {
  EXPECT_EQ(error_of(nested(kDepthMax)), "no error");
  EXPECT_EQ(error_of(nested(kDepthMax + 1)), "1:65 nested deeper than 64 levels");
  EXPECT_EQ(error_of(std::string(1'000'000, '[')), "1:65 nested deeper than 64 levels");
}

TEST(JsonDocument, holds_values_up_to_its_limit) {
  std::string text = "[1";
  for (std::size_t i = 2; i < kValuesMax; ++i) text += ",1";
  EXPECT_EQ(error_of(text + "]"), "no error");
  EXPECT_EQ(error_of(text + ",1]").substr(9), " more than 1000000 values");
}

TEST(JsonDocument, reads_texts_up_to_its_limit) {
  const std::string blank(kTextBytesMax - 1, ' ');
  EXPECT_EQ(error_of("1" + blank), "no error");
  EXPECT_EQ(error_of("1 " + blank), "whole longer than 16 MiB");
}

// Prints a tree with arbitrary blanks and comments and writes down where everything went, apart from the parser.
struct Printer {
  std::string text;
  int line = 1;
  int column = 1;

  void put(const std::string& part) {
    for (const char c : part) {
      text += c;
      if (c == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
        ++column;
      }
    }
  }
  void gap() {
    put(*rc::gen::element<std::string>("", " ", "\n", "\t", "\r\n", "/* , : \xC3\xA9 \" */", "// [ {\n", "  "));
  }

  JsonValue value(int depth) {
    gap();
    JsonValue result;
    result.place = {line, column, -1};
    const int choice = *rc::gen::inRange(0, depth > 0 ? 6 : 4);
    if (choice == 0) {
      put("null");
    } else if (choice == 1) {
      result = JsonValue::of_bool(*rc::gen::arbitrary<bool>());
      result.place = {line, column, -1};
      put(result.flag ? "true" : "false");
    } else if (choice == 2) {
      result.kind = JsonKind::number;
      result.text = *rc::gen::element<std::string>("0", "-1.50", "1e5", "42");
      put(result.text);
    } else if (choice == 3) {
      result.kind = JsonKind::string;
      result.text = *rc::gen::element<std::string>("", "a", "\xE2\x82\xAC", "{[,:/*");
      put('"' + result.text + '"');
    } else if (choice == 4) {
      result.kind = JsonKind::array;
      put("[");
      const int count = *rc::gen::inRange(0, 4);
      for (int i = 0; i < count; ++i) {
        if (i > 0) put(",");
        result.items.push_back(value(depth - 1));
        gap();
      }
      gap();
      put("]");
    } else {
      result.kind = JsonKind::object;
      put("{");
      const int count = *rc::gen::inRange(0, 4);
      for (int i = 0; i < count; ++i) {
        if (i > 0) put(",");
        gap();
        JsonMember member;
        member.key = "\xC3\xA9" + std::to_string(i);
        member.place = {line, column, -1};
        put('"' + member.key + '"');
        gap();
        put(":");
        member.value = value(depth - 1);
        gap();
        result.members.push_back(std::move(member));
      }
      gap();
      put("}");
    }
    return result;
  }
};

bool same_places(const JsonValue& a, const JsonValue& b) {
  bool same = a.place == b.place;
  for (std::size_t i = 0; i < a.items.size(); ++i) same = same && same_places(a.items[i], b.items[i]);
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    same = same && a.members[i].place == b.members[i].place && same_places(a.members[i].value, b.members[i].value);
  }
  return same;
}

RC_GTEST_PROP(JsonDocument, finds_every_place_among_blanks_and_comments, ()) {
  Printer printer;
  const JsonValue expected = printer.value(4);
  printer.gap();
  Diagnostics diagnostics("f.json", printer.text);
  const JsonValue value = parse_json(diagnostics);
  RC_ASSERT(!diagnostics.has_errors());
  RC_ASSERT(same_json(value, expected));
  RC_ASSERT(same_places(value, expected));
}

RC_GTEST_PROP(JsonDocument, printed_text_reads_as_the_same_tree, ()) {
  Printer printer;
  const JsonValue value = printer.value(4);
  RC_ASSERT(same_json(parsed(json_text(value, *rc::gen::inRange<std::size_t>(1, 80))), value));
}

RC_GTEST_PROP(JsonDocument, any_bytes_end_in_a_tree_or_an_error, (std::vector<std::uint8_t> bytes)) {
  Diagnostics diagnostics("f.json", std::string(bytes.begin(), bytes.end()));
  parse_json(diagnostics);
  for (const Diagnostic& error : diagnostics.errors()) RC_ASSERT(!error.text().empty());
}

TEST(JsonDocument, control_characters_are_escaped_when_printed) {
  const JsonValue value = JsonValue::of_string("a\"\\\n\x01");
  EXPECT_EQ(json_text(value), R"("a\"\\\n\u0001")");
  EXPECT_TRUE(same_json(parsed(json_text(value)), value));
}

// Set paths.
struct SetResult {
  std::string text;
  std::string error;
};
SetResult with_set(const std::string& text, const std::string& set) {
  Diagnostics diagnostics("f.json", text);
  JsonValue root = parse_json(diagnostics);
  apply_set(root, set, diagnostics);
  const auto errors = diagnostics.errors();
  return {json_text(root, 1000), errors.empty() ? "" : errors[0].text()};
}

TEST(SetPath, replaces_a_value) {
  EXPECT_EQ(with_set(R"([{"a": 1}])", "0.a=2").text, "[\n  {\"a\": 2}\n]");
  EXPECT_EQ(with_set("{}", "a=5s").text, "{\n  \"a\": \"5s\"\n}");
  EXPECT_EQ(with_set("{}", "a=[1,{\"b\":null}]").text, "{\n  \"a\": [1, {\"b\": null}]\n}");
  EXPECT_EQ(with_set(R"({"a":1})", "a=null").text, "{\n  \"a\": null\n}");
  EXPECT_EQ(with_set(R"({"a":1})", "a=").text, "{\n  \"a\": \"\"\n}");
  EXPECT_EQ(with_set(R"({"a":1})", "a=x=y").text, "{\n  \"a\": \"x=y\"\n}");
}

TEST(SetPath, makes_missing_objects) {
  EXPECT_EQ(with_set("{}", "monitor.circuit_breaker.open=5s").text,
            "{\n  \"monitor\": {\"circuit_breaker\": {\"open\": \"5s\"}}\n}");
  EXPECT_EQ(with_set(R"({"a":null})", "a.b=1").text, "{\n  \"a\": {\"b\": 1}\n}");
}

TEST(SetPath, finds_elements_by_id_name_or_index) {
  const std::string text = R"({"f": [{"id": "x"}, {"name": "y"}, {"id": "0"}]})";
  EXPECT_EQ(with_set(text, "f.x.at=1").text,
            "{\n  \"f\": [{\"id\": \"x\", \"at\": 1}, {\"name\": \"y\"}, {\"id\": \"0\"}]\n}");
  EXPECT_EQ(with_set(text, "f.y.at=1").text,
            "{\n  \"f\": [{\"id\": \"x\"}, {\"name\": \"y\", \"at\": 1}, {\"id\": \"0\"}]\n}");
  EXPECT_EQ(with_set(text, "f.1.at=1").text,
            "{\n  \"f\": [{\"id\": \"x\"}, {\"name\": \"y\", \"at\": 1}, {\"id\": \"0\"}]\n}");
  // An id wins over an index.
  EXPECT_EQ(with_set(text, "f.0.at=1").text,
            "{\n  \"f\": [{\"id\": \"x\"}, {\"name\": \"y\"}, {\"id\": \"0\", \"at\": 1}]\n}");
  // The index behind the last one appends.
  EXPECT_EQ(with_set(text, "f.3.id=z").text,
            "{\n  \"f\": [{\"id\": \"x\"}, {\"name\": \"y\"}, {\"id\": \"0\"}, {\"id\": \"z\"}]\n}");
  EXPECT_NE(with_set(text, "f.4.id=z").error.find("the list has 3 elements"), std::string::npos);
}

TEST(SetPath, plus_is_a_new_element_at_the_end) {
  EXPECT_EQ(with_set(R"({"f": [{"id": "x"}]})", R"(f.+={"id": "y"})").text,
            "{\n  \"f\": [{\"id\": \"x\"}, {\"id\": \"y\"}]\n}");
  EXPECT_EQ(with_set("{}", "f.+.id=x").text, "{\n  \"f\": [{\"id\": \"x\"}]\n}");
}

TEST(SetPath, finds_keys_that_hold_dots) {
  EXPECT_EQ(with_set(R"({"p": {"gpt-4.1": {"a": 1}, "gpt-4": {}}})", "p.gpt-4.1.a=2").text,
            "{\n  \"p\": {\"gpt-4.1\": {\"a\": 2}, \"gpt-4\": {}}\n}");
}

TEST(SetPath, names_itself_as_the_place_of_an_error) {
  EXPECT_EQ(with_set(R"({"f": [{"id": "outage"}]})", "f.outag.at=1").error,
            "--set f.outag.at=1: /f: no element of this list has the id or name \"outag\"\n    help: did you mean "
            "\"outage\"?");
  EXPECT_EQ(with_set(R"({"a": 1})", "a.b=1").error, "--set a.b=1: /a: this is a number, nothing stands below it");
  EXPECT_NE(with_set("{}", "nonsense").error.find("write it as path=value"), std::string::npos);
  EXPECT_NE(with_set("{}", "=1").error.find("write it as path=value"), std::string::npos);
  EXPECT_NE(with_set("{}", "a..b=1").error.find("a step of the path is empty"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::scenarios::json_document_test
