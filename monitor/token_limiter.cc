#include "monitor/token_limiter.h"

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

}  // namespace windtunnel::monitor
