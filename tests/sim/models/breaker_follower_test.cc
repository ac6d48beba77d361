// The follower that runs along and the model that recomputes everything are the same breaker.

#include "sim/models/breaker_follower.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/models/breaker_model.h"
#include "tests/sim/any_world.h"

namespace windtunnel::sim::check_breaker_follower_test {
namespace {

TEST(BreakerFollower, agrees_with_the_model_on_random_histories_of_random_settings) {
  int closes = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const monitor::BreakerConfig config = any_world(seed).monitor.circuit_breaker;
    const Duration step = std::max(config.open / 8, Duration{1});  // ends of OPEN are hit exactly
    BreakerModel model{config};
    BreakerFollower follower{config};
    std::vector<ModelPermit> permits;
    const StreamKey stream = Chance{seed}.stream("history");
    Instant now{};
    for (std::uint64_t i = 0; i < 400; ++i) {
      const Draw chosen = draw(stream, i);
      now += step * static_cast<std::int64_t>(below(chosen.a, 6));
      bool same = true;
      if (permits.empty() || chosen.b % 2 == 0) {
        const auto a = model.acquire(now);
        const auto b = follower.acquire(now);
        same = a.has_value() == b.has_value();
        if (a) permits.push_back(*a);
      } else {
        const std::size_t place = below(chosen.b, permits.size());
        const auto outcome = static_cast<monitor::BreakerOutcome>(below(chosen.a << 20U, 4));
        const auto kind = chosen.a % 3 == 0 ? monitor::ReplyKind::rate_limited : monitor::ReplyKind::server_error;
        same = model.report(permits[place], outcome, now, kind) == follower.report(permits[place], outcome, now, kind);
        permits.erase(permits.begin() + static_cast<std::ptrdiff_t>(place));
      }
      for (const monitor::BreakerTransition& arrow : model.transitions()) {
        ASSERT_NE(follower.expected(), nullptr) << "seed " << seed << ", step " << i;
        ASSERT_EQ(*follower.expected(), arrow) << "seed " << seed << ", step " << i;
        follower.take_off();
        closes += arrow.to == monitor::BreakerState::closed ? 1 : 0;
      }
      ASSERT_EQ(follower.expected(), nullptr) << "seed " << seed << ", step " << i;
      ASSERT_TRUE(same && model.epoch() == follower.epoch() && model.consecutive_failures() == follower.run() &&
                  model.permits_in_flight() == follower.probes_out() && model.late_results() == follower.late_results())
          << "seed " << seed << ", step " << i;
    }
  }
  EXPECT_GT(closes, 1000);
}

}  // namespace
}  // namespace windtunnel::sim::check_breaker_follower_test
