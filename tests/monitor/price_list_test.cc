#include "monitor/price_list.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace windtunnel::monitor::price_list_test {
namespace {

using namespace std::chrono_literals;

Tariff price_of(std::int64_t picos) { return {{Usd::from_picos(picos)}, {Usd::from_picos(2 * picos)}}; }

TEST(PriceList, gives_the_prices_of_an_instant_on_both_sides_of_every_change) {
  const std::vector<ProviderConfig> providers{
      {"a", "m", {{.tariff = price_of(1)}, {WallTime{10s}, price_of(2)}, {WallTime{30s}, price_of(3)}}},
      {"b", "m", {{.tariff = price_of(7)}, {WallTime{20s}, price_of(8)}}}};
  PriceList prices{providers};
  const auto expect = [&](WallTime wall, std::int64_t a, std::int64_t b) {
    ASSERT_EQ(prices.at(wall)[0], price_of(a)) << wall.time_since_epoch().count();
    ASSERT_EQ(prices.at(wall)[1], price_of(b)) << wall.time_since_epoch().count();
  };
  expect(WallTime{0s}, 1, 7);
  expect(WallTime{10s - 1ns}, 1, 7);
  expect(WallTime{10s}, 2, 7);
  expect(WallTime{20s - 1ns}, 2, 7);
  expect(WallTime{20s}, 2, 8);
  expect(WallTime{30s - 1ns}, 2, 8);
  expect(WallTime{30s}, 3, 8);
  // The wall clock may step back, however far.
  expect(WallTime{20s - 1ns}, 2, 7);
  expect(WallTime::min(), 1, 7);
  expect(WallTime::max(), 3, 8);
}

TEST(PriceList, before_the_first_change_the_first_price_holds) {
  const std::vector<ProviderConfig> providers{{"a", "m", {{WallTime{10s}, price_of(1)}, {WallTime{20s}, price_of(2)}}}};
  PriceList prices{providers};
  EXPECT_EQ(prices.at(WallTime::min())[0], price_of(1));
  EXPECT_EQ(prices.at(WallTime{20s})[0], price_of(2));
  EXPECT_EQ(prices.at(WallTime{10s - 1ns})[0], price_of(1));
}

TEST(PriceList, has_a_price_of_every_provider) {
  const std::vector<ProviderConfig> free{{"a", "m", {}}};
  EXPECT_EXIT(PriceList{free}, testing::ExitedWithCode(1), "every provider has a price");
}

}  // namespace
}  // namespace windtunnel::monitor::price_list_test
