// The accounts of a book as a whole: however many there are, each is found; two books exchange them, and a replica's
// counts are added up for reports.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "monitor/limits/limit_book.h"

namespace windtunnel::monitor::limit_book_accounts_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant at(Duration since_start) { return Instant{since_start}; }

LimitConfig limit_by(LimitScope scope, std::int64_t requests) {
  LimitConfig limit;
  limit.per = {{.scope = scope}};
  limit.requests = requests;
  limit.period = 1h;
  return limit;
}

LimitedRequest request_of(const std::string& key, const std::string& team = "red") {
  LimitedRequest request;
  request.caller.key = caller_word(key);
  request.caller.team = caller_word(team);
  return request;
}

bool admits(LimitBook& book, LimitedRequest request, Instant now = {}) {
  LimitTicket ticket;
  return book.admit(ticket, request, Tokens{1}, Usd{}, now).is_admitted;
}

TEST(LimitBookAccounts, a_thousand_callers_are_counted_by_themselves) {
  LimitConfig sliding = limit_by(LimitScope::key, 1);
  sliding.id = "sliding";
  sliding.algorithm = LimitAlgorithm::sliding_window;
  LimitBook book{{.limits = {limit_by(LimitScope::key, 1), limit_by(LimitScope::team, 5000), sliding}}, {}};
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_EQ(admits(book, request_of(std::to_string(i))), round == 0) << i;
      ASSERT_EQ(book.entries().size(), round == 0 ? 2U * static_cast<std::size_t>(i) + 3 : 2001U);
    }
  }
  for (const LimitBook::Entry& entry : book.entries()) {
    EXPECT_EQ(book.used(entry, at(0s))[kLimitRequests], entry.limit == 1 ? 1000 : 1);
  }
}

TEST(LimitBookAccounts, windows_keep_the_phase_of_the_first_clock) {
  LimitConfig limit = limit_by(LimitScope::key, 1);
  LimitBook book{{.limits = {limit}}, {}};
  book.align(WallTime{10min});
  EXPECT_TRUE(admits(book, request_of("a")));
  book.align(WallTime{20min});
  EXPECT_FALSE(admits(book, request_of("a"), at(50min - 1ns)));
  EXPECT_TRUE(admits(book, request_of("a"), at(50min)));
  EXPECT_FALSE(admits(book, request_of("a"), at(110min - 1ns)));
  EXPECT_TRUE(admits(book, request_of("a"), at(110min)));
}

TEST(LimitBookAccounts, of_32_limits_each_counts) {
  LimitsConfig config;
  for (std::size_t i = 0; i < kLimitsMax; ++i) config.limits.push_back(limit_by(LimitScope::key, 1));
  LimitBook book{config, {}};
  EXPECT_TRUE(admits(book, request_of("a")));
  for (const LimitCounts& counts : book.counts()) EXPECT_EQ(counts.admitted, 1);
  EXPECT_FALSE(admits(book, request_of("a")));
}

// Half of the first table's places are for even hashes, and it holds half as many accounts as places.
TEST(LimitBookAccounts, are_found_however_alike_their_hashes_are) {
  LimitBook book{{.limits = {limit_by(LimitScope::key, 1)}}, {}};
  std::vector<LimitedRequest> requests;
  for (std::uint64_t key = 1; requests.size() < 40; ++key) {
    if (stable_hash(key, stable_hash(std::uint64_t{0})) % 2 != 0) continue;
    requests.emplace_back();
    requests.back().caller.key = key;
  }
  for (const bool is_first : {true, false}) {
    for (const LimitedRequest& request : requests) ASSERT_EQ(admits(book, request), is_first);
  }
}

// --- Where a limit counts nothing ----------------------------------------------------------------------------------

TEST(LimitBookAccounts, by_route_are_of_no_request_where_there_are_no_routes) {
  LimitConfig chat;
  chat.when = {{{.scope = LimitScope::route}, "chat"}};
  chat.requests = 0;
  LimitBook by_value{{.limits = {chat}}, {}};
  EXPECT_TRUE(admits(by_value, request_of("a")));
  LimitBook by_route{{.limits = {limit_by(LimitScope::route, 0)}}, {}};
  EXPECT_TRUE(admits(by_route, request_of("a")));
}

// --- Tickets -------------------------------------------------------------------------------------------------------

class Call {
 public:
  explicit Call(const LimitConfig& limit) : book_({.limits = {limit}}, {}) {}
  bool admit(std::int64_t input, std::int64_t output, std::int64_t picos) {
    LimitedRequest request;
    request.input = Tokens{input};
    return book_.admit(ticket, request, Tokens{output}, Usd::from_picos(picos), at(0s)).is_admitted;
  }
  LimitVerdict call(std::int64_t input, std::int64_t output, std::int64_t picos) {
    LimitedRequest request;
    request.input = Tokens{input};
    return book_.re_reserve(ticket, request, ProviderId{}, Tokens{output}, Usd::from_picos(picos), at(0s));
  }
  void close() { book_.close(ticket, false, at(0s)); }

  LimitTicket ticket;

 private:
  LimitBook book_;
};

TEST(LimitTicket, grows_by_a_token_or_a_pico_dollar_only_where_there_is_room) {
  LimitConfig limit;
  limit.tokens = Tokens{20};
  limit.usd = Usd::from_picos(5);
  Call call{limit};
  ASSERT_TRUE(call.admit(10, 10, 5));
  EXPECT_FALSE(call.call(11, 10, 5).is_admitted);
  EXPECT_FALSE(call.call(10, 11, 5).is_admitted);
  EXPECT_FALSE(call.call(10, 10, 6).is_admitted);
  EXPECT_TRUE(call.call(10, 10, 5).is_admitted);
}

