#include "sim/verify/verify_draw.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

namespace windtunnel::sim {
namespace {

using monitor::BreakerConfig;
using monitor::BreakerOp;
using monitor::BreakerOutcome;
using monitor::BreakerState;
using std::chrono::milliseconds;

// Back-off without a cap grows without end; no deadline lies beyond this.
constexpr std::int64_t kAimMostMs = 1'000'000'000;

// What is drawn at each step, by name.
enum class Lane : std::uint32_t { size, mood, overlap, move, edge, side, wait, op, which, outcome };

class Draws {
 public:
  Draws(StreamKey stream, std::uint64_t number) : stream_(stream), number_(number) {}
  void step(std::uint32_t step) { step_ = step; }
  [[nodiscard]] std::uint64_t below(Lane lane, std::uint64_t n) const {
    return sim::below(draw(stream_, number_, step_, static_cast<std::uint32_t>(lane)).a, n);
  }

 private:
  StreamKey stream_;
  std::uint64_t number_;
  std::uint32_t step_ = 0;
};

class Drawing {
 public:
  Drawing(const BreakerConfig& config, StreamKey stream, std::uint64_t number, BreakerQuirks quirks)
      : config_(config), session_(config, quirks), draws_(stream, number) {
    constexpr std::array<std::uint64_t, 4> kMoods{95, 60, 40, 10};
    successes_ = kMoods[draws_.below(Lane::mood, kMoods.size())];
    overlap_ = draws_.below(Lane::overlap, 4);
  }

  History draw() {
    const std::uint64_t size = 4 + draws_.below(Lane::size, number_is_long() ? 80 : 28);
    for (std::uint32_t step = 1; step <= size; ++step) {
      draws_.step(step);
      move();
      const HistoryCall call = next_call();
      if (call.op == BreakerOp::report && call.outcome != BreakerOutcome::ignored) outcomes_.push_back(now_);
      session_.perform(call);
      history_.push_back(call);
    }
    return history_;
  }

 private:
  [[nodiscard]] bool number_is_long() const { return draws_.below(Lane::which, 3) == 0; }

  // Half of the time it does not pass; else it goes to an edge or somewhere.
  void move() {
    const std::uint64_t kind = draws_.below(Lane::move, 10);
    const bool is_open = session_.model().state(Instant{milliseconds{now_}}) == BreakerState::open;
    if (kind < (is_open ? 2U : 5U) || (history_.empty() && kind < 6)) return;
    if (kind == 5) return go_to(now_ + 1);
    if (kind < 9) {
      const std::vector<std::int64_t> edges = edges_ahead();
      if (edges.empty()) return;
      const auto side = static_cast<std::int64_t>(draws_.below(Lane::side, 3)) - 1;
      return go_to(edges[draws_.below(Lane::edge, edges.size())] + side);
    }
    const std::int64_t far =
        std::max<std::int64_t>({config_.open / milliseconds{1}, config_.window / milliseconds{1}, 10});
    go_to(now_ + static_cast<std::int64_t>(draws_.below(Lane::wait, static_cast<std::uint64_t>(far) * 2)));
  }

  void go_to(std::int64_t t_ms) {
    if (t_ms <= kAimMostMs) now_ = std::max(now_, t_ms);
  }

  // The end of OPEN alone while it is open, since everything else waits for it; likewise of HALF_OPEN where time ends
  // it.
  [[nodiscard]] std::vector<std::int64_t> edges_ahead() const {
    if (const auto end = session_.model().open_end()) return {end->time_since_epoch() / milliseconds{1}};
    if (const auto end = session_.model().half_open_end()) return {end->time_since_epoch() / milliseconds{1}};
    std::vector<std::int64_t> edges = instants_of_slowness();
    edges.push_back(now_ + config_.open / milliseconds{1});
    const std::int64_t window = config_.window / milliseconds{1};
    if (!config_.window_type || window == 0) return edges;
    if (config_.window_type == monitor::WindowType::fixed) edges.push_back(now_ + window);
    if (config_.window_type != monitor::WindowType::time) return edges;
    // Where the latest outcomes leave, and the next edges of buckets.
    for (std::size_t i = outcomes_.size(); i > 0 && outcomes_.size() - i < 4; --i)
      edges.push_back(outcomes_[i - 1] + window);
    if (config_.window_buckets > 0) {
      const std::int64_t width = std::max<std::int64_t>(window / config_.window_buckets, 1);
      edges.push_back((now_ / width + 1) * width);
      edges.push_back((now_ / width + config_.window_buckets) * width);
    }
    return edges;
  }

  // Where calls that are out become slow.
  [[nodiscard]] std::vector<std::int64_t> instants_of_slowness() const {
    if (!config_.slow_call_rate) return {};
    std::vector<std::int64_t> instants;
    for (const std::size_t place : session_.outstanding()) {
      instants.push_back(history_[place].t_ms + config_.slow_call_duration / milliseconds{1});
    }
    return instants;
  }

  [[nodiscard]] HistoryCall next_call() const {
    HistoryCall call{.op = BreakerOp::acquire, .t_ms = now_};
    const std::uint64_t op = draws_.below(Lane::op, 16);
    const std::vector<std::size_t> outstanding = session_.outstanding();
    // Sequential histories report what they have; overlapping ones first gather some permits.
    const std::uint64_t wanted = overlap_ == 0 ? 1 : 1 + overlap_ * 2;
    const bool reports = !outstanding.empty() && (outstanding.size() >= wanted ? op < 12 : op < 5);
    if (reports) {
      call.op = BreakerOp::report;
      const std::uint64_t which = draws_.below(Lane::which, 4);
      const std::size_t place = which == 0 ? 0 : which == 1 ? outstanding.size() / 2 : outstanding.size() - 1;
      call.of = outstanding[place];
      const std::uint64_t percent = draws_.below(Lane::outcome, 108);
      call.outcome = percent >= 100         ? BreakerOutcome::ignored
                     : percent < successes_ ? BreakerOutcome::success
                                            : BreakerOutcome::failure;
    } else if (op >= 14) {
      call.op = BreakerOp::state;
    }
    return call;
  }

  BreakerConfig config_;
  ModelSession session_;
  Draws draws_;
  std::uint64_t successes_ = 0;  // of 100 outcomes
  std::uint64_t overlap_ = 0;
  std::int64_t now_ = 0;
  std::vector<std::int64_t> outcomes_;  // when they came
  History history_;
};

}  // namespace

History draw_history(const BreakerConfig& config, StreamKey stream, std::uint64_t number, BreakerQuirks quirks) {
  return Drawing{config, stream, number, quirks}.draw();
}

}  // namespace windtunnel::sim
