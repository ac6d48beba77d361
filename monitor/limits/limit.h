#pragma once
// A limit as a scenario states it: whose requests it counts, of what it allows how much in which time, and what an
// exhausted limit means.
//
//   per, when   which requests it counts, and which of them share an account
//   requests, tokens, usd       in a period of time
//   parallel_requests           at any moment
//
// `per` names words that a request must carry; each combination of their values has an account of its own (or, counted
// in total, all of them one). A request without one of the words, or with another value than `when` states, is not
// counted. A limit that names a deployment or a provider counts calls; every other one counts requests.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/routing/provider_id.h"

namespace windtunnel::monitor {

enum class LimitScope : std::uint8_t { key, team, user, tag, route, deployment, provider };

struct LimitWord {
  LimitScope scope = LimitScope::key;
  std::string tag = {};  // the name of a tag
  friend bool operator==(const LimitWord&, const LimitWord&) = default;
};

struct LimitCondition {
  LimitWord word;
  std::string value;
  friend bool operator==(const LimitCondition&, const LimitCondition&) = default;
};

// Where a window of the fixed_window algorithm begins. rolling: nowhere, the latest period counts at any moment.
enum class LimitWindow : std::uint8_t { calendar, rolling, from_first_use };

// fixed_window    what a window has used is forgotten at its end
// sliding_window  the latest period counts, in 60 steps and the one that has begun
// token_bucket    the account is full at first and fills at the limit's pace, up to the limit
enum class LimitAlgorithm : std::uint8_t { fixed_window, sliding_window, token_bucket };

enum class OnExhausted : std::uint8_t {
  refuse,
  alert,        // the request passes, and the limit counts on
  next_target,  // of a limit on calls: the target is passed over
  route,        // the request asks for another route
};

// all             every limit that counts a request must have room
// any             one of them is enough
// first_priority  those of the highest priority must have room, and the others do not count the request
// A limit that is `always` in force must have room in any case.
enum class LimitCombine : std::uint8_t { all, any, first_priority };

struct LimitConfig {
  std::string id;  // empty: its place in the list
  std::vector<LimitWord> per;
  std::vector<LimitCondition> when;
  bool is_total = false;                 // one account for all that it counts
  std::optional<std::int64_t> requests;  // 0 admits nothing, as with the others
  std::optional<Tokens> tokens;
  std::optional<Usd> usd;
  std::optional<std::int64_t> parallel_requests;
  Millionths input_weight{1'000'000};  // of a token
  Millionths output_weight{1'000'000};
  std::optional<Duration> period = std::chrono::minutes{1};  // nothing: a calendar month
  LimitWindow window = LimitWindow::calendar;
  LimitAlgorithm algorithm = LimitAlgorithm::fixed_window;
  OnExhausted on_exhausted = OnExhausted::refuse;
  std::optional<RouteId> route;  // of on_exhausted: route
  std::int32_t priority = 0;
  bool is_always = false;
  friend bool operator==(const LimitConfig&, const LimitConfig&) = default;

  // It counts calls.
  [[nodiscard]] bool is_of_targets() const;
  [[nodiscard]] bool is_sliding() const {
    return algorithm == LimitAlgorithm::sliding_window ||
           (algorithm == LimitAlgorithm::fixed_window && window == LimitWindow::rolling);
  }
  [[nodiscard]] bool is_bucket() const { return algorithm == LimitAlgorithm::token_bucket; }
};

struct LimitsConfig {
  std::vector<LimitConfig> limits;
  LimitCombine combine = LimitCombine::all;
  friend bool operator==(const LimitsConfig&, const LimitsConfig&) = default;
};

inline constexpr std::size_t kLimitsMax = 32;
inline constexpr std::int64_t kLimitWeightMax = 100'000'000;  // 100 times a token
inline constexpr std::int64_t kLimitCountMax = 1'000'000'000'000;
inline constexpr Duration kLimitPeriodMin = std::chrono::milliseconds{1};
// Of sliding_window: the period is divided into so many steps.
inline constexpr std::int64_t kLimitSteps = 60;

// The tags that limits name, in order of their first mention.
[[nodiscard]] std::vector<std::string> limit_tags(const LimitsConfig& config);
// The name of a limit in reports.
[[nodiscard]] std::string limit_name(const LimitsConfig& config, std::size_t limit);

// What is wrong with these settings, as a place and a sentence; nothing if they can be followed.
struct LimitProblem {
  std::size_t limit = 0;
  std::string key;  // empty: the whole limit
  std::string message;
};
[[nodiscard]] std::vector<LimitProblem> problems_of(const LimitsConfig& config, bool has_routes);

[[nodiscard]] const char* name_of(LimitScope scope);
[[nodiscard]] const char* name_of(LimitWindow window);
[[nodiscard]] const char* name_of(LimitAlgorithm algorithm);
[[nodiscard]] const char* name_of(LimitCombine combine);

}  // namespace windtunnel::monitor
