// Buckets that outcomes turn, against what the two libraries do: worked out by hand, and against the models' list of
// buckets.

#include "monitor/breaker/loose_buckets.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "sim/models/loose_window_model.h"

namespace windtunnel::monitor::loose_buckets_test {
namespace {

using namespace std::chrono_literals;

BreakerConfig buckets(WindowOrigin origin, Duration window, std::int64_t count) {
  return {.window_type = WindowType::time, .window = window, .window_buckets = count, .window_origin = origin};
}

std::int64_t calls_after(LooseBuckets& window, const std::vector<Duration>& at) {
  for (const Duration moment : at) window.add(Instant{} + moment, false);
  return window.counts().calls;
}

TEST(LooseBuckets, rotate_one_lets_one_bucket_go_for_each_call_however_long_the_pause) {
  LooseBuckets window{buckets(WindowOrigin::rotate_one, 500ms, 5), Instant{}};
  EXPECT_EQ(calls_after(window, {0ms, 100ms, 200ms, 300ms, 400ms}), 5);
  EXPECT_EQ(calls_after(window, {500ms}), 5);  // that of 0 ms has left
  // An hour later the four before are still there.
  EXPECT_EQ(calls_after(window, {1h}), 5);
  EXPECT_EQ(calls_after(window, {1h + 1ms}), 6);  // in the same bucket
}

TEST(LooseBuckets, rotate_one_begins_a_bucket_at_its_first_call) {
  LooseBuckets window{buckets(WindowOrigin::rotate_one, 300ms, 3), Instant{}};
  // 150 begins the second bucket, which lasts until 250, and not until 200.
  EXPECT_EQ(calls_after(window, {0ms, 150ms, 249ms, 250ms}), 4);
  EXPECT_EQ(calls_after(window, {350ms}), 4);
  EXPECT_EQ(calls_after(window, {450ms}), 3);  // those of 150 and 249 have left together
}

TEST(LooseBuckets, rotate_one_rounds_a_bucket_to_the_nearest_millisecond_and_stamped_ring_down) {
  // 15 ms in 4 buckets: 3.75 ms each.
  LooseBuckets rounded{buckets(WindowOrigin::rotate_one, 15ms, 4), Instant{}};
  EXPECT_EQ(calls_after(rounded, {0ms, 4ms, 8ms, 12ms}), 4);
  EXPECT_EQ(calls_after(rounded, {15ms}), 5);
  EXPECT_EQ(calls_after(rounded, {16ms}), 5);
  LooseBuckets cut{buckets(WindowOrigin::stamped_ring, 15ms, 4), Instant{}};
  EXPECT_EQ(calls_after(cut, {0ms, 3ms, 6ms, 9ms}), 4);
  EXPECT_EQ(calls_after(cut, {12ms}), 4);
}

TEST(LooseBuckets, rotate_one_rounds_half_a_millisecond_up_and_stamped_ring_none) {
  // Of two buckets of 1 ms the first has left by 2 ms; buckets of 2 ms still hold all three.
  const auto calls = [](WindowOrigin origin, Duration window) {
    LooseBuckets two{buckets(origin, window, 2), Instant{}};
    return calls_after(two, {0ms, 1ms, 2ms});
  };
  EXPECT_EQ(calls(WindowOrigin::rotate_one, 3ms - 1ns), 2);
  EXPECT_EQ(calls(WindowOrigin::rotate_one, 3ms), 3);
  EXPECT_EQ(calls(WindowOrigin::stamped_ring, 4ms - 1ns), 2);
  EXPECT_EQ(calls(WindowOrigin::stamped_ring, 4ms), 3);
}

TEST(LooseBuckets, a_bucket_lasts_a_millisecond_or_longer) {
  EXPECT_EXIT((LooseBuckets{buckets(WindowOrigin::stamped_ring, 2ms - 1ns, 2), Instant{}}), testing::ExitedWithCode(1),
              "a bucket lasts a millisecond");
}

TEST(LooseBuckets, stamped_ring_is_exact_without_a_pause) {
  LooseBuckets window{buckets(WindowOrigin::stamped_ring, 500ms, 5), Instant{}};
  EXPECT_EQ(calls_after(window, {0ms, 100ms, 200ms, 300ms, 499ms}), 5);
  EXPECT_EQ(calls_after(window, {500ms}), 5);
  EXPECT_EQ(calls_after(window, {850ms}), 3);  // two buckets later, and one that was empty: 300, 500 and this
}

TEST(LooseBuckets, stamped_ring_runs_a_window_ahead_after_a_pause) {
  LooseBuckets window{buckets(WindowOrigin::stamped_ring, 500ms, 5), Instant{}};
  EXPECT_EQ(calls_after(window, {0ms, 10'000ms}), 1);
  // The next bucket is stamped 10,100 and becomes 10,600 when it is begun, so that it lasts until 10,700.
  EXPECT_EQ(calls_after(window, {10'100ms, 10'699ms}), 3);
  // Four buckets on lies the first one, stamped 10,000 and now 10,500; the one of 10,100 stays.
  EXPECT_EQ(calls_after(window, {11'000ms}), 3);
  // Its stamp lies six buckets back at once, so that all are emptied.
  EXPECT_EQ(calls_after(window, {11'190ms}), 1);
}

TEST(LooseBuckets, forget_failures_and_keep_the_calls) {
  for (const WindowOrigin origin : {WindowOrigin::rotate_one, WindowOrigin::stamped_ring}) {
    LooseBuckets window{buckets(origin, 300ms, 3), Instant{}};
    window.add(Instant{} + 10ms, true);
    window.add(Instant{} + 110ms, true);
    EXPECT_EQ(window.counts(), (WindowCounts{.calls = 2, .failures = 2}));
    window.forget_failures();
    EXPECT_EQ(window.counts(), (WindowCounts{.calls = 2}));
    window.clear(Instant{} + 110ms);
    EXPECT_EQ(window.counts(), WindowCounts{});
  }
}

TEST(LooseBuckets, agree_with_the_list_of_buckets) {
  rc::check([] {
    const auto origin = *rc::gen::element(WindowOrigin::rotate_one, WindowOrigin::stamped_ring);
    const auto count = *rc::gen::inRange<std::int64_t>(1, 8);
    const auto width = *rc::gen::inRange<std::int64_t>(1, 20);
    const auto odd = *rc::gen::inRange<std::int64_t>(0, 8);
    const BreakerConfig config = buckets(origin, std::chrono::milliseconds{count * width + odd}, count);
    LooseBuckets window{config, Instant{} + 5ms};
    sim::LooseWindowModel<bool> model{config, Instant{} + 5ms};
    Instant now = Instant{} + 5ms;
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 400))) {
      // Mostly short steps, and pauses of some windows.
      now += Duration{std::int64_t{step < 350 ? step % 20 : step} * 500'000};
      const bool failed = step % 3 == 0;
      if (step % 61 == 60) {
        window.clear(now);
        model.clear(now);
      }
      window.add(now, failed);
      model.add(failed, now);
      const std::vector<bool> all = model.outcomes();
      RC_ASSERT(window.counts().calls == static_cast<std::int64_t>(all.size()));
      RC_ASSERT(window.counts().failures == std::count(all.begin(), all.end(), true));
    }
  });
}

}  // namespace
}  // namespace windtunnel::monitor::loose_buckets_test
