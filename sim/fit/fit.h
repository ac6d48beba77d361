#pragma once
// Fits a world to a log of requests: how many come and when, how long they are, who answers them, how fast, at what
// price, how often calls fail and the cache answers. What comes out is a scenario that a forecast can run, and every
// fitted figure with its 95 % interval.
//
// The model, and what it cannot know:
//   rate     A Poisson process; with a whole day of the log or more a diurnal one with a factor for each UTC hour. With
//            14 whole days or more, what they differ by beyond Poisson becomes day_factor_cv: weekdays and growth are
//            not told apart from it. The interval is Student's over whole days from 8 of them on, else Poisson's.
//   lengths  Input and output tokens of served answers, as tables of their percentiles with the observed mean. What a
//            limiter had cut stays cut, so that the scenario has no token limiter.
//   split    By the variant of the log's experiment if (nearly) all carry one, else by the provider called first. If
//            the log names users, all requests of one go the same way and the interval is over users; else over
//            requests, and too narrow if users were sticky. The scenario divides request by request.
//   latency  Of answered calls, per provider: time to first token and time per output token, independent of each
//            other. Without a time to first token in the log the latter is constant: the slope of latency over output.
//   price    Per provider and token, whole pico-dollars, solved from the bills; how many it explains is told.
//   errors   Shares of calls, per provider and kind, independent of each other: an outage in the log is spread over it.
//   hits     The share of requests that a fresh cache entry answered, of those not refused by a limiter. Modelled as
//            equally popular prompts, and a ttl for which the scenario's own run from an empty cache has that share.
//            With 14 whole days or more, what their shares differ by beyond chance makes the mean of the 30 days to
//            come uncertain, and that of the log too: both become the count_cv of the prompts.
//   gateway  The settings are the defaults where the log does not contradict them: timeout and attempts are fitted or
//            lifted, and there is no budget.
//
// What the fitter writes is a valid scenario: names, times, rates and prices that a scenario file does not accept are
// changed or bounded, and a note names it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/fit/fit_names.h"
#include "sim/statistics/statistics.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct FitAttempt {
  std::string provider;
  monitor::ReplyKind kind = monitor::ReplyKind::ok;
  Duration latency{0};
  std::optional<Usd> cost;  // nothing: the usage is unknown
};

// One request of the log. A log without outcomes or attempts leaves them out.
struct FitSample {
  WallTime finished{};
  Duration latency{0};  // from arrival to end, >= 0
  bool answered = false;
  std::optional<monitor::Outcome> outcome;
  std::string provider;  // of the last call; empty: no call
  std::string model;
  std::string experiment;  // empty: none
  std::string variant;
  std::string user;  // empty: not named
  Tokens input;      // of a served answer
  Tokens output;
  Usd cost;
  std::optional<Duration> time_to_first_token;  // from arrival on
  std::vector<FitAttempt> attempts;
};

struct FittedParameter {
  std::string name;  // "rate", "input_tokens.p50", "openai.errors.server_error"
  std::string unit;  // "requests/day", "tokens", "ms", "share", "factor", "USD/million"
  Estimate estimate;
  std::int64_t n = 0;  // of the values behind it
};

struct Fit {
  std::optional<std::string> problem;  // why nothing could be fitted; then the rest is empty
  Scenario scenario;                   // begins on the day after the log, for 30 days
  std::vector<FittedParameter> parameters;
  std::vector<std::string> notes;  // what was assumed or left out, ready to print
  std::int64_t requests = 0;
  WallTime first{};  // arrivals
  WallTime last{};
};

class Fitter {
 public:
  // In any order.
  void add(const FitSample& sample);
  [[nodiscard]] Fit fit() const;

  // Requests that asked the cache.
  struct Lookups {
    std::int64_t all = 0;
    std::int64_t hits = 0;
  };
  // Of one provider, in the order of the log.
  struct Answered {
    Duration first_token{0};  // of the call itself
    Duration latency{0};
    Tokens input;
    Tokens output;
    Usd cost;
    bool has_first_token = false;
  };
  struct Calls {
    std::string model;
    std::vector<std::int64_t> kinds = std::vector<std::int64_t>(monitor::kReplyKinds);  // by ReplyKind
    std::vector<Answered> answered;
    std::int64_t first = 0;  // calls that were a request's first
    [[nodiscard]] std::int64_t count() const;
  };
  // What the log shows of the gateway's settings.
  struct Seen {
    std::vector<Duration> timeouts;    // what each call took that timed out
    Duration answered_longest{0};      // of answered calls
    std::int32_t attempts_at_one = 1;  // the most calls of one request to one provider, one after the other
  };

 private:
  struct Called {
    const std::string* name = nullptr;
    const Calls* calls = nullptr;
  };
  struct Arm {
    std::string id;
    std::size_t provider = 0;  // its place in the scenario
    std::int64_t count = 0;
  };
  using Counts = std::map<std::string, std::int64_t>;

  void add_valid(const FitSample& sample);
  void add_calls(const FitSample& sample);
  void add_answer(const FitSample& sample);
  [[nodiscard]] std::optional<std::string> problem() const;
  [[nodiscard]] std::vector<Called> providers_of(Fit& fit) const;
  void fit_split(Fit& fit, const std::vector<Called>& providers) const;
  [[nodiscard]] std::vector<Arm> arms_by_variant(const Fit& fit) const;
  static void add_arms(Fit& fit, const std::vector<Arm>& arms, const std::map<std::string, Counts>& by_user);
  void add_notes(Fit& fit) const;

  FitNames names_;
  Seen seen_;
  std::vector<WallTime> arrivals_;
  std::vector<std::int64_t> input_;  // of served answers
  std::vector<std::int64_t> output_;
  std::map<std::string, Calls> calls_;  // by provider
  // Requests that called somebody, by experiment, variant and the provider called first.
  std::map<std::string, std::map<std::string, Counts>> arms_;
  std::map<std::string, Counts> users_by_variant_;   // by user and variant
  std::map<std::string, Counts> users_by_provider_;  // by user and provider called first
  std::int64_t outcomes_ = 0;                        // requests that name theirs
  std::int64_t with_variant_ = 0;
  std::int64_t past_limiters_ = 0;
  std::map<std::int64_t, Lookups> lookups_;  // by UTC day, since 1970
};

}  // namespace windtunnel::sim
