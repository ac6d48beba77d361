#include "sim/kernel/event_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <map>
#include <vector>

namespace windtunnel::sim::kernel_event_queue_test {
namespace {

using namespace std::chrono_literals;

TEST(EventQueue, gives_events_in_the_order_of_time) {
  EventQueue queue;
  queue.schedule(Instant{3ns}, 30);
  queue.schedule(Instant{1ns}, 10);
  queue.schedule(Instant{2ns}, 20);

  EXPECT_EQ(queue.pop(), (Scheduled{Instant{1ns}, 10}));
  EXPECT_EQ(queue.pop(), (Scheduled{Instant{2ns}, 20}));
  EXPECT_EQ(queue.pop(), (Scheduled{Instant{3ns}, 30}));
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, gives_events_of_one_instant_in_the_order_scheduled) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 1000; ++i) queue.schedule(Instant{5s}, 1000 - i);
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(queue.pop().payload, 1000 - i);
}

TEST(EventQueue, orders_what_comes_next_among_all_the_others) {
  EventQueue queue;
  queue.schedule(Instant{2ns}, 1);
  queue.schedule_next(Instant{2ns}, 2);
  queue.schedule(Instant{2ns}, 3);
  queue.schedule_next(Instant{1ns}, 4);
  for (const std::uint32_t payload : {4U, 1U, 2U, 3U}) ASSERT_EQ(queue.pop().payload, payload);
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, carries_the_greatest_payload_and_instant_unchanged) {
  EventQueue queue;
  queue.schedule(Instant::max(), EventQueue::kPayloadMax);
  EXPECT_EQ(queue.pop(), (Scheduled{Instant::max(), EventQueue::kPayloadMax}));
}

// Histories of schedules (a delay in 0..3, so that ties abound, now and then a long one) and pops (-1).
RC_GTEST_PROP(EventQueue, agrees_with_a_multimap_on_every_history, ()) {
  const auto history = *rc::gen::container<std::vector<int>>(rc::gen::weightedOneOf<int>(
      {{6, rc::gen::inRange(0, 4)}, {1, rc::gen::inRange(0, 1000)}, {5, rc::gen::just(-1)}}));
  EventQueue queue;
  std::multimap<Instant, std::uint32_t> model;  // equal keys keep the order of insertion
  Instant now{};
  std::uint32_t payload = 0;
  const auto pop_both = [&] {
    const Scheduled event = queue.pop();
    RC_ASSERT(event == (Scheduled{model.begin()->first, model.begin()->second}));
    model.erase(model.begin());
    now = event.at;
  };
  for (const int step : history) {
    if (step >= 0) {
      // Only the queue decides where an event is kept.
      if (++payload % 3 == 0) {
        queue.schedule_next(now + Duration{step}, payload);
      } else {
        queue.schedule(now + Duration{step}, payload);
      }
      model.emplace(now + Duration{step}, payload);
    } else if (!model.empty()) {
      pop_both();
    }
    RC_ASSERT(queue.size() == model.size());
    RC_ASSERT(queue.empty() == model.empty());
  }
  while (!model.empty()) pop_both();
  RC_ASSERT(queue.empty());
}

// Random histories are short; these have as many events pending as are asked for, then none, and then as many again,
// with delays of up to 2^bits ns: the queue changes the width and the number of its buckets on the way. Many ties are
// among them where delays are short.
class LongHistory : public testing::TestWithParam<std::pair<unsigned, std::size_t>> {};

TEST_P(LongHistory, agrees_with_a_multimap) {
  const auto [bits, pending_most] = GetParam();
  EventQueue queue;
  std::multimap<Instant, std::uint32_t> model;
  std::uint64_t state = 1;
  Instant now{};
  std::uint32_t payload = 0;
  const auto schedule = [&] {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    // Of any order of size, as latencies and timeouts are.
    const Instant at = now + Duration{static_cast<std::int64_t>((state >> (64 - bits)) >> (state >> 8) % bits)};
    queue.schedule(at, ++payload);
    model.emplace(at, payload);
  };
  const auto pop_both = [&] {
    ASSERT_EQ(queue.pop(), (Scheduled{model.begin()->first, model.begin()->second}));
    now = model.begin()->first;
    model.erase(model.begin());
    ASSERT_EQ(queue.size(), model.size());
  };
  for (int round = 0; round < 2; ++round) {
    while (model.size() < pending_most) {
      for (int i = 0; i < 3; ++i) schedule();
      ASSERT_NO_FATAL_FAILURE(pop_both());
    }
    for (std::size_t i = 0; i < 4 * pending_most; ++i) {
      schedule();
      ASSERT_NO_FATAL_FAILURE(pop_both());
    }
    while (!model.empty()) ASSERT_NO_FATAL_FAILURE(pop_both());
    // Few pending for long: what has grown shrinks again.
    for (int i = 0; i < 20'000; ++i) {
      schedule();
      ASSERT_NO_FATAL_FAILURE(pop_both());
    }
  }
  EXPECT_TRUE(queue.empty());
}

INSTANTIATE_TEST_SUITE_P(EventQueue, LongHistory,
                         testing::Values(std::pair{12U, std::size_t{5000}}, std::pair{36U, std::size_t{1000}},
                                         std::pair{36U, std::size_t{20'000}}, std::pair{50U, std::size_t{300}},
                                         std::pair{1U, std::size_t{3000}}));

TEST(EventQueue, stops_the_run_when_time_would_go_backwards) {
  EventQueue queue;
  queue.schedule(Instant{10ns}, 0);
  queue.pop();
  queue.schedule(Instant{10ns}, 1);
  EXPECT_EQ(queue.pop().payload, 1U);
  EXPECT_EXIT(queue.schedule(Instant{9ns}, 0), testing::ExitedWithCode(1), "before the present");
  EXPECT_EXIT(EventQueue{}.schedule(Instant{-1ns}, 0), testing::ExitedWithCode(1), "before the present");
}

TEST(EventQueue, stops_the_run_when_a_payload_or_the_numbers_run_out) {
  EventQueue queue{EventQueue::kSequenceMax};
  EXPECT_EXIT(queue.schedule(Instant{}, EventQueue::kPayloadMax + 1), testing::ExitedWithCode(1), "24 bits");
  queue.schedule(Instant{}, 7);
  EXPECT_EXIT(queue.schedule(Instant{}, 0), testing::ExitedWithCode(1), "2\\^40 events");
  EXPECT_EQ(queue.pop(), (Scheduled{Instant{}, 7}));
}

TEST(EventQueue, shows_when_the_next_event_comes_without_taking_it) {
  EventQueue queue;
  queue.schedule(Instant{7ns}, 1);
  EXPECT_EQ(queue.next_at(), Instant{7ns});
  queue.schedule_next(Instant{3ns}, 2);
  EXPECT_EQ(queue.next_at(), Instant{3ns});
  EXPECT_EQ(queue.pop().payload, 2U);
  EXPECT_EQ(queue.next_at(), Instant{7ns});
}

TEST(EventQueue, stops_the_run_at_a_pop_of_an_absent_event) {
  EventQueue queue;
  EXPECT_EXIT((void)queue.next_at(), testing::ExitedWithCode(1), "an event is pending");
  EXPECT_EXIT(queue.pop(), testing::ExitedWithCode(1), "an event is pending");
}

}  // namespace
}  // namespace windtunnel::sim::kernel_event_queue_test
