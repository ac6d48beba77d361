#include "monitor/token_limiter.h"

#include <algorithm>

namespace windtunnel::monitor {

std::optional<std::string> invalid(const TokenLimiterConfig& config) {
  if (config.limit < Tokens{0}) return "the token limit is negative";
  if (config.limit > kTokensMax + kTokensMax) return "the token limit is above 200 million";
  if (config.min_output_tokens < Tokens{0}) return "min_output_tokens is negative";
  if (config.min_output_tokens > kTokensMax) return "min_output_tokens is above 100 million";
  return std::nullopt;
}

TokenLimiter::TokenLimiter(const TokenLimiterConfig& config) : config_(config) {
  check(!invalid(config), "the token limiter's configuration is valid");
}

std::optional<TokenGrant> TokenLimiter::admit(Tokens input, Tokens max_tokens) {
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

void TokenLimiter::settle(const TokenGrant& grant, Tokens input_used, Tokens output_used) {
  check(input_used >= Tokens{0} && output_used >= Tokens{0}, "a served request holds no negative number of tokens");
  drop(grant);
  const Tokens used = input_used + output_used;
  settled_tokens_ += used;
  ++settled_requests_;
  if (config_.mode == TokenMode::average) credit_ += config_.limit - used;
}

void TokenLimiter::release(const TokenGrant& grant) { drop(grant); }

// What a grant takes from the credit while it is in flight.
Tokens TokenLimiter::excess(const TokenGrant& grant) const {
  if (config_.mode != TokenMode::average) return Tokens{0};
  return std::max(Tokens{0}, grant.reserved() - config_.limit);
}

void TokenLimiter::drop(const TokenGrant& grant) {
  check(in_flight_ > 0 && grant.reserved() <= reserved_, "a grant ends once");
  credit_ += excess(grant);
  reserved_ -= grant.reserved();
  --in_flight_;
}

}  // namespace windtunnel::monitor
