// What single records of a log lack: it is neither 0 nor a guess, and a note of the fit says of how many.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "reports/logs/log_fit.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::log_gaps_test {
namespace {

class LogGaps : public testing::Test {
 protected:
  ScratchFolder folder;

  // 3 USD a million input tokens, 12 a million of output.
  [[nodiscard]] FittedLog fit(const std::string& text, const std::string& columns = "") const {
    write_text(folder.file("log"), text);
    const auto price = [](const LogRow& row) {
      return std::optional{Usd::from_picos(
          (row.input.value_or(Tokens{}).count() * 3 + row.output.value_or(Tokens{}).count() * 12) * 1'000'000)};
    };
    return read_fit(FitRequest{.log = {.file = folder.file("log"), .columns = columns},
                               .threads = 1,
                               .price = price,
                               .price_source = "a test's list"});
  }
};

// --- Columns -------------------------------------------------------------------------------------------------------

constexpr const char* kTable =
    "created,model,prompt,completion,ms\n2026-03-02 10:00:00,m,10,20,500\n2026-03-02 10:01:00,m,10,20,500\n";

std::string refusal_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST_F(LogGaps, a_column_that_no_record_has_is_an_error_with_the_nearest) {
  const std::string columns = "time=created,model=model,output=completion,";
  EXPECT_EQ(refusal_of([&] { (void)fit(kTable, columns + "input=prompts"); }),
            "no record has \"prompts\", which --columns names; did you mean \"prompt\"?");
  EXPECT_EQ(refusal_of([&] { (void)fit(kTable, columns + "input=prompt,latency_ms=latency"); }),
            "no record has \"latency\", which --columns names; the log has created, model, prompt, completion, ms");
  EXPECT_EQ(refusal_of([&] { (void)fit(kTable, columns + "input=prompt,latency_ms=ms"); }), "");
}

TEST_F(LogGaps, a_path_that_no_record_has_is_an_error_with_the_nearest) {
  const std::string text = R"({"at": "2026-03-02 10:00:00", "usage": {"in": 1, "out": 2}})"
                           "\n"
                           R"({"at": "2026-03-02 10:01:00", "usage": {"in": 1, "out": 2, "cached": 1}})";
  EXPECT_EQ(refusal_of([&] { (void)fit(text, "time=at,input=usage.in,output=usage.outs"); }),
            "no record has \"usage.outs\", which --columns names; did you mean \"usage.out\"?");
  EXPECT_EQ(refusal_of([&] { (void)fit(text, "time=at,input=usage.in,output=usage.out,cached=usage.cached"); }), "")
      << "one record has it";
}

}  // namespace
}  // namespace windtunnel::reports::log_gaps_test
