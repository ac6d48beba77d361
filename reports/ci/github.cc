#include "reports/ci/github.h"

#include <utility>

#include "base/visible_text.h"

namespace windtunnel::reports {
namespace {

// A cell that lists a thousand findings hides the others; the reports have them all.
constexpr std::size_t kFindingsOfRowMax = 10;

std::string command_escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char symbol : text) {
    switch (symbol) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += is_property ? "%3A" : ":";
        break;
      case ',':
        out += is_property ? "%2C" : ",";
        break;
      default:
        out += symbol;
        break;
    }
  }
  return visible_text(out);
}

// Everything that Markdown, its tables or HTML could take for its own becomes a character reference.
std::string markdown_escaped(std::string_view text) {
  constexpr std::string_view kSpecial = "&<>|*_`[]\\~#$@!";
  std::string out;
  for (const char symbol : visible_lines(text)) {
    if (symbol == '\n' || symbol == '\r') {
      out += ' ';
    } else if (kSpecial.find(symbol) != std::string_view::npos) {
      out += "&#" + std::to_string(static_cast<int>(symbol)) + ";";
    } else {
      out += symbol;
    }
  }
  return out;
}

std::string table_row(const JobSummary::Row& row) {
  std::string findings;
  for (std::size_t i = 0; i < row.findings.size() && i < kFindingsOfRowMax; ++i) {
    findings += (i == 0 ? "" : "<br>") + markdown_escaped(row.findings[i]);
  }
  if (row.findings.size() > kFindingsOfRowMax) {
    findings += "<br>and " + std::to_string(row.findings.size() - kFindingsOfRowMax) + " more";
  }
  const std::string replay = row.replay.empty() ? "" : "<code>" + markdown_escaped(row.replay) + "</code>";
  return "| " + markdown_escaped(row.verdict) + " | " + markdown_escaped(row.scenario) + " | " +
         markdown_escaped(row.seed) + " | " + findings + " | " + replay + " |\n";
}

}  // namespace

std::string annotation_command(const Annotation& annotation) {
  std::string text = "::error file=" + command_escaped(annotation.file, true);
  if (annotation.line > 0) text += ",line=" + std::to_string(annotation.line);
  if (annotation.line > 0 && annotation.column > 0) text += ",col=" + std::to_string(annotation.column);
  if (!annotation.title.empty()) text += ",title=" + command_escaped(annotation.title, true);
  return text + "::" + command_escaped(annotation.message, false) + "\n";
}

std::vector<Annotation> annotations_of(const RunSummary& summary) {
  std::vector<Annotation> annotations;
  for (const sim::Finding& finding : summary.findings) {
    if (finding.verdict == sim::Verdict::pass) continue;
    Annotation annotation{.file = summary.scenario.file};
    // What a --set has written has no line in a file of the repository.
    if (finding.origin.line > 0 && !finding.origin.file.starts_with("--set")) {
      annotation.file = finding.origin.file;
      annotation.line = finding.origin.line;
      annotation.column = finding.origin.column;
    }
    // A threshold is named by what it claims.
    const bool is_named_by_claim = finding.claim.starts_with(finding.id);
    annotation.title = std::string("windtunnel: ") + name_of(finding.verdict) + ": " + name_of(finding.kind) + " " +
                       (is_named_by_claim ? finding.claim : finding.id);
    if (!is_named_by_claim && !finding.claim.empty()) annotation.message = finding.claim + "\n";
    annotation.message += finding.reason + "\nReplay: " + summary.replay;
    annotations.push_back(std::move(annotation));
  }
  return annotations;
}

std::string AnnotationLimit::take(const Annotation& annotation) {
  return ++seen_ <= kShownMax ? annotation_command(annotation) : std::string{};
}

std::string AnnotationLimit::closing() const {
  if (seen_ <= kShownMax) return {};
  return "::notice title=windtunnel::" + std::to_string(seen_ - kShownMax) +
         " more findings have no annotation: GitHub shows " + std::to_string(kShownMax) + " of a step\n";
}

void JobSummary::add(Row row) {
  ++(row.passed ? passed_count_ : failed_count_);
  unclaimed_count_ += row.is_unclaimed ? 1 : 0;
  std::vector<Row>& rows = row.passed ? passed_ : failed_;
  if (rows.size() < kRowsMax) rows.push_back(std::move(row));
}

std::string JobSummary::markdown() const {
  std::string text = "### Windtunnel: " + std::to_string(passed_count_ - unclaimed_count_) + " of " +
                     std::to_string(passed_count_ + failed_count_) + " passed";
  if (unclaimed_count_ > 0) text += ", " + std::to_string(unclaimed_count_) + " claimed nothing";
  text += "\n\n| Verdict | Scenario | Seed | Findings | Replay |\n| --- | --- | --- | --- | --- |\n";
  for (const Row& row : failed_) text += table_row(row);
  for (const Row& row : passed_) text += table_row(row);
  const std::size_t hidden = failed_count_ + passed_count_ - failed_.size() - passed_.size();
  if (hidden > 0) text += "\n" + std::to_string(hidden) + " more are not listed.\n";
  return text + "\n";
}

}  // namespace windtunnel::reports
