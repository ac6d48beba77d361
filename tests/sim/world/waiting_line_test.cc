#include "sim/world/waiting_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <tuple>
#include <vector>

namespace windtunnel::sim::waiting_line_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant at(std::int64_t second) { return Instant{} + std::chrono::seconds{second}; }

TEST(WaitingLine, serves_in_order_and_names_who_gives_up_first) {
  WaitingLine line;
  line.add(7, at(30));
  line.add(8, at(10));
  line.add(9, Instant::max());
  EXPECT_EQ(line.next_to_expire()->call, 8U);
  EXPECT_EQ(line.take().call, 7U);
  line.expire(0ns);
  EXPECT_EQ(line.size(), 1);
  EXPECT_FALSE(line.next_to_expire()) << "the last waits for ever";
  EXPECT_EQ(line.take().call, 9U);
  EXPECT_TRUE(line.empty());
}

TEST(WaitingLine, keeps_the_place_of_work_whose_caller_has_gone) {
  WaitingLine line;
  line.add(1, at(10));
  line.add(2, at(20));
  line.expire(3s);
  EXPECT_EQ(line.size(), 2);
  EXPECT_EQ(line.next_to_expire()->call, 2U);
  const WaitingLine::Turn work = line.take();
  EXPECT_FALSE(work.call);
  EXPECT_EQ(work.work, 3s);
  EXPECT_EQ(line.take().call, 2U);
}

TEST(WaitingLine, lets_a_call_leave_before_its_deadline_from_any_place) {
  WaitingLine line;
  std::vector<std::uint64_t> numbers;
  for (std::uint32_t call = 0; call < 4; ++call) numbers.push_back(line.add(call, at(10 + call)));
  line.leave(numbers[1], 0ns);
  line.leave(numbers[2], 3s);
  EXPECT_EQ(line.size(), 3) << "the place of the work stays";
  line.leave(numbers[0], 0ns);
  EXPECT_EQ(line.next_to_expire()->call, 3U);
  EXPECT_EQ(line.take().work, 3s);
  EXPECT_EQ(line.take().call, 3U);
  EXPECT_TRUE(line.empty());
}

TEST(WaitingLine, is_empty_when_all_have_left_it) {
  WaitingLine line;
  for (std::uint32_t call = 0; call < 5; ++call) line.add(call, at(10 - call));
  for (int i = 0; i < 5; ++i) line.expire(0ns);
  EXPECT_TRUE(line.empty());
  EXPECT_EQ(line.held(), 0U);
  line.add(6, at(20));
  EXPECT_EQ(line.take().call, 6U);
}

// A month of patience, and a place after a second each: nothing is kept of those who got one.
TEST(WaitingLine, holds_no_more_than_a_few_entries_for_each_who_waits) {
  WaitingLine line;
  for (std::uint32_t call = 0; call < 10; ++call) line.add(call, at(2'592'000));
  std::size_t held_max = 0;
  for (std::uint32_t call = 10; call < 100'000; ++call) {
    line.add(call, at(2'592'000 + call));
    EXPECT_EQ(line.take().call, call - 10);
    held_max = std::max(held_max, line.held());
  }
  EXPECT_LE(held_max, 64U + 3 * 11U);
}

// The model keeps all entries in a list and searches it.
RC_GTEST_PROP(WaitingLine, does_what_a_list_would_do, ()) {
  struct Entry {
    std::uint32_t call;
    std::int64_t deadline;
    Duration work;
    bool waits;
    std::uint64_t number;
  };
  std::vector<Entry> model;
  WaitingLine line;
  std::uint32_t calls = 0;
  using Step = std::tuple<int, int>;
  const auto steps = *rc::gen::resize(
      300, rc::gen::container<std::vector<Step>>(rc::gen::tuple(rc::gen::inRange(0, 7), rc::gen::inRange(0, 20))));
  for (const auto& [kind, number] : steps) {
    if (kind < 3) {
      const std::uint64_t place = line.add(calls, number == 0 ? Instant::max() : at(number));
      model.push_back({calls++, number, 0ns, true, place});
    } else if (kind == 6) {
      const auto leaver = std::find_if(model.begin(), model.end(), [](const Entry& entry) { return entry.waits; });
      if (leaver == model.end()) continue;
      line.leave(leaver->number, 1s);
      leaver->waits = false;
      leaver->work = 1s;
    } else if (kind < 5 && !model.empty()) {
      const WaitingLine::Turn turn = line.take();
      RC_ASSERT(turn.call.has_value() == model.front().waits);
      RC_ASSERT(turn.call.value_or(model.front().call) == model.front().call);
      RC_ASSERT(turn.work == model.front().work);
      model.erase(model.begin());
    } else {
      auto first = model.end();
      for (auto entry = model.begin(); entry != model.end(); ++entry) {
        if (!entry->waits || entry->deadline == 0) continue;
        if (first == model.end() || entry->deadline < first->deadline) first = entry;
      }
      const auto next = line.next_to_expire();
      RC_ASSERT(next.has_value() == (first != model.end()));
      if (!next) continue;
      RC_ASSERT(next->call == first->call);
      RC_ASSERT(next->deadline == at(first->deadline));
      const Duration work = number % 2 * 1s;
      line.expire(work);
      if (work == 0ns) {
        model.erase(first);
      } else {
        first->waits = false;
        first->work = work;
      }
    }
    RC_ASSERT(line.size() == std::ssize(model));
  }
}

}  // namespace
}  // namespace windtunnel::sim::waiting_line_test
