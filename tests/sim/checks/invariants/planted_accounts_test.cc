// Bugs of money, tokens, the cache, the router and telemetry, one for each check that must find it; and the test that
// plants all of them.
//
// This file is long because every check of accounts has its bug beside the others.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/sim/checks/invariants/check_plants.h"

namespace windtunnel::sim::check_planted_accounts_test {

using monitor::Outcome;
using std::chrono::seconds;

namespace {

// About 9 cents a request, ten of them a second.
void budget(Scenario& world) {
  world.monitor.cost_limiter.monthly = Usd::from_dollars(1);
  world.monitor.cost_limiter.alerts.clear();
}
void alerts(Scenario& world) { world.monitor.cost_limiter.monthly = Usd::from_dollars(1); }
void cache(Scenario& world) {
  world.monitor.cache.enabled = true;
  world.monitor.cache.ttl = seconds{5};
  world.monitor.cache.capacity = 8;
  world.workloads[0].prompts.count = 8;
}
void experiment(Scenario& world) { world.monitor.ab_router = {"e", {{"a", kFirst, 1}, {"b", kSecond, 1}}}; }
void all_down(Scenario& world) { world.faults = {fault("down", Outage{}, seconds{10}, seconds{10})}; }
// Eight prompts whose answers are stale after five seconds; for ten seconds all providers are down.
void stale(Scenario& world) {
  cache(world);
  all_down(world);
}
// What a world does that has nothing to do with the monitor: each for one claim of Q.
void waits_in_line(Scenario& world) {
  world.providers[0].time_to_first_token = Law::fixed(1.5e8);
  world.providers[0].concurrency = 1;
  world.providers[0].queue = 50;
}
void thinks(Scenario& world) {
  world.workloads[0].executor = ConstantVus{.vus = 3, .think_time = Law::exponential(1e9)};
}
void touches_some(Scenario& world) {
  all_down(world);
  world.faults[0].fraction = 0.9;
  world.monitor.circuit_breaker.consecutive_threshold = 1'000;
}
void throttles_tokens(Scenario& world) {
  Throttle throttle;
  throttle.limit.tokens_per_minute = Tokens{20'000};
  world.faults = {fault("slow", throttle, seconds{10}, seconds{10})};
}
void hangs(Scenario& world) {
  world.faults = {fault("down", Outage{.mode = OutageMode::hang}, seconds{10}, seconds{5})};
}
// Free of charge, so that only tokens are held.
void gratis(Scenario& world) {
  for (ProviderSpec& provider : world.providers) provider.tariffs = {{WallTime::min(), tariff(0, 0)}};
}

template <typename Change>
std::function<void(Liar&)> finish_with(Outcome only, Change change) {
  return [=](Liar& liar) {
    liar.finish = [=](monitor::Record& record) {
      if (record.outcome == only) change(record);
      return 1;
    };
  };
}

const monitor::Pipeline& idle_pipeline() {
  static const monitor::Pipeline idle{everything_off(),
                                      provider_configs(world(seconds{1}, workload("load", per_second(1))))};
  return idle;
}

monitor::LimitConfig limit_of_requests(std::int64_t requests) {
  monitor::LimitConfig limit;
  limit.requests = requests;
  return limit;
}

monitor::LimitConfig limit_of_slots() {
  monitor::LimitConfig limit;
  limit.parallel_requests = 1000;
  return limit;
}

const monitor::Pipeline& idle_pipeline_with_slots() {
  static const monitor::Pipeline idle = [] {
    Scenario limited = world(seconds{1}, workload("load", per_second(1)));
    limited.monitor = everything_off();
    limited.monitor.limits.limits = {limit_of_slots()};
    return monitor::Pipeline{limited.monitor, provider_configs(limited)};
  }();
  return idle;
}

}  // namespace

std::vector<Plant> plants_of_accounts() {
  return {
      {"L6",
       "admits more than the limit says",
       [](Scenario& world) { world.monitor.limits.limits = {limit_of_requests(100'000)}; },
       [](Scenario& told) { told.monitor.limits.limits = {limit_of_requests(5)}; },
       {},
       {"L6"}},
      {"L7",
       "holds no slot for a request under way",
       [](Scenario& world) { world.monitor.limits.limits = {limit_of_slots()}; },
       {},
       [](Liar& liar) { liar.other_pipeline = &idle_pipeline_with_slots(); },
       {"L7"}},
      {"C1", "spends above the limit", budget,
       [](Scenario& told) { told.monitor.cost_limiter.monthly = Usd::from_cents(50); }},
      {"C2",
       "hands back more than it held",
       cache,
       {},
       [](Liar& liar) {
         liar.released = [](Usd& amount) {
           amount += Usd::from_picos(1);
           return 1;
         };
       }},
      {"C2", "never hands back", cache, {}, [](Liar& liar) { liar.released = [](Usd&) { return 0; }; }},
      {"C3",
       "bills more than was reserved",
       {},
       {},
       [](Liar& liar) {
         liar.attempt_end = [](monitor::AttemptEnded& event) {
           event.settled = event.reserved + Usd::from_picos(1);
           return 1;
         };
       }},
      {"C4",
       "a bill that the provider did not write",
       {},
       {},
       [](Liar& liar) {
         liar.ledger = [](LedgerEntry& entry) {
           entry.billed -= Usd::from_picos(1);
           return 1;
         };
       }},
      {"C5", "charges another month", budget, [](Scenario& told) { told.start += std::chrono::hours{24 * 31}; }},
      {"C6",
       "an alert fires twice",
       alerts,
       {},
       [](Liar& liar) {
         liar.budget = [](monitor::BudgetEvent& event) {
           return event.kind == monitor::BudgetEvent::Kind::alert ? 2 : 1;
         };
       }},
      {"C6",
       "an alert does not fire",
       alerts,
       {},
       [](Liar& liar) {
         liar.budget = [](monitor::BudgetEvent& event) {
           return event.kind == monitor::BudgetEvent::Kind::alert ? 0 : 1;
         };
       }},
      {"C7",
       "a call costs more than is reserved for it",
       {},
       {},
       [](Liar& liar) {
         liar.attempt_start = [](monitor::AttemptStarted& event) {
           event.output_max += Tokens{1};
           return 1;
         };
       }},
      {"C8", "refuses without a limit", budget, [](Scenario& told) { told.monitor.cost_limiter.monthly.reset(); }},
      {"C8", "admits where the limit is zero", {}, [](Scenario& told) { told.monitor.cost_limiter.daily = Usd{}; }},
      {"C9",
       "another price",
       {},
       [](Scenario& told) { told.providers[0].tariffs[0].tariff.output.per_token -= Usd::from_picos(1); }},
      {"L1", "grants above the mean",
       [](Scenario& world) { world.monitor.token_limiter.mode = monitor::TokenMode::average; },
       [](Scenario& told) { told.monitor.token_limiter.limit -= Tokens{1}; }},
      {"L2",
       "answers more than was granted",
       {},
       {},
       [](Liar& liar) {
         liar.ledger = [](LedgerEntry& entry) {
           entry.output += Tokens{401};
           return 1;
         };
       }},
      {"L3",
       "the limiter forgets who is in flight",
       gratis,
       {},
       [](Liar& liar) { liar.other_pipeline = &idle_pipeline(); }},
      {"L4", "a minute admits too many", [](Scenario& world) { world.monitor.rate_limiter.requests_per_minute = 100; },
       [](Scenario& told) { told.monitor.rate_limiter.requests_per_minute = 99; }},
      {"L5", "a minute refuses too early",
       [](Scenario& world) { world.monitor.rate_limiter.requests_per_minute = 100; },
       [](Scenario& told) { told.monitor.rate_limiter.requests_per_minute = 101; }},
      {"H1",
       "another answer",
       cache,
       {},
       finish_with(Outcome::cache_hit, [](monitor::Record& record) { ++record.response_length; })},
      {"H1",
       "the key misses a field",
       cache,
       {},
       [](Liar& liar) {
         liar.arrival = [](monitor::Request& request) {
           request.content.low += number_of(request.id);
           return 1;
         };
       },
       {"H1"}},
      {"H2", "served at the ttl", cache, [](Scenario& told) { told.monitor.cache.ttl = seconds{3}; }},
      {"H2", "a fresh answer is not used", cache, [](Scenario& told) { told.monitor.cache.ttl = seconds{6}; }},
      {"H3",
       "a failure is kept",
       [](Scenario& world) { cache(world), all_down(world); },
       {},
       [](Liar& liar) {
         liar.after_attempt_end = [](const monitor::AttemptEnded& event, Checks& checks) {
           if (event.reply.kind == monitor::ReplyKind::ok) return;
           checks.on(
               monitor::CacheStored{.at = event.at, .request = event.request, .key = {}, .provider = event.provider});
         };
       }},
      {"H4",
       "a hit is charged",
       cache,
       {},
       finish_with(Outcome::cache_hit,
                   [](monitor::Record& record) {
                     record.attempt_count = 1;
                     record.attempt_storage[0] = {.cost = Usd::from_picos(1), .usage_known = true};
                   })},
      {"H5",
       "stored under the wrong provider",
       cache,
       {},
       [](Liar& liar) {
         liar.stored = [](monitor::CacheStored& event) {
           event.provider = kSecond;
           return 1;
         };
       }},
      {"H6", "one entry too many", cache, [](Scenario& told) { told.monitor.cache.capacity = 7; }},
      {"R1", "another experiment's salt", experiment,
       [](Scenario& told) { told.monitor.ab_router.experiment_id = "f"; }},
      {"R1",
       "failover changes the variant",
       experiment,
       {},
       finish_with(Outcome::served, [](monitor::Record& record) { record.variant = 1; })},
      {"T1", "two records", {}, {}, [](Liar& liar) { liar.finish = [](monitor::Record&) { return 2; }; }},
      {"T1", "no record", {}, {}, [](Liar& liar) { liar.finish = [](monitor::Record&) { return 0; }; }, {"T1"}},
      {"T2",
       "a record costs a pico-dollar more",
       {},
       {},
       finish_with(Outcome::served,
                   [](monitor::Record& record) { record.attempt_storage[0].cost += Usd::from_picos(1); })},
      {"T3",
       "a record of another instant",
       {},
       {},
       finish_with(Outcome::served, [](monitor::Record& record) { record.finished += Duration{1}; })},
      {"T4",
       "percentiles of something else",
       {},
       {},
       finish_with(Outcome::served, [](monitor::Record& record) { record.finished += std::chrono::milliseconds{1}; }),
       {"T4"}},
      {"T5",
       "an outcome of another way",
       all_down,
       {},
       finish_with(Outcome::all_providers_unavailable,
                   [](monitor::Record& record) { record.outcome = Outcome::failed; })},
      {"W2", "a fault acts before it begins", all_down, {}, [](Liar& liar) { liar.fault = [] { return 0; }; }},
      {"C10",
       "spends above the limit of a true month",
       [](Scenario& world) {
         budget(world);
         world.faults = {fault("step", WallClockStep{.offset = std::chrono::hours{-1}}, seconds{10})};
       },
       [](Scenario& told) { told.monitor.cost_limiter.monthly = Usd::from_cents(50); },
       {},
       {"C10"}},
      {"C11",
       "less was carried in than was spent before",
       [](Scenario& world) { world.month_spent = Usd::from_cents(10); },
       {},
       [](Liar& liar) { liar.began = [](RunBegan& event) { event.month_spent += Usd::from_picos(1); }; }},
      {"H7", "fails though a stale answer is in its time", stale,
       [](Scenario& told) { told.monitor.cache.stale_if_error = seconds{100}; }},
      {"H7",
       "serves a hit on a spent budget that refuses",
       [](Scenario& world) {
         cache(world);
         world.monitor.cost_limiter.monthly = Usd{};
       },
       {},
       [](Liar& liar) {
         liar.finish = [](monitor::Record& record) {
           if (record.outcome == Outcome::refused_budget) record.outcome = Outcome::cache_hit;
           return 1;
         };
       },
       {"H7"}},
      {"Q",
       "more requests come than the rate says",
       {},
       [](Scenario& told) { told.workloads[0].rate = per_second(9); }},
      {"Q",
       "a queue is not first come first served",
       waits_in_line,
       {},
       [](Liar& liar) {
         liar.placed = [served = 0](CallPlaced& event) mutable {
           return event.place == CallPlaced::Place::in_service && ++served == 5 ? 0 : 1;
         };
       }},
      {"Q", "users think longer than they should", thinks,
       [](Scenario& told) { std::get<ConstantVus>(told.workloads[0].executor).think_time = Law::exponential(0.99e9); }},
      {"Q", "a fault hits more calls than its share", touches_some,
       [](Scenario& told) { told.faults[0].fraction = 0.1; }},
      {"Q", "a window of context is a token wider",
       [](Scenario& world) { world.providers[0].context_window = Tokens{600}; },
       [](Scenario& told) { told.providers[0].context_window = Tokens{599}; }},
      {"Q", "a throttle admits fewer tokens than its minute", throttles_tokens,
       [](Scenario& told) { std::get<Throttle>(told.faults[0].settings).limit.tokens_per_minute = Tokens{20'600}; }},
      {"Q",
       "a call that hangs bills a token",
       hangs,
       {},
       [](Liar& liar) {
         liar.ledger = [](LedgerEntry& entry) {
           if (!entry.usage_known) entry.output += Tokens{1};
           return 1;
         };
       }},
      {"V2",
       "a request that never ends",
       {},
       {},
       [](Liar& liar) {
         liar.finish = [](monitor::Record& record) { return number_of(record.request.id) == 7 ? 0 : 1; };
       },
       {"V2"}},
  };
}

namespace {

// alpha and beta, a tenth of a second each; ten requests a second for half a minute.
Scenario plain_world() {
  Scenario scenario = world(seconds{30}, workload("load", per_second(10)), provider("alpha", Law::fixed(1e8)));
  scenario.providers.push_back(provider("beta", Law::fixed(1e8)));
  scenario.start = WallTime{std::chrono::hours{24 * 365 * 54}};
  scenario.monitor.circuit_breaker.consecutive_threshold = 3;
  scenario.monitor.circuit_breaker.open = seconds{5};
  scenario.monitor.circuit_breaker.half_open_max_calls = 2;
  scenario.monitor.provider_call.timeout = seconds{4};
  scenario.monitor.provider_call.retry_after_cap = seconds{3};
  return scenario;
}

std::vector<Finding> found(const Plant& plant, bool planted) {
  Scenario played = plain_world();
  if (plant.world) plant.world(played);
  Scenario told = played;
  if (planted && plant.told) plant.told(told);
  Checks checks{told, CheckSelection{plant.checks}, false};
  Liar liar{checks};
  if (planted && plant.lie) plant.lie(liar);
  const RunResult result = run(played, {.observers = {&liar}});
  checks.at_end(result);
  return checks.findings();
}

std::vector<Plant> all_plants() {
  std::vector<Plant> all = check_planted_calls_test::plants_of_calls();
  for (Plant& plant : plants_of_accounts()) all.push_back(std::move(plant));
  return all;
}

TEST(PlantedBugs, are_each_found_by_the_check_that_is_meant_to) {
  for (const Plant& plant : all_plants()) {
    for (const Finding& finding : found(plant, false))
      ADD_FAILURE() << plant.bug << ", not planted: " << finding.id << finding.reason;
    const std::vector<Finding> findings = found(plant, true);
    EXPECT_EQ(findings.size(), 1U) << plant.id << ": " << plant.bug;
    if (findings.empty()) continue;
    EXPECT_EQ(findings[0].id, plant.id) << plant.bug << ": " << findings[0].reason;
    EXPECT_EQ(findings[0].kind, Finding::Kind::invariant);
    EXPECT_EQ(findings[0].verdict, Verdict::fail);
    EXPECT_TRUE(findings[0].at.has_value());
  }
}

TEST(PlantedBugs, leave_out_no_check_that_can_be_switched_on) {
  std::set<std::string> planted;
  for (const Plant& plant : all_plants()) planted.insert(plant.id);
  // These need scenarios of their own: check_liveness_test.cc, replica_checks_test.cc.
  planted.insert({"V1", "C12"});
  for (const std::string& name : CheckSelection{{"all"}}.names()) EXPECT_TRUE(planted.contains(name)) << name;
}

}  // namespace
}  // namespace windtunnel::sim::check_planted_accounts_test
