// Settings at the edges of what a breaker can follow, and the sets of replies that they name.

#include <gtest/gtest.h>

#include "monitor/breaker/breaker_config.h"
#include "monitor/breaker/breaker_rules.h"
#include "monitor/breaker/reply_kind.h"

namespace windtunnel::monitor::breaker_settings_test {
namespace {

using namespace std::chrono_literals;

bool is_supported(const BreakerConfig& config) { return !unsupported(config); }

TEST(BreakerSettings, one_bucket_of_a_millisecond_is_enough_for_buckets_that_outcomes_turn) {
  BreakerConfig config{.failure_count_threshold = 1, .window_type = WindowType::time, .window = 1ms};
  config.window_origin = WindowOrigin::rotate_one;
  EXPECT_FALSE(is_supported(config)) << "without buckets";
  config.window_buckets = 1;
  EXPECT_TRUE(is_supported(config));
  config.window -= 1ns;
  EXPECT_FALSE(is_supported(config));
  config.window = 2ms;
  config.window_buckets = 2;
  EXPECT_TRUE(is_supported(config));
}

TEST(BreakerSettings, attempts_are_counted_in_one_bucket_or_more) {
  BreakerConfig config{.failure_count_threshold = 1, .window_type = WindowType::time, .window = 1s};
  config.volume = Volume::attempts;
  EXPECT_FALSE(is_supported(config));
  config.window_buckets = 1;
  EXPECT_TRUE(is_supported(config));
}

TEST(BreakerSettings, only_results_that_prolong_open_need_a_lazy_view) {
  BreakerConfig config{.consecutive_threshold = 1};
  config.state_view = StateView::on_read;
  config.late_results = LateResults::origin_counts_stale_probe;
  EXPECT_TRUE(is_supported(config)) << unsupported(config).value_or("");
  config.late_results = LateResults::origin_forces;
  EXPECT_FALSE(is_supported(config));
  config.state_view = StateView::lazy;
  EXPECT_TRUE(is_supported(config)) << unsupported(config).value_or("");
}

TEST(BreakerSettings, a_rule_or_a_reply_that_opens_at_once_can_open_it) {
  EXPECT_FALSE(can_open(BreakerConfig{}));
  BreakerConfig counts{};
  counts.outcomes[index_of(ReplyKind::timeout)] = BreakerOutcome::failure;
  EXPECT_FALSE(can_open(counts));
  counts.outcomes[index_of(ReplyKind::auth)] = BreakerOutcome::fatal;
  EXPECT_TRUE(can_open(counts));
  EXPECT_TRUE(can_open({.consecutive_threshold = 1}));
}

TEST(ReplySet, any_is_every_failure_but_the_callers_own) {
  ReplySet expected;
  for (std::size_t i = 1; i < kReplyKinds; ++i) {
    const auto kind = static_cast<ReplyKind>(i);
    if (!is_callers_own(kind)) expected.add(kind);
  }
  const ReplySet any = ReplySet::any();
  EXPECT_EQ(any, expected);
  EXPECT_FALSE(any.has(ReplyKind::ok));
  EXPECT_TRUE(any.has(ReplyKind::timeout));
  EXPECT_TRUE(any.has(ReplyKind::quota_exhausted));
  EXPECT_FALSE(any.has(ReplyKind::client_error));
}

TEST(ReplySet, grows_by_another_one_and_is_empty_without_a_kind) {
  ReplySet set;
  EXPECT_TRUE(set.empty());
  ReplySet other;
  other.add(ReplyKind::ok);
  other.add(ReplyKind::auth);
  set.add(ReplyKind::timeout);
  set.add(other);
  EXPECT_TRUE(set.has_all(other));
  EXPECT_TRUE(set.has(ReplyKind::timeout));
  EXPECT_FALSE(set.empty());
  for (const ReplyKind kind : {ReplyKind::ok, ReplyKind::auth, ReplyKind::timeout}) set.remove(kind);
  EXPECT_TRUE(set.empty());
}

}  // namespace
}  // namespace windtunnel::monitor::breaker_settings_test
