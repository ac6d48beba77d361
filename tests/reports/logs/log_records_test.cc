// Records of JSON and CSV files in every arrangement, and the values in them.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/calendar.h"
#include "reports/logs/csv_records.h"
#include "reports/logs/json_records.h"
#include "reports/logs/log_values.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::log_records_test {
namespace {

using Texts = std::vector<std::string>;

// Records without blanks; a bad one begins with "!".
Texts records_of(const std::string& text) {
  JsonRecords records{text};
  Texts texts;
  while (const auto record = records.next()) {
    std::string shown{record->problem != nullptr ? "!" : ""};
    for (const char byte : record->text) {
      if (byte != ' ' && byte != '\n') shown += byte;
    }
    texts.push_back(shown);
  }
  return texts;
}

TEST(JsonRecords, come_from_lines_lists_and_pages_alike) {
  const Texts two{R"({"a":1})", R"({"a":{"b":[2]}})"};
  EXPECT_EQ(records_of("{\"a\": 1}\n{\"a\": {\"b\": [2]}}\n"), two);
  EXPECT_EQ(records_of("{\"a\": 1}{\"a\": {\"b\": [2]}}"), two);
  EXPECT_EQ(records_of("{\n \"a\": 1\n}\n{\n \"a\": {\n  \"b\": [\n 2]\n }\n}\n"), two);
  EXPECT_EQ(records_of(R"([{"a": 1}, {"a": {"b": [2]}}])"), two);
  EXPECT_EQ(records_of("[\n{\"a\": 1},\n{\"a\":\n{\"b\": [2]}}\n]\n"), two);
  EXPECT_EQ(records_of(R"({"object": "page", "data": [{"a": 1}, {"a": {"b": [2]}}], "next": {"data": [3]}})"), two);
  EXPECT_EQ(records_of(R"({"data": [{"a": 1}]} {"data": [{"a": {"b": [2]}}], "more": "]}"})"), two);
}

TEST(JsonRecords, a_list_that_is_no_page_stays_in_its_record) {
  EXPECT_EQ(records_of(R"({"rows": [{"a": 1}], "x": {"data": [1]}})"),
            (Texts{R"({"rows":[{"a":1}],"x":{"data":[1]}})"}));
  EXPECT_EQ(records_of(R"([{"data": [{"a": 1}]}])"), (Texts{R"({"data":[{"a":1}]})"}));
}

TEST(JsonRecords, a_line_cut_behind_a_colon_costs_itself_alone_where_each_record_has_a_line) {
  EXPECT_EQ(records_of("{\"a\": 1}\n{\"a\":\n{\"b\": 2}\n"), (Texts{R"({"a":1})", R"(!{"a":)", R"({"b":2})"}));
  EXPECT_EQ(records_of("{\n\"a\": 1}\n{\"a\":\n{\"b\": 2}}\n"), (Texts{R"({"a":1})", R"({"a":{"b":2}})"}));
  EXPECT_EQ(records_of("{\"a\":\n{\"b\": 2}}\n"), (Texts{R"({"a":{"b":2}})"}));
}

TEST(JsonRecords, brackets_in_texts_are_none) {
  EXPECT_EQ(records_of(R"({"a": "}{\"]["}{"b": "\\"})"), (Texts{R"({"a":"}{\"]["})", R"({"b":"\\"})"}));
}

TEST(JsonRecords, long_texts_are_whole_wherever_the_file_is_cut_into_blocks) {
  const ScratchFolder folder;
  Texts written;
  std::string file;
  for (const std::size_t length : {ByteSource::kBlock - 9, ByteSource::kBlock + 1, 3 * ByteSource::kBlock}) {
    std::string text;
    while (text.size() < length) text += text.size() % 7 == 0 ? R"(\"})" : R"(a{\\)";
    written.push_back("{\"a\": \"" + text + "\"}");
    file += written.back() + "\n";
  }
  write_text(folder.file("log"), file);
  JsonRecords records{std::make_unique<ByteSource>(folder.file("log"))};
  for (const std::string& text : written) {
    const auto record = records.next();
    ASSERT_TRUE(record);
    EXPECT_EQ(record->problem, nullptr);
    EXPECT_TRUE(record->text == text);
  }
  EXPECT_FALSE(records.next());
}

