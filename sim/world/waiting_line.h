#pragma once
// The calls that wait for a place at one provider, first come first served, and which of them gives up next.
//
// A caller that gives up may leave its work behind: the provider then works on it when its turn comes, and until then
// it keeps its place in the line. Memory follows what waits: of a call that got its place or gave up nothing stays but
// its deadline, and there are never more of these than twice the calls that wait, and a constant.
//
// Properties (each is a test):
//   take() gives calls and left work in the order of add().
//   next_to_expire() is the waiting call of the earliest deadline; among equals, the one that was added first.
//   held() follows size(), however far the deadlines lie.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/units.h"

namespace windtunnel::sim {

class WaitingLine {
 public:
  struct Turn {
    std::optional<std::uint32_t> call;  // nothing: its caller has gone
    Duration work{0};                   // that the caller left behind
  };
  struct Expiry {
    Instant deadline{};
    std::uint32_t call = 0;
  };

  // Calls, and work that was left behind.
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  // A call that gives up at `deadline`; Instant::max(): never. Returns its number in the line.
  std::uint64_t add(std::uint32_t call, Instant deadline);
  // The first in the line, which must not be empty.
  Turn take();

  // The waiting call that gives up first; nothing: none ever does.
  [[nodiscard]] std::optional<Expiry> next_to_expire();
  // That call gives up and leaves so much work behind; 0: it leaves the line.
  void expire(Duration work);
  // The waiting call of this number gives up before its deadline, likewise.
  void leave(std::uint64_t number, Duration work);

  // Entries of any kind that are kept.
  [[nodiscard]] std::size_t held() const { return line_.size() + deadlines_.size(); }

 private:
  struct Deadline {
    Instant at{};
    std::uint64_t number = 0;
  };
  [[nodiscard]] static bool is_later(const Deadline& a, const Deadline& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }
  [[nodiscard]] Turn& turn(std::uint64_t number) { return line_[static_cast<std::size_t>(number - first_)]; }
  [[nodiscard]] bool waits(std::uint64_t number) { return number >= first_ && turn(number).call.has_value(); }
  void drop_gaps();
  void drop_old_deadlines();

  std::deque<Turn> line_;            // an entry without a call and without work is a gap
  std::uint64_t first_ = 0;          // the number of the line's first entry
  std::int64_t size_ = 0;            // without gaps
  std::size_t calls_ = 0;            // of them
  std::vector<Deadline> deadlines_;  // a heap, the earliest first; some of calls that wait no longer
};

}  // namespace windtunnel::sim
