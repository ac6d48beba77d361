#pragma once
// The budgets of keys, teams and users, as the database of LiteLLM has them: what /key/list (with
// return_full_object=true), /team/list and /user/list return.
//
// A budget is of the window that ends at its budget_reset_at: one of 30d or 1mo begins on the first of a month, each
// other one its duration before. Without a duration it has no window. Where the answer has a duration and no
// budget_reset_at, its windows are not known, and the budget is left out.

#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/limits/limit.h"

namespace windtunnel::scenarios {

struct CallerBudget {
  monitor::LimitScope scope = monitor::LimitScope::key;  // key, team or user
  std::string id;                                        // as logs have it: the hash of a key
  std::string name;                                      // for people; empty: the id
  Usd most;
  WallTime begin = WallTime::min();
  WallTime end = WallTime::max();
};

// Throws ScenarioError for a text that cannot be read.
[[nodiscard]] std::vector<CallerBudget> read_litellm_budgets(const std::string& text, const std::string& path);

}  // namespace windtunnel::scenarios
