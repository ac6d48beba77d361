#pragma once
// What a token costs by a costExpression of Envoy AI Gateway: a sum of counts of tokens, each times whole numbers.
//
//   sum     = product { "+" product }
//   product = factor { "*" factor }
//   factor  = digits "u" | input_tokens | output_tokens | total_tokens
//
// The gateway takes any expression of CEL. Of others this says why no limit can follow them.

#include <cstdint>
#include <string_view>

namespace windtunnel::scenarios {

struct EnvoyCost {
  std::int64_t input = 0;  // of a token
  std::int64_t output = 0;
  const char* why_not = nullptr;  // no limit counts so
};

[[nodiscard]] EnvoyCost envoy_cost(std::string_view expression);

}  // namespace windtunnel::scenarios
