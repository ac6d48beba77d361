// Each balance chooses as a model of it does, which is written apart, and in the long run by the shares that it
// promises.
//
// This file is long because each balance is judged by a model of its own.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>

#include "sim/models/hash_finisher.h"
#include "tests/monitor/plan_rig.h"

namespace windtunnel::monitor::plan_balance_test {
namespace {

using namespace plan_rig;

constexpr std::size_t kTargets = 3;

// A random history: requests begin and end, one each step of 100 ms. `expected` is asked for the target of each request
// before the plan, and `ended` hears of each call's end.
class History {
 public:
  using Expected = std::function<std::size_t(const PlanRig::Asked&)>;
  using Ended = std::function<void(std::size_t target, Duration latency, std::int64_t tokens, Instant now)>;

  History(PlanRig& rig, Expected expected, Ended ended)
      : rig_(rig), expected_(std::move(expected)), ended_(std::move(ended)) {}

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      now_ += 100ms;
      end_some();
      PlanRig::Asked asked;
      asked.request.id = RequestId{static_cast<std::uint64_t>(step)};
      asked.request.user = random() % 50;
      asked.now = now_;
      const std::size_t expected = expected_(asked);
      asked = rig_.begin(static_cast<std::uint64_t>(step), now_, asked.request.user);
      ASSERT_EQ(rig_.start(asked), expected) << "request " << step;
      ++outstanding_[expected];
      const auto slowness = static_cast<std::int64_t>(1 + index_of(asked.turn.target));
      const Duration latency{static_cast<std::int64_t>(random() % 1'000'000'000) * slowness};
      calls_.push_back({asked, now_ + latency, latency});
    }
  }
  [[nodiscard]] std::int64_t outstanding(std::size_t target) const { return outstanding_[target]; }

 private:
  struct Call {
    PlanRig::Asked asked;
    Instant ends{};
    Duration latency{};
  };

  std::uint64_t random() { return state_ = sim::finish_hash(state_ + 0x9e3779b97f4a7c15U); }
  void end_some() {
    for (std::size_t i = 0; i < calls_.size();) {
      if (calls_[i].ends > now_) {
        ++i;
        continue;
      }
      Call call = calls_[i];
      calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(i));
      call.asked.now = now_;
      const auto tokens = static_cast<std::int64_t>(random() % 400);
      rig_.end(call.asked, ReplyKind::ok, call.latency, tokens);
      const std::size_t target = index_of(call.asked.turn.target);
      --outstanding_[target];
      ended_(target, call.latency, tokens, now_);
    }
  }

  PlanRig& rig_;
  Expected expected_;
  Ended ended_;
  Instant now_{};
  std::uint64_t state_ = 7;
  std::vector<Call> calls_;
  std::array<std::int64_t, kTargets> outstanding_{};
};

std::size_t least_of(const std::function<double(std::size_t)>& value) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < kTargets; ++i) {
    if (value(i) < value(best)) best = i;
  }
  return best;
}
void nothing(std::size_t, Duration, std::int64_t, Instant) {}

PlanRig rig_of(RouteConfig route) { return PlanRig{{.routes = {std::move(route)}}, kTargets}; }

TEST(Balance, least_busy_is_the_fewest_calls_outstanding) {
  PlanRig rig = rig_of(route_over(kTargets, Balance::least_busy));
  const History* seen = nullptr;
  History history{rig,
                  [&](const PlanRig::Asked&) {
                    return least_of([&](std::size_t i) { return static_cast<double>(seen->outstanding(i)); });
                  },
                  nothing};
  seen = &history;
  history.run(3000);
}

