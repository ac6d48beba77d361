// Results come in the order of their tasks, whatever the threads do.

#include "base/in_order.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace windtunnel::inline base::in_order_test {
namespace {

std::vector<std::uint64_t> squares(std::uint64_t tasks, std::uint64_t jobs) {
  InOrder<std::uint64_t> study{tasks, jobs, [](std::uint64_t place) {
                                 if (place % 7 == 0) std::this_thread::yield();  // so that threads overtake each other
                                 return place * place;
                               }};
  std::vector<std::uint64_t> results;
  while (const auto result = study.take()) results.push_back(*result);
  return results;
}

TEST(InOrder, results_come_in_the_order_of_the_tasks_for_any_number_of_threads) {
  const std::vector<std::uint64_t> alone = squares(1000, 1);
  ASSERT_EQ(alone.size(), 1000U);
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(alone[i], i * i);
  for (const std::uint64_t jobs : {0U, 2U, 3U, 8U}) EXPECT_EQ(squares(1000, jobs), alone);
}

TEST(InOrder, no_tasks_give_no_results_and_one_task_gives_one) {
  EXPECT_TRUE(squares(0, 4).empty());
  EXPECT_EQ(squares(1, 4), std::vector<std::uint64_t>{0});
}

TEST(InOrder, workers_stay_a_window_ahead_of_what_was_taken) {
  std::atomic<std::uint64_t> begun = 0;
  std::atomic<std::uint64_t> taken = 0;
  std::atomic<bool> is_bounded = true;
  InOrder<int> study{500, 2, [&](std::uint64_t) {
                       if (++begun > taken + 33) is_bounded = false;  // `taken` is told one late
                       return 0;
                     }};
  while (study.take()) ++taken;
  EXPECT_TRUE(is_bounded);
  EXPECT_EQ(begun, 500U);
}

TEST(InOrder, giving_up_ends_what_is_under_way_and_begins_nothing_more) {
  InOrder<std::uint64_t>* self = nullptr;
  std::atomic<bool> is_ready = false;
  InOrder<std::uint64_t> study{100, 1, [&](std::uint64_t place) {
                                 while (!is_ready) std::this_thread::yield();
                                 if (place == 5) self->give_up();
                                 return place;
                               }};
  self = &study;
  is_ready = true;
  std::uint64_t results = 0;
  while (const auto result = study.take()) EXPECT_EQ(*result, results++);
  EXPECT_EQ(results, 6U);
}

TEST(InOrder, results_without_a_reader_are_dropped) {
  InOrder<std::vector<int>> study{1000, 3, [](std::uint64_t) { return std::vector<int>(100); }};
  EXPECT_TRUE(study.take().has_value());
}

TEST(InOrder, what_a_task_throws_comes_out_after_the_results_before_it) {
  InOrder<std::uint64_t> study{100, 1, [](std::uint64_t place) {
                                 if (place == 5) throw std::bad_alloc{};
                                 return place;
                               }};
  std::uint64_t taken = 0;
  EXPECT_THROW(
      {
        while (study.take()) ++taken;
      },
      std::bad_alloc);
  EXPECT_LE(taken, 5U);
}

// A stack larger than the address space keeps threads from starting, as a limit of processes does.
TEST(InOrder, without_any_thread_the_caller_does_the_work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_getattr_default_np(&attributes), 0);
  pthread_attr_t huge = attributes;
  ASSERT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 47), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  const std::vector<std::uint64_t> alone = squares(100, 4);
  EXPECT_THROW(std::thread{[] {}}, std::system_error) << "this test needs that no thread can start";
  ASSERT_EQ(pthread_setattr_default_np(&attributes), 0);
  EXPECT_EQ(alone, squares(100, 4));
}

}  // namespace
}  // namespace windtunnel::inline base::in_order_test