TEST(JsonRecords, a_broken_line_costs_itself_alone) {
  EXPECT_EQ(records_of("{\"a\": 1\n{\"b\": 2}\n"), (Texts{R"(!{"a":1)", R"({"b":2})"}));
  EXPECT_EQ(records_of("{\"a\": 1,\n{\"b\": 2}\n"), (Texts{R"(!{"a":1,)", R"({"b":2})"}));
  EXPECT_EQ(records_of("{\"a\": \"x\n{\"b\": 2}\n"), (Texts{R"(!{"a":"x)", R"({"b":2})"}));
  EXPECT_EQ(records_of("nothing\n{\"b\": 2}\n"), (Texts{"!nothing", R"({"b":2})"}));
  EXPECT_EQ(records_of("{\"b\": 2}\n{\"a\": ["), (Texts{R"({"b":2})", R"(!{"a":[)"}));
}

TEST(JsonRecords, of_a_pretty_list_within_a_record_are_not_cut) {
  EXPECT_EQ(records_of("{\"a\": [\n{\"b\": 1},\n{\"c\":\n{}}\n]}"), (Texts{R"({"a":[{"b":1},{"c":{}}]})"}));
}

TEST(CsvRecords, quoted_fields_hold_separators_quotes_and_lines) {
  const ScratchFolder folder;
  write_text(folder.file("a.csv"), "\xef\xbb\xbfx;y\r\n1;\"a;\"\"b\"\"\nc\"\r\n\r\n2;\r\n3\n4;\"open\n");
  CsvRecords records{std::make_unique<ByteSource>(folder.file("a.csv"))};
  EXPECT_EQ(records.columns(), (Texts{"x", "y"}));
  Texts fields;
  ASSERT_TRUE(records.next(fields));
  EXPECT_EQ(fields, (Texts{"1", "a;\"b\"\nc"}));
  EXPECT_EQ(records.line(), 2U);
  ASSERT_TRUE(records.next(fields));
  EXPECT_EQ(fields, (Texts{"2", ""}));
  EXPECT_EQ(records.line(), 5U);
  ASSERT_TRUE(records.next(fields));
  EXPECT_STREQ(records.problem(), "it has not as many fields as there are columns");
  ASSERT_TRUE(records.next(fields));
  EXPECT_STREQ(records.problem(), "a quoted field does not end");
  EXPECT_FALSE(records.next(fields));
}

std::string time_text(std::string_view text) {
  const auto wall = log_time(text);
  return wall ? iso8601(*wall) : "none";
}

TEST(LogValues, times_come_in_many_spellings) {
  const std::string nine = "2026-04-01T09:00:00.250000Z";
  for (const char* text :
       {"2026-04-01T09:00:00.250Z", "2026-04-01 09:00:00.25", "2026-04-01T11:00:00.250+02:00",
        "2026-04-01T03:30:00.250-0530", "2026-04-01 09:00:00.250 UTC", "2026-04-01 10:00:00.250 +01", "1775034000.25",
        "1775034000250", "1775034000250000", "1775034000250000000", "1.77503400025e9"}) {
    EXPECT_EQ(time_text(text), nine) << text;
  }
  EXPECT_EQ(time_text("2026-04-01"), "2026-04-01T00:00:00.000000Z");
  for (const char* text : {"", "yesterday", "2026-04-31T09:00:00Z", "2026-04-01T09:00:00+2", "01/04/2026", "-5",
                           "2026-04-01T09:00:00 PST"}) {
    EXPECT_EQ(time_text(text), "none") << text;
  }
}

TEST(LogValues, counts_are_whole) {
  EXPECT_EQ(log_count("12.0"), 12);
  EXPECT_FALSE(log_count("12.5"));
  EXPECT_FALSE(log_count("twelve"));
}

TEST(LogValues, words_are_yes_or_no_or_neither) {
  EXPECT_EQ(log_word("SUCCESS"), true);
  EXPECT_EQ(log_word("Failure"), false);
  EXPECT_FALSE(log_word("perhaps"));
  EXPECT_EQ(log_span_status("STATUS_CODE_ERROR"), false);
  EXPECT_EQ(log_span_status("1"), true);
  EXPECT_FALSE(log_span_status("3"));
}

}  // namespace
}  // namespace windtunnel::reports::log_records_test
