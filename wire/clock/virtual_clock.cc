#include "wire/clock/virtual_clock.h"

#include <algorithm>

namespace windtunnel::wire {

using namespace std::chrono_literals;

void VirtualClock::wait(SocketLoop& loop, Duration at_most) {
  if (loop.poll(0ns) > 0) return;
  if (at_most <= Duration{0}) return;
  // Until the first program has registered there is nothing to move time for.
  const std::optional<Instant> due = coordinator_.registrations() > 0 ? coordinator_.settle() : std::nullopt;
  // What a program wrote before it became idle is here by now.
  if (loop.poll(0ns) > 0) return;
  if (!due) {
    // Something runs: what it does next wakes us.
    coordinator_.wait(1ms, loop.descriptor());
    return;
  }
  // At the end of the wait it is our turn: what we write at that instant comes before what is due at it.
  const Instant end = coordinator_.now() + at_most;
  if (end <= *due) return coordinator_.show(end);
  coordinator_.move_to(*due);
}

}  // namespace windtunnel::wire
