#pragma once
// A log of requests, kept small: names once each, and only those that a scenario accepts.

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/fit/fit_names.h"

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
  std::optional<Tokens> cached;         // of the input
  std::optional<Tokens> cache_written;  // of the rest of it
  std::optional<Tokens> reasoning;      // of the output
  bool has_latency = true;              // false: `latency` is not known, and `finished` is the arrival
  bool has_tokens = true;               // false: of an answer whose `input` or `output` is not known
  bool has_cost = true;                 // false: and `cost` neither
  bool is_share = false;                // one of the equal requests that a sum of many was divided into
};

// The same of the log. Names belong to the log and are never null; equal names are one.
struct LoggedCall {
  const std::string* provider = nullptr;
  monitor::ReplyKind kind = monitor::ReplyKind::ok;
  Duration latency{0};
  std::optional<Usd> cost;
};

struct LoggedRequest {
  WallTime arrival{};
  Duration latency{0};
  bool answered = false;
  std::optional<monitor::Outcome> outcome;
  const std::string* provider = nullptr;
  const std::string* model = nullptr;
  const std::string* experiment = nullptr;
  const std::string* variant = nullptr;
  const std::string* user = nullptr;
  Tokens input;
  Tokens output;
  Usd cost;
  std::optional<Duration> time_to_first_token;
  std::optional<Tokens> cached;
  std::optional<Tokens> cache_written;
  std::optional<Tokens> reasoning;
  bool has_latency = true;
  bool has_tokens = true;
  bool has_cost = true;
  std::size_t calls_begin = 0;
  std::size_t calls_end = 0;

  [[nodiscard]] bool is_served() const {
    return (outcome ? *outcome == monitor::Outcome::served : answered) && !provider->empty();
  }
};

class FitLog {
 public:
  FitLog() = default;
  FitLog(const FitLog&) = delete;
  FitLog& operator=(const FitLog&) = delete;
  FitLog(FitLog&&) = default;
  FitLog& operator=(FitLog&&) = default;

  void add(const FitSample& sample);

  [[nodiscard]] const std::vector<LoggedRequest>& requests() const { return requests_; }
  [[nodiscard]] std::span<const LoggedCall> calls_of(const LoggedRequest& request) const {
    return std::span{calls_}.subspan(request.calls_begin, request.calls_end - request.calls_begin);
  }
  // How many names had to be changed.
  [[nodiscard]] std::size_t names_changed() const { return names_.changed(); }
  // Some requests are shares of sums, so that only what adds up is known.
  [[nodiscard]] bool has_shares() const { return has_shares_; }

 private:
  FitNames names_;
  bool has_shares_ = false;
  std::set<std::string> users_;
  std::vector<LoggedRequest> requests_;  // in the order of the log
  std::vector<LoggedCall> calls_;
};

}  // namespace windtunnel::sim
