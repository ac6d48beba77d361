// What a log's requests cost by a list of prices, and which of them have none.

#include "runs/logs/log_prices.h"

#include <gtest/gtest.h>

namespace windtunnel::runs::log_prices_test {
namespace {

const scenarios::PriceList& prices() {
  static const scenarios::PriceList list = scenarios::PriceList::shipped();
  return list;
}

reports::LogRow row() {
  return {.model = "claude-haiku-4-5",
          .input = Tokens{1'000'000},
          .output = Tokens{},
          .cached = Tokens{100'000},
          .cache_written = Tokens{300'000}};
}

TEST(PriceOfRow, is_half_in_a_batch_and_more_for_an_hour_in_the_cache) {
  // 0.6 at 1 USD, 0.1 at 0.10 and 0.3 at 1.25 a million.
  EXPECT_EQ(price_of(row(), prices()), Usd::from_picos(985'000'000'000));
  reports::LogRow batch = row();
  batch.is_batch = true;
  EXPECT_EQ(price_of(batch, prices()), Usd::from_picos(492'500'000'000));
  reports::LogRow hour = row();
  hour.cache_written_1h = Tokens{300'000};  // at 2 USD
  EXPECT_EQ(price_of(hour, prices()), Usd::from_picos(1'210'000'000'000));
}

TEST(PriceOfRow, is_none_of_a_tier_whose_price_is_not_listed) {
  reports::LogRow flex = row();
  flex.tier = "flex";
  EXPECT_FALSE(price_of(flex, prices()));
  EXPECT_NE(unpriced_text({{"claude-haiku-4-5", 3}}, prices()).find("another tier of service"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::runs::log_prices_test
