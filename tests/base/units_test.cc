#include "base/units.h"

#include <gtest/gtest.h>

#include <concepts>
#include <type_traits>

namespace windtunnel::inline base::units_test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRange = "more than 9.2 million USD are added up";
constexpr Usd kPico = Usd::from_picos(1);
constexpr Usd kLeast = Usd::from_picos(INT64_MIN);

template <typename A, typename B>
concept Addable = requires(A a, B b) { a + b; };
template <typename A, typename B>
concept Comparable = requires(A a, B b) { a < b; };

// What must not compile.
static_assert(!Addable<Usd, Tokens> && !Addable<Tokens, Usd>);
static_assert(!Addable<Usd, std::int64_t> && !Addable<Tokens, std::int64_t>);
static_assert(!Comparable<Usd, Tokens> && !Comparable<Usd, std::int64_t> && !Comparable<Tokens, std::int64_t>);
static_assert(!Comparable<Instant, WallTime> && !Addable<Instant, WallTime> && !Addable<Instant, Instant>);
static_assert(!std::convertible_to<std::int64_t, Usd> && !std::constructible_from<Usd, std::int64_t>);
static_assert(!std::convertible_to<std::int64_t, Tokens> && std::constructible_from<Tokens, std::int64_t>);
static_assert(!std::convertible_to<Usd, std::int64_t> && !std::convertible_to<Usd, double>);
static_assert(!std::convertible_to<WallTime, Instant> && !std::constructible_from<Instant, WallTime>);

// A value is a word in memory, and may be copied as one.
static_assert(sizeof(Usd) == 8 && std::is_trivially_copyable_v<Usd>);
static_assert(sizeof(Tokens) == 8 && std::is_trivially_copyable_v<Tokens>);
static_assert(std::same_as<Duration, std::chrono::nanoseconds>);
static_assert(MonitorClock::is_steady && !CalendarClock::is_steady);

