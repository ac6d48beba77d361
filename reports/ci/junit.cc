#include "reports/ci/junit.h"

#include <cstdint>
#include <map>
#include <vector>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "base/visible_text.h"

namespace windtunnel::reports {
namespace {

using sim::Finding;
using sim::Verdict;

// A broken check may be violated by every request; a report that repeats it a million times is useless.
constexpr std::size_t kViolationsShownMax = 20;

struct TestCase {
  std::string name;
  std::string element;  // failure or error; empty: it passed
  std::string type;
  std::string message;
  std::string body;
};

bool is_xml(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0xfffe && code != 0xffff;
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + xml_escaped(value) + "\"";
}

std::string without_extension(const std::string& file) {
  return file.ends_with(".json") ? file.substr(0, file.size() - 5) : file;
}

std::string claim_of(const Finding& finding) { return finding.claim.empty() ? finding.id : finding.claim; }

// A threshold is identified by its claim, which names the fault that it is judged during; the others by their id.
std::string name_of_case(const Finding& finding) {
  const bool by_claim = finding.kind == Finding::Kind::threshold;
  return std::string(name_of(finding.kind)) + " " + (by_claim ? claim_of(finding) : finding.id);
}

std::string body_of(const Finding& finding, const std::string& replay) {
  std::string text = "claim: " + claim_of(finding) + "\n";
  text += "figures: " + finding.reason + "\n";
  if (finding.at) {
    text += "at: " + exact_decimal(finding.at->time_since_epoch().count(), kSecondDecimals) + " s of virtual time\n";
  }
  if (finding.request) text += "request: " + std::to_string(number_of(*finding.request)) + "\n";
  if (finding.origin.line > 0) {
    text += "origin: " + finding.origin.file + ":" + std::to_string(finding.origin.line) + ":" +
            std::to_string(finding.origin.column) + "\n";
  }
  return text + "replay: " + replay + "\n";
}

void set_failure(TestCase& test, const Finding& finding, const std::string& replay) {
  test.element = "failure";
  test.type = name_of(finding.verdict);
  test.message = claim_of(finding) + ": " + finding.reason;
  test.body = body_of(finding, replay);
}

// The invariants that were on, each once however often it was violated.
std::vector<TestCase> cases_of_checks(const RunSummary& summary) {
  std::vector<TestCase> cases;
  std::map<std::string, std::size_t> places;
  std::map<std::string, std::size_t> violations;
  for (const std::string& id : summary.checks) {
    if (places.emplace(id, cases.size()).second) cases.push_back({.name = "invariant " + id});
  }
  for (const Finding& finding : summary.findings) {
    if (finding.kind != Finding::Kind::invariant || finding.verdict == Verdict::pass) continue;
    const auto [place, is_new] = places.emplace(finding.id, cases.size());
    if (is_new) cases.push_back({.name = "invariant " + finding.id});
    TestCase& test = cases[place->second];
    const std::size_t seen = ++violations[finding.id];
    if (seen == 1) {
      set_failure(test, finding, summary.replay);
    } else if (seen <= kViolationsShownMax) {
      test.body += "\n" + body_of(finding, summary.replay);
    }
  }
  for (const auto& [id, count] : violations) {
    if (count <= kViolationsShownMax) continue;
    cases[places[id]].body += "\nand " + std::to_string(count - kViolationsShownMax) + " more violations\n";
  }
  return cases;
}

std::vector<TestCase> cases_of(const RunSummary& summary, bool interrupted) {
  // A run that claims nothing still shows that it ended.
  std::vector<TestCase> cases{{.name = "run ends"}};
  if (interrupted) {
    const auto ended = summary.ended.time_since_epoch().count();
    cases[0] = {"run ends", "error", "interrupted",
                "interrupted at " + exact_decimal(ended, kSecondDecimals) + " s of virtual time",
                "What follows is about the part that was run.\nreplay: " + summary.replay + "\n"};
  }
  if (summary.verdict == Verdict::nothing_claimed) {
    cases.push_back({"claims hold", "skipped", "nothing_claimed",
                     "nothing is claimed; answered: " + answered_text(summary),
                     "The scenario has no threshold, liveness, coverage or min_affected.\n"});
  }
  for (const Finding& finding : summary.findings) {
    if (finding.kind == Finding::Kind::invariant) continue;
    TestCase test{.name = name_of_case(finding)};
    if (finding.verdict != Verdict::pass) set_failure(test, finding, summary.replay);
    cases.push_back(std::move(test));
  }
  for (TestCase& test : cases_of_checks(summary)) cases.push_back(std::move(test));
  return cases;
}

// The same claim may be written twice; a number distinguishes the second.
void make_names_unique(std::vector<TestCase>& cases) {
  std::map<std::string, int> seen;
  for (TestCase& test : cases) {
    const int ordinal = ++seen[test.name];
    if (ordinal > 1) test.name += " (" + std::to_string(ordinal) + ")";
  }
}

std::string case_element(const TestCase& test, const std::string& classname) {
  std::string text = "    <testcase" + attribute("classname", classname) + attribute("name", test.name);
  if (test.element.empty()) return text + "/>\n";
  text += ">\n      <" + test.element + attribute("type", test.type) + attribute("message", test.message) + ">";
  return text + xml_escaped(test.body) + "</" + test.element + ">\n    </testcase>\n";
}

std::string suite_element(const std::string& classname, const std::string& name, const std::vector<TestCase>& cases,
                          const std::string& properties) {
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  for (const TestCase& test : cases) {
    if (test.element == "failure") ++failures;
    if (test.element == "error") ++errors;
    if (test.element == "skipped") ++skipped;
  }
  std::string text = "  <testsuite" + attribute("name", name) + attribute("tests", std::to_string(cases.size())) +
                     attribute("failures", std::to_string(failures)) + attribute("errors", std::to_string(errors)) +
                     attribute("skipped", std::to_string(skipped)) + ">\n" + properties;
  for (const TestCase& test : cases) text += case_element(test, classname);
  return text + "  </testsuite>\n";
}

std::string property(std::string_view name, std::string_view value) {
  return "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::uint32_t code = length == 0 ? 0 : code_point_of(text.substr(0, length));
    if (!is_xml(code)) {
      out += kReplacementCharacter;
    } else if (code >= 0x20 && is_control(code)) {
      out += visible_text(text.substr(0, length));
    } else if (length > 1) {
      out += text.substr(0, length);
    } else {
      switch (text.front()) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        // A reader would make spaces of them in an attribute, and a line end of a carriage return.
        case '\t':
          out += "&#9;";
          break;
        case '\n':
          out += "&#10;";
          break;
        case '\r':
          out += "&#13;";
          break;
        default:
          out += text.front();
          break;
      }
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string junit_begin() { return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"windtunnel\">\n"; }

std::string junit_suite(const RunSummary& summary, bool interrupted) {
  std::vector<TestCase> cases = cases_of(summary, interrupted);
  make_names_unique(cases);
  const std::string seed = std::to_string(summary.seed);
  if (!summary.seed_is_the_files) {
    for (TestCase& test : cases) test.name += " [seed " + seed + "]";
  }
  const std::string classname = without_extension(summary.scenario.file);
  const std::string properties = "    <properties>\n" + property("seed", seed) +
                                 property("digest", hex_digits(summary.digest)) + property("replay", summary.replay) +
                                 "    </properties>\n";
  return suite_element(classname, classname + " seed " + seed, cases, properties);
}

std::string junit_error_suite(const std::string& scenario_file, std::string_view type, std::string_view message) {
  const std::string classname = without_extension(scenario_file);
  const std::string_view first_line = message.substr(0, message.find('\n'));
  const TestCase test{"run ends", "error", std::string(type), std::string(first_line), std::string(message) + "\n"};
  return suite_element(classname, classname, {test}, {});
}

std::string junit_end() { return "</testsuites>\n"; }

}  // namespace windtunnel::reports
