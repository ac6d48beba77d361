#include "monitor/limits/limit_book.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace windtunnel::monitor::limit_book_test {
namespace {

using namespace std::chrono_literals;

// 2026-01-20T10:00:20Z: 40 s before a minute ends.
constexpr WallTime kStart{std::chrono::seconds{1'768'903'220}};
constexpr Instant at(Duration since_start) { return Instant{since_start}; }

LimitConfig per_team() {
  LimitConfig limit;
  limit.per = {{.scope = LimitScope::team}};
  return limit;
}

LimitedRequest request_of(const std::string& team, std::int64_t input = 10) {
  LimitedRequest request;
  request.caller.team = team.empty() ? 0 : caller_word(team);
  request.input = Tokens{input};
  return request;
}

// A book, and the tickets that it gave.
class Rig {
 public:
  explicit Rig(std::vector<LimitConfig> limits, LimitCombine combine = LimitCombine::all)
      : book(
            {.limits = std::move(limits), .combine = combine},
            {.routes = {"chat", "cheap"}, .deployments = {"openai/a", "openai/b"}, .providers = {"openai", "openai"}}) {
    book.align(kStart);
  }

  bool admits(LimitedRequest request, Instant now, Usd worst = {}) {
    tickets.emplace_back();
    last = book.admit(tickets.back(), request, Tokens{10}, worst, now);
    asked = request;
    if (!last.is_admitted) tickets.pop_back();
    return last.is_admitted;
  }
  // Admits as many as fit and returns how many.
  int fill(const std::string& team, Instant now) {
    int count = 0;
    while (count < 1000 && admits(request_of(team), now)) ++count;
    return count;
  }

  LimitBook book;
  std::vector<LimitTicket> tickets;
  LimitVerdict last;
  LimitedRequest asked;
};

TEST(LimitBook, counts_each_team_by_itself) {
  LimitConfig limit = per_team();
  limit.requests = 3;
  Rig rig({limit});

  EXPECT_EQ(rig.fill("red", at(0s)), 3);
  EXPECT_EQ(rig.fill("blue", at(0s)), 3);
}

TEST(LimitBook, counts_all_teams_together_in_total) {
  LimitConfig limit = per_team();
  limit.requests = 3;
  limit.is_total = true;
  Rig rig({limit});

  EXPECT_EQ(rig.fill("red", at(0s)), 3);
  EXPECT_EQ(rig.fill("blue", at(0s)), 0);
}

TEST(LimitBook, does_not_count_a_request_without_the_word) {
  LimitConfig limit = per_team();
  limit.requests = 0;
  Rig rig({limit});

  EXPECT_TRUE(rig.admits(request_of(""), at(0s)));
  EXPECT_FALSE(rig.admits(request_of("red"), at(0s)));
}

TEST(LimitBook, counts_only_what_has_the_value_of_when) {
  LimitConfig limit;
  limit.when = {{{.scope = LimitScope::team}, "red"}};
  limit.requests = 1;
  Rig rig({limit});

  EXPECT_EQ(rig.fill("red", at(0s)), 1);
  EXPECT_TRUE(rig.admits(request_of("blue"), at(0s)));
}

TEST(LimitBook, begins_a_calendar_window_with_the_minute) {
  LimitConfig limit = per_team();
  limit.requests = 2;
  Rig rig({limit});

  EXPECT_EQ(rig.fill("red", at(0s)), 2);
  EXPECT_EQ(rig.last.retry_after, 40s);
  EXPECT_FALSE(rig.admits(request_of("red"), at(40s - 1ns)));
  EXPECT_TRUE(rig.admits(request_of("red"), at(40s)));
}

TEST(LimitBook, begins_a_window_with_its_first_use) {
  LimitConfig limit = per_team();
  limit.requests = 1;
  limit.window = LimitWindow::from_first_use;
  Rig rig({limit});

  EXPECT_TRUE(rig.admits(request_of("red"), at(30s)));
  EXPECT_FALSE(rig.admits(request_of("red"), at(90s - 1ns)));
  EXPECT_TRUE(rig.admits(request_of("red"), at(90s)));
}

TEST(LimitBook, names_no_wait_where_no_window_has_begun) {
  LimitConfig limit = per_team();
  limit.tokens = Tokens{15};
  limit.window = LimitWindow::from_first_use;
  Rig rig({limit});

  EXPECT_FALSE(rig.admits(request_of("red"), at(30s)));  // 20 tokens never fit
  EXPECT_EQ(rig.last.retry_after, Duration{0});
}

TEST(LimitBook, counts_the_latest_period_when_rolling) {
  LimitConfig limit = per_team();
  limit.requests = 1;
  limit.window = LimitWindow::rolling;
  Rig rig({limit});

  EXPECT_TRUE(rig.admits(request_of("red"), at(30s + 1ns)));
  EXPECT_FALSE(rig.admits(request_of("red"), at(90s + 1ns)));  // a whole period later, within its step
  EXPECT_FALSE(rig.admits(request_of("red"), at(91s - 1ns)));
  EXPECT_TRUE(rig.admits(request_of("red"), at(91s)));
}

TEST(LimitBook, fills_a_bucket_at_the_pace_of_the_limit) {
  LimitConfig limit = per_team();
  limit.requests = 60;
  limit.algorithm = LimitAlgorithm::token_bucket;
  Rig rig({limit});

  EXPECT_EQ(rig.fill("red", at(0s)), 60);
  EXPECT_EQ(rig.last.retry_after, 1s);
  EXPECT_EQ(rig.fill("red", at(1s - 1ns)), 0);
  EXPECT_EQ(rig.fill("red", at(1s)), 1);
  EXPECT_EQ(rig.fill("red", at(10h)), 60);
}

TEST(LimitBook, begins_a_month_with_the_calendar) {
  LimitConfig limit = per_team();
  limit.requests = 1;
  limit.period.reset();
  Rig rig({limit});

  EXPECT_TRUE(rig.admits(request_of("red"), at(0s)));
  const Duration february = WallTime{std::chrono::seconds{1'769'904'000}} - kStart;  // 2026-02-01
  EXPECT_FALSE(rig.admits(request_of("red"), at(february - 1ns)));
  EXPECT_TRUE(rig.admits(request_of("red"), at(february)));
}

TEST(LimitBook, weighs_tokens_by_their_kind) {
  LimitConfig limit = per_team();
  limit.tokens = Tokens{45};
  limit.input_weight = Millionths{500'000};
  limit.output_weight = Millionths{4'000'000};
  Rig rig({limit});

  EXPECT_TRUE(rig.admits(request_of("red", 10), at(0s)));  // 10 x 0.5 + 10 x 4 = 45
  EXPECT_FALSE(rig.admits(request_of("red", 0), at(0s)));
}

TEST(LimitBook, settles_to_what_was_used) {
  LimitConfig limit = per_team();
  limit.tokens = Tokens{30};
  Rig rig({limit});
  LimitedRequest request = request_of("red");
  LimitTicket ticket;
  ASSERT_TRUE(rig.book.admit(ticket, request, Tokens{10}, Usd{}, at(0s)).is_admitted);
  ASSERT_FALSE(rig.admits(request_of("red"), at(1s)));
  ASSERT_TRUE(rig.book.re_reserve(ticket, request, ProviderId{}, Tokens{10}, Usd{}, at(0s)).is_admitted);

  rig.book.settle(ticket, LimitUse{.input = 10}, Usd{}, at(2s));
  rig.book.close(ticket, false, at(2s));

  EXPECT_TRUE(rig.admits(request_of("red"), at(2s)));  // 10 used, 20 asked, 30 allowed
  EXPECT_FALSE(rig.admits(request_of("red", 1), at(2s)));
}

TEST(LimitBook, keeps_the_reservation_of_a_call_without_usage) {
  LimitConfig limit = per_team();
  limit.tokens = Tokens{30};
  Rig rig({limit});
  LimitedRequest request = request_of("red");
  LimitTicket ticket;
  ASSERT_TRUE(rig.book.admit(ticket, request, Tokens{10}, Usd{}, at(0s)).is_admitted);
  ASSERT_TRUE(rig.book.re_reserve(ticket, request, ProviderId{}, Tokens{10}, Usd{}, at(0s)).is_admitted);

  rig.book.settle(ticket, std::nullopt, Usd{}, at(2s));
  rig.book.close(ticket, false, at(2s));

  EXPECT_FALSE(rig.admits(request_of("red"), at(2s)));
}

TEST(LimitBook, refuses_a_further_call_that_money_does_not_cover) {
  LimitConfig limit = per_team();
  limit.usd = Usd::from_cents(10);
  Rig rig({limit});
  LimitedRequest request = request_of("red");
  LimitTicket ticket;
  ASSERT_TRUE(rig.book.admit(ticket, request, Tokens{10}, Usd::from_cents(6), at(0s)).is_admitted);
  ASSERT_TRUE(rig.book.re_reserve(ticket, request, ProviderId{}, Tokens{10}, Usd::from_cents(6), at(0s)).is_admitted);
  rig.book.settle(ticket, LimitUse{.input = 10}, Usd::from_cents(5), at(1s));

  const LimitVerdict verdict =
      rig.book.re_reserve(ticket, request, ProviderId{}, Tokens{10}, Usd::from_cents(6), at(1s));

  EXPECT_FALSE(verdict.is_admitted);
  EXPECT_TRUE(verdict.is_of_money);
  EXPECT_TRUE(rig.book.re_reserve(ticket, request, ProviderId{}, Tokens{10}, Usd::from_cents(5), at(1s)).is_admitted);
}

TEST(LimitBook, gives_everything_back_for_a_request_that_was_refused_elsewhere) {
  LimitConfig limit = per_team();
  limit.requests = 1;
  Rig rig({limit});
  LimitedRequest request = request_of("red");
  LimitTicket ticket;
  ASSERT_TRUE(rig.book.admit(ticket, request, Tokens{10}, Usd{}, at(0s)).is_admitted);

  rig.book.close(ticket, true, at(0s));

  EXPECT_TRUE(rig.admits(request_of("red"), at(0s)));
}

TEST(LimitBook, frees_a_slot_at_the_end) {
  LimitConfig limit = per_team();
  limit.parallel_requests = 1;
  Rig rig({limit});
  ASSERT_TRUE(rig.admits(request_of("red"), at(0s)));
  ASSERT_FALSE(rig.admits(request_of("red"), at(1h)));

  rig.book.close(rig.tickets.back(), false, at(1h));

  EXPECT_TRUE(rig.admits(request_of("red"), at(1h)));
}

TEST(LimitBook, a_charge_of_a_window_that_is_over_fills_no_later_one) {
  LimitConfig limit = per_team();
  limit.tokens = Tokens{30};
  Rig rig({limit});
  LimitedRequest request = request_of("red");
  LimitTicket ticket;
  ASSERT_TRUE(rig.book.admit(ticket, request, Tokens{10}, Usd{}, at(0s)).is_admitted);
  ASSERT_TRUE(rig.book.re_reserve(ticket, request, ProviderId{}, Tokens{10}, Usd{}, at(0s)).is_admitted);
  ASSERT_TRUE(rig.admits(request_of("red"), at(40s)));

  rig.book.settle(ticket, LimitUse{.input = 10}, Usd{}, at(41s));
  rig.book.close(ticket, false, at(41s));

  EXPECT_FALSE(rig.admits(request_of("red", 1), at(41s)));  // 20 of 30 are used; 11 more do not fit
}

TEST(LimitBook, an_alert_passes_and_counts_on) {
  LimitConfig limit = per_team();
  limit.requests = 1;
  limit.on_exhausted = OnExhausted::alert;
  Rig rig({limit});

  EXPECT_EQ(rig.fill("red", at(0s)), 1000);
  EXPECT_EQ(rig.book.counts()[0].alerted, 999);
  EXPECT_EQ(rig.book.counts()[0].refused, 0);
}

TEST(LimitBook, any_is_content_with_one_of_two) {
  LimitConfig few = per_team();
  few.requests = 1;
  LimitConfig many = per_team();
  many.id = "many";
  many.requests = 3;
  Rig rig({few, many}, LimitCombine::any);

  EXPECT_EQ(rig.fill("red", at(0s)), 3);
}

TEST(LimitBook, a_limit_that_always_holds_is_not_outvoted) {
  LimitConfig few = per_team();
  few.requests = 1;
  few.is_always = true;
  LimitConfig many = per_team();
  many.id = "many";
  many.requests = 3;
  Rig rig({few, many}, LimitCombine::any);

  EXPECT_EQ(rig.fill("red", at(0s)), 1);
}

TEST(LimitBook, the_highest_priority_counts_and_no_other) {
  LimitConfig general = per_team();
  general.requests = 1;
  LimitConfig special;
  special.id = "special";
  special.when = {{{.scope = LimitScope::team}, "red"}};
  special.requests = 5;
  special.priority = 1;
  Rig rig({general, special}, LimitCombine::first_priority);

  EXPECT_EQ(rig.fill("red", at(0s)), 5);
  EXPECT_EQ(rig.fill("blue", at(0s)), 1);
}

TEST(LimitBook, sends_a_request_to_another_route) {
  LimitConfig limit = per_team();
  limit.requests = 1;
  limit.on_exhausted = OnExhausted::route;
  limit.route = RouteId{1};
  Rig rig({limit});

  ASSERT_TRUE(rig.admits(request_of("red"), at(0s)));
  EXPECT_EQ(rig.asked.route, RouteId{0});
  ASSERT_TRUE(rig.admits(request_of("red"), at(0s)));
  EXPECT_EQ(rig.asked.route, RouteId{1});
  EXPECT_EQ(rig.book.counts()[0].rerouted, 1);
}

TEST(LimitBook, counts_calls_of_a_target_from_start_to_end) {
  LimitConfig limit;
  limit.per = {{.scope = LimitScope::deployment}};
  limit.parallel_requests = 1;
  limit.on_exhausted = OnExhausted::next_target;
  Rig rig({limit});
  LimitedRequest request = request_of("red");
  LimitTicket ticket;
  ASSERT_TRUE(rig.book.admit(ticket, request, Tokens{10}, Usd{}, at(0s)).is_admitted);
  ASSERT_TRUE(rig.book.ask(request, ProviderId{0}, Tokens{10}, Usd{}, at(0s)).is_admitted);
  ASSERT_TRUE(rig.book.re_reserve(ticket, request, ProviderId{0}, Tokens{10}, Usd{}, at(0s)).is_admitted);

  const LimitVerdict second = rig.book.ask(request, ProviderId{0}, Tokens{10}, Usd{}, at(1s));
  EXPECT_FALSE(second.is_admitted);
  EXPECT_EQ(second.then, OnExhausted::next_target);
  EXPECT_TRUE(rig.book.ask(request, ProviderId{1}, Tokens{10}, Usd{}, at(1s)).is_admitted);

  rig.book.settle(ticket, LimitUse{}, Usd{}, at(2s));
  EXPECT_TRUE(rig.book.ask(request, ProviderId{0}, Tokens{10}, Usd{}, at(2s)).is_admitted);
}

TEST(LimitBook, hears_what_another_replica_charged) {
  LimitConfig limit = per_team();
  limit.requests = 2;
  Rig one({limit});
  Rig other({limit});
  std::vector<LimitCharge> told;
  one.book.tell(&told);
  ASSERT_TRUE(one.admits(request_of("red"), at(0s)));

  for (const LimitCharge& charge : told) other.book.apply(charge, at(1s));

  EXPECT_EQ(other.fill("red", at(1s)), 1);
}

TEST(Limits, name_what_cannot_be_followed) {
  LimitConfig nothing = per_team();
  LimitConfig passes = per_team();
  passes.id = "passes";
  passes.requests = 1;
  passes.on_exhausted = OnExhausted::next_target;
  const auto problems = problems_of({.limits = {nothing, passes}}, false);

  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].limit, 0U);
  EXPECT_EQ(problems[1].key, "on_exhausted");
}

}  // namespace
}  // namespace windtunnel::monitor::limit_book_test
