// One account by itself: where its windows begin and end, how long what was used leaves no room, and where a charge of
// another replica belongs.

#include "monitor/limits/limit_account.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <vector>

namespace windtunnel::monitor::limit_account_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant at(Duration since_start) { return Instant{since_start}; }
constexpr LimitAmounts requests(std::int64_t count) { return {count, 0, 0}; }

LimitConfig limit_of(std::int64_t requests, std::optional<Duration> period = 1min) {
  LimitConfig limit;
  limit.requests = requests;
  limit.period = period;
  return limit;
}

LimitConfig bucket_of(std::int64_t requests, Duration period) {
  LimitConfig limit = limit_of(requests, period);
  limit.algorithm = LimitAlgorithm::token_bucket;
  return limit;
}

LimitConfig sliding(std::int64_t requests, Duration period) {
  LimitConfig limit = limit_of(requests, period);
  limit.algorithm = LimitAlgorithm::sliding_window;
  return limit;
}

LimitConfig from_first_use(std::int64_t requests, Duration period) {
  LimitConfig limit = limit_of(requests, period);
  limit.window = LimitWindow::from_first_use;
  return limit;
}

class Rig {
 public:
  explicit Rig(const LimitConfig& limit, WallTime at_zero = {}) : rule_(limit, at_zero) {}

  void use(const LimitAmounts& more, Instant now) {
    account_.advance(rule_, &ring_, now);
    account_.charge(rule_, &ring_, account_.stamp(rule_, now), more);
  }
  // A charge of another replica's request that was admitted at `admitted`; whether it still belongs somewhere.
  bool hear(const LimitAmounts& more, Instant admitted, Instant now) {
    account_.advance(rule_, &ring_, now);
    const auto stamp = account_.stamp_at(rule_, admitted, now);
    if (stamp) account_.charge(rule_, &ring_, *stamp, more);
    return stamp.has_value();
  }
  [[nodiscard]] bool has_room(const LimitAmounts& more, Instant now) {
    account_.advance(rule_, &ring_, now);
    return account_.has_room(rule_, more, true);
  }
  [[nodiscard]] Duration wait(const LimitAmounts& more, Instant now) {
    account_.advance(rule_, &ring_, now);
    return account_.wait_for(rule_, more, now);
  }
  [[nodiscard]] Int128 used(Instant now, std::size_t kind = kLimitRequests) {
    account_.advance(rule_, &ring_, now);
    return account_.used(rule_, kind);
  }

 private:
  LimitRule rule_;
  LimitAccount account_;
  LimitAccount::Ring ring_{};
};

constexpr WallTime wall(std::int64_t seconds) { return WallTime{std::chrono::seconds{seconds}}; }

