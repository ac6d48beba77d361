// Settings that change while requests are open: two pipelines, of which the new one lends the old one what both have in
// common.

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::pipeline_settings_test {
namespace {

using namespace pipeline_rig;

// The pipelines before and after a change, as a driver leads them.
struct Change {
  Change(const MonitorConfig& before, std::vector<ProviderConfig> providers_before)
      : old(before, std::move(providers_before)) {}

  void to(const MonitorConfig& after, std::vector<ProviderConfig> providers_after, Instant now) {
    next.emplace(after, std::move(providers_after));
    bond = old.pipeline.bond_with(next->pipeline);
    old.pipeline.exchange(next->pipeline, bond);
    next->pipeline.change_budget(now);
  }
  // An event of a request that began before.
  void reply(Ride& ride, const Reply& reply, Instant now) {
    old.pipeline.exchange(next->pipeline, bond);
    ride.reply(reply, now);
    old.pipeline.exchange(next->pipeline, bond);
  }

  Rig old;
  std::optional<Rig> next;
  PipelineBond bond;
};

MonitorConfig with_budget(Usd monthly) {
  MonitorConfig config = bare();
  config.cost_limiter.monthly = monthly;
  return config;
}

MonitorConfig with_breaker(std::int64_t failures) {
  MonitorConfig config = bare();
  config.circuit_breaker = opens_after(failures);
  return config;
}

std::vector<ProviderConfig> reversed(std::vector<ProviderConfig> all) {
  std::ranges::reverse(all);
  return all;
}

TEST(PipelineSettings, one_budget_holds_what_requests_of_both_have_reserved) {
  Change change{with_budget(usd(20)), providers(1)};
  change.old.serve(request(0));
  Ride open = change.old.begin(request(1), at(1s));
  const Usd spent = change.old.spent();
  change.to(with_budget(usd(20)), providers(1), at(2s));
  EXPECT_EQ(change.next->spent(), spent);
  EXPECT_EQ(change.next->reserved(), kWorst[0]) << "of the open request";
  Ride after = change.next->begin(request(2), at(3s));
  EXPECT_EQ(change.next->reserved(), kWorst[0] + kWorst[0]);
  EXPECT_EQ(change.next->begin(request(3), at(3s)).outcome(), "refused_budget");
  change.reply(open, failed(ReplyKind::timeout), at(4s));  // settles at its 7 USD
  EXPECT_EQ(change.next->spent(), spent + kWorst[0]);
  after.reply(ok(), at(5s));
  EXPECT_EQ(change.next->reserved(), Usd{});
  expect_at_rest(change.next->pipeline);
}

TEST(PipelineSettings, a_budget_of_another_amount_holds_at_once_and_tells_what_it_has_reached) {
  Change change{with_budget(usd(100)), providers(1)};
  change.old.serve(request(0));
  const Usd spent = change.old.spent();
  change.to(with_budget(spent + kWorst[0] - kPico), providers(1), at(1s));
  EXPECT_EQ(change.next->begin(request(1), at(1s)).outcome(), "refused_budget");

  Change lower{with_budget(usd(100)), providers(1)};
  lower.old.serve(request(0));
  lower.to(with_budget(spent), providers(1), at(1s));
  EXPECT_EQ(lower.next->log.budget().size(), CostLimiterConfig{}.alerts.size());
}

TEST(PipelineSettings, a_change_finds_the_windows_of_its_day) {
  MonitorConfig config = bare();
  config.cost_limiter.daily = usd(100);
  Change change{config, providers(1)};
  change.old.serve(request(0));
  change.to(config, providers(1), at(24h));
  EXPECT_EQ(change.next->pipeline.cost_limiter().day_settled(), UsdSum{});
}

TEST(PipelineSettings, an_open_request_ends_at_the_price_that_it_began_with) {
  Change change{with_budget(usd(100)), providers(1)};
  Ride open = change.old.begin(request(0));
  auto dearer = providers(1);
  dearer[0].tariffs[0].tariff = {usd(1), usd(1)};
  change.to(with_budget(usd(100)), dearer, at(1s));
  change.reply(open, ok(100, 50), at(2s));
  EXPECT_EQ(change.next->spent(), cents(100 * 1 + 50 * 3));
}

TEST(PipelineSettings, a_breaker_goes_on_under_its_name_at_another_place) {
  Change change{with_breaker(1), providers(2)};
  change.old.begin(request_to(0)).reply(failed(), at(1s)).reply(ok(), at(2s));
  change.to(with_breaker(1), reversed(providers(2)), at(3s));
  EXPECT_EQ(change.next->pipeline.breaker(provider_at(1)).state(at(3s)), BreakerState::open);
  EXPECT_EQ(change.next->pipeline.breaker(provider_at(0)).state(at(3s)), BreakerState::closed);
  EXPECT_EQ(change.next->begin(request_to(1), at(4s)).called(), 0);
}

TEST(PipelineSettings, a_probe_that_was_open_closes_the_breaker_that_goes_on) {
  Change change{with_breaker(1), providers(1)};
  change.old.begin(request(0)).reply(failed(), at(1s));
  Ride probe = change.old.begin(request(1), at(40s));
  change.to(with_breaker(1), providers(1), at(41s));
  EXPECT_EQ(change.next->begin(request(2), at(42s)).called(), -1) << "there is one probe at a time";
  change.reply(probe, ok(), at(43s));
  EXPECT_EQ(change.next->pipeline.breaker(provider_at(0)).state(at(43s)), BreakerState::closed);
  EXPECT_EQ(change.next->begin(request(3), at(44s)).called(), 0);
}

TEST(PipelineSettings, a_breaker_of_other_settings_begins_closed) {
  Change change{with_breaker(1), providers(1)};
  change.old.begin(request(0)).reply(failed(), at(1s));
  change.to(with_breaker(2), providers(1), at(2s));
  EXPECT_EQ(change.next->pipeline.breaker(provider_at(0)).state(at(2s)), BreakerState::closed);
}

TEST(PipelineSettings, a_wait_that_a_provider_asks_an_earlier_request_for_holds_for_later_ones) {
  Change change{bare(), providers(2)};
  Ride open = change.old.begin(request_to(0));
  change.to(bare(), reversed(providers(2)), at(1s));
  change.reply(open, throttled(30), at(2s));
  EXPECT_EQ(change.next->begin(request_to(1), at(32s - 1ns)).called(), 0);
  EXPECT_EQ(change.next->begin(request_to(1), at(32s)).called(), 1);
}

TEST(PipelineSettings, the_cache_goes_on_unless_places_or_its_settings_differ) {
  MonitorConfig config = bare();
  config.cache.enabled = true;
  const auto outcome_after = [&](const MonitorConfig& after, std::vector<ProviderConfig> providers_after) {
    Change change{config, providers(2)};
    change.old.serve(request(0));
    change.to(after, std::move(providers_after), at(1s));
    return change.next->begin(request(0), at(2s)).outcome();
  };
  EXPECT_EQ(outcome_after(config, providers(2)), "cache_hit");
  EXPECT_EQ(outcome_after(config, reversed(providers(2))), "not yet");
  MonitorConfig shorter = config;
  shorter.cache.ttl = 1min;
  EXPECT_EQ(outcome_after(shorter, providers(2)), "not yet");
}

TEST(PipelineSettings, accounts_of_limits_go_on_where_a_provider_is_added) {
  MonitorConfig config = bare();
  config.limits.limits.resize(1);
  LimitConfig& limit = config.limits.limits[0];
  limit.requests = 2;
  limit.period = 1h;
  limit.per = {{.scope = LimitScope::key}};
  const auto asked = [](std::uint64_t id) {
    Request entry = request(id);
    entry.caller.key = 7;
    return entry;
  };
  Change change{config, providers(1)};
  change.old.serve(asked(0));
  change.to(config, reversed(providers(2)), at(1s));
  EXPECT_EQ(change.next->begin(asked(1), at(2s)).called(), 0);
  EXPECT_EQ(change.next->begin(asked(2), at(3s)).called(), -1) << "the first one counts";
}

}  // namespace
}  // namespace windtunnel::monitor::pipeline_settings_test
