// What replicas share: a part that changes hands is whole, and nothing else does; what one hears of another counts as
// if it were its own.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_sharing_test {
namespace {

using namespace pipeline_rig;

MonitorConfig with_everything() {
  MonitorConfig config = bare();
  config.cost_limiter.monthly = usd(1000);
  config.rate_limiter.requests_per_minute = 100;
  config.token_limiter = {.mode = TokenMode::average, .limit = Tokens{1000}};
  config.cache.enabled = true;
  config.circuit_breaker = opens_after(1);
  LimitConfig limit;
  limit.requests = 100;
  config.limits.limits = {limit};
  RouteConfig route{.name = "chat", .balance = Balance::least_busy};
  route.targets = {{.deployment = provider_at(0)}, {.deployment = provider_at(1)}};
  config.routing.routes = {route};
  return config;
}

// By part: whether this pipeline shows the trace that `leave_traces` leaves there.
std::vector<std::string> traces(Pipeline& pipeline, Instant now) {
  std::vector<std::string> found;
  if (pipeline.cost_limiter().settled_total() != UsdSum{}) found.emplace_back("spend");
  if (!pipeline.limits().entries().empty()) found.emplace_back("limits");
  if (pipeline.rate_limiter().window_requests() > 0) found.emplace_back("rate");
  if (pipeline.token_limiter().settled_requests() > 0) found.emplace_back("tokens");
  if (pipeline.breaker(provider_at(1)).state(now) == BreakerState::open) found.emplace_back("breaker");
  if (pipeline.cooling_until(provider_at(1))) found.emplace_back("cooling");
  if (pipeline.cache().size() > 0) found.emplace_back("cache");
  if (pipeline.metrics().all().requests() > 0) found.emplace_back("metrics");
  return found;
}

// One request is served, another one fails at provider 1, which asks for a wait.
void leave_traces(Rig& rig) {
  Ride open = rig.begin(request(0));  // so that the next one asks provider 1
  rig.begin(request(1)).reply(throttled(30), at(0s)).reply(ok(), at(0s));
  open.reply(ok(), at(0s));
}

TEST(PipelineSharing, a_part_that_is_exchanged_is_whole_and_no_other_part_moves) {
  const std::vector<std::string> all{"spend", "limits", "rate", "tokens", "breaker", "cooling", "cache", "metrics"};
  const std::vector<std::pair<PipelinePart, std::vector<std::string>>> parts{
      {PipelinePart::spend, {"spend"}},
      {PipelinePart::limits, {"limits", "rate", "tokens"}},
      {PipelinePart::breakers, {"breaker", "cooling"}},
      {PipelinePart::usage, {}},
      {PipelinePart::latency, {}},
      {PipelinePart::cache, {"cache"}},
      {PipelinePart::metrics, {"metrics"}}};
  for (const auto& [part, moved] : parts) {
    Rig one{with_everything()};
    Rig other{with_everything()};
    leave_traces(one);
    ASSERT_EQ(traces(one.pipeline, at(1s)), all);
    one.pipeline.exchange(other.pipeline, part);
    EXPECT_EQ(traces(other.pipeline, at(1s)), moved);
    std::vector<std::string> kept = all;
    std::erase_if(kept, [&, gone = moved](const std::string& word) { return std::ranges::count(gone, word) > 0; });
    EXPECT_EQ(traces(one.pipeline, at(1s)), kept);
  }
}

// Routes whose balance shows what the plan compares.
MonitorConfig balanced(Balance balance, Estimator estimator = Estimator::peak_ewma) {
  MonitorConfig config = bare();
  RouteConfig route{.name = "chat", .balance = balance, .estimator = estimator};
  route.targets = {{.deployment = provider_at(0)}, {.deployment = provider_at(1)}};
  config.routing.routes = {route};
  return config;
}

// The targets of the next requests, which leave no trace.
std::vector<int> choices(const Rig& rig, Instant now) {
  Pipeline copy = rig.pipeline;
  std::vector<int> all;
  for (std::uint64_t id = 0; id < 6; ++id) all.push_back(Ride{copy, request(100 + id), now}.called());
  return all;
}

// Both providers answer, the second one later and slower. Then a call may stay outstanding.
void leave_loads(Rig& rig, bool stays, Tokens used = Tokens{150}) {
  const auto answer = [&rig](ProviderId provider, Duration latency, Tokens tokens, Instant now) {
    rig.pipeline.hear_start(provider);
    rig.pipeline.hear_latency(provider, ReplyKind::ok, latency, now);
    rig.pipeline.hear_end(provider, tokens, now);
  };
  answer(provider_at(0), 8s, used, at(8s));
  answer(provider_at(1), 9s, Tokens{140}, at(27s));
  if (stays) rig.pipeline.hear_start(provider_at(0));
}

TEST(PipelineSharing, balances_go_on_with_what_the_other_replica_has_seen) {
  struct Case {
    MonitorConfig config;
    PipelinePart part;
    Tokens used{150};                        // by provider 0
    std::optional<std::int64_t> quota = {};  // of provider 0, in calls
  };
  for (const Case& each : {Case{balanced(Balance::least_busy), PipelinePart::usage},
                           Case{balanced(Balance::lowest_usage), PipelinePart::usage},
                           Case{balanced(Balance::lowest_usage), PipelinePart::usage, Tokens{130}, 1},
                           Case{balanced(Balance::lowest_latency, Estimator::window_mean), PipelinePart::latency},
                           Case{balanced(Balance::lowest_latency), PipelinePart::latency}}) {
    SCOPED_TRACE(name_of(each.config.routing.routes[0].balance));
    std::vector<ProviderConfig> all = providers(2);
    all[0].requests_per_minute = each.quota;
    Rig one{each.config, all};
    Rig other{each.config, all};
    leave_loads(one, each.part == PipelinePart::usage, each.used);  // peak_ewma compares calls outstanding too
    const std::vector<int> seen = choices(one, at(40s));
    const std::vector<int> unseen = choices(other, at(40s));
    ASSERT_NE(seen, unseen);
    one.pipeline.exchange(other.pipeline, each.part);
    EXPECT_EQ(choices(other, at(40s)), seen);
    EXPECT_EQ(choices(one, at(40s)), unseen);
  }
}

TEST(PipelineSharing, calls_of_another_replica_are_outstanding_until_they_end) {
  Rig rig{balanced(Balance::least_busy)};
  rig.pipeline.hear_start(provider_at(0));
  EXPECT_EQ(choices(rig, at(0s))[0], 1);
  rig.pipeline.hear_end(provider_at(0), Tokens{10}, at(0s));
  EXPECT_EQ(choices(rig, at(0s))[0], 0);
}

TEST(PipelineSharing, calls_of_another_replica_use_tokens_of_the_minute_in_which_they_end) {
  Rig rig{balanced(Balance::lowest_usage)};
  rig.pipeline.hear_start(provider_at(0));
  EXPECT_EQ(choices(rig, at(30s))[0], 0);
  rig.pipeline.hear_end(provider_at(0), Tokens{10}, at(30s));
  EXPECT_EQ(choices(rig, at(60s - 1ns))[0], 1);
  EXPECT_EQ(choices(rig, at(60s))[0], 0);
}

TEST(PipelineSharing, answers_of_another_replica_are_compared_by_their_latency) {
  Rig rig{balanced(Balance::lowest_latency)};
  rig.pipeline.hear_latency(provider_at(0), ReplyKind::server_error, 5s, at(0s));
  EXPECT_EQ(choices(rig, at(0s))[0], 0) << "a failure is no answer";
  rig.pipeline.hear_latency(provider_at(0), ReplyKind::ok, 5s, at(0s));
  EXPECT_EQ(choices(rig, at(0s))[0], 1);
  rig.pipeline.hear_latency(provider_at(1), ReplyKind::ok, 6s, at(0s));
  EXPECT_EQ(choices(rig, at(0s))[0], 0);
}

TEST(PipelineSharing, without_routes_calls_of_another_replica_change_nothing) {
  Rig rig;
  rig.pipeline.hear_start(provider_at(0));
  rig.pipeline.hear_latency(provider_at(0), ReplyKind::ok, 5s, at(0s));
  rig.pipeline.hear_end(provider_at(0), Tokens{10}, at(0s));
  EXPECT_EQ(choices(rig, at(0s))[0], 0);
}

MonitorConfig with_breaker() {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(2);
  return config;
}

TEST(PipelineSharing, a_closed_breaker_counts_the_results_of_another_replica) {
  Rig rig{with_breaker()};
  rig.pipeline.hear_result(provider_at(1), ReplyKind::server_error, at(1s));
  rig.pipeline.hear_result(provider_at(1), ReplyKind::client_error, at(1s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(1)).state(at(1s)), BreakerState::closed);
  EXPECT_TRUE(rig.log.transitions().empty());
  rig.pipeline.hear_result(provider_at(1), ReplyKind::timeout, at(2s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(1)).state(at(2s)), BreakerState::open);
  ASSERT_EQ(rig.log.transitions().size(), 1U);
  EXPECT_EQ(rig.log.transitions()[0].at, at(2s));
  EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(2s)), BreakerState::closed);
  expect_at_rest(rig.pipeline);
}

