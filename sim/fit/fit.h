#pragma once
// Fits a world to a log of requests: how many come and when, how long they are, who answers them, how fast, at what
// price, how often calls fail and the cache answers. What comes out is a scenario that a forecast can run, and every
// fitted figure with its 95 % interval. What the log leaves uncertain is part of the scenario: each replication of a
// forecast draws the level, growth, lengths, error rates and hits from their fitted laws.
//
// The model, and its limits:
//   days     Counts of whole days: weekdays, growth and steps as far as they explain more than chance, and what days
//            differ by beyond that (fit_days.h). Fewer than 8 whole days say nothing of it. Within a day a factor for
//            each UTC hour, if the log holds each.
//   regime   A step in the counts of days, or in what a request costs (a launch, a price change), ends what was before:
//            all but weekdays and growth is fitted to the requests after the last one.
//   targets  A provider with several models is several, one for each model. The eighth and all further ones are one,
//            "others".
//   lengths  Input and output tokens of served answers, as tables of their percentiles with the observed mean. What a
//            limiter had cut stays cut, so that the scenario has no token limiter. Targets whose lengths differ have a
//            workload each. So have the kinds of tokens, whose laws are stretched until their means are the log's.
//   split    By the variant of the log's experiment if (nearly) all carry one, else by the provider called first. If
//            the log names users, all requests of one go the same way and the interval is over users; else over
//            requests, and too narrow if users were sticky. The scenario divides request by request.
//   latency  Of answered calls, per provider: time to first token and time per output token, independent of each
//            other. Without a time to first token in the log the latter is constant: the slope of latency over output.
//            Where calls timed out it is one law of the whole.
//   price    Per target and token, whole pico-dollars, solved from the bills; how many it explains is reported. Cached
//            input, cache writes and reasoning have prices of their own where the log names them and the bills need
//            them. Where prices do not explain all (tiers), the bills' sum is met.
//   errors   Shares of calls, per provider and kind, independent of each other: an outage in the log is spread over it.
//            Where days differ by more than chance, the interval is over days. Requests that failed without a call to a
//            target are left out.
//   hits     The share of requests that a fresh cache entry answered, of those not refused by a limiter. Modelled as
//            equally popular prompts, and a ttl for which the scenario's own runs from an empty cache have that share.
//   cost     Of a request: what whole days differ by makes the mean of the log and that of the 30 days to come
//            uncertain. The scenario's own runs are compared with the log, and a note says if they miss it.
//   gateway  The settings are the defaults where the log does not contradict them: timeout and attempts are fitted or
//            lifted, and there is no budget.
//
// What the fitter writes is a valid scenario: names, times, rates and prices that a scenario file does not accept are
// changed or bounded, and a note names it. All of it is plain IEEE arithmetic, the same on every compiler.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/fit/fit_log.h"
#include "sim/statistics/statistics.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

struct FittedParameter {
  std::string name;  // "rate", "input_tokens.p50", "openai.errors.server_error"
  std::string unit;  // "requests/day", "tokens", "ms", "share", "factor", "USD/million"
  Estimate estimate;
  std::int64_t n = 0;  // of the values behind it
  // A price is read off the bills, errors_cv is an error itself, and values that are all alike tell nothing of others.
  bool has_interval = true;
  bool is_known = true;  // false: the log does not show it, and there is no estimate
};

struct FitSpend {
  std::string provider;  // of the scenario
  Usd amount;
};
// "openai=1.1,anthropic=0.12", in micro-dollars.
[[nodiscard]] std::string spent_words(const std::vector<FitSpend>& spent);

struct Fit {
  std::optional<std::string> problem;  // why nothing could be fitted; then the rest is empty
  Scenario scenario;                   // begins on the day after the log, for 30 days
  std::vector<FittedParameter> parameters;
  std::vector<FitSpend> spent;      // in the scenario's first month, before its start; empty: it starts with one
  std::vector<std::string> notes;   // what was assumed or left out, ready to print
  std::vector<std::string> doubts;  // of these, what speaks against a forecast of the fit
  std::int64_t requests = 0;
  WallTime first{};  // arrivals
  WallTime last{};
};

class Fitter {
 public:
  // In any order.
  void add(const FitSample& sample) { log_.add(sample); }
  // Of the requests that arrived before `until`, a midnight at which the scenario starts; absent: of all, and it starts
  // after the last one's day.
  [[nodiscard]] Fit fit(std::optional<WallTime> until = std::nullopt) const;
  [[nodiscard]] const FitLog& logged() const { return log_; }

 private:
  FitLog log_;
};

}  // namespace windtunnel::sim
