#include "reports/ci/junit.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/reports/scratch_folder.h"
#include "tests/reports/small_world.h"

namespace windtunnel::reports::junit_test {
namespace {

using sim::Finding;
using sim::Verdict;

constexpr const char* kReplay = "windtunnel run small.json --seed 7 --set 'a=<b> & \"c\"'";

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

Finding threshold(Verdict verdict, const std::string& claim) {
  return {.id = "request_duration: p(95)<3s",
          .verdict = verdict,
          .claim = claim,
          .reason = "it was 3,100.5 ms",
          .origin = {"small.json", 14, 9, "/thresholds"}};
}

std::string suite_of(const std::vector<Finding>& findings, const std::vector<std::string>& checks = {},
                     bool interrupted = false, std::uint64_t seed = 7) {
  const sim::Scenario scenario = small_world();
  sim::RunResult result = sim::run(scenario);
  result.seed = seed;
  sim::Judgement judgement;
  judgement.findings = findings;
  judgement.checks = checks;
  return junit_suite(run_summary({scenario, result, judgement, kReplay, {}, 1s}), interrupted);
}

TEST(Junit, escapes_what_xml_reserves_and_replaces_what_it_cannot_hold) {
  EXPECT_EQ(xml_escaped("a<b>&\"c\"\t\n\r"), "a&lt;b&gt;&amp;&quot;c&quot;&#9;&#10;&#13;");
  EXPECT_EQ(xml_escaped(std::string("\0\x01\x1f", 3)), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(xml_escaped("💥 ü"), "💥 ü");
  EXPECT_EQ(xml_escaped("\xff"
                        "a\xc3"),
            "\xef\xbf\xbd"
            "a\xef\xbf\xbd");
  EXPECT_EQ(xml_escaped("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a surrogate";
  EXPECT_EQ(xml_escaped("\xef\xbf\xbf"), "\xef\xbf\xbd") << "U+FFFF";
}

TEST(Junit, spells_out_what_would_steer_a_terminal) {
  EXPECT_EQ(xml_escaped("a\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6z"), "a\\x7f\\u009b\\u202e\\u2066z");
}

TEST(Junit, every_finding_and_every_check_is_a_case_of_its_own) {
  const std::string suite = suite_of({threshold(Verdict::pass, "p(95)<3s"),
                                      {.kind = Finding::Kind::liveness, .id = "breakers close"},
                                      {.kind = Finding::Kind::coverage, .id = "failover"},
                                      {.kind = Finding::Kind::fault, .id = "openai-down"}},
                                     {"B1", "B2"});
  EXPECT_EQ(times(suite, "<testcase "), 7U);
  EXPECT_EQ(times(suite, "classname=\"small\""), 7U);
  for (const char* name : {"run ends", "threshold p(95)&lt;3s", "liveness breakers close", "coverage failover",
                           "fault openai-down", "invariant B1", "invariant B2"}) {
    EXPECT_EQ(times(suite, " name=\"" + std::string(name) + "\"/>"), 1U) << name << suite;
  }
  EXPECT_EQ(times(suite, "tests=\"7\" failures=\"0\" errors=\"0\""), 1U) << suite;
}

TEST(Junit, a_failure_has_its_claim_figures_origin_and_replay) {
  const std::string suite = suite_of({threshold(Verdict::fail, "p(95)<3s during openai-down")});
  EXPECT_NE(
      suite.find("<failure type=\"fail\" message=\"p(95)&lt;3s during openai-down: it was 3,100.5 ms\">"
                 "claim: p(95)&lt;3s during openai-down&#10;figures: it was 3,100.5 ms&#10;"
                 "origin: small.json:14:9&#10;"
                 "replay: windtunnel run small.json --seed 7 --set 'a=&lt;b&gt; &amp; &quot;c&quot;'&#10;</failure>"),
      std::string::npos)
      << suite;
  EXPECT_EQ(times(suite, "failures=\"1\""), 1U);
}

TEST(Junit, inconclusive_is_red_too_and_names_itself) {
  EXPECT_EQ(times(suite_of({threshold(Verdict::inconclusive, "c")}), "<failure type=\"inconclusive\""), 1U);
  EXPECT_EQ(times(suite_of({threshold(Verdict::pass, "c")}), "<failure"), 0U);
}

TEST(Junit, names_are_unique_even_if_a_claim_is_written_twice) {
  const std::string suite = suite_of({threshold(Verdict::pass, "c"), threshold(Verdict::pass, "c")});
  EXPECT_EQ(times(suite, "name=\"threshold c\""), 1U);
  EXPECT_EQ(times(suite, "name=\"threshold c (2)\""), 1U);
}

TEST(Junit, an_invariant_is_one_case_however_often_it_was_violated) {
  const Finding violation{
      .kind = Finding::Kind::invariant, .id = "B3", .verdict = Verdict::fail, .claim = "c", .reason = "r"};
  const std::string once = suite_of(std::vector<Finding>(20, violation), {"B3"});
  EXPECT_EQ(times(once, "name=\"invariant B3\""), 1U);
  EXPECT_EQ(times(once, "claim: c"), 20U);
  EXPECT_EQ(times(once, "more violations"), 0U);
  const std::string more = suite_of(std::vector<Finding>(21, violation), {"B3"});
  EXPECT_EQ(times(more, "claim: c"), 20U);
  EXPECT_EQ(times(more, "and 1 more violations"), 1U);
}

TEST(Junit, another_seed_than_the_scenarios_is_in_the_names) {
  EXPECT_EQ(times(suite_of({}, {}, false, 7), "[seed"), 0U);
  EXPECT_EQ(times(suite_of({}, {}, false, 8), "name=\"run ends [seed 8]\""), 1U);
}

TEST(Junit, an_interrupt_is_an_error) {
  const std::string suite = suite_of({}, {}, true);
  EXPECT_EQ(times(suite, "<error type=\"interrupted\""), 1U);
  EXPECT_EQ(times(suite, "errors=\"1\""), 1U);
}

TEST(Junit, xmllint_reads_several_suites_with_every_odd_character) {
  if (std::system("xmllint --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "xmllint is not installed";
  std::string odd;
  for (int i = 0; i < 256; ++i) odd += static_cast<char>(i);
  const ScratchFolder folder;
  const std::string file = folder.file("junit.xml");
  write_text(file, junit_begin() + suite_of({threshold(Verdict::fail, odd)}, {odd}) +
                       junit_error_suite(odd, "scenario invalid", odd) + junit_end());
  EXPECT_EQ(std::system(("xmllint --noout '" + file + "'").c_str()), 0);
  const std::string count = "test \"$(xmllint --xpath 'count(//testsuite)' '" + file + "')\" = 2";
  EXPECT_EQ(std::system(count.c_str()), 0);
}

}  // namespace
}  // namespace windtunnel::reports::junit_test