TEST(Balance, lowest_cost_is_the_least_worst_case_at_the_prices_of_now) {
  PlanRig rig = rig_of(route_over(kTargets, Balance::lowest_cost));
  const auto price = [&](std::size_t target, std::int64_t input, std::int64_t output) {
    rig.tariffs[target] = {{Usd::from_picos(input)}, {Usd::from_picos(output)}};
  };
  price(0, 10, 60);  // 100 tokens in and at most 100 out
  price(1, 60, 9);
  price(2, 30, 39);
  EXPECT_EQ(rig.begin(1).turn.target, deployment(1));
  price(1, 60, 10);
  price(0, 10, 58);
  EXPECT_EQ(rig.begin(2).turn.target, deployment(0));
  price(2, 30, 37);
  EXPECT_EQ(rig.begin(3).turn.target, deployment(2));
}

// Each price is drawn for each request, so that each of three targets is the cheapest of a third of them.
TEST(Balance, lowest_cost_follows_prices_that_change_and_divides_alike_what_is_drawn_alike) {
  PlanRig rig = rig_of(route_over(kTargets, Balance::lowest_cost));
  std::array<std::int64_t, kTargets> count{};
  std::uint64_t state = 3;
  const auto drawn = [&] { return state = sim::finish_hash(state + 0x9e3779b97f4a7c15U); };
  constexpr int kRequests = 6000;
  History history{rig,
                  [&](const PlanRig::Asked&) {
                    std::array<double, kTargets> worst{};
                    for (std::size_t i = 0; i < kTargets; ++i) {
                      const auto input = static_cast<std::int64_t>(drawn() % 1'000'000);
                      const auto output = static_cast<std::int64_t>(drawn() % 1'000'000);
                      rig.tariffs[i] = {{Usd::from_picos(input)}, {Usd::from_picos(output)}};
                      worst[i] = 100.0 * static_cast<double>(input) + 100.0 * static_cast<double>(output);
                    }
                    const std::size_t least = least_of([&](std::size_t i) { return worst[i]; });
                    ++count[least];
                    return least;
                  },
                  nothing};
  history.run(kRequests);
  for (const std::int64_t times : count) {
    EXPECT_LE(std::abs(static_cast<double>(times) - kRequests / 3.0), 4 * std::sqrt(kRequests * 2 / 9.0));
  }
}

TEST(Balance, lowest_usage_is_the_fewest_tokens_of_this_minute) {
  PlanRig rig = rig_of(route_over(kTargets, Balance::lowest_usage));
  std::map<std::pair<std::int64_t, std::size_t>, double> used;  // by minute and target
  std::int64_t minute = 0;
  History history{rig,
                  [&](const PlanRig::Asked& asked) {
                    minute = asked.now.time_since_epoch() / 1min;
                    return least_of([&](std::size_t i) { return used[{minute, i}]; });
                  },
                  [&](std::size_t target, Duration, std::int64_t tokens, Instant now) {
                    used[{now.time_since_epoch() / 1min, target}] += static_cast<double>(tokens);
                  }};
  history.run(3000);
}

TEST(Balance, lowest_usage_passes_over_who_is_at_its_quota_while_another_has_room) {
  std::vector<ProviderConfig> all;
  for (const char* name : {"a", "b"}) all.push_back({.name = name, .model = "m", .tariffs = {{}}});
  all[0].requests_per_minute = 2;
  all[1].tokens_per_minute = Tokens{500};
  Plan plan{{.routes = {route_over(2, Balance::lowest_usage)}}, {}, all};
  std::string order;
  for (std::uint64_t id = 0; id < 6; ++id) {
    Request request;
    request.id = RequestId{id};
    request.input = Tokens{100};
    const PlanQuery query{.request = request, .output_max = Tokens{100}, .tariffs = {}};
    Turn turn;
    plan.begin(turn, query);
    order += std::to_string(index_of(turn.target));
    plan.on_start(turn);
    plan.on_end(turn.target, ReplyKind::ok, 1s, Tokens{turn.target == deployment(0) ? 10 : 200}, query);
  }
  // a has two calls a minute. b has room for 200 tokens beside 200 and not beside 400; then a has used less.
  EXPECT_EQ(order, "010100");
}

