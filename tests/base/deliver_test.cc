#include "base/deliver.h"

#include <gtest/gtest.h>

#include <variant>
#include <vector>

namespace windtunnel::inline base::deliver_test {
namespace {

struct Opened {
  int door = 0;
};
struct Closed {
  int door = 0;
};
struct Locked {
  Locked() = default;
  Locked(const Closed& /*closed*/) {}  // NOLINT: a conversion that must not lead a Closed to the overload for Locked
};
using Event = std::variant<Opened, Closed, Locked>;

struct Doors {
  std::vector<int> opened;
  std::vector<int> closed;
  void on(const Opened& event) { opened.push_back(event.door); }
  void on(const Closed& event) { closed.push_back(event.door); }
};

TEST(Deliver, calls_the_overload_for_the_event_and_ignores_the_others) {
  Doors doors;
  for (const Event& event : std::vector<Event>{Opened{1}, Closed{2}, Locked{}, Opened{3}}) deliver(doors, event);
  EXPECT_EQ(doors.opened, (std::vector{1, 3}));
  EXPECT_EQ(doors.closed, (std::vector{2}));
}

TEST(Deliver, follows_no_conversion) {
  struct {
    int locked = 0;
    void on(const Locked& /*event*/) { ++locked; }
  } locks;
  deliver(locks, Event{Closed{}});
  EXPECT_EQ(locks.locked, 0);
  deliver(locks, Event{Locked{}});
  EXPECT_EQ(locks.locked, 1);
}

TEST(Deliver, finds_the_overloads_of_a_base_class) {
  struct Front : Doors {};
  Front front;
  deliver(front, Event{Closed{4}});
  EXPECT_EQ(front.closed, (std::vector{4}));
}

class Hidden {
 private:
  [[maybe_unused]] void on(const Opened& /*event*/) {}
};
struct Returning {
  int on(const Opened& event) { return event.door; }
};
static_assert(Handles<Doors, Opened> && Handles<Doors, Closed> && !Handles<Doors, Locked>);
static_assert(!Handles<Hidden, Opened> && !Handles<Returning, Opened> && !Handles<Event, Opened>);
static_assert(kHandlesAny<Doors, Event> && !kHandlesAny<Hidden, Event>);
static_assert(kIsAlternative<Locked, Event> && !kIsAlternative<int, Event> && !kIsAlternative<Event, Event>);

}  // namespace
}  // namespace windtunnel::inline base::deliver_test
