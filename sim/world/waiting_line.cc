#include "sim/world/waiting_line.h"

#include <algorithm>

#include "base/check.h"

namespace windtunnel::sim {
namespace {
constexpr std::size_t kDeadlinesLeast = 64;  // fewer are not worth the sorting out
}  // namespace

std::uint64_t WaitingLine::add(std::uint32_t call, Instant deadline) {
  const std::uint64_t number = first_ + line_.size();
  if (deadline != Instant::max()) {
    drop_old_deadlines();
    deadlines_.push_back({deadline, number});
    std::push_heap(deadlines_.begin(), deadlines_.end(), is_later);
  }
  line_.push_back({.call = call});
  ++size_;
  ++calls_;
  return number;
}

WaitingLine::Turn WaitingLine::take() {
  check(!empty(), "somebody waits");
  const Turn next = line_.front();
  line_.pop_front();
  ++first_;
  --size_;
  if (next.call) --calls_;
  drop_gaps();
  return next;
}

std::optional<WaitingLine::Expiry> WaitingLine::next_to_expire() {
  while (!deadlines_.empty()) {
    const Deadline next = deadlines_.front();
    if (waits(next.number)) return Expiry{next.at, *turn(next.number).call};
    std::pop_heap(deadlines_.begin(), deadlines_.end(), is_later);
    deadlines_.pop_back();
  }
  return std::nullopt;
}

void WaitingLine::expire(Duration work) {
  check(next_to_expire().has_value(), "a call that waits gives up");
  leave(deadlines_.front().number, work);
}

void WaitingLine::leave(std::uint64_t number, Duration work) {
  check(waits(number), "a call that leaves the line waits in it");
  turn(number) = {.call = std::nullopt, .work = work};
  --calls_;
  if (work > Duration{0}) return;
  --size_;
  drop_gaps();
}

// The front is never a gap, so that an empty line holds nothing.
void WaitingLine::drop_gaps() {
  while (!line_.empty() && !line_.front().call && line_.front().work == Duration{0}) {
    line_.pop_front();
    ++first_;
  }
  if (line_.empty()) deadlines_.clear();
}

// Sorts out the deadlines of those who wait no longer once they are the most, which costs a constant time a call.
void WaitingLine::drop_old_deadlines() {
  if (deadlines_.size() < kDeadlinesLeast || deadlines_.size() < 2 * calls_) return;
  std::erase_if(deadlines_, [this](const Deadline& deadline) { return !waits(deadline.number); });
  std::make_heap(deadlines_.begin(), deadlines_.end(), is_later);
}

}  // namespace windtunnel::sim
