#pragma once
// A line of ledger.jsonl: one call as the provider saw and billed it, also one that was cut, left or refused.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "monitor/request.h"
#include "sim/faults/rules/fault_rules.h"
#include "wire/dialects/api.h"

namespace windtunnel::wire {

// How a call ended on the wire.
enum class CallEnd : std::uint8_t {
  whole,        // a whole body, an error's included
  stream,       // a stream with its end
  cut,          // the connection was closed before the end of the answer
  error_event,  // a stream with an error instead of its end
  early_end,    // a body or stream that ends as a whole one before the answer does
  reset,        // the connection was reset
  left,         // the caller closed it first
  refused,      // the request was no request of this interface
  open,         // the server was stopped meanwhile
};
[[nodiscard]] std::string_view name_of(CallEnd end);

struct CallLine {
  std::uint64_t call = 0;  // from 0, in the order of arrival at all providers
  Instant arrived{};
  Instant ended{};
  Duration to_first{0};  // from its arrival to the first token; 0: none was sent
  std::string provider;
  Api api = Api::chat;
  std::string workload;  // empty: it was refused before it had a name
  sim::CallName name;
  bool tagged = false;
  std::string sdk_retry;  // what a client library states of its own attempt; empty: nothing
  bool stream = false;
  monitor::ReplyKind kind = monitor::ReplyKind::ok;
  int status = 0;  // 0: none was sent
  CallEnd end = CallEnd::whole;
  std::int64_t tokens_sent = 0;   // of a stream
  std::int64_t tokens_whole = 0;  // of its answer, had it been sent to the end
  std::optional<Duration>
      retry_after;  // that was sent, from the end of the call; nothing: none, or one that is no time
  monitor::Usage billed;
  Usd cost;
  bool usage_sent = false;  // the caller can know what it is billed
  std::vector<std::string> faults;
};

// With its line end.
[[nodiscard]] std::string text_of(const CallLine& line);

}  // namespace windtunnel::wire
