#include "scenarios/import/envoy_cost.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

namespace windtunnel::scenarios::envoy_cost_test {
namespace {

TEST(EnvoyCost, is_a_sum_of_tokens_times_whole_numbers) {
  const auto weights = [](const char* expression) {
    const EnvoyCost cost = envoy_cost(expression);
    EXPECT_EQ(cost.why_not, nullptr) << expression;
    return std::pair{cost.input, cost.output};
  };
  EXPECT_EQ(weights("total_tokens"), (std::pair<std::int64_t, std::int64_t>{1, 1}));
  EXPECT_EQ(weights(" input_tokens+output_tokens * 6u"), (std::pair<std::int64_t, std::int64_t>{1, 6}));
  EXPECT_EQ(weights("2u * 3U * input_tokens + total_tokens"), (std::pair<std::int64_t, std::int64_t>{7, 1}));
  EXPECT_EQ(weights("output_tokens * 100u"), (std::pair<std::int64_t, std::int64_t>{0, 100}));
}

TEST(EnvoyCost, names_what_no_limit_counts) {
  const auto why = [](const std::string& expression) {
    const EnvoyCost cost = envoy_cost(expression);
    return std::string(cost.why_not == nullptr ? "" : cost.why_not);
  };
  EXPECT_NE(why("output_tokens * 6").find("unsigned"), std::string::npos);
  EXPECT_NE(why("cached_input_tokens * 0.1 + input_tokens").find("unsigned"), std::string::npos);
  EXPECT_NE(why("input_tokens + cached_input_tokens").find("cached"), std::string::npos);
  EXPECT_NE(why("output_tokens * 101u").find("at most 100"), std::string::npos);
  EXPECT_NE(why("output_tokens * 99999999999999999999u"), "");
  EXPECT_EQ(why("input_tokens * 0u"), "it counts nothing");
  for (const char* other :
       {"", "+", "7u", "input_tokens * output_tokens", "input_tokens / 2u", "input_tokens - 1u",
        "uint(double(input_tokens) * 0.1)", "input_tokens +", "-3u * input_tokens", "inputtokens"}) {
    EXPECT_NE(why(other).find("another expression"), std::string::npos) << other << ": " << why(other);
  }
}

}  // namespace
}  // namespace windtunnel::scenarios::envoy_cost_test