TEST(LimitAccount, whole_weeks_begin_on_mondays_and_other_periods_where_1970_began) {
  const WallTime thursday = wall(1'705'536'000);  // 2024-01-18T00:00:00Z, day 19,740
  Rig week{limit_of(1, 7 * 24h), thursday};
  week.use(requests(1), at(0s));
  EXPECT_EQ(week.wait(requests(1), at(1h)), 4 * 24h - 1h);
  Rig fortnight{limit_of(1, 14 * 24h), thursday};
  fortnight.use(requests(1), at(0s));
  EXPECT_EQ(fortnight.wait(requests(1), at(0s)) % (7 * 24h), 4 * 24h);
  Rig six_days{limit_of(1, 6 * 24h), thursday};  // 19,740 is a multiple of 6
  six_days.use(requests(1), at(0s));
  EXPECT_EQ(six_days.wait(requests(1), at(0s)), 6 * 24h);
}

TEST(LimitAccount, windows_before_1970_are_whole_too) {
  Rig rig{limit_of(1), wall(-61)};
  rig.use(requests(1), at(0s));
  EXPECT_EQ(rig.wait(requests(1), at(0s)), 1s);
  rig.use(requests(1), at(1s));
  EXPECT_EQ(rig.wait(requests(1), at(1s)), 60s);
  rig.use(requests(1), at(61s));
  EXPECT_EQ(rig.wait(requests(1), at(61s)), 60s);
  for (const WallTime end : {wall(0), wall(-60)}) {
    Rig last{limit_of(1), end - 1ns};
    last.use(requests(1), at(0s));
    EXPECT_EQ(last.wait(requests(1), at(0s)), 1ns);
  }
}

TEST(LimitAccount, a_month_ends_with_the_calendar) {
  Rig rig{limit_of(1, std::nullopt), wall(1'706'659'200)};  // 2024-01-31T00:00:00Z
  rig.use(requests(1), at(0s));
  EXPECT_EQ(rig.wait(requests(1), at(0s)), 24h);
  EXPECT_EQ(rig.used(at(24h - 1ns)), 1);
  EXPECT_EQ(rig.used(at(24h)), 0);
  rig.use(requests(1), at(24h));
  EXPECT_EQ(rig.wait(requests(1), at(24h)), 29 * 24h);
}

TEST(LimitAccount, a_sliding_window_forgets_step_by_step) {
  Rig rig{sliding(3, 60s)};
  rig.use(requests(1), at(0s));
  rig.use(requests(2), at(10s + 500ms));
  EXPECT_EQ(rig.wait(requests(1), at(10s + 500ms)), 500ms) << "the next step begins then";
  EXPECT_EQ(rig.used(at(61s - 1ns)), 3);
  EXPECT_EQ(rig.used(at(61s)), 2);
  EXPECT_EQ(rig.used(at(71s - 1ns)), 2);
  EXPECT_EQ(rig.used(at(71s)), 0);
}

TEST(LimitAccount, a_sliding_window_counts_what_stays_after_a_long_pause) {
  for (const Duration pause : {59s, 60s, 61s, 62s, 1000s}) {
    Rig rig{sliding(9, 60s)};
    rig.use(requests(1), at(5s));
    rig.use(requests(2), at(5s + pause));
    EXPECT_EQ(rig.used(at(5s + pause)), pause <= 60s ? 3 : 2);
    EXPECT_EQ(rig.used(at(5s + pause + 61s)), 0);
  }
}

TEST(LimitAccount, a_step_is_a_sixtieth_rounded_up) {
  Rig rig{sliding(1, 61ns)};
  rig.use(requests(1), at(2ns));  // its step is [2, 4) ns
  EXPECT_EQ(rig.used(at(124ns - 1ns)), 1);
  EXPECT_EQ(rig.used(at(124ns)), 0);
  Rig shortest{sliding(1, 60ns)};
  shortest.use(requests(1), at(0ns));
  EXPECT_EQ(shortest.used(at(61ns - 1ns)), 1);
  EXPECT_EQ(shortest.used(at(61ns)), 0);
}

TEST(LimitAccount, a_bucket_waits_for_the_kind_that_lacks_most) {
  LimitConfig limit = bucket_of(10, 10s);
  limit.tokens = Tokens{100};
  limit.usd = Usd::from_picos(0);
  Rig rig{limit};
  const LimitAmounts all{10, Int128{100} * kMillion, 0};
  rig.use(all, at(0s));
  EXPECT_EQ(rig.wait({3, 0, 0}, at(0s)), 3s);
  EXPECT_EQ(rig.wait({3, Int128{40} * kMillion, 0}, at(0s)), 4s);
  EXPECT_EQ(rig.wait({5, Int128{40} * kMillion, 0}, at(1s)), 4s);
  EXPECT_EQ(rig.wait({0, 0, 0}, at(1s)), 0s);
}

TEST(LimitAccount, a_bucket_shows_what_is_missing_rounded_up) {
  Rig rig{bucket_of(3, 9s)};
  rig.use(requests(3), at(0s));
  EXPECT_EQ(rig.used(at(3s - 1ns)), 3);
  EXPECT_EQ(rig.used(at(3s)), 2);
  EXPECT_EQ(rig.used(at(9s)), 0);
}

TEST(LimitAccount, a_bucket_is_full_with_the_first_nanosecond_that_leaves_nothing_missing) {
  Rig rig{bucket_of(3, 10ns)};  // 3 requests in 10 ns: one is back after 3.3 ns
  rig.use(requests(1), at(0ns));
  EXPECT_EQ(rig.wait(requests(3), at(0ns)), 4ns);
  EXPECT_FALSE(rig.has_room(requests(3), at(3ns)));
  EXPECT_TRUE(rig.has_room(requests(3), at(4ns)));
}

TEST(LimitAccount, a_bucket_that_gets_back_more_than_it_lacks_is_full) {
  Rig rig{bucket_of(3, 9s)};
  rig.use(requests(2), at(0s));
  rig.use(requests(-2), at(3s));
  EXPECT_EQ(rig.used(at(3s)), 0);
  EXPECT_FALSE(rig.has_room(requests(4), at(3s)));
  EXPECT_TRUE(rig.has_room(requests(3), at(3s)));
}

TEST(LimitAccount, a_limit_of_zero_has_no_room_for_anything) {
  for (const LimitConfig& limit : {limit_of(0), bucket_of(0, 10s)}) {
    Rig rig{limit};
    EXPECT_FALSE(rig.has_room(requests(0), at(0s)));
    rig.use(requests(1), at(0s));
    EXPECT_FALSE(rig.has_room(requests(0), at(10s)));
  }
}

TEST(LimitAccount, what_takes_nothing_fits_into_a_limit_that_is_exceeded) {
  Rig rig{limit_of(1)};
  rig.use(requests(5), at(0s));
  EXPECT_TRUE(rig.has_room(requests(0), at(0s)));
  EXPECT_TRUE(rig.has_room(requests(-1), at(0s)));
  EXPECT_FALSE(rig.has_room(requests(1), at(0s)));
}

TEST(LimitAccount, a_charge_of_another_replica_belongs_to_the_window_of_its_admission) {
  Rig rig{limit_of(5), wall(20)};
  rig.use(requests(1), at(50s));  // of the minute from 40 s
  EXPECT_TRUE(rig.hear(requests(1), at(40s), at(60s)));
  EXPECT_FALSE(rig.hear(requests(1), at(40s - 1ns), at(60s)));
  EXPECT_EQ(rig.used(at(60s)), 2);
}

TEST(LimitAccount, a_charge_of_another_replica_begins_a_window_from_its_first_use) {
  Rig rig{from_first_use(5, 60s)};
  EXPECT_FALSE(rig.hear(requests(1), at(10s), at(70s))) << "that window would be over";
  EXPECT_TRUE(rig.hear(requests(1), at(10s), at(70s - 1ns)));
  EXPECT_EQ(rig.used(at(70s - 1ns)), 1);
  EXPECT_EQ(rig.used(at(70s)), 0);

  Rig begun{from_first_use(5, 60s)};
  begun.use(requests(1), at(10s));
  EXPECT_FALSE(begun.hear(requests(1), at(10s - 1ns), at(20s)));
  EXPECT_TRUE(begun.hear(requests(1), at(10s), at(20s)));
  EXPECT_EQ(begun.used(at(70s - 1ns)), 2);
}

TEST(LimitAccount, a_charge_of_another_replica_belongs_to_the_step_of_its_admission) {
  Rig rig{sliding(9, 60s)};
  rig.use(requests(1), at(100s));
  rig.hear(requests(2), at(40s), at(100s));
  rig.hear(requests(4), at(40s - 1ns), at(100s));
  EXPECT_EQ(rig.used(at(100s)), 3);
  EXPECT_EQ(rig.used(at(101s)), 1);
}

// After the wait there is room, and not a nanosecond earlier: where time alone makes it.
RC_GTEST_PROP(LimitAccount, a_bucket_has_room_exactly_after_the_wait, ()) {
  const std::int64_t limit = *rc::gen::inRange<std::int64_t>(1, 10);
  Rig rig{bucket_of(limit, Duration{*rc::gen::inRange<std::int64_t>(1, 100)})};
  Instant now{};
  for (int i = 0; i < 10; ++i) {
    now += Duration{*rc::gen::inRange<std::int64_t>(0, 50)};
    const LimitAmounts more = requests(*rc::gen::inRange<std::int64_t>(1, limit + 1));
    Rig copy = rig;
    const Duration wait = copy.wait(more, now);
    RC_ASSERT((wait == 0ns) == copy.has_room(more, now));
    if (wait > 0ns) RC_ASSERT(!Rig{copy}.has_room(more, now + wait - 1ns));
    RC_ASSERT(Rig{copy}.has_room(more, now + wait));
    rig.use(more, now);
  }
}

RC_GTEST_PROP(LimitAccount, a_window_without_room_ends_after_the_wait, ()) {
  const bool from_use = *rc::gen::arbitrary<bool>();
  const Duration period{*rc::gen::inRange<std::int64_t>(1, 100)};
  Rig rig{from_use ? from_first_use(3, period) : limit_of(3, period),
          WallTime{Duration{*rc::gen::inRange<std::int64_t>(-200, 200)}}};
  Instant now{};
  for (int i = 0; i < 20; ++i) {
    now += Duration{*rc::gen::inRange<std::int64_t>(0, 50)};
    rig.use(requests(1), now);
    const Duration wait = rig.wait(requests(1), now);
    RC_ASSERT((wait == 0ns) == (rig.used(now) < 3));
    RC_ASSERT(wait <= period);
    if (wait == 0ns) continue;
    RC_ASSERT(Rig{rig}.used(now + wait - 1ns) == rig.used(now));
    RC_ASSERT(Rig{rig}.used(now + wait) == 0);
  }
}

}  // namespace
}  // namespace windtunnel::monitor::limit_account_test
