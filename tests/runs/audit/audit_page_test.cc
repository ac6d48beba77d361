// The page of an audit holds what its other reports hold, as text that cannot be anything else.

#include <gtest/gtest.h>

#include <string>

#include "runs/audit/audit_job.h"

namespace windtunnel::runs::audit_page_test {
namespace {

constexpr reports::HtmlBundle kBundle{
    .script = "go()", .script_hash = "sha256-script", .style = "p{}", .style_hash = "sha256-style", .licence = "free"};
constexpr std::int64_t kMicroDollar = 1'000'000;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

AuditDone done_with_a_finding() {
  AuditDone done{.file = "logs/<b>.jsonl", .title = "telemetry", .unit = "line", .records = 1234};
  done.claims = {{.name = "records.readable", .sentence = "Every line is a record.", .checked = 1234},
                 {.name = "cost.cache_hits", .sentence = "An answer from the cache costs nothing.", .checked = 7},
                 {.name = "budget.alerts", .sentence = "Alerts fire once.", .not_shown = "alerts are in no log"}};
  done.claims[1].find(1017, "<script>alert(1)</script> costs 1 USD");
  done.ledger = "bills.csv";
  done.sums = {
      {.what = "the same amount", .records = 3, .logged_picos = 5 * kMicroDollar, .billed_picos = 5 * kMicroDollar},
      {.what = "billed, and in no record", .records = 1, .billed_picos = 2 * kMicroDollar}};
  return done;
}

TEST(AuditPage, has_the_verdict_and_each_claim_with_its_counts_or_why_it_is_not_shown) {
  const std::string page = audit_page(done_with_a_finding(), kBundle);
  EXPECT_TRUE(has(page, R"(<span class="badge fail">)")) << page;
  EXPECT_TRUE(has(page, "2 of 3 claims shown by the log, 1 broken")) << page;
  EXPECT_TRUE(has(page, R"(Every line is a record.</td><td class="number">1,234</td><td class="number">0</td>)"))
      << page;
  EXPECT_TRUE(has(page, R"(costs nothing.</td><td class="number">7</td><td class="number">1</td>)")) << page;
  EXPECT_TRUE(has(page, R"(<td class="number">–</td><td class="reason">alerts are in no log</td>)")) << page;
}

TEST(AuditPage, has_the_findings_with_their_records_escaped) {
  const std::string page = audit_page(done_with_a_finding(), kBundle);
  EXPECT_TRUE(has(page, "<td class=\"number\">1,017</td><td class=\"reason\">&lt;script&gt;alert(1)&lt;/script&gt;"))
      << page;
  EXPECT_TRUE(has(page, "<title>Audit: logs/&lt;b&gt;.jsonl</title>")) << page;
}

TEST(AuditPage, spells_out_the_control_characters_of_a_path) {
  AuditDone done = done_with_a_finding();
  done.file = "a\x1b\xc2\x9b\x7f\xe2\x80\xae.jsonl";
  const std::string page = audit_page(done, kBundle);
  EXPECT_TRUE(has(page, "<title>Audit: a\\x1b\\u009b\\x7f\\u202e.jsonl</title>")) << page;
  EXPECT_TRUE(has(page, "<code>a\\x1b\\u009b\\x7f\\u202e.jsonl</code>")) << page;
}

TEST(AuditPage, has_no_script_and_allows_none) {
  const std::string page = audit_page(done_with_a_finding(), kBundle);
  EXPECT_FALSE(has(page, "<script")) << page;
  EXPECT_FALSE(has(page, "script-src")) << page;
  EXPECT_TRUE(has(page, "default-src 'none'; style-src 'sha256-style'")) << page;
}

TEST(AuditPage, has_the_sums_with_the_ledger_and_their_total) {
  const std::string page = audit_page(done_with_a_finding(), kBundle);
  EXPECT_TRUE(has(page, R"(billed, and in no record</th><td class="number">1</td><td class="number">0 USD</td>)"))
      << page;
  EXPECT_TRUE(has(page, R"(in all</th><td class="number">4</td><td class="number">0.000005 USD</td>)"
                        R"(<td class="number">0.000007 USD</td><td class="number">0.000002 USD</td>)"))
      << page;
}

TEST(AuditPage, says_how_many_findings_of_a_claim_are_left_out) {
  AuditDone done = done_with_a_finding();
  for (std::uint64_t record = 1; record <= 200; ++record) done.claims[0].find(record, "it is no record");
  EXPECT_TRUE(has(audit_page(done, kBundle), "and 100 more"));
}

}  // namespace
}  // namespace windtunnel::runs::audit_page_test
