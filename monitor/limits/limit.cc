#include "monitor/limits/limit.h"

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "monitor/limits/caller.h"

namespace windtunnel::monitor {
namespace {

bool is_of_target(const LimitWord& word) {
  return word.scope == LimitScope::deployment || word.scope == LimitScope::provider;
}

void add_tag(std::vector<std::string>& tags, const LimitWord& word) {
  if (word.scope != LimitScope::tag || std::ranges::find(tags, word.tag) != tags.end()) return;
  tags.push_back(word.tag);
}

template <class T, class Word>
bool names_twice(const std::vector<T>& list, Word word_of) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (std::size_t other = 0; other < i; ++other) {
      if (std::invoke(word_of, list[other]) == std::invoke(word_of, list[i])) return true;
    }
  }
  return false;
}

// The key and what is wrong with it.
std::pair<std::string, std::string> problem_of(const LimitConfig& limit, bool has_routes) {
  if (!limit.requests && !limit.tokens && !limit.usd && !limit.parallel_requests) {
    return {"", "it limits nothing: write requests, tokens, usd or parallel_requests"};
  }
  if (names_twice(limit.per, std::identity{})) return {"per", "a word is named twice"};
  if (names_twice(limit.when, &LimitCondition::word)) return {"when", "a word is named twice"};
  const bool names_route =
      std::ranges::any_of(limit.per, [](const LimitWord& word) { return word.scope == LimitScope::route; });
  if (names_route && !has_routes) return {"per", "it counts by route, and the scenario has no routes"};
  if (limit.is_total && limit.per.empty()) return {"count", "without \"per\" there is one account anyway"};
  if (limit.is_bucket() && limit.window != LimitWindow::calendar) {
    return {"window", "a token_bucket fills all the time and has no window"};
  }
  if (limit.algorithm == LimitAlgorithm::sliding_window && limit.window == LimitWindow::from_first_use) {
    return {"window", "a sliding_window counts the latest period and begins nowhere"};
  }
  if (!limit.period && (limit.is_sliding() || limit.is_bucket() || limit.window == LimitWindow::from_first_use)) {
    return {"period", "a month is a window of the calendar: write a length of time, such as 30d"};
  }
  if (limit.on_exhausted == OnExhausted::next_target && !limit.is_of_targets()) {
    return {"on_exhausted", "next_target passes over a target: \"per\" or \"when\" must name deployment or provider"};
  }
  if (limit.on_exhausted == OnExhausted::route && limit.is_of_targets()) {
    return {"on_exhausted", "a limit on calls cannot send its request to another route: write next_target"};
  }
  return {};
}

}  // namespace

bool LimitConfig::is_of_targets() const {
  return std::ranges::any_of(per, is_of_target) ||
         std::ranges::any_of(when, [](const LimitCondition& condition) { return is_of_target(condition.word); });
}

std::vector<std::string> limit_tags(const LimitsConfig& config) {
  std::vector<std::string> tags;
  for (const LimitConfig& limit : config.limits) {
    for (const LimitWord& word : limit.per) add_tag(tags, word);
    for (const LimitCondition& condition : limit.when) add_tag(tags, condition.word);
  }
  return tags;
}

std::string limit_name(const LimitsConfig& config, std::size_t limit) {
  const std::string& id = config.limits[limit].id;
  return id.empty() ? "limit-" + std::to_string(limit + 1) : id;
}

std::vector<LimitProblem> problems_of(const LimitsConfig& config, bool has_routes) {
  std::vector<LimitProblem> problems;
  if (config.limits.size() > kLimitsMax) {
    problems.push_back({kLimitsMax, "", "at most " + std::to_string(kLimitsMax) + " limits are possible"});
  }
  for (std::size_t i = 0; i < config.limits.size(); ++i) {
    auto [key, message] = problem_of(config.limits[i], has_routes);
    if (!message.empty()) problems.push_back({i, std::move(key), std::move(message)});
    for (std::size_t other = 0; other < i; ++other) {
      if (limit_name(config, other) != limit_name(config, i)) continue;
      problems.push_back({i, "id", "another limit is named \"" + limit_name(config, i) + "\" already"});
    }
  }
  if (limit_tags(config).size() > kLimitTagsMax) {
    problems.push_back({0, "", "limits may name at most " + std::to_string(kLimitTagsMax) + " tags"});
  }
  return problems;
}

const char* name_of(LimitScope scope) {
  switch (scope) {
    case LimitScope::key:
      return "key";
    case LimitScope::team:
      return "team";
    case LimitScope::user:
      return "user";
    case LimitScope::tag:
      return "tag";
    case LimitScope::route:
      return "route";
    case LimitScope::deployment:
      return "deployment";
    case LimitScope::provider:
      return "provider";
  }
  fail_check("a scope of a limit has a name", __FILE__, __LINE__);
}

const char* name_of(LimitWindow window) {
  switch (window) {
    case LimitWindow::calendar:
      return "calendar";
    case LimitWindow::rolling:
      return "rolling";
    case LimitWindow::from_first_use:
      return "from_first_use";
  }
  fail_check("a window of a limit has a name", __FILE__, __LINE__);
}

const char* name_of(LimitAlgorithm algorithm) {
  switch (algorithm) {
    case LimitAlgorithm::fixed_window:
      return "fixed_window";
    case LimitAlgorithm::sliding_window:
      return "sliding_window";
    case LimitAlgorithm::token_bucket:
      return "token_bucket";
  }
  fail_check("an algorithm of a limit has a name", __FILE__, __LINE__);
}

const char* name_of(LimitCombine combine) {
  switch (combine) {
    case LimitCombine::all:
      return "all";
    case LimitCombine::any:
      return "any";
    case LimitCombine::first_priority:
      return "first_priority";
  }
  fail_check("a way to combine limits has a name", __FILE__, __LINE__);
}

}  // namespace windtunnel::monitor