TEST(Balance, peak_ewma_is_the_decaying_peak_times_the_calls_outstanding) {
  PlanRig rig = rig_of(route_over(kTargets, Balance::lowest_latency));
  struct Estimate {
    double peak = -1;
    Instant at{};
  };
  std::array<Estimate, kTargets> estimates;
  const auto kept = [](Instant since, Instant now) {
    return 10 / (10 + std::chrono::duration<double>(now - since).count());
  };
  const History* seen = nullptr;
  History history{rig,
                  [&](const PlanRig::Asked& asked) {
                    return least_of([&](std::size_t i) {
                      const auto busy = static_cast<double>(seen->outstanding(i));
                      if (estimates[i].peak < 0) return busy == 0 ? 0 : 1e15 + busy;
                      return std::floor(estimates[i].peak * kept(estimates[i].at, asked.now)) * (busy + 1);
                    });
                  },
                  [&](std::size_t target, Duration latency, std::int64_t, Instant now) {
                    Estimate& estimate = estimates[target];
                    const auto answer = static_cast<double>(latency.count());
                    const double left = std::floor(estimate.peak * kept(estimate.at, now));
                    const double mixed = left + std::floor(answer * (1 - kept(estimate.at, now)));
                    estimate = {estimate.peak < 0 || answer > left ? answer : mixed, now};
                  }};
  seen = &history;
  history.run(3000);
}

TEST(Balance, window_mean_is_the_mean_of_the_last_ten_answers) {
  RouteConfig route = route_over(kTargets, Balance::lowest_latency);
  route.estimator = Estimator::window_mean;
  PlanRig rig = rig_of(route);
  std::array<std::deque<std::int64_t>, kTargets> answers;
  const auto mean = [&](std::size_t i) {
    std::int64_t sum = 0;
    for (const std::int64_t answer : answers[i]) sum += answer;
    return answers[i].empty() ? 0.0 : static_cast<double>(sum / std::ssize(answers[i]));
  };
  // Where several are at the lowest mean, which only those without an answer are, one of them is drawn.
  std::size_t drawn = 0;
  History history{rig,
                  [&](const PlanRig::Asked& asked) -> std::size_t {
                    const auto unknown = std::ranges::count_if(answers, [](const auto& list) { return list.empty(); });
                    if (unknown <= 1) return least_of(mean);
                    PlanRig copy = rig;
                    drawn = index_of(copy.begin(number_of(asked.request.id), asked.now).turn.target);
                    EXPECT_TRUE(answers[drawn].empty());
                    return drawn;
                  },
                  [&](std::size_t target, Duration latency, std::int64_t, Instant) {
                    answers[target].push_back(latency.count());
                    if (answers[target].size() > 10) answers[target].pop_front();
                  }};
  history.run(3000);
}

// --- Draws ---------------------------------------------------------------------------------------------------------

// FNV-1a over the name, finished; the k-th draw of a request hashes its number with the name's hash plus k.
std::size_t drawn_by_model(const std::string& name, const std::vector<std::uint64_t>& weights, std::uint64_t word,
                           std::optional<std::uint64_t> draw) {
  std::uint64_t salt = 14695981039346656037U;
  for (const char byte : name) salt = (salt ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  salt = sim::finish_hash(salt);
  if (draw) salt = sim::finish_hash(salt + *draw);
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : weights) sum += weight;
  const std::uint64_t hash = sim::finish_hash(sim::finish_hash(word + 11400714819323198485U) + salt);
  const auto point = static_cast<std::uint64_t>(static_cast<Uint128>(hash) * sum >> 64);
  std::uint64_t end = 0;
  std::size_t i = 0;
  while (point >= (end += weights[i])) ++i;
  return i;
}

RouteConfig weighted(std::int64_t a, std::int64_t b, std::int64_t c) {
  RouteConfig route{.name = "chat", .targets = {target(0, a), target(1, b), target(2, c)}};
  route.balance = Balance::weighted;
  return route;
}