TEST(PipelineSharing, a_half_open_breaker_decides_by_its_own_probes) {
  Rig rig{with_breaker()};
  for (int i = 0; i < 2; ++i) rig.pipeline.hear_result(provider_at(0), ReplyKind::server_error, at(0s));
  for (const ReplyKind kind : {ReplyKind::ok, ReplyKind::server_error}) {
    rig.pipeline.hear_result(provider_at(0), kind, at(30s));
    EXPECT_EQ(rig.pipeline.breaker(provider_at(0)).state(at(30s)), BreakerState::half_open) << name_of(kind);
  }
  EXPECT_EQ(rig.begin(request_to(0), at(30s)).reply(ok(), at(31s)).outcome(), "served");
}

TEST(PipelineSharing, of_two_waits_that_a_provider_asks_for_the_longer_one_holds) {
  Rig rig;
  rig.pipeline.hear_retry_after(provider_at(0), at(5s), at(5s));
  EXPECT_FALSE(rig.pipeline.cooling_until(provider_at(0))) << "it is over";
  for (const Duration until : {20s, 30s, 10s}) rig.pipeline.hear_retry_after(provider_at(0), at(until), at(5s));
  EXPECT_EQ(rig.pipeline.cooling_until(provider_at(0)), at(30s));
  EXPECT_EQ(rig.begin(request(0), at(30s - 1ns)).called(), 1);
  EXPECT_EQ(rig.begin(request(1), at(30s)).called(), 0);
}

