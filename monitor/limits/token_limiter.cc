#include "monitor/limits/token_limiter.h"

namespace windtunnel::monitor {

const char* name_of(TokenMode mode) {
  switch (mode) {
    case TokenMode::off:
      return "off";
    case TokenMode::per_request:
      return "per_request";
    case TokenMode::average:
      return "average";
  }
  fail_check("a token limiter's mode has a name", __FILE__, __LINE__);
}

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