void expect_share(std::int64_t count, std::int64_t of, double share) {
  const double seen = static_cast<double>(count) / static_cast<double>(of);
  const double error = std::sqrt(share * (1 - share) / static_cast<double>(of));
  EXPECT_LE(std::abs(seen - share), 4 * error) << count << " of " << of;
}

TEST(Balance, weighted_draws_for_each_request_by_the_documented_hash) {
  PlanRig rig = rig_of(weighted(5, 2, 3));
  for (std::uint64_t id = 0; id < 2000; ++id) {
    auto asked = rig.begin(id);
    const std::size_t first = index_of(asked.turn.target);
    ASSERT_EQ(first, drawn_by_model("chat", {5, 2, 3}, id, 1));
    rig.fail(asked);
    std::vector<std::uint64_t> left{5, 2, 3};
    left[first] = 0;
    ASSERT_EQ(index_of(asked.turn.target), drawn_by_model("chat", left, id, 2));
  }
}

TEST(Balance, weighted_shares_are_those_of_the_weights_also_of_the_targets_that_are_left) {
  PlanRig rig = rig_of(weighted(5, 2, 3));
  constexpr std::int64_t kRequests = 40'000;
  std::array<std::int64_t, kTargets> first{};
  std::array<std::int64_t, kTargets> second{};  // after target 0
  for (std::int64_t id = 0; id < kRequests; ++id) {
    auto asked = rig.begin(static_cast<std::uint64_t>(id));
    const std::size_t chosen = index_of(asked.turn.target);
    ++first[chosen];
    rig.fail(asked);
    if (chosen == 0) ++second[index_of(asked.turn.target)];
  }
  expect_share(first[0], kRequests, 0.5);
  expect_share(first[1], kRequests, 0.2);
  expect_share(first[2], kRequests, 0.3);
  EXPECT_EQ(second[0], 0);
  expect_share(second[1], first[0], 0.4);
}

TEST(Balance, a_target_of_weight_0_is_never_asked) {
  PlanRig rig = rig_of(weighted(1, 0, 1));
  for (std::uint64_t id = 0; id < 100; ++id) {
    const std::string order = rig.order(id);
    EXPECT_TRUE(order == "0 2" || order == "2 0") << order;
  }
}

TEST(Balance, a_sticky_user_stays_at_one_target_and_users_are_divided_by_weight) {
  RouteConfig route = weighted(5, 2, 3);
  route.is_sticky = true;
  PlanRig rig = rig_of(route);
  constexpr std::int64_t kUsers = 20'000;
  std::array<std::int64_t, kTargets> users{};
  for (std::int64_t user = 0; user < kUsers; ++user) {
    const auto word = static_cast<std::uint64_t>(user);
    const std::size_t chosen = index_of(rig.begin(1, {}, word).turn.target);
    EXPECT_EQ(index_of(rig.begin(word + 77, {}, word).turn.target), chosen);
    ASSERT_EQ(chosen, drawn_by_model("chat", {5, 2, 3}, word, std::nullopt));
    ++users[chosen];
  }
  expect_share(users[0], kUsers, 0.5);
  expect_share(users[1], kUsers, 0.2);
}

