#pragma once
// One record of a log, whatever program wrote it: a request, a call of a request, or a bucket of many requests.
//
// What the record does not hold is absent (an empty optional or text), never 0, so that a reader of the row can tell
// "took no time" from "the log has no times".

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "monitor/record.h"

namespace windtunnel::reports {

struct LogAttempt {
  std::string provider;
  std::string outcome;  // a name of monitor::ReplyKind
  Duration latency{0};
  std::optional<Usd> cost;                   // nothing: the usage is unknown
  std::string deployment = {};               // the gateway's own id of what was called; empty: not named
  std::string address = {};                  // that was called; likewise
  std::optional<Duration> start = {};        // since the arrival
  std::string answer_id = {};                // that the provider gave; empty: not known
  std::optional<Duration> retry_after = {};  // that the provider asked for
};

// Of a budget, that fired before the record was written.
struct LogAlert {
  std::string window;  // "month" or "day"
  WallTime begin{};    // of the window
  Millionths share{0};
  Usd spent;
  bool by_refusal = false;  // at a refusal, before the share was spent
};

struct LogRow {
  std::optional<WallTime> begin;  // arrival; of a bucket its begin
  std::optional<WallTime> end;    // of a bucket its end
  std::optional<Duration> latency;
  std::optional<Duration> time_to_first_token;  // from arrival on
  std::string id;
  std::string trace;  // that calls of one request have in common; empty: a record is a request
  std::string provider;
  std::string model;
  bool names_provider = true;  // false: the model stands for it, so that each model is a target
  std::string route;           // what the caller asked the gateway for; empty: not named
  std::string deployment;      // the gateway's own id of what was called last; likewise
  std::string address;         // that was called last; likewise
  std::string key;             // of the gateway, that the caller has, as its database names it
  std::string holder;          // the gateway's own user, whose key it is
  std::string user;
  std::string team;
  std::string experiment;
  std::string variant;
  std::optional<Tokens> input;   // cached and written ones too
  std::optional<Tokens> output;  // reasoning ones too
  std::optional<Tokens> total;
  std::optional<Tokens> cached;
  std::optional<Tokens> cache_written;
  std::optional<Tokens> cache_written_1h;  // of those written, those that the cache keeps for an hour
  std::optional<Tokens> reasoning;
  std::optional<Usd> cost;
  std::optional<bool> answered;
  bool tells_end_once = true;  // false: `answered` and `status` are of different fields
  std::optional<int> status;   // HTTP
  std::string error;           // why there is no answer, in whatever words
  std::optional<bool> cache_hit;
  bool is_cancelled = false;           // by its caller, after some of the answer
  bool is_batch = false;               // at a batch API's price
  std::string tier;                    // of service, where it has prices of its own that no list holds
  std::optional<std::string> outcome;  // a name of monitor::Outcome
  std::vector<LogAttempt> attempts;
  std::vector<LogAlert> alerts;
  std::optional<std::int64_t> requests;  // of a bucket that counts them
  bool is_bucket = false;                // many requests, of which only sums are known
};

}  // namespace windtunnel::reports
