// What only the reader can refuse: each rule with a file that breaks it, which the schema accepts; and whatever else
// the reader alone refuses belongs to one of these rules.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include "scenarios/json/json_document.h"
#include "scenarios/reader.h"
#include "scenarios/schema.h"
#include "scenarios/writer.h"
#include "tests/scenarios/scenario_generator.h"
#include "tests/scenarios/schema_validator.h"

namespace windtunnel::scenarios::reader_only_rules_test {
namespace {

struct Rule {
  std::string name;  // as reader.h lists it
  std::string text;  // a file that breaks it
  std::string pointer;
  std::string message;  // a pattern of what the reader says
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"duplicate keys", R"({"title": "a", "title": "b"})", "/title", "is written twice"},
      {"lines", R"({"title": "a\u001b[2J"})", "/title", "control character|as a command to"},
      {"quantities", R"({"duration": "0.5ns"})", "/duration",
       "finer than|is negative|is below|is above|is shorter than|is longer than|too large|too small|is not between|"
       "more than 6 decimal|is not a|between 1 and|out of range|has an unknown unit|has no unit"},
      {"thresholds", R"({"thresholds": {"requests": ["p(95)<3"]}})", "/thresholds/requests/0",
       "is none of the words here|one of <, <=|are possible here|nothing may follow|percentile|threshold|no metric|tag|"
       "has no such aggregate|is possible here|needed here|is needed here"},
      {"references", R"({"workload": {"a": {"provider": "opnai"}}})", "/workload/a/provider",
       "no provider is named|no route is named|two deployments are named|no fault is named|no variant is named|no "
       "model|no profile|another fault is named|"
       "is listed twice|twice|no preset|no counter"},
      {"keys of another kind", R"({"workload": {"a": {"executor": "constant-vus", "rate": 5}}})", "/workload/a/rate",
       "is not used|belongs? to|has no |have no |needs|only|does not|of its own|belong to different laws|too: without"},
      {"windows", R"({"faults": [{"id": "a", "kind": "outage", "at": "10m"}]})", "/faults/0/at",
       "is not before the end|but the run ends|but liveness heals|it starts at|could touch nothing"},
      {"order", R"({"workload": {"a": {"executor": "script", "requests": [{"at": "2s"}, {"at": "1s"}]}}})",
       "/workload/a/requests/1",
       "earlier than|below p50|max is below min|is below the one before|earliest first|goes back"},
      {"contradictions",
       R"({"monitor": {"circuit_breaker": {"half_open_max_calls": 1, "half_open_success_threshold": 2}}})",
       "/monitor/circuit_breaker",
       "never close|needs a window|window|contradict|median of a lognormal|attempts at each|add up|at most 1|weight|"
       "circle|is the same target|one of them|own fallback|routes a caller|an experiment assigns|another rate limit|"
       "four deep|rule compares tags|failover is|no price holds|outages were measured|longer than the run|never|for "
       "ever|nothing"},
      {"traces", R"({"workload": {"a": {"executor": "replay", "trace": "no-such.csv"}}})", "/workload/a/trace",
       "trace|cannot open|cannot be (opened|read)|No such file|column|rows|header"},
      {"addresses", R"({"server": {"otlp": "collector:4318"}})", "/server/otlp", "is no address such as"},
      {"limits of size", R"({"title": ")" + std::string(kTextBytesMax, 'x') + R"("})", "",
       "longer than|nested deeper|more than|at most|providers are|workloads are|bytes"},
  };
  return all;
}

const SchemaValidator& schema() {
  static const SchemaValidator validator{scenario_schema()};
  return validator;
}

std::vector<Diagnostic> refusals(const std::string& text) {
  try {
    read_scenario_text(text, std::string(WINDTUNNEL_ROOT) + "/scenarios/catalog/f.json");
    return {};
  } catch (const ScenarioError& error) {
    return error.diagnostics();
  }
}

JsonValue parsed(const std::string& text) {
  Diagnostics diagnostics("text", text);
  return parse_json(diagnostics);
}

TEST(ReaderOnlyRules, each_refuses_a_file_that_the_schema_accepts) {
  for (const Rule& rule : rules()) {
    // A duplicate is gone once the text is a tree, and a text that is too long becomes none.
    if (rule.name != "duplicate keys" && rule.name != "limits of size") {
      EXPECT_TRUE(schema().accepts(parsed(rule.text))) << rule.name;
    }
    const std::vector<Diagnostic> found = refusals(rule.text);
    EXPECT_TRUE(std::ranges::any_of(found,
                                    [&](const Diagnostic& diagnostic) {
                                      return diagnostic.pointer.starts_with(rule.pointer) &&
                                             std::regex_search(diagnostic.message, std::regex(rule.message));
                                    }))
        << rule.name << ": " << (found.empty() ? "accepted" : found.front().text().substr(0, 2000));
  }
}

void collect(JsonValue& json, std::vector<JsonValue*>& values) {
  values.push_back(&json);
  for (JsonValue& item : json.items) collect(item, values);
  for (JsonMember& member : json.members) collect(member.value, values);
}

RC_GTEST_PROP(ReaderOnlyRules, are_all_that_the_reader_adds_to_the_schema, ()) {
  JsonValue json = parsed(write_scenario(arbitrary_scenario()));
  std::vector<JsonValue*> values;
  collect(json, values);
  JsonValue& value = *values[*rc::gen::inRange<std::size_t>(0, values.size())];
  value = parsed(*rc::gen::element<std::string>("null", "true", "0", "-1", "0.5", "1.5", "7", "1e30", "\"\"", "\"5s\"",
                                                "\"0.5ns\"", "\"x\"", "[]", "[1]", "{}", "\"*\"", "\"-5s\"",
                                                "\"999999d\"", R"({"min": 1, "max": 2})", R"({"mean": "5s"})"));
  if (!schema().accepts(json)) return;
  for (const Diagnostic& diagnostic : refusals(json_text(json))) {
    const bool listed = std::ranges::any_of(
        rules(), [&](const Rule& rule) { return std::regex_search(diagnostic.message, std::regex(rule.message)); });
    if (!listed) RC_FAIL("in no rule: " + diagnostic.text());
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::reader_only_rules_test