MonitorConfig with_budget(std::optional<Usd> monthly, std::optional<Usd> daily = std::nullopt) {
  MonitorConfig config = bare();
  config.cost_limiter.monthly = monthly;
  config.cost_limiter.daily = daily;
  return config;
}

TEST(PipelineSharing, spend_of_another_replica_takes_room_of_both_budgets_and_fires_their_alerts) {
  Rig rig{with_budget(usd(100), usd(10))};
  rig.pipeline.hear_spend(usd(3), kNoon, at(1s));
  EXPECT_EQ(rig.begin(request(0), at(1s)).reply(ok(), at(1s)).outcome(), "served") << "7 of 10 USD are left";
  rig.log.clear();
  rig.pipeline.hear_spend(usd(6), kNoon, at(2s));
  EXPECT_FALSE(rig.log.budget().empty());
  EXPECT_EQ(rig.begin(request(1), at(2s)).outcome(), "refused_budget");
}

TEST(PipelineSharing, spend_of_a_month_takes_no_room_of_the_day) {
  Rig rig{with_budget(usd(100), usd(10))};
  rig.pipeline.hear_month_spent(usd(93), at(1s));
  EXPECT_FALSE(rig.log.budget().empty());
  EXPECT_EQ(rig.begin(request(0), at(1s)).called(), 0);
  EXPECT_EQ(rig.begin(request(1), at(1s)).outcome(), "refused_budget") << "the first one reserves the last 7 USD";
}

TEST(PipelineSharing, reports_add_what_another_replica_has_spent_and_what_its_limits_said) {
  MonitorConfig config = with_everything();
  config.limits.limits[0].requests = 1;
  Rig one{config};
  Rig other{config};
  for (Rig* rig : {&one, &other}) {
    rig->serve(request(0));
    rig->begin(request(1));
  }
  const Usd each = one.spent();
  ASSERT_NE(each, Usd{});
  one.pipeline.absorb_spend(other.pipeline);
  EXPECT_EQ(one.spent(), each + each);
  one.pipeline.absorb_limit_counts(other.pipeline);
  EXPECT_EQ(one.pipeline.limits().counts()[0].admitted, 2);
  EXPECT_EQ(one.pipeline.limits().counts()[0].refused, 2);
}

TEST(PipelineSharing, a_wait_of_an_earlier_process_holds_on) {
  Rig rig;
  rig.pipeline.restore_cooling(provider_at(0), at(10s));
  EXPECT_EQ(rig.begin(request(0), at(10s - 1ns)).called(), 1);
  EXPECT_EQ(rig.begin(request(1), at(10s)).called(), 0);
}

