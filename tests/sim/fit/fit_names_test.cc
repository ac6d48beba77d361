// Every name of a log becomes one that a scenario accepts, and two names never the same.

#include "sim/fit/fit_names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/visible_text.h"

namespace windtunnel::sim::fit_names_test {
namespace {

std::string valid(const std::string& name) { return FitNames().valid(name); }

TEST(FitNames, plain_names_stay) {
  for (const std::string name : {"gpt-4o", "us.anthropic/claude:1", "caf\u00e9", "a::b", "#[", ""}) {
    EXPECT_EQ(valid(name), name);
  }
}

TEST(FitNames, what_a_scenario_refuses_is_replaced) {
  EXPECT_EQ(valid("*"), "(*)");
  EXPECT_EQ(valid("a\x1b[2J\x7f\u0085"), "a?[2J??");
  EXPECT_EQ(valid("\u202etahc\u2028"), "?tahc?");
  EXPECT_EQ(valid("gpt\u200b4"), "gpt?4");
  EXPECT_EQ(valid("::error::x"), "?:error::x");
  EXPECT_EQ(valid("  ::error"), "  ?:error");
  EXPECT_EQ(valid("a##[group]##["), "a#?[group]#?[");
  EXPECT_EQ(valid("\xff\xc2"), "??");
  EXPECT_EQ(valid(std::string(179, 'a') + "\u00e9"), std::string(179, 'a'));
}

TEST(FitNames, changes_are_listed_with_what_became_of_them) {
  FitNames names;
  for (const std::string name : {"gpt\x1b"
                                 "4",
                                 "plain", "gpt?4", "gpt\u200b4"})
    (void)names.valid(name);
  using Change = std::pair<std::string, std::string>;
  EXPECT_EQ(names.changes(), (std::vector<Change>{{"gpt\x1b"
                                                   "4",
                                                   "gpt?4"},
                                                  {"gpt?4", "gpt?4 (2)"},
                                                  {"gpt\u200b4", "gpt?4 (3)"}}));
  EXPECT_EQ(names.changed(), 3U);
}

RC_GTEST_PROP(FitNames, of_any_bytes_are_valid_and_differ, ()) {
  const auto byte = rc::gen::weightedOneOf<char>(
      {{3, rc::gen::element(':', '#', '[', ' ', '*', '?')}, {1, rc::gen::arbitrary<char>()}});
  const auto names = *rc::gen::container<std::set<std::string>>(rc::gen::container<std::string>(byte));
  FitNames fit;
  std::set<std::string> results;
  for (const std::string& name : names) {
    const std::string result = fit.valid(name);
    RC_ASSERT(!problem_with_name(result));
    RC_ASSERT(result.size() <= 200U);
    RC_ASSERT(result != "*");
    RC_ASSERT(result.empty() == name.empty());
    RC_ASSERT(fit.valid(name) == result);
    results.insert(result);
  }
  RC_ASSERT(results.size() == names.size());
}

}  // namespace
}  // namespace windtunnel::sim::fit_names_test
