// The usage of a call that ended without one comes later: its bill takes the place of what the call was settled for.

#include <gtest/gtest.h>

#include <vector>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_late_usage_test {
namespace {

using namespace pipeline_rig;

class Learned {
 public:
  void on(const UsageLearned& event) { events.push_back(event); }
  void on(const BudgetChanged&) { ++budget_events; }
  template <class Other>
  void on(const Other&) {}
  std::vector<UsageLearned> events;
  int budget_events = 0;
};

// A request whose only call has timed out: it is settled at the 7 USD that it may cost at most.
struct TimedOut {
  explicit TimedOut(const MonitorConfig& config) : rig(config, 1) {
    Ride ride = rig.begin(request(5));
    call = {.request = RequestId{5},
            .provider = provider_at(0),
            .ordinal = 0,
            .admitted = kNoon,
            .tariff = ride.flow.tariff,
            .settled = kWorst[0],
            .limits = ride.flow.limits};
    ride.reply(failed(ReplyKind::timeout), at(30s));
    rig.pipeline.set_observer(&learned);
  }

  Rig rig;
  UnbilledCall call;
  Learned learned;
};

MonitorConfig with_budgets() {
  MonitorConfig config = bare();
  config.cost_limiter.monthly = usd(100);
  config.cost_limiter.daily = usd(8);
  LimitConfig limit;
  limit.tokens = Tokens{10'000};
  limit.usd = usd(100);
  config.limits.limits = {limit};
  return config;
}

TEST(LateUsage, corrects_the_budget_the_limits_and_the_metrics) {
  TimedOut after{with_budgets()};
  Pipeline& pipeline = after.rig.pipeline;
  ASSERT_EQ(after.rig.spent(), kWorst[0]);
  const Usage usage{Tokens{100}, Tokens{50}};
  const Usd bill = cents(100 * 1 + 50 * 3);
  pipeline.learn_usage(after.call, usage, at(40s));
  EXPECT_EQ(after.rig.spent(), bill);
  EXPECT_EQ(pipeline.cost_limiter().day_settled(), UsdSum{} + bill);
  const LimitAmounts used = pipeline.limits().used(pipeline.limits().entries()[0], at(40s));
  EXPECT_EQ(used[kLimitTokens], Int128{150} * kMillion);
  EXPECT_EQ(used[kLimitMoney], bill.picos());
  EXPECT_EQ(pipeline.metrics().late_usage().calls, 1);
  EXPECT_EQ(pipeline.metrics().late_usage().settled, UsdSum{} + kWorst[0]);
  EXPECT_EQ(pipeline.metrics().late_usage().billed, UsdSum{} + bill);
}

TEST(LateUsage, of_no_tokens_leaves_nothing_spent) {
  TimedOut after{with_budgets()};
  after.rig.pipeline.learn_usage(after.call, {}, at(40s));
  EXPECT_EQ(after.rig.spent(), Usd{});
}

TEST(LateUsage, is_told_with_both_amounts) {
  TimedOut after{with_budgets()};
  after.rig.pipeline.learn_usage(after.call, {Tokens{100}, Tokens{50}}, at(40s));
  ASSERT_EQ(after.learned.events.size(), 1U);
  const UsageLearned& event = after.learned.events[0];
  EXPECT_EQ(event.at, at(40s));
  EXPECT_EQ(event.request, RequestId{5});
  EXPECT_EQ(event.usage.output, Tokens{50});
  EXPECT_EQ(event.settled, kWorst[0]);
  EXPECT_EQ(event.billed, cents(250));
}

TEST(LateUsage, fires_the_alerts_that_its_bill_reaches_at_once) {
  TimedOut after{with_budgets()};
  const int before = after.learned.budget_events;
  after.rig.pipeline.learn_usage(after.call, {Tokens{100}, Tokens{2400}}, at(40s));  // 73 USD of a day's 8
  EXPECT_GT(after.learned.budget_events, before);
}

TEST(LateUsage, is_a_usage_that_is_possible) {
  TimedOut after{with_budgets()};
  EXPECT_EXIT(after.rig.pipeline.learn_usage(after.call, {Tokens{-1}, Tokens{50}}, at(40s)), testing::ExitedWithCode(1),
              "a usage is possible");
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_late_usage_test
