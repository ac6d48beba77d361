#include "reports/ci/github.h"

#include <gtest/gtest.h>

#include "tests/reports/small_world.h"

namespace windtunnel::reports::github_test {
namespace {

using sim::Finding;
using sim::Verdict;

TEST(Github, escapes_messages_and_more_in_properties) {
  EXPECT_EQ(annotation_command({"a,b:c%.json", 14, 9, "t:1,2", "50 %: a, b\r\nc"}),
            "::error file=a%2Cb%3Ac%25.json,line=14,col=9,title=t%3A1%2C2::50 %25: a, b%0D%0Ac\n");
}

TEST(Github, spells_out_control_characters) {
  EXPECT_EQ(annotation_command({"a\x1b\xc2\x9b.json", 0, 0, "t\x1b", "/p\x1b[31m\xc2\x85: ##[error]\n::x"}),
            "::error file=a\\x1b\\u009b.json,title=t\\x1b::/p\\x1b[31m\\u0085: #\\#[error]%0A::x\n");
  JobSummary summary;
  summary.add({.verdict = "v\x1b", .scenario = "s\xc2\x9b"});
  EXPECT_NE(summary.markdown().find("| v&#92;x1b | s&#92;u009b |"), std::string::npos) << summary.markdown();
}

TEST(Github, what_has_no_line_is_about_the_file) {
  EXPECT_EQ(annotation_command({.file = "a.json", .column = 9, .message = "m"}), "::error file=a.json::m\n");
}

TEST(Github, annotates_what_is_not_a_pass_at_the_line_that_claims_it) {
  const sim::Scenario scenario = small_world();
  const sim::RunResult result = sim::run(scenario);
  sim::Judgement judgement;
  judgement.findings = {
      {.id = "passes", .verdict = Verdict::pass},
      {.id = "t", .verdict = Verdict::fail, .claim = "c", .reason = "r", .origin = {"small.json", 14, 9, ""}},
      {.id = "u", .verdict = Verdict::inconclusive, .claim = "c", .origin = {"--set a=1", 1, 3, ""}}};
  const auto annotations = annotations_of(run_summary({scenario, result, judgement, "replay me", {}, 1s}));
  ASSERT_EQ(annotations.size(), 2U);
  EXPECT_EQ(
      annotation_command(annotations[0]),
      "::error file=small.json,line=14,col=9,title=windtunnel%3A fail%3A threshold t::c%0Ar%0AReplay: replay me\n");
  EXPECT_EQ(annotations[1].file, "small.json");
  EXPECT_EQ(annotations[1].line, 0);
}

TEST(Github, ten_annotations_are_shown_and_the_rest_is_counted) {
  AnnotationLimit limit;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limit.take({.file = "f"}).empty()) << i;
  EXPECT_EQ(limit.closing(), "");
  EXPECT_EQ(limit.take({.file = "f"}), "");
  EXPECT_NE(limit.closing().find("::notice title=windtunnel::1 more"), std::string::npos);
}

TEST(Github, the_summary_is_one_table_whatever_the_cells_hold) {
  JobSummary summary;
  summary.add({.passed = true, .verdict = "pass", .scenario = "a.json", .seed = "1"});
  summary.add({.passed = false,
               .verdict = "threshold",
               .scenario = "b|c.json",
               .seed = "2",
               .findings = {"rate<0.01: it was\n0.5", "second"},
               .replay = "windtunnel run 'b|c.json'"});
  EXPECT_EQ(summary.markdown(),
            "### Windtunnel: 1 of 2 passed\n\n"
            "| Verdict | Scenario | Seed | Findings | Replay |\n"
            "| --- | --- | --- | --- | --- |\n"
            "| threshold | b&#124;c.json | 2 | rate&#60;0.01: it was 0.5<br>second | "
            "<code>windtunnel run 'b&#124;c.json'</code> |\n"
            "| pass | a.json | 1 |  |  |\n\n");
}

// A run that claimed nothing shows nothing, though it ends with 0.
TEST(Github, a_run_without_a_claim_is_none_of_those_that_passed) {
  JobSummary summary;
  summary.add({.passed = true, .is_unclaimed = true, .verdict = "nothing claimed", .findings = {"none was answered"}});
  EXPECT_TRUE(summary.markdown().starts_with("### Windtunnel: 0 of 1 passed, 1 claimed nothing\n\n"));
  EXPECT_NE(summary.markdown().find("| nothing claimed |  |  | none was answered |"), std::string::npos);
  summary.add({.passed = true});
  EXPECT_TRUE(summary.markdown().starts_with("### Windtunnel: 1 of 2 passed, 1 claimed nothing\n\n"));
}

TEST(Github, the_summary_lists_a_hundred_of_each_kind) {
  JobSummary summary;
  for (int i = 0; i < 100; ++i) summary.add({.passed = true});
  EXPECT_EQ(summary.markdown().find("not listed"), std::string::npos);
  summary.add({.passed = true});
  EXPECT_NE(summary.markdown().find("\n1 more are not listed.\n"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::reports::github_test
