// Budgets and rates in true time: both sides of the edges of C10 and L5, with the wall clock where it likes to be.

#include "sim/checks/invariants/true_time_checks.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::true_time_checks_test {
namespace {

using namespace std::chrono_literals;

constexpr Duration kMonth = std::chrono::hours{24 * 31};

// From 2026-01-20T10:00:30Z; a dollar a month and 50 cents a day; the wall clock is stepped somewhere.
Scenario stepped() {
  Scenario scenario = world(60s, workload("load", per_second(1)));
  scenario.start = WallTime{std::chrono::seconds{1'768'903'230}};
  scenario.monitor.cost_limiter.monthly = Usd::from_cents(100);
  scenario.monitor.rate_limiter.requests_per_minute = 2;
  scenario.faults = {fault("step", WallClockStep{.offset = kMonth})};
  return scenario;
}

class Followed {
 public:
  explicit Followed(Scenario scenario = stepped())
      : scenario_(std::move(scenario)),
        context_{.scenario = scenario_, .violations = Violations{CheckSelection{{"all"}}, false}, .open = {}},
        checks_(context_) {}

  void carry_in(Usd spent) { checks_.on_begin(spent); }
  // A request of one call, admitted at `at` while the clock was wrong by `offset`.
  void spends(Usd bill, Duration at = 0s, Duration offset = 0s) {
    OpenRequest open_request = arrives(at, offset);
    checks_.on_reserved(open_request);
    checks_.on_attempt_end(open_request, {.at = context_.now, .settled = bill});
  }
  void passes(Duration at) {
    OpenRequest open_request = arrives(at, 0s);
    checks_.on_arrival(open_request);
    checks_.on_passed(open_request);
  }
  void is_refused(Duration at) {
    OpenRequest open_request = arrives(at, 0s);
    checks_.on_arrival(open_request);
    monitor::Record record;
    record.outcome = monitor::Outcome::refused_rate;
    checks_.on_finish(open_request, record);
  }
  [[nodiscard]] std::string found() const {
    return context_.violations.findings().empty() ? "" : context_.violations.findings()[0].id;
  }

 private:
  OpenRequest arrives(Duration at, Duration offset) {
    context_.now = Instant{} + at;
    OpenRequest open_request;
    open_request.wall = scenario_.start + at + offset;
    return open_request;
  }

  Scenario scenario_;
  CheckContext context_;
  TrueTimeChecks checks_;
};

TEST(TrueBudget, may_be_spent_to_the_last_pico_dollar) {
  Followed followed;
  followed.spends(Usd::from_cents(100));
  EXPECT_EQ(followed.found(), "");
  followed.spends(Usd::from_picos(1));
  EXPECT_EQ(followed.found(), "C10");
}

TEST(TrueBudget, begins_with_what_the_month_had_spent) {
  Followed followed;
  followed.carry_in(Usd::from_cents(60));
  followed.spends(Usd::from_cents(40));
  EXPECT_EQ(followed.found(), "");
  followed.spends(Usd::from_picos(1));
  EXPECT_EQ(followed.found(), "C10");
}

// The clock shows the next month for a while. What is admitted then is charged there; what is admitted when the clock
// has returned adds to what the month had spent before.
TEST(TrueBudget, forgets_nothing_while_the_clock_stands_in_another_month) {
  Followed followed;
  followed.spends(Usd::from_cents(60), 1s);
  followed.spends(Usd::from_cents(90), 2s, kMonth);
  EXPECT_EQ(followed.found(), "");
  followed.spends(Usd::from_cents(40), 3s);
  EXPECT_EQ(followed.found(), "");
  followed.spends(Usd::from_picos(1), 4s);
  EXPECT_EQ(followed.found(), "C10");
}

TEST(TrueBudget, begins_again_with_the_true_month_and_day) {
  Followed followed;
  followed.spends(Usd::from_cents(100), 1s);
  followed.spends(Usd::from_cents(100), std::chrono::hours{24 * 15});
  EXPECT_EQ(followed.found(), "");
  Scenario daily = stepped();
  daily.monitor.cost_limiter.monthly.reset();
  daily.monitor.cost_limiter.daily = Usd::from_cents(50);
  Followed by_day{daily};
  by_day.spends(Usd::from_cents(50), 1s);
  by_day.spends(Usd::from_cents(50), 14h);
  EXPECT_EQ(by_day.found(), "");
  by_day.spends(Usd::from_picos(1), 14h);
  EXPECT_EQ(by_day.found(), "C10");
}

// The scenario starts half a minute into a minute.
TEST(TrueMinute, keeps_the_phase_of_the_start_and_refuses_only_when_it_is_full) {
  Followed full;
  full.passes(0s);
  full.passes(1s);
  full.is_refused(30s - 1ns);
  EXPECT_EQ(full.found(), "");
  full.is_refused(30s);
  EXPECT_EQ(full.found(), "L5");
  Followed not_full;
  not_full.passes(0s);
  not_full.is_refused(1s);
  EXPECT_EQ(not_full.found(), "L5");
}

TEST(TrueMinute, counts_tokens_too) {
  Scenario scenario = stepped();
  scenario.monitor.rate_limiter = {.requests_per_minute = {}, .tokens_per_minute = Tokens{1'000}};
  Followed followed{scenario};
  followed.passes(0s);  // each asks for 500
  followed.passes(0s);
  followed.is_refused(1s);
  EXPECT_EQ(followed.found(), "");
}

}  // namespace
}  // namespace windtunnel::sim::true_time_checks_test
