// The page of an audit. It has no charts and no script: everything is text and tables. Texts of the log are escaped by
// HtmlWriter.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/exact_decimal.h"
#include "reports/html/html_components.h"
#include "reports/html/html_page.h"
#include "reports/html/html_writer.h"
#include "runs/audit/audit_job.h"

namespace windtunnel::runs {
namespace {

using reports::HtmlWriter;
using reports::plural;

std::string count_words(std::uint64_t count) { return with_thousands(static_cast<Int128>(count)); }

bool is_shown(const AuditClaim& claim) { return claim.not_shown.empty(); }

// The classes of the page: what is not shown has the colours of what is not decided.
const char* class_of(const AuditClaim& claim) {
  return claim.broken > 0 ? "fail" : is_shown(claim) ? "pass" : "inconclusive";
}

void put_head(HtmlWriter& html, const AuditDone& done) {
  const auto shown = static_cast<std::size_t>(std::ranges::count_if(done.claims, is_shown));
  const auto broken = static_cast<std::size_t>(
      std::ranges::count_if(done.claims, [](const AuditClaim& claim) { return claim.broken > 0; }));
  html.open("header", "top");
  reports::put_verdict(
      html, done.verdict(),
      fmt::format("{} of {} shown by the log, {} broken", shown, plural(done.claims.size(), "claim"), broken));
  html.element("h1", "Audit of a log").open("dl", "facts");
  reports::put_fact(html, "Log", done.file, true);
  reports::put_fact(html, "Format", done.title);
  reports::put_fact(html, "Records", count_words(done.records));
  if (!done.config.empty()) reports::put_fact(html, "Held to", done.config, true);
  if (!done.config_rules.empty()) reports::put_fact(html, "By the rules of", done.config_rules);
  if (!done.ledger.empty()) reports::put_fact(html, "Ledger", done.ledger, true);
  html.close("dl").close("header").line();
}

void put_number(HtmlWriter& html, const std::string& number) { html.element("td", number, "number"); }

void put_claims(HtmlWriter& html, const AuditDone& done) {
  reports::begin_table(html, "Claims",
                       {{"claim", false}, {"what should hold", false}, {"checked"}, {"broken"}, {"not shown", false}},
                       "id=\"claims\"");
  for (const AuditClaim& claim : done.claims) {
    html.open("tr", class_of(claim)).open("th", "", "scope=\"row\"");
    reports::put_mark(html, class_of(claim));
    html.element("code", claim.name);
    html.element("span", claim.broken > 0 ? ": broken" : is_shown(claim) ? ": holds" : ": not shown", "unseen");
    html.close("th").element("td", claim.sentence, "reason");
    put_number(html, is_shown(claim) ? count_words(claim.checked) : "–");
    put_number(html, is_shown(claim) ? count_words(claim.broken) : "–");
    html.element("td", claim.not_shown, "reason").close("tr").line();
  }
  reports::end_table(html);
}

void put_findings(HtmlWriter& html, const AuditDone& done) {
  for (const AuditClaim& claim : done.claims) {
    if (claim.broken == 0) continue;
    reports::begin_table(html, fmt::format("{}: {}", claim.name, plural(claim.broken, "finding")),
                         {{done.unit}, {"what was found", false}},
                         HtmlWriter::attribute("id", "findings-" + claim.name));
    for (const AuditFinding& finding : claim.findings) {
      html.open("tr");
      put_number(html, finding.record > 0 ? count_words(finding.record) : "–");
      html.element("td", finding.what, "reason").close("tr").line();
    }
    if (claim.broken > claim.findings.size()) {
      html.open("tr");
      put_number(html, "–");
      html.element("td", fmt::format("and {} more", count_words(claim.broken - claim.findings.size())), "reason");
      html.close("tr").line();
    }
    reports::end_table(html);
  }
}

void put_sum(HtmlWriter& html, const AuditDone& done, const LedgerSum& sum) {
  html.open("tr");
  reports::put_row_name(html, sum.what);
  if (!done.is_by_day) put_number(html, count_words(sum.records));
  put_number(html, dollars(sum.logged_picos));
  put_number(html, dollars(sum.billed_picos));
  put_number(html, dollars(sum.billed_picos - sum.logged_picos));
  html.close("tr").line();
}

void put_sums(HtmlWriter& html, const AuditDone& done) {
  if (done.sums.empty()) return;
  constexpr const char* kHeading = "Sums with the ledger";
  constexpr const char* kId = "id=\"sums\"";
  if (done.is_by_day) {
    reports::begin_table(html, kHeading, {{"day", false}, {"logged"}, {"billed"}, {"billed – logged"}}, kId);
  } else {
    reports::begin_table(html, kHeading, {{"reason", false}, {"records"}, {"logged"}, {"billed"}, {"billed – logged"}},
                         kId);
  }
  for (const LedgerSum& sum : done.sums) put_sum(html, done, sum);
  put_sum(html, done, done.total());
  reports::end_table(html);
}

void put_notes(HtmlWriter& html, const AuditDone& done) {
  for (const std::string& note : done.notes) html.element("p", "Note: " + note).line();
}

}  // namespace

std::string audit_page(const AuditDone& done, const reports::HtmlBundle& bundle) {
  reports::HtmlPage page;
  page.title = "Audit: " + done.file;
  HtmlWriter html{page.body};
  put_head(html, done);
  html.open("main");
  put_claims(html, done);
  put_findings(html, done);
  put_sums(html, done);
  put_notes(html, done);
  html.close("main").line();
  HtmlWriter footer{page.footer};
  footer.open("p").text("Written by windtunnel audit. A claim that the log does not show is neither held nor broken.");
  footer.close("p");
  return html_page(page, bundle);
}

}  // namespace windtunnel::runs
