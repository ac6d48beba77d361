#pragma once
// The counts of a log that a fit is made from: of the requests of one stretch of time, by target.
//
// A target is what a call can be made to and has one price and one speed: a provider, or a provider's model where the
// log has several models of it. A fit has at most 8; beyond that the 7 that cost most stay, and the others are
// one.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/fit/fit_log.h"

namespace windtunnel::sim {

inline constexpr std::size_t kFitTargetsMax = 8;
// Attempts of a request at all of them together.
inline constexpr std::int32_t kFitAttemptsMax = 16;

class FitTargets {
 public:
  // Of the served answers with tokens that arrived before `until`.
  FitTargets(const FitLog& log, WallTime until);

  // The target of a call. Of a model that never answered: the provider's most used one.
  [[nodiscard]] const std::string& name_of(const std::string& provider, const std::string& model) const;
  // Whether the provider answered anything, so that it is a target.
  [[nodiscard]] bool answers(const std::string& provider) const { return names_.contains(provider); }
  // How many are one as "others"; 0: all are themselves.
  [[nodiscard]] std::size_t others() const { return others_; }
  // How many providers have several models.
  [[nodiscard]] std::size_t divided() const { return divided_; }

 private:
  std::map<std::string, std::map<std::string, std::string>> names_;  // by provider and model
  std::map<std::string, std::string> usual_;                         // by provider
  std::size_t others_ = 0;
  std::size_t divided_ = 0;
};

struct FitTally {
  // Requests that asked the cache, as far as the log shows it: one without an outcome may be a hit, unless it failed.
  struct Lookups {
    std::int64_t all = 0;
    std::int64_t hits = 0;
  };
  // Of one target, in the order of the log.
  struct Answered {
    Duration first_token{0};  // of the call itself
    Duration latency{0};
    Tokens input;
    Tokens output;
    Usd cost;
    std::optional<Tokens> cached;         // of the input
    std::optional<Tokens> cache_written;  // of the rest of it
    std::optional<Tokens> reasoning;      // of the output
    bool has_first_token = false;
    bool has_latency = true;

    // As far as input and output reach.
    [[nodiscard]] TokenKinds kinds() const;
  };
  struct Calls {
    std::map<std::string, std::int64_t> models;                                         // answers
    std::vector<std::int64_t> kinds = std::vector<std::int64_t>(monitor::kReplyKinds);  // by ReplyKind
    std::map<std::int64_t, std::vector<std::int64_t>> kinds_by_day;  // by UTC day of the request, since 1970
    std::vector<Answered> answered;
    std::int64_t first = 0;  // calls that were a request's first
    [[nodiscard]] std::int64_t count() const;
  };
  struct SeenCall {
    WallTime begin{};
    Duration latency{0};
    monitor::ReplyKind kind = monitor::ReplyKind::ok;
  };
  // What the log shows of the gateway's settings.
  struct Seen {
    std::vector<Duration> timeouts;     // what each call took that timed out
    std::int64_t failures = 0;          // calls
    std::int64_t failures_unknown = 0;  // of them those of an unknown kind, which count as server_error
    Duration answered_longest{0};       // of answered calls
    std::int32_t attempts_at_one = 1;   // the most calls of one request to one provider, one after the other
    std::int64_t failed_over = 0;       // requests that called two targets
    std::map<std::string, std::vector<SeenCall>> calls;  // by target
  };
  // Of one UTC day.
  struct Day {
    std::int64_t requests = 0;
    Lookups lookups;
    std::int64_t calls = 0;
    std::int64_t calls_failed = 0;
    double cost = 0;  // USD
  };
  using Counts = std::map<std::string, std::int64_t>;

  std::vector<WallTime> arrivals;      // ascending
  std::map<std::string, Calls> calls;  // by target
  // Requests that called a provider, by experiment, variant and the target called first.
  std::map<std::string, std::map<std::string, Counts>> arms;
  std::map<std::string, Counts> users_by_variant;  // by user and variant
  std::map<std::string, Counts> users_by_target;   // by user and target called first
  std::map<std::int64_t, Day> days;                // by UTC day, since 1970
  Seen seen;
  std::int64_t unreached = 0;   // failed without a call to a target; nothing else here counts them
  std::int64_t unmeasured = 0;  // answered by a provider none of whose answers has tokens; neither
  std::int64_t outcomes = 0;    // requests that name theirs
  std::int64_t with_variant = 0;
  std::int64_t past_limiters = 0;
  double cost = 0;          // USD, of all requests
  double cost_squares = 0;  // of each request's
  Usd cost_least = Usd::from_picos(INT64_MAX);
  Usd cost_most;
};

// Of the requests that arrived in [from, until).
[[nodiscard]] FitTally tally_of(const FitLog& log, const FitTargets& targets, WallTime from, WallTime until);

// UTC days, counted since 1970.
[[nodiscard]] std::int64_t utc_day(WallTime at);

}  // namespace windtunnel::sim