TEST(PipelineSharing, a_bond_holds_what_means_the_same_in_both) {
  const MonitorConfig config = with_everything();
  const Rig one{config};
  const auto bond_of = [&](const MonitorConfig& other, std::vector<ProviderConfig> all = providers(2)) {
    return one.pipeline.bond_with(Rig{other, std::move(all)}.pipeline);
  };
  const auto words = [](const PipelineBond& bond) {
    std::string text;
    for (const auto& [mine, theirs, has_same_breaker] : bond.deployments) {
      text += std::to_string(index_of(mine)) + std::to_string(index_of(theirs)) + (has_same_breaker ? "b " : " ");
    }
    for (const auto& [word, is_shared] : {std::pair{"limits ", bond.limits},
                                          {"rate ", bond.rate_limiter},
                                          {"tokens ", bond.token_limiter},
                                          {"cache ", bond.cache},
                                          {"balances", bond.balances}}) {
      text += is_shared ? word : "";
    }
    return text;
  };
  EXPECT_EQ(words(bond_of(config)), "00b 11b limits rate tokens cache balances");
  std::vector<ProviderConfig> turned = providers(2);
  std::ranges::reverse(turned);
  EXPECT_EQ(words(bond_of(config, turned)), "01b 10b limits rate tokens ");
  std::vector<ProviderConfig> renamed = providers(2);
  renamed[0].name = "new";
  EXPECT_EQ(words(bond_of(config, renamed)), "11b limits rate tokens ");
  std::vector<ProviderConfig> other_model = providers(2);
  other_model[1].model = "new";
  EXPECT_EQ(words(bond_of(config, other_model)), "00b 11b limits rate tokens ");
  std::vector<ProviderConfig> other_account = providers(2);
  other_account[1].account = "new";
  EXPECT_EQ(words(bond_of(config, other_account)), "00b 11b limits rate tokens ");

  MonitorConfig changed = config;
  changed.routing.routes[0].balance = Balance::in_order;
  EXPECT_EQ(words(bond_of(changed)), "00b 11b limits rate tokens ");
  changed = config;
  changed.circuit_breaker = opens_after(2);
  EXPECT_EQ(words(bond_of(changed)), "00 11 limits rate tokens cache balances");
  changed = config;
  changed.limits.limits[0].requests = 7;
  EXPECT_EQ(words(bond_of(changed)), "00b 11b rate tokens cache balances");
  changed = config;
  changed.rate_limiter.requests_per_minute = 7;
  EXPECT_EQ(words(bond_of(changed)), "00b 11b limits tokens cache balances");
  changed = config;
  changed.token_limiter.limit = Tokens{7};
  EXPECT_EQ(words(bond_of(changed)), "00b 11b limits rate cache balances");
  changed = config;
  changed.cache.ttl = 7min;
  EXPECT_EQ(words(bond_of(changed)), "00b 11b limits rate tokens balances");
}

TEST(PipelineSharing, only_what_a_bond_holds_changes_hands) {
  const PipelineBond whole{.deployments = {{provider_at(1), provider_at(1), true}},
                           .limits = true,
                           .rate_limiter = true,
                           .token_limiter = true,
                           .cache = true,
                           .balances = true};
  const auto moved_by = [](const PipelineBond& bond) {
    Rig one{with_everything()};
    Rig other{with_everything()};
    leave_traces(one);
    one.pipeline.exchange(other.pipeline, bond);
    std::string text;
    for (const std::string& word : traces(other.pipeline, at(1s))) text += word + " ";
    return text;
  };
  EXPECT_EQ(moved_by(whole), "spend limits rate tokens breaker cooling cache ");
  EXPECT_EQ(moved_by({}), "spend ");
  EXPECT_EQ(moved_by({.deployments = {{provider_at(1), provider_at(1), false}}}), "spend cooling ");
  EXPECT_EQ(moved_by({.limits = true}), "spend limits ");
  EXPECT_EQ(moved_by({.rate_limiter = true}), "spend rate ");
  EXPECT_EQ(moved_by({.token_limiter = true}), "spend tokens ");
  EXPECT_EQ(moved_by({.cache = true}), "spend cache ");
}

TEST(PipelineSharing, a_bond_of_balances_hands_over_loads_and_latencies) {
  for (const MonitorConfig& config :
       {balanced(Balance::least_busy), balanced(Balance::lowest_latency, Estimator::window_mean)}) {
    for (const bool has_balances : {false, true}) {
      Rig one{config};
      Rig other{config};
      leave_loads(one, true);
      const std::vector<int> seen = choices(one, at(40s));
      const std::vector<int> unseen = choices(other, at(40s));
      ASSERT_NE(seen, unseen);
      one.pipeline.exchange(other.pipeline, PipelineBond{.balances = has_balances});
      EXPECT_EQ(choices(other, at(40s)), has_balances ? seen : unseen);
    }
  }
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_sharing_test