static_assert(Usd{} == Usd::from_picos(0) && Tokens{} == Tokens{0} && Millionths{}.value == 0);
static_assert(Usd::from_dollars(1) == Usd::from_cents(100) && Usd::from_cents(1).picos() == 10'000'000'000);
static_assert(Usd::from_dollars(1).picos() == 1'000'000'000'000);
static_assert(Usd::from_dollars(2) + Usd::from_cents(5) == Usd::from_cents(205));
static_assert(Usd::from_dollars(2) - Usd::from_dollars(3) == Usd::from_dollars(-1));
static_assert(Usd::from_cents(3) * 4 == Usd::from_cents(12));
static_assert(kPico > Usd{} && Usd{} > Usd{} - kPico);
static_assert(Tokens{3} + Tokens{4} == Tokens{7} && Tokens{3} - Tokens{4} == Tokens{-1} && Tokens{3} < Tokens{4});

TEST(Usd, adds_and_subtracts_in_place) {
  Usd sum = Usd::from_dollars(1);
  sum += kPico;
  EXPECT_EQ(sum.picos(), 1'000'000'000'001);
  sum -= Usd::from_dollars(1);
  EXPECT_EQ(sum, kPico);
}

TEST(Usd, prints_dollars_as_a_double_for_people) {
  EXPECT_DOUBLE_EQ(Usd::from_cents(150).dollars(), 1.5);
  EXPECT_DOUBLE_EQ(Usd::from_cents(-1).dollars(), -0.01);
}

static_assert(!std::convertible_to<UsdSum, Usd> && std::convertible_to<Usd, UsdSum>);
static_assert(!Addable<UsdSum, Tokens> && !Comparable<UsdSum, std::int64_t>);
static_assert(Usd::max() + UsdSum{kPico} > Usd::max() && UsdSum::max() > UsdSum{Usd::max()} + Usd::max());
static_assert(UsdSum{} == Usd{} && UsdSum{kPico} - kPico == Usd{} && UsdSum{Usd{}} - kPico < Usd{});

TEST(UsdSum, adds_bills_beyond_the_range_of_one) {
  UsdSum sum;
  for (int i = 0; i < 1'000; ++i) sum += Usd::max();
  EXPECT_TRUE(sum.picos() == Int128{INT64_MAX} * 1'000);
  EXPECT_DOUBLE_EQ(sum.dollars(), 9'223'372'036.854775807);
  for (int i = 0; i < 999; ++i) sum -= Usd::max();
  EXPECT_EQ(sum.narrow(), Usd::max());
  EXPECT_EQ((UsdSum{Usd::from_picos(INT64_MIN)}).narrow().picos(), INT64_MIN);
}

TEST(UsdSumDeath, narrows_to_a_bill_or_reaches_a_limit) {
  EXPECT_EXIT((void)(UsdSum{Usd::max()} + kPico).narrow(), testing::ExitedWithCode(3), kRange);
  EXPECT_EXIT((void)(UsdSum{kLeast} - kPico).narrow(), testing::ExitedWithCode(3), kRange);
}

TEST(Tokens, add_and_subtract_in_place) {
  Tokens sum{5};
  sum += Tokens{2};
  sum -= Tokens{4};
  EXPECT_EQ(sum.count(), 3);
}

// Prices of 2024, in USD per million tokens: 2.50 and 10 for one model, 3 and 15 for another.
TEST(Cost, is_exact_for_published_prices) {
  const Tariff first{{Usd::from_picos(2'500'000)}, {Usd::from_picos(10'000'000)}};
  EXPECT_EQ(cost(first, Tokens{1'000'000}, Tokens{1'000'000}), Usd::from_cents(1250));
  EXPECT_EQ(cost(first, Tokens{1}, Tokens{0}).picos(), 2'500'000);
  EXPECT_EQ(cost(first, Tokens{0}, Tokens{1}).picos(), 10'000'000);
  const Tariff second{{Usd::from_picos(3'000'000)}, {Usd::from_picos(15'000'000)}};
  EXPECT_EQ(cost(second, Tokens{150}, Tokens{80}).picos(), 150 * 3'000'000 + 80 * 15'000'000);
  EXPECT_EQ(cost(second, Tokens{0}, Tokens{0}), Usd{});
}

TEST(Cost, of_the_largest_request_fits_at_four_cents_a_token) {
  const Tariff dear{{Usd::from_cents(4)}, {Usd::from_cents(4)}};
  EXPECT_EQ(cost(dear, kTokensMax, kTokensMax), Usd::from_dollars(8'000'000));
}

TEST(Usd, reaches_both_ends_of_its_range) {
  EXPECT_EQ((Usd::max() - kPico + kPico).picos(), INT64_MAX);
  EXPECT_EQ((kLeast + kPico - kPico).picos(), INT64_MIN);
  EXPECT_EQ(Usd::from_dollars(9'223'372).picos(), 9'223'372'000'000'000'000);
  EXPECT_EQ(Usd::from_cents(922'337'203).picos(), 9'223'372'030'000'000'000);
  EXPECT_EQ(Usd::from_picos(INT64_MAX / 3) * 3, Usd::max() - kPico);
}

TEST(UsdDeath, leaving_the_range_reaches_a_limit) {
  const auto dies = testing::ExitedWithCode(3);
  EXPECT_EXIT(Usd::max() + kPico, dies, kRange);
  EXPECT_EXIT(kLeast + (Usd{} - kPico), dies, kRange);
  EXPECT_EXIT(kLeast - kPico, dies, kRange);
  EXPECT_EXIT(Usd::max() - (Usd{} - kPico), dies, kRange);
  EXPECT_EXIT(Usd::from_picos(INT64_MAX / 3 + 1) * 3, dies, kRange);
  EXPECT_EXIT(Usd::max() * 2, dies, kRange);
  EXPECT_EXIT(kLeast * -1, dies, kRange);
  EXPECT_EXIT(Usd::from_dollars(9'223'373), dies, kRange);
  EXPECT_EXIT(Usd::from_cents(922'337'204), dies, kRange);
  EXPECT_EXIT(Usd::from_dollars(INT64_MIN), dies, kRange);
  EXPECT_EXIT(cost(Price{Usd::from_cents(10)}, kTokensMax), dies, kRange);
}

}  // namespace
}  // namespace windtunnel::inline base::units_test
