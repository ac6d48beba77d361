// What the list of limits may say: each impossible setting has a place and a sentence, and names come from the file.

#include "monitor/limits/limit.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace windtunnel::monitor::limit_test {
namespace {

using namespace std::chrono_literals;

LimitWord scope(LimitScope scope) { return {.scope = scope}; }
LimitWord tag(const std::string& name) { return {.scope = LimitScope::tag, .tag = name}; }

LimitConfig possible() {
  LimitConfig limit;
  limit.requests = 1;
  return limit;
}

// The keys of what is wrong with the first limit, after this change.
std::string problems_after(const std::function<void(LimitConfig&)>& change, bool has_routes = true) {
  LimitConfig limit = possible();
  change(limit);
  std::string text;
  for (const LimitProblem& problem : problems_of({.limits = {limit}}, has_routes)) {
    EXPECT_EQ(problem.limit, 0U);
    EXPECT_FALSE(problem.message.empty());
    text += problem.key.empty() ? "whole" : problem.key;
  }
  return text;
}

TEST(Limit, limits_something) {
  EXPECT_EQ(problems_after([](LimitConfig& limit) { limit.requests.reset(); }), "whole");
  for (const auto& set : std::vector<std::function<void(LimitConfig&)>>{
           [](LimitConfig& limit) { limit.requests = 1; }, [](LimitConfig& limit) { limit.tokens = Tokens{1}; },
           [](LimitConfig& limit) { limit.usd = Usd{}; }, [](LimitConfig& limit) { limit.parallel_requests = 1; }}) {
    EXPECT_EQ(problems_after([&](LimitConfig& limit) {
                limit.requests.reset();
                set(limit);
              }),
              "");
  }
}

TEST(Limit, names_each_word_once) {
  const auto team = scope(LimitScope::team);
  const auto user = scope(LimitScope::user);
  EXPECT_EQ(problems_after([&](LimitConfig& limit) { limit.per = {user, team, tag("app"), tag("stage")}; }), "");
  EXPECT_EQ(problems_after([&](LimitConfig& limit) { limit.per = {team, user, team}; }), "per");
  EXPECT_EQ(problems_after([&](LimitConfig& limit) { limit.per = {tag("app"), tag("app")}; }), "per");
  EXPECT_EQ(problems_after([&](LimitConfig& limit) { limit.when = {{team, "red"}, {user, "red"}}; }), "");
  EXPECT_EQ(problems_after([&](LimitConfig& limit) { limit.when = {{team, "red"}, {team, "blue"}}; }), "when");
}

TEST(Limit, counts_by_route_only_where_there_are_routes) {
  const auto by_route = [](LimitConfig& limit) { limit.per = {scope(LimitScope::team), scope(LimitScope::route)}; };
  EXPECT_EQ(problems_after(by_route, true), "");
  EXPECT_EQ(problems_after(by_route, false), "per");
}

TEST(Limit, counts_in_total_only_what_it_would_divide) {
  EXPECT_EQ(problems_after([](LimitConfig& limit) { limit.is_total = true; }), "count");
  EXPECT_EQ(problems_after([](LimitConfig& limit) {
              limit.is_total = true;
              limit.per = {scope(LimitScope::key)};
            }),
            "");
}

TEST(Limit, has_a_window_that_its_algorithm_knows) {
  const auto problem = [](LimitAlgorithm algorithm, LimitWindow window, bool has_period = true) {
    return problems_after([&](LimitConfig& limit) {
      limit.algorithm = algorithm;
      limit.window = window;
      if (!has_period) limit.period.reset();
    });
  };
  EXPECT_EQ(problem(LimitAlgorithm::fixed_window, LimitWindow::calendar), "");
  EXPECT_EQ(problem(LimitAlgorithm::fixed_window, LimitWindow::rolling), "");
  EXPECT_EQ(problem(LimitAlgorithm::fixed_window, LimitWindow::from_first_use), "");
  EXPECT_EQ(problem(LimitAlgorithm::sliding_window, LimitWindow::calendar), "");
  EXPECT_EQ(problem(LimitAlgorithm::sliding_window, LimitWindow::rolling), "");
  EXPECT_EQ(problem(LimitAlgorithm::sliding_window, LimitWindow::from_first_use), "window");
  EXPECT_EQ(problem(LimitAlgorithm::token_bucket, LimitWindow::calendar), "");
  EXPECT_EQ(problem(LimitAlgorithm::token_bucket, LimitWindow::rolling), "window");
  EXPECT_EQ(problem(LimitAlgorithm::token_bucket, LimitWindow::from_first_use), "window");
  EXPECT_EQ(problem(LimitAlgorithm::fixed_window, LimitWindow::calendar, false), "");
  EXPECT_EQ(problem(LimitAlgorithm::fixed_window, LimitWindow::rolling, false), "period");
  EXPECT_EQ(problem(LimitAlgorithm::fixed_window, LimitWindow::from_first_use, false), "period");
  EXPECT_EQ(problem(LimitAlgorithm::sliding_window, LimitWindow::calendar, false), "period");
  EXPECT_EQ(problem(LimitAlgorithm::token_bucket, LimitWindow::calendar, false), "period");
}

TEST(Limit, passes_over_targets_only_if_it_counts_calls_and_reroutes_only_if_it_counts_requests) {
  const auto problem = [](OnExhausted then, std::vector<LimitWord> per, std::vector<LimitCondition> when) {
    return problems_after([&](LimitConfig& limit) {
      limit.on_exhausted = then;
      limit.per = per;
      limit.when = when;
    });
  };
  const LimitWord deployment = scope(LimitScope::deployment);
  const LimitWord provider = scope(LimitScope::provider);
  for (const LimitWord& word : {deployment, provider}) {
    EXPECT_EQ(problem(OnExhausted::next_target, {word}, {}), "");
    EXPECT_EQ(problem(OnExhausted::next_target, {}, {{word, "a"}}), "");
    EXPECT_EQ(problem(OnExhausted::route, {word}, {}), "on_exhausted");
    EXPECT_EQ(problem(OnExhausted::route, {}, {{word, "a"}}), "on_exhausted");
    EXPECT_EQ(problem(OnExhausted::refuse, {word}, {}), "");
  }
  EXPECT_EQ(problem(OnExhausted::next_target, {scope(LimitScope::team)}, {}), "on_exhausted");
  EXPECT_EQ(problem(OnExhausted::route, {scope(LimitScope::team)}, {}), "");
}

TEST(Limit, has_a_name_of_its_own) {
  LimitsConfig config{.limits = {possible(), possible(), possible()}};
  config.limits[1].id = "own";
  EXPECT_EQ(limit_name(config, 0), "limit-1");
  EXPECT_EQ(limit_name(config, 1), "own");
  EXPECT_EQ(limit_name(config, 2), "limit-3");
  EXPECT_TRUE(problems_of(config, false).empty());
  config.limits[1].id = "limit-3";
  const auto problems = problems_of(config, false);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].limit, 2U);
  EXPECT_EQ(problems[0].key, "id");
  config.limits[1].id = "limit-1";
  ASSERT_EQ(problems_of(config, false).size(), 1U);
  EXPECT_EQ(problems_of(config, false)[0].limit, 1U);
}

