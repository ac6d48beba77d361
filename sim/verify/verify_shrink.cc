#include "sim/verify/verify_shrink.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace windtunnel::sim {
namespace {

using monitor::BreakerConfig;
using monitor::BreakerOp;
using monitor::BreakerOutcome;

constexpr int kTriesMax = 3000;

class Shrinking {
 public:
  Shrinking(monitor::ForeignBreaker& breaker, const BreakerConfig& config, Failure failure)
      : breaker_(breaker), config_(config), best_(std::move(failure)) {}

  Failure shrink() {
    for (bool better = true; better && tries_ < kTriesMax;) {
      better = take_calls_out();
      better = draw_together() || better;
      better = make_plain() || better;
    }
    return std::move(best_);
  }

 private:
  // Takes the candidate if the breaker fails on it and it is smaller.
  bool accept(const History& candidate) {
    if (candidate.empty() || ++tries_ > kTriesMax) return false;
    auto failure = failure_on(breaker_, config_, candidate);
    if (!failure || !is_smaller(failure->history, best_.history)) return false;
    best_ = std::move(*failure);
    return true;
  }

  // Fewer calls first, then less time in all, then plainer outcomes; so that shrinking ends.
  static bool is_smaller(const History& a, const History& b) {
    const auto weight = [](const History& history) {
      std::int64_t time = 0;
      std::int64_t colour = 0;
      for (const HistoryCall& call : history) {
        time += call.t_ms;
        colour += call.op == BreakerOp::report ? static_cast<std::int64_t>(call.outcome) : 0;
      }
      return std::tuple{history.size(), time, colour};
    };
    return weight(a) < weight(b);
  }

  bool take_calls_out() {
    bool better = false;
    for (std::size_t chunk = std::max<std::size_t>(best_.history.size() / 2, 1); chunk > 0; chunk /= 2) {
      for (std::size_t first = 0; first < best_.history.size();) {
        std::vector<bool> out(best_.history.size());
        for (std::size_t i = first; i < std::min(first + chunk, out.size()); ++i) out[i] = true;
        if (accept(without(config_, best_.history, out))) {
          better = true;
        } else {
          first += chunk;
        }
      }
    }
    return better || take_pairs_out();
  }

  // A call and its result, where neither can go alone.
  bool take_pairs_out() {
    bool better = false;
    for (std::size_t i = 0; i < best_.history.size(); ++i) {
      for (std::size_t j = i + 1; j < best_.history.size(); ++j) {
        std::vector<bool> out(best_.history.size());
        out[i] = out[j] = true;
        if (!accept(without(config_, best_.history, out))) continue;
        better = true;
        j = i;
      }
    }
    return better;
  }

  bool draw_together() {
    bool better = false;
    for (std::size_t i = 0; i < best_.history.size(); ++i) {
      const std::int64_t before = i == 0 ? 0 : best_.history[i - 1].t_ms;
      const std::int64_t gap = best_.history[i].t_ms - before;
      if (gap <= 0) continue;
      const std::int64_t open = config_.open / std::chrono::milliseconds{1};
      for (const std::int64_t shorter :
           {std::int64_t{0}, std::int64_t{1}, open - 1, open, open + 1, gap / 2, gap - 1}) {
        if (shorter < 0 || shorter >= gap) continue;
        History candidate = best_.history;
        for (std::size_t j = i; j < candidate.size(); ++j) candidate[j].t_ms -= gap - shorter;
        if (!accept(candidate)) continue;
        better = true;
        break;
      }
    }
    return better;
  }

  bool make_plain() {
    bool better = false;
    for (std::size_t i = 0; i < best_.history.size(); ++i) {
      if (best_.history[i].op != BreakerOp::report) continue;
      for (const auto plainer : {BreakerOutcome::success, BreakerOutcome::failure}) {
        if (i >= best_.history.size() || plainer >= best_.history[i].outcome) continue;
        History candidate = best_.history;
        candidate[i].outcome = plainer;
        better = accept(candidate) || better;
      }
    }
    return better;
  }

  monitor::ForeignBreaker& breaker_;
  const BreakerConfig& config_;
  Failure best_;
  int tries_ = 0;
};

}  // namespace

std::optional<Failure> failure_on(monitor::ForeignBreaker& breaker, const BreakerConfig& config,
                                  const History& history) {
  // Moved calls may report what the rules no longer admit.
  History sound = without(config, history, std::vector<bool>(history.size()));
  Failure failure{std::move(sound), {}};
  failure.replay = replay(breaker, config, failure.history, expected_of(config, failure.history));
  if (!failure.replay.mismatch) return std::nullopt;
  failure.history.resize(*failure.replay.mismatch + 1);
  return failure;
}

Failure shrink(monitor::ForeignBreaker& breaker, const BreakerConfig& config, Failure failure) {
  return Shrinking{breaker, config, std::move(failure)}.shrink();
}

}  // namespace windtunnel::sim