TEST(LimitTicket, that_may_not_grow_is_refused_whatever_its_limit_does_at_admission) {
  LimitConfig limit;
  limit.tokens = Tokens{20};
  limit.on_exhausted = OnExhausted::route;
  limit.route = RouteId{1};
  Call call{limit};
  ASSERT_TRUE(call.admit(10, 10, 0));
  EXPECT_EQ(call.call(11, 10, 0).then, OnExhausted::refuse);
}

TEST(LimitTicket, that_is_closed_holds_nothing_and_its_request_stays_counted) {
  LimitConfig limit;
  limit.requests = 1;
  Call call{limit};
  ASSERT_TRUE(call.admit(10, 10, 5));
  ASSERT_TRUE(call.call(10, 10, 5).is_admitted);
  call.close();
  EXPECT_EQ(call.ticket.own, 0);
  EXPECT_EQ(call.ticket.holds, 0);
  EXPECT_EQ(call.ticket.reserved.input, 0);
  EXPECT_EQ(call.ticket.reserved.picos, 0);
  EXPECT_FALSE(call.admit(10, 10, 5));
}

// Each of the two routes is closed to it, and each limit knows the other way.
TEST(LimitTicket, that_is_refused_on_another_route_too_is_refused) {
  const auto sends = [](const char* from, RouteId to) {
    LimitConfig limit;
    limit.id = from;
    limit.when = {{{.scope = LimitScope::route}, from}};
    limit.requests = 0;
    limit.on_exhausted = OnExhausted::route;
    limit.route = to;
    return limit;
  };
  LimitBook book{{.limits = {sends("chat", RouteId{1}), sends("cheap", RouteId{0})}}, {.routes = {"chat", "cheap"}}};
  LimitTicket ticket;
  LimitedRequest request;
  const LimitVerdict verdict = book.admit(ticket, request, Tokens{1}, Usd{}, at(0s));
  EXPECT_FALSE(verdict.is_admitted);
  EXPECT_EQ(verdict.refused_by, 1);
  EXPECT_EQ(verdict.rerouted_by, 0);
  EXPECT_EQ(verdict.then, OnExhausted::refuse);
}

TEST(LimitBookAccounts, that_change_places_keep_the_names_of_deployments_where_they_are) {
  LimitConfig limit = limit_by(LimitScope::deployment, 1);
  const LimitsConfig config{.limits = {limit}};
  LimitBook one{config, {.deployments = {"a", "b"}, .providers = {"x", "x"}}};
  LimitBook other{config, {.deployments = {"b", "a"}, .providers = {"x", "x"}}};
  const auto may_call = [](LimitBook& book, std::uint8_t target) {
    return book.ask(request_of("k"), ProviderId{target}, Tokens{1}, Usd{}, at(0s)).is_admitted;
  };
  LimitTicket ticket;
  ASSERT_TRUE(one.re_reserve(ticket, request_of("k"), ProviderId{0}, Tokens{1}, Usd{}, at(0s)).is_admitted);
  ASSERT_FALSE(may_call(one, 0));
  one.exchange_accounts(other);
  EXPECT_TRUE(may_call(one, 0));
  EXPECT_TRUE(may_call(one, 1));
  EXPECT_TRUE(may_call(other, 0));
  EXPECT_FALSE(may_call(other, 1)) << "where this book has the deployment a";
}

TEST(LimitBookAccounts, counts_of_another_book_are_added) {
  LimitConfig few = limit_by(LimitScope::key, 1);
  LimitConfig alerts = limit_by(LimitScope::team, 1);
  alerts.id = "alerts";
  alerts.on_exhausted = OnExhausted::alert;
  LimitConfig passes = limit_by(LimitScope::deployment, 0);
  passes.id = "passes";
  passes.on_exhausted = OnExhausted::next_target;
  LimitConfig leads = limit_by(LimitScope::user, 0);
  leads.id = "leads";
  leads.on_exhausted = OnExhausted::route;
  leads.route = RouteId{1};
  const LimitsConfig config{.limits = {few, alerts, passes, leads}};
  const LimitNames names{.routes = {"chat", "cheap"}, .deployments = {"a"}, .providers = {"x"}};
  LimitBook one{config, names};
  LimitBook other{config, names};
  const auto lead = [](LimitBook& book) {
    EXPECT_TRUE(admits(book, request_of("a")));
    EXPECT_FALSE(admits(book, request_of("a")));
    EXPECT_TRUE(admits(book, request_of("b")));
    EXPECT_FALSE(book.ask(request_of("a"), ProviderId{0}, Tokens{1}, Usd{}, at(0s)).is_admitted);
    LimitedRequest rerouted = request_of("c");
    rerouted.caller.user = caller_word("u");
    EXPECT_TRUE(admits(book, rerouted));
  };
  lead(one);
  lead(other);
  other.absorb_counts(one);
  EXPECT_EQ(other.counts()[0].admitted, 6);
  EXPECT_EQ(other.counts()[0].refused, 2);
  EXPECT_EQ(other.counts()[1].alerted, 4);
  EXPECT_EQ(other.counts()[2].passed_over, 2);
  EXPECT_EQ(other.counts()[3].rerouted, 2);
  EXPECT_EQ(one.counts()[0].admitted, 3);
}

}  // namespace
}  // namespace windtunnel::monitor::limit_book_accounts_test
