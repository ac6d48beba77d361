// What a log's requests cost by a list of prices, and which of them have none.

#include "runs/logs/log_prices.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/reports/scratch_folder.h"

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

class CheckedPrices : public testing::Test {
 protected:
  [[nodiscard]] ShownPrices check(const std::string& rows) const {
    reports::write_text(folder_.file("log.csv"), "at,m,in,out\n" + rows);
    return check_prices({.file = folder_.file("log.csv"), .columns = "time=at,model=m,input=in,output=out"});
  }

 private:
  reports::ScratchFolder folder_;
};

TEST_F(CheckedPrices, list_each_model_without_one) {
  std::string rows;
  for (int i = 0; i < 12; ++i) rows += fmt::format("2026-04-01,mine-{:02},1,1\n", i);
  const ShownPrices shown = check(rows);
  EXPECT_FALSE(shown.all_listed);
  for (int i = 0; i < 12; ++i) EXPECT_NE(shown.text.find(fmt::format("mine-{:02} (1", i)), std::string::npos) << i;
  EXPECT_EQ(shown.text.find("more"), std::string::npos) << shown.text;
}

TEST_F(CheckedPrices, name_the_records_that_were_not_checked) {
  const ShownPrices shown = check("2026-04-01,gpt-4o,1,1\n2026-04-01,gpt-4o,x,1\nsoon,gpt-4o,1,1\n");
  EXPECT_TRUE(shown.all_listed);
  EXPECT_NE(shown.text.find("2 records cannot be read and were not checked:\n  line 3: in is x"), std::string::npos)
      << shown.text;
}

}  // namespace
}  // namespace windtunnel::runs::log_prices_test
