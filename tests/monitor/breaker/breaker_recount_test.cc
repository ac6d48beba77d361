// What a window of outcomes holds, against a recount of the history.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/monitor/breaker/breaker_history.h"

namespace windtunnel::monitor::breaker_recount_test {
namespace {

using namespace breaker_history;

constexpr int kTimes = 1000;

TEST(BreakerRecount, a_count_window_is_a_recount_of_the_last_outcomes) {
  hold_often(kTimes, [] {
    const Case drawn = draw_case([](BreakerConfig& config) {
      config.window_type = WindowType::count;
      config.window_size = std::max<std::int64_t>(config.window_size, 1);
      config.on_open = OnOpen::keep;
      config.on_close = OnClose::reset;
      config.late_results = LateResults::ignore;
    });
    const auto answers = replay(drawn.config, drawn.script);
    std::vector<bool> failed;
    BreakerState before = BreakerState::closed;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Call& call = drawn.script[i];
      const bool counts = call.verb == Verb::report && call.outcome != BreakerOutcome::ignored;
      if (counts && !answers[i].late && before == BreakerState::closed) {
        failed.push_back(call.outcome != BreakerOutcome::success);
      }
      if (before != BreakerState::closed && answers[i].state == BreakerState::closed) failed.clear();
      before = answers[i].state;
      const auto size = std::min(failed.size(), static_cast<std::size_t>(drawn.config.window_size));
      const auto first = failed.end() - static_cast<std::ptrdiff_t>(size);
      RC_ASSERT(answers[i].calls == static_cast<std::int64_t>(size));
      RC_ASSERT(answers[i].failures == std::count(first, failed.end(), true));
    }
  });
}

// Where an instant lies in a window of buckets: their edges are multiples of window / buckets since the origin.
std::int64_t bucket_since(Instant origin, Instant at, const BreakerConfig& config) {
  return (at - origin).count() * config.window_buckets / config.window.count();
}

// For window_type time, exact or in buckets, on_close reset, and late results ignored.
TEST(BreakerRecount, a_time_window_is_a_recount_of_the_outcomes_within_it) {
  struct Outcome {
    Instant at;  // what chooses whether it is within
    bool failed;
  };
  int left = 0;
  hold_often(kTimes, [&left] {
    const Case drawn = draw_case([](BreakerConfig& config) {
      config.window_type = WindowType::time;
      turn_by_time(config);
      config.on_open = OnOpen::keep;
      config.on_close = OnClose::reset;
      config.late_results = LateResults::ignore;
    });
    const BreakerConfig& config = drawn.config;
    const auto answers = replay(config, drawn.script);
    std::vector<Instant> permitted;
    std::vector<Outcome> outcomes;
    Instant closed{};
    BreakerState before = BreakerState::closed;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Call& call = drawn.script[i];
      if (answers[i].admitted) permitted.push_back(call.at);
      const bool counts = call.verb == Verb::report && call.outcome != BreakerOutcome::ignored;
      if (counts && !answers[i].late && before == BreakerState::closed) {
        const bool by_start = config.window_buckets > 0 && config.bucket_of == BucketOf::start;
        outcomes.push_back({by_start ? permitted[call.permit] : call.at, call.outcome != BreakerOutcome::success});
      }
      if (before != BreakerState::closed && answers[i].state == BreakerState::closed) {
        outcomes.clear();
        closed = call.at;
      }
      before = answers[i].state;

      const Instant origin = config.window_origin == WindowOrigin::closed_start ? closed : Instant{};
      std::int64_t calls = 0;
      std::int64_t failures = 0;
      for (const Outcome& outcome : outcomes) {
        const bool is_within = config.window_buckets == 0
                                   ? call.at - outcome.at < config.window
                                   : bucket_since(origin, call.at, config) - bucket_since(origin, outcome.at, config) <
                                         config.window_buckets;
        if (!is_within) {
          ++left;
          continue;
        }
        ++calls;
        failures += outcome.failed ? 1 : 0;
      }
      RC_ASSERT(answers[i].calls == calls);
      RC_ASSERT(answers[i].failures == failures);
    }
  });
  EXPECT_GT(left, 100);
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_recount_test
