#include "monitor/text/record_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace windtunnel::monitor::record_text_test {
namespace {

using namespace std::chrono_literals;

// What stands in a line for a user of this name.
std::string written(const std::string& user) {
  const std::string line = record_line(Record{}, {.user = user});
  const std::size_t begin = line.find(R"("user":)") + 7;
  return line.substr(begin, line.find(R"(,"attempts")") - begin);
}

TEST(RecordText, escapes_what_json_must_escape_and_nothing_else) {
  const std::string escapes[] = {"\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006",
                                 "\\u0007", "\\b",     "\\t",     "\\n",     "\\u000b", "\\f",     "\\r",
                                 "\\u000e", "\\u000f", "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014",
                                 "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019", "\\u001a", "\\u001b",
                                 "\\u001c", "\\u001d", "\\u001e", "\\u001f"};
  for (int code = 0; code < 0x80; ++code) {
    const std::string text(1, static_cast<char>(code));
    // A terminal hides DEL.
    const bool has_backslash = text == "\"" || text == "\\";
    const std::string expected = code < 0x20     ? escapes[code]
                                 : code == 0x7f  ? "\\u007f"
                                 : has_backslash ? "\\" + text
                                                 : text;
    EXPECT_EQ(written(text), '"' + expected + '"') << code;
  }
  EXPECT_EQ(written(""), "null");
}

// The first and last sequences of each row of the Unicode Standard's table of well-formed UTF-8 (3-7), and their
// neighbours.
TEST(RecordText, keeps_utf8_and_replaces_what_is_none_byte_by_byte) {
  for (const char* text :
       {"\x7e", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x80\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80",
        "\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(written(text), std::string{'"'} + text + '"');
    EXPECT_EQ(written(std::string{"a"} + text + "b"), std::string{"\"a"} + text + "b\"");
  }
  for (const char* text : {"\x80",
                           "\xbf",
                           "\xc0\x80",
                           "\xc1\xbf",
                           "\xc2",
                           "\xc2\xc2",
                           "\xe0\x80\x80",
                           "\xe0\x9f\xbf",
                           "\xe0\xa0",
                           "\xed\xa0\x80",
                           "\xed\xbf\xbf",
                           "\xef\xbf\xff",
                           "\xf0\x80\x80\x80",
                           "\xf0\x8f\xbf\xbf",
                           "\xf1\x80\x80",
                           "\xf1\x80\x80\xff",
                           "\xf4\x90\x80\x80",
                           "\xf4\xbf\xbf\xbf",
                           "\xf5\x80\x80\x80",
                           "\xff"}) {
    std::string expected;
    for (std::size_t i = 0; i < std::string_view{text}.size(); ++i) expected += "\xef\xbf\xbd";
    EXPECT_EQ(written(text), '"' + expected + '"');
  }
  EXPECT_EQ(written("\xc2\x7f"), "\"\xef\xbf\xbd\\u007f\"");
  EXPECT_EQ(written("\xe1\x80z"), "\"\xef\xbf\xbd\xef\xbf\xbdz\"");
}

TEST(RecordText, times_and_costs_are_exact_decimals) {
  Record record;
  record.attempt_count = 2;
  record.attempt_storage[0] = {.latency = 1ns, .cost = Usd::from_picos(1), .usage_known = true};
  record.attempt_storage[1] = {.latency = 1'230ms, .cost = Usd::from_picos(1'500'000'000'000)};
  record.finished = record.arrived + 1'230'000'001ns;
  record.breaker = BreakerState::half_open;
  const ProviderConfig provider{"p", "m", {}};
  const std::string line = record_line(record, {.providers = {&provider, 1}});
  EXPECT_NE(line.find(R"("latency_ms":1230.000001,)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("cost_usd":0.000000000001,)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("circuit_breaker_state":"half_open",)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("attempts":[{"provider":"p","outcome":"ok","latency_ms":0.000001,"cost_usd":0.000000000001},)"
                      R"({"provider":"p","outcome":"ok","latency_ms":1230,"cost_usd":null}]})"),
            std::string::npos)
      << line;
  record.arrived = record.finished + 1ns;
  EXPECT_EXIT((void)record_line(record, {.providers = {&provider, 1}}), testing::ExitedWithCode(1), "not negative");
}

TEST(RecordText, a_cost_is_in_dollars_with_as_many_decimals_as_it_needs) {
  constexpr std::int64_t kDollar = 1'000'000'000'000;
  const ProviderConfig provider{"p", "m", {}};
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "0"}, {kDollar - 1, "0.999999999999"}, {kDollar, "1"}, {12 * kDollar + kDollar / 2, "12.5"}};
  for (const auto& [picos, text] : cases) {
    Record record;
    record.attempt_count = 1;
    record.attempt_storage[0] = {.cost = Usd::from_picos(picos), .usage_known = true};
    const std::string line = record_line(record, {.providers = {&provider, 1}});
    EXPECT_NE(line.find(std::string{R"("cost_usd":)"} + text + R"(,"success")"), std::string::npos) << line;
  }
}

TEST(RecordText, has_room_for_as_many_attempts_as_a_record_holds) {
  const ProviderConfig provider{std::string(1000, 'p'), "m", {}};
  Record record;
  record.attempt_count = kAttemptsMax;
  for (std::size_t i = 0; i < kAttemptsMax; ++i) record.attempt_storage[i] = {.latency = 1ns};
  const std::string line = record_line(record, {.providers = {&provider, 1}});
  EXPECT_TRUE(line.ends_with("\"cost_usd\":null}]}\n")) << line;
  EXPECT_GT(line.size(), kAttemptsMax * 1000U);
}

TEST(RecordText, names_the_kinds_of_tokens_if_there_are_any) {
  Record record;
  record.input = Tokens{100};
  record.output = Tokens{50};
  EXPECT_NE(record_line(record, {}).find(R"("tokens":{"input":100,"output":50,"total":150},)"), std::string::npos);
  record.kinds = {.cached_input = Tokens{7}, .cache_write = Tokens{8}, .reasoning = Tokens{9}};
  const std::string line = record_line(record, {});
  EXPECT_NE(line.find(R"("total":150,"cached_input":7,"cache_write":8,"reasoning":9},)"), std::string::npos) << line;
}

}  // namespace
}  // namespace windtunnel::monitor::record_text_test