TEST(Limit, of_those_there_are_at_most_32) {
  LimitsConfig config;
  config.limits.assign(kLimitsMax, possible());
  EXPECT_TRUE(problems_of(config, false).empty());
  config.limits.push_back(possible());
  const auto problems = problems_of(config, false);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].limit, kLimitsMax);
}

TEST(Limit, tags_are_counted_once_in_the_order_of_their_first_mention_and_are_at_most_four) {
  LimitsConfig config{.limits = {possible(), possible()}};
  config.limits[0].per = {tag("app"), scope(LimitScope::team), tag("stage")};
  config.limits[0].when = {{tag("stage"), "x"}, {tag("region"), "x"}};
  config.limits[1].per = {tag("region"), tag("app"), tag("zone")};
  EXPECT_EQ(limit_tags(config), (std::vector<std::string>{"app", "stage", "region", "zone"}));
  EXPECT_TRUE(problems_of(config, false).empty());
  config.limits[1].when = {{tag("fifth"), "x"}};
  const auto problems = problems_of(config, false);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].limit, 0U);
}

TEST(Limit, problems_are_those_of_each_limit_at_its_place) {
  LimitsConfig config{.limits = {possible(), possible(), possible()}};
  config.limits[1].is_total = true;
  config.limits[2].requests.reset();
  const auto problems = problems_of(config, false);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].limit, 1U);
  EXPECT_EQ(problems[0].key, "count");
  EXPECT_EQ(problems[1].limit, 2U);
}

TEST(Limit, words_are_those_of_files) {
  EXPECT_STREQ(name_of(LimitScope::deployment), "deployment");
  EXPECT_STREQ(name_of(LimitWindow::from_first_use), "from_first_use");
  EXPECT_STREQ(name_of(LimitAlgorithm::token_bucket), "token_bucket");
  EXPECT_STREQ(name_of(LimitCombine::first_priority), "first_priority");
}

}  // namespace
}  // namespace windtunnel::monitor::limit_test
