// What an audit found, for people, programs and CI servers. There are no times: the same log gives the same bytes.

#include <fmt/format.h>

#include <algorithm>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "base/visible_text.h"
#include "reports/ci/junit.h"
#include "runs/audit/audit_job.h"

namespace windtunnel::runs {
namespace {

constexpr std::size_t kFindingsShown = 5;

const char* word_of(const AuditClaim& claim) {
  return claim.broken > 0 ? "FAIL" : claim.not_shown.empty() ? "pass" : "not shown";
}

std::string claim_text(const AuditDone& done, const AuditClaim& claim) {
  std::string text = fmt::format("  {:<9}  {:<20}  {}", word_of(claim), claim.name, claim.sentence);
  if (!claim.not_shown.empty()) {
    text += fmt::format(" ({})", claim.not_shown);
  } else {
    text += fmt::format(" ({} of {})",
                        with_thousands(static_cast<Int128>(claim.checked - std::min(claim.broken, claim.checked))),
                        with_thousands(static_cast<Int128>(claim.checked)));
  }
  text += '\n';
  for (std::size_t i = 0; i < claim.findings.size() && i < kFindingsShown; ++i) {
    text += "             " + finding_line(done, claim.findings[i]) + "\n";
  }
  if (claim.broken > kFindingsShown) {
    text +=
        fmt::format("             and {} more\n", with_thousands(static_cast<Int128>(claim.broken - kFindingsShown)));
  }
  return text;
}

std::string sum_line(const AuditDone& done, const LedgerSum& sum) {
  const std::string count = done.is_by_day ? "" : with_thousands(static_cast<Int128>(sum.records)) + " records, ";
  const Int128 off = sum.billed_picos - sum.logged_picos;
  return fmt::format("  {:<51}  {}{} logged, {} billed{}\n", sum.what, count, dollars(sum.logged_picos),
                     dollars(sum.billed_picos), off == 0 ? "" : ", off by " + dollars(off));
}

std::string sums_text(const AuditDone& done) {
  if (done.sums.empty()) return "";
  std::string text =
      fmt::format("\nSums with {}, by {}\n", visible_text(done.ledger), done.is_by_day ? "day" : "reason");
  for (const LedgerSum& sum : done.sums) text += sum_line(done, sum);
  return text + sum_line(done, done.total());
}

std::string notes_text(const AuditDone& done) {
  std::string text;
  for (const std::string& note : done.notes) text += "  note: " + note + "\n";
  return text.empty() ? "" : "\n" + text;
}

void put_sum(JsonWriter& json, const AuditDone& done, const LedgerSum& sum) {
  constexpr int kPicoDecimals = 12;
  if (!done.is_by_day) json.key("records").integer(static_cast<Int128>(sum.records));
  json.key("logged_usd").decimal(sum.logged_picos, kPicoDecimals);
  json.key("billed_usd").decimal(sum.billed_picos, kPicoDecimals);
}

void put_sums(JsonWriter& json, const AuditDone& done) {
  json.key("ledger").begin_object().key("file").text(done.ledger);
  put_sum(json, done, done.total());
  json.key(done.is_by_day ? "days" : "reasons").begin_array();
  for (const LedgerSum& sum : done.sums) {
    json.begin_object().key(done.is_by_day ? "day" : "reason").text(sum.what);
    put_sum(json, done, sum);
    json.end_object();
  }
  json.end_array().key("notes").begin_array();
  for (const std::string& note : done.notes) json.text(note);
  json.end_array().end_object();
}

}  // namespace

std::string finding_line(const AuditDone& done, const AuditFinding& finding) {
  return finding.record > 0 ? fmt::format("{} {}: {}", done.unit, finding.record, finding.what) : finding.what;
}

std::string audit_text(const AuditDone& done) {
  std::string text = fmt::format("Audit of {}: {} records of {}\n", visible_text(done.file),
                                 with_thousands(static_cast<Int128>(done.records)), visible_text(done.title));
  if (!done.config_rules.empty()) {
    text += fmt::format("Held to {} by the rules of {}, where the file says what holds\n", visible_text(done.config),
                        visible_text(done.config_rules));
  }
  text += '\n';
  std::size_t broken = 0;
  std::size_t shown = 0;
  for (const AuditClaim& claim : done.claims) {
    text += claim_text(done, claim);
    if (claim.broken > 0) ++broken;
    if (claim.not_shown.empty()) ++shown;
  }
  text += sums_text(done) + notes_text(done);
  const char* verdict = done.is_broken() ? "FAIL" : done.shows_anything() ? "PASS" : "INCONCLUSIVE";
  return text + fmt::format("\n{}: {} of {} claims are shown by the log, {} broken\n", verdict, shown,
                            done.claims.size(), broken);
}

std::string audit_json(const AuditDone& done) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object();
  json.key("version").integer(1).key("file").text(done.file).key("format").text(done.title);
  json.key("records").integer(static_cast<Int128>(done.records));
  json.key("verdict").text(done.verdict());
  if (!done.config.empty()) json.key("config").text(done.config);
  if (!done.config_rules.empty()) json.key("config_rules").text(done.config_rules);
  json.key("claims").begin_array();
  for (const AuditClaim& claim : done.claims) {
    json.begin_object();
    json.key("name").text(claim.name).key("claim").text(claim.sentence);
    json.key("verdict").text(claim.broken > 0 ? "fail" : claim.not_shown.empty() ? "pass" : "not_shown");
    json.key("checked").integer(static_cast<Int128>(claim.checked));
    json.key("broken").integer(static_cast<Int128>(claim.broken));
    if (!claim.not_shown.empty()) json.key("not_shown").text(claim.not_shown);
    json.key("findings").begin_array();
    for (const AuditFinding& finding : claim.findings) {
      json.begin_object();
      if (finding.record > 0) json.key(done.unit).integer(static_cast<Int128>(finding.record));
      json.key("what").text(finding.what);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  if (!done.ledger.empty()) put_sums(json, done);
  json.end_object();
  return text + "\n";
}

std::string audit_junit(const AuditDone& done) {
  using reports::xml_escaped;
  std::string cases;
  std::size_t failures = 0;
  std::size_t skipped = 0;
  for (const AuditClaim& claim : done.claims) {
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml_escaped(done.file), xml_escaped(claim.name));
    if (claim.broken > 0) {
      ++failures;
      cases += fmt::format(">\n      <failure type=\"fail\" message=\"{}\">", xml_escaped(claim.sentence));
      for (const AuditFinding& finding : claim.findings) cases += xml_escaped(finding_line(done, finding)) + "\n";
      if (claim.broken > claim.findings.size()) {
        cases +=
            fmt::format("and {} more\n", with_thousands(static_cast<Int128>(claim.broken - claim.findings.size())));
      }
      cases += "</failure>\n    </testcase>\n";
    } else if (!claim.not_shown.empty()) {
      ++skipped;
      cases += fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", xml_escaped(claim.not_shown));
    } else {
      cases += "/>\n";
    }
  }
  return reports::junit_begin() +
         fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
                     xml_escaped("audit " + done.file), done.claims.size(), failures, skipped) +
         cases + "  </testsuite>\n" + reports::junit_end();
}

}  // namespace windtunnel::runs
