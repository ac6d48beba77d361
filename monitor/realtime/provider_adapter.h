#pragma once
// What LlmMonitor needs of a provider: one blocking call. An adapter turns a provider's API into the words of the
// pipeline; it decides nothing (no retry, no failover) and holds no state of a request.

#include <string>
#include <string_view>

#include "monitor/config.h"
#include "monitor/realtime/llm_monitor_time.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

// No price is higher, so that the bills of a request fit together: its 16 attempts of 100 million tokens each way.
inline constexpr Price kPriceMax{Usd::from_picos(2'000'000'000)};  // 2,000 USD per million tokens

// One attempt. The texts are good until complete() returns.
struct ProviderCall {
  std::string_view system_prompt;
  std::string_view user_profile;
  std::string_view job_market_data;
  RequestId request{};
  std::uint8_t attempt = 0;  // ordinal in the request, from 0
  Tokens input;              // as the monitor counts the prompt
  Tokens output_max;         // the answer must not be longer, nor billed for more
  Instant deadline{};        // of `time`: a call without an answer by then returns a timeout
  TimeSource& time;
};

struct Completion {
  // kind, usage (nothing: unknown), time_to_first_token and retry_after. Its response_length is counted from the text.
  Reply reply;
  std::string text;    // of kind ok
  std::string detail;  // of a failure, for people: it goes into the result, not into any record
};

class ProviderAdapter {
 public:
  virtual ~ProviderAdapter() = default;

  // Name, model and price; the same at every call.
  [[nodiscard]] virtual const ProviderConfig& config() const = 0;

  // Blocks until there is an answer, a failure, or the deadline. Called from several threads at once, never under a
  // lock. What comes back after the deadline counts as a timeout at the deadline. An exception out of here counts as a
  // connection error of unknown usage.
  virtual Completion complete(const ProviderCall& call) = 0;
};

}  // namespace windtunnel::monitor