TEST(Balance, window_mean_divides_alike_what_lies_within_the_buffer) {
  RouteConfig route = route_over(kTargets, Balance::lowest_latency);
  route.estimator = Estimator::window_mean;
  route.buffer = Millionths{200'000};
  PlanRig rig = rig_of(route);
  const auto answers = [&](std::size_t place, Duration latency) {
    PlanRig::Asked asked = rig.begin(0);
    asked.turn.target = deployment(place);
    rig.start(asked);
    rig.end(asked, ReplyKind::ok, latency);
  };
  answers(0, 1000ms);
  answers(1, 1200ms);
  answers(2, 1201ms);
  constexpr std::int64_t kRequests = 20'000;
  std::array<std::int64_t, kTargets> count{};
  for (std::int64_t id = 0; id < kRequests; ++id) {
    ++count[index_of(rig.begin(static_cast<std::uint64_t>(id)).turn.target)];
  }
  expect_share(count[0], kRequests, 0.5);
  EXPECT_EQ(count[2], 0);
}

// A target whose answers have a third of the tokens is asked three times as often.
TEST(Balance, lowest_usage_gives_every_target_the_same_tokens) {
  PlanRig rig = rig_of(route_over(2, Balance::lowest_usage));
  std::array<std::int64_t, 2> count{};
  std::uint64_t state = 5;
  constexpr std::int64_t kCalls = 20'000;
  for (std::int64_t id = 0; id < kCalls; ++id) {
    PlanRig::Asked asked = rig.begin(static_cast<std::uint64_t>(id), at(id * 5ms));
    const std::size_t chosen = rig.start(asked);
    ++count[chosen];
    state = sim::finish_hash(state + 0x9e3779b97f4a7c15U);
    const auto tokens = static_cast<std::int64_t>(state % (chosen == 0 ? 200 : 600));
    rig.end(asked, ReplyKind::ok, 1s, tokens);
  }
  expect_share(count[0], kCalls, 0.75);
}

// With 100 callers who each wait for their answer, half of them are at each target, whatever its speed: three times as
// quick is three times as many calls.
TEST(Balance, least_busy_gives_calls_in_proportion_to_speed) {
  PlanRig rig = rig_of(route_over(2, Balance::least_busy));
  std::multimap<Instant, PlanRig::Asked> calls;
  std::array<std::int64_t, 2> count{};
  std::uint64_t state = 1;
  std::uint64_t id = 0;
  const auto call = [&](Instant now) {
    PlanRig::Asked asked = rig.begin(id++, now);
    const std::size_t chosen = rig.start(asked);
    ++count[chosen];
    state = sim::finish_hash(state + 0x9e3779b97f4a7c15U);
    const double mean = chosen == 0 ? 1e9 : 3e9;
    const double uniform = (static_cast<double>(state >> 11U) + 1) * 0x1p-53;
    calls.emplace(now + Duration{static_cast<std::int64_t>(-std::log(uniform) * mean)}, asked);
  };
  for (int i = 0; i < 100; ++i) call(Instant{});
  count = {};
  constexpr std::int64_t kCalls = 20'000;
  while (count[0] + count[1] < kCalls) {
    auto [now, asked] = *calls.begin();
    calls.erase(calls.begin());
    asked.now = now;
    rig.end(asked);
    call(now);
  }
  expect_share(count[0], kCalls, 0.75);
}

// Two targets of one speed are alike to peak_ewma, however the calls fall at first.
TEST(Balance, peak_ewma_divides_calls_alike_between_targets_of_one_speed) {
  PlanRig rig = rig_of(route_over(2, Balance::lowest_latency));
  std::multimap<Instant, std::pair<PlanRig::Asked, Duration>> calls;
  std::array<std::int64_t, 2> count{};
  std::uint64_t state = 9;
  std::uint64_t id = 0;
  const auto call = [&](Instant now) {
    PlanRig::Asked asked = rig.begin(id++, now);
    ++count[rig.start(asked)];
    state = sim::finish_hash(state + 0x9e3779b97f4a7c15U);
    const Duration latency = 500ms + Duration{static_cast<std::int64_t>(state % 1'000'000'000)};
    calls.emplace(now + latency, std::pair{asked, latency});
  };
  for (int i = 0; i < 20; ++i) call(at(i * 10ms));
  count = {};
  constexpr std::int64_t kCalls = 20'000;
  while (count[0] + count[1] < kCalls) {
    auto [now, ended] = *calls.begin();
    calls.erase(calls.begin());
    ended.first.now = now;
    rig.end(ended.first, ReplyKind::ok, ended.second);
    call(now);
  }
  expect_share(count[0], kCalls, 0.5);
}

}  // namespace
}  // namespace windtunnel::monitor::plan_balance_test
