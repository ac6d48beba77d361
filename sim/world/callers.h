#pragma once
// The wishes of callers who try again: which try is under way, when the next one is due, and what came of all.
//
// A wish lives in a slot of its own, which the driver's events name. The queue cannot cancel an event, so that a wish
// that is over keeps its slot until the last event that names it has come by.

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "sim/load/client.h"

namespace windtunnel::sim {

struct Wish {
  std::uint32_t workload = 0;
  std::uint64_t ordinal = 0;
  Instant leaves = Instant::max();     // its caller's patience
  Instant try_ends = Instant::max();   // the timeout of the try that is under way
  Instant next_try = Instant::max();   // due then
  std::uint64_t request = UINT64_MAX;  // of the try that is under way
  std::uint32_t try_slot = 0;          // likewise
  std::int32_t tries = 0;
  std::int32_t events = 0;  // that name it and have not come by
  bool is_over = false;
};

// What came of the wishes of one workload.
struct CallerTotals {
  std::int64_t wishes = 0;
  std::int64_t answered = 0;
  std::int64_t failed = 0;  // no try is left
  std::int64_t left = 0;    // the caller's patience was over
  std::int64_t tries = 0;
  std::int64_t unread = 0;  // answers to tries that their caller had left
  std::int64_t calls = 0;   // of providers
};

}  // namespace windtunnel::sim
