#pragma once
// Keeps the tokens (prompt + response) of the served requests within a limit by granting each request an output cap.
//
// Mode average: the mean over all settled requests never exceeds the limit. A request may hold limit + credit tokens,
//   credit = limit x settled requests - settled tokens - sum over those in flight of max(0, reserved - limit).
// Only settled requests earn credit; one in flight may settle low or fail. Credit is never negative while no request
// settles above its grant, and then the mean is at most the limit after every settlement.
// Mode per_request: each request on its own; nothing is cut. Mode off: everything is granted.
//
// Every grant ends in exactly one settle (served) or release (failed, from the cache, refused further on).

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"

namespace windtunnel::monitor {

enum class TokenMode : std::uint8_t { off, per_request, average };

// The mode's word in scenarios and reports.
[[nodiscard]] const char* name_of(TokenMode mode);

struct TokenLimiterConfig {
  TokenMode mode = TokenMode::average;
  Tokens limit{500};  // [0, 2 x kTokensMax]
  Tokens min_output_tokens{
      1};  // mode average: a smaller grant is refused, also when no more was asked for; [0, kTokensMax]
  friend bool operator==(const TokenLimiterConfig&, const TokenLimiterConfig&) = default;
};

// Why this configuration cannot be used, as one sentence; nothing if it can.
std::optional<std::string> invalid(const TokenLimiterConfig& config);

// What a request in flight may hold at most.
struct TokenGrant {
  Tokens input;
  Tokens output;  // at most the request's max_tokens
  [[nodiscard]] constexpr Tokens reserved() const { return input + output; }
};

class TokenLimiter {
 public:
  explicit TokenLimiter(const TokenLimiterConfig& config = {});

  // Nothing: refused.
  [[nodiscard]] std::optional<TokenGrant> admit(Tokens input, Tokens max_tokens);
  // The request was served with these tokens; it counts. More than was granted is counted truly (credit may go below
  // 0).
  void settle(const TokenGrant& grant, Tokens input_used, Tokens output_used);
  // The request carries no tokens and does not count.
  void release(const TokenGrant& grant);

  [[nodiscard]] const TokenLimiterConfig& config() const { return config_; }
  // The average is settled_tokens / settled_requests.
  [[nodiscard]] Tokens settled_tokens() const { return settled_tokens_; }
  [[nodiscard]] std::int64_t settled_requests() const { return settled_requests_; }
  [[nodiscard]] Tokens reserved() const { return reserved_; }  // of those in flight
  [[nodiscard]] std::int64_t in_flight() const { return in_flight_; }
  [[nodiscard]] Tokens credit() const { return credit_; }  // 0 unless mode average
  [[nodiscard]] std::int64_t refused() const { return refused_; }
  [[nodiscard]] std::int64_t cut() const { return cut_; }  // grants below max_tokens

 private:
  [[nodiscard]] Tokens excess(const TokenGrant& grant) const;
  void drop(const TokenGrant& grant);

  TokenLimiterConfig config_;
  Tokens credit_;
  Tokens reserved_;
  Tokens settled_tokens_;
  std::int64_t settled_requests_ = 0;
  std::int64_t in_flight_ = 0;
  std::int64_t refused_ = 0;
  std::int64_t cut_ = 0;
};

// --- What every request passes, so that it can be compiled into the pipeline -----------------------------------------

// What a grant takes from the credit while it is in flight.
inline Tokens TokenLimiter::excess(const TokenGrant& grant) const {
  if (config_.mode != TokenMode::average) return Tokens{0};
  return std::max(Tokens{0}, grant.reserved() - config_.limit);
}

inline void TokenLimiter::drop(const TokenGrant& grant) {
  check(in_flight_ > 0 && grant.reserved() <= reserved_, "a grant ends once");
  credit_ += excess(grant);
  reserved_ -= grant.reserved();
  --in_flight_;
}

inline std::optional<TokenGrant> TokenLimiter::admit(Tokens input, Tokens max_tokens) {
  check(input >= Tokens{0} && input <= kTokensMax, "the input holds between 0 and kTokensMax tokens");
  check(max_tokens >= Tokens{0} && max_tokens <= kTokensMax, "max_tokens is between 0 and kTokensMax");
  TokenGrant grant{input, max_tokens};
  if (config_.mode == TokenMode::average) grant.output = std::min(max_tokens, config_.limit + credit_ - input);

  const bool refused = (config_.mode == TokenMode::per_request && grant.reserved() > config_.limit) ||
                       (config_.mode == TokenMode::average && grant.output < config_.min_output_tokens);
  if (refused) {
    ++refused_;
    return std::nullopt;
  }
  credit_ -= excess(grant);
  reserved_ += grant.reserved();
  ++in_flight_;
  if (grant.output < max_tokens) ++cut_;
  return grant;
}

inline void TokenLimiter::settle(const TokenGrant& grant, Tokens input_used, Tokens output_used) {
  check(input_used >= Tokens{0} && output_used >= Tokens{0}, "a served request holds no negative number of tokens");
  drop(grant);
  const Tokens used = input_used + output_used;
  settled_tokens_ += used;
  ++settled_requests_;
  if (config_.mode == TokenMode::average) credit_ += config_.limit - used;
}

inline void TokenLimiter::release(const TokenGrant& grant) { drop(grant); }

}  // namespace windtunnel::monitor
