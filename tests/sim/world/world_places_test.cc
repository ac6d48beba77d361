// The places of a provider, its queue, and the ledger of what it bills.

#include <gtest/gtest.h>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::world_places_test {
namespace {

using namespace std::chrono_literals;
using monitor::ReplyKind;

// --- Places ----------------------------------------------------------------------------------------------------------

TEST(Concurrency, serves_so_many_lets_so_many_wait_and_turns_the_rest_away) {
  ProviderSpec spec = provider("alpha", Law::fixed(10e9));
  spec.concurrency = 2;
  spec.queue = 3;
  const KeptRun kept{world(6s, workload("chat", per_second(1)), spec)};
  ASSERT_EQ(kept.records.size(), 6U);
  // Two are served at once, three wait for the end of one before them, the sixth finds the queue full.
  const std::vector<Duration> finished = {10s, 11s, 20s, 21s, 30s, 5s};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(kept.records[i].finished, Instant{} + finished[i]) << i;
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(kept.records[i].outcome, monitor::Outcome::served) << i;
  EXPECT_EQ(kept.records[5].attempts()[0].kind, ReplyKind::overloaded);
}

TEST(Concurrency, place_of_a_failed_or_timed_out_call_is_free_again) {
  ProviderSpec spec = provider("alpha", Law::fixed(10e9));
  spec.concurrency = 1;
  spec.on_disconnect = Disconnect::stop;
  Scenario scenario = world(20s, workload("chat", per_second(1)), spec);
  scenario.monitor.provider_call.timeout = 5s;
  const KeptRun kept{scenario};
  EXPECT_EQ(kept.count(ReplyKind::timeout), 4);
  EXPECT_EQ(kept.count(ReplyKind::overloaded), 16);
}

// With one timeout for all, a waiting call gets the place of one whose deadline is earlier. A failover under a
// deadline of the whole request has less time than those before it.
TEST(Concurrency, call_still_waiting_at_its_deadline_is_a_timeout_that_costs_nothing) {
  ProviderSpec failing = provider("alpha", Law::fixed(1.5e9));
  failing.errors.rates = {{ReplyKind::server_error, 1.0}};
  ProviderSpec narrow = provider("beta", Law::fixed(1.5e9));
  narrow.concurrency = 1;
  narrow.queue = 5;
  narrow.on_disconnect = Disconnect::stop;
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = Script{};
  load.requests.resize(3);
  load.requests[0].provider = "alpha";
  load.requests[1].provider = "beta";
  load.requests[1].at = 1s;
  load.requests[2].provider = "beta";
  load.requests[2].at = 1800ms;
  Scenario scenario = world(10s, load, failing);
  scenario.providers.push_back(narrow);
  scenario.monitor.provider_call.deadline = 2400ms;
  const KeptRun kept{scenario};
  ASSERT_EQ(kept.records.size(), 3U);
  EXPECT_EQ(kept.records[0].outcome, monitor::Outcome::deadline_exceeded);
  EXPECT_EQ(kept.records[0].finished, Instant{} + 2400ms);
  ASSERT_EQ(kept.records[0].attempt_count, 2);
  EXPECT_EQ(kept.records[0].attempts()[1].kind, ReplyKind::timeout);
  // The second ends at 2.5 s, and the third gets the place: the first has left the queue.
  EXPECT_EQ(kept.records[1].outcome, monitor::Outcome::served);
  EXPECT_EQ(kept.records[2].finished, Instant{} + 4s);
  EXPECT_EQ(kept.records[2].outcome, monitor::Outcome::served);
  EXPECT_EQ(kept.result.ledger[1].billed, Usd::from_picos(9'000'000'000) * 2);
}

// One place, ten seconds a call, and calls that may wait for four.
TEST(QueueTimeout, sends_a_call_away_that_has_waited_for_so_long) {
  ProviderSpec spec = provider("alpha", Law::fixed(10e9));
  spec.concurrency = 1;
  spec.queue = 10;
  spec.queue_timeout = 4s;
  spec.rate_limit.retry_after = 3s;
  spec.rate_limit.retry_after_on = RetryAfterOn::every_refusal;
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = Script{};
  // The third may wait until the very instant at which the place comes free, which is in vain; the fourth gets it.
  for (const Duration at : {0s, 1s, 6s, 7s}) load.requests.push_back({.at = at});
  Scenario scenario = world(30s, load, spec);
  scenario.monitor.provider_call.retry_after_cap = 0s;  // or the provider is passed over
  const KeptRun kept{scenario};
  ASSERT_EQ(kept.records.size(), 4U);
  EXPECT_EQ(kept.records[0].finished, Instant{} + 10s);
  EXPECT_EQ(kept.records[1].finished, Instant{} + 5s);
  EXPECT_EQ(kept.records[1].attempts()[0].kind, ReplyKind::overloaded);
  EXPECT_EQ(kept.records[2].finished, Instant{} + 10s);
  EXPECT_EQ(kept.records[2].attempts()[0].kind, ReplyKind::overloaded);
  EXPECT_EQ(kept.records[3].finished, Instant{} + 20s);
  EXPECT_EQ(kept.records[3].outcome, monitor::Outcome::served);
  EXPECT_EQ(kept.result.ledger[0].billed, Usd::from_picos(9'000'000'000) * 2) << "a refusal costs nothing";
}

// A caller who leaves first has timed out, also at the same instant.
TEST(QueueTimeout, is_none_of_a_caller_who_leaves_before) {
  ProviderSpec spec = provider("alpha", Law::fixed(10e9));
  spec.concurrency = 1;
  spec.queue = 10;
  WorkloadSpec load = workload("chat", Rate{});
  load.executor = Script{};
  for (const Duration at : {0s, 1s}) load.requests.push_back({.at = at});
  const std::pair<Duration, ReplyKind> rows[] = {{12s, ReplyKind::timeout}, {12s - 1ns, ReplyKind::overloaded}};
  for (const auto& [timeout, kind] : rows) {
    spec.queue_timeout = timeout;
    spec.time_to_first_token = Law::fixed(30e9);
    Scenario scenario = world(60s, load, spec);
    scenario.monitor.provider_call.timeout = 12s;
    scenario.providers[0].on_disconnect = Disconnect::go_on;
    const KeptRun kept{scenario};
    EXPECT_EQ(kept.records[1].attempts()[0].kind, kind);
  }
}

// --- Ledger ----------------------------------------------------------------------------------------------------------

TEST(Ledger, totals_are_the_sums_of_its_entries_and_its_known_part_is_what_the_pipeline_counts) {
  ProviderSpec first = provider("alpha", Law::exponential(2e9));
  first.errors.rates = {{ReplyKind::server_error, 0.2}, {ReplyKind::timeout, 0.05}};
  first.bill_on_failure = FailureBill::input;
  WorkloadSpec load = workload("chat", per_second(10));
  load.output.law = Law::uniform(1, 600);
  Scenario scenario = world(500s, load, first);
  scenario.providers.push_back(provider("beta", Law::exponential(1e9)));
  scenario.providers[1].tariffs[0].tariff = tariff(3'000'000, 15'000'000);
  scenario.monitor.provider_call.timeout = 4s;
  FaultSpec cut = fault("cut", Truncated{.bill_fraction = 0.5});
  cut.fraction = 0.2;
  scenario.faults = {cut};
  const KeptRun kept{scenario};
  for (const monitor::ProviderId id : {kFirst, kSecond}) {
    LedgerTotals sum;
    for (const LedgerEntry& entry : kept.ledger) {
      if (entry.provider != id) continue;
      ++sum.calls;
      sum.billed += entry.billed;
      if (entry.usage_known) sum.billed_known += entry.billed;
      sum.input += entry.input;
      sum.output += entry.output;
    }
    const LedgerTotals& totals = kept.result.ledger[index_of(id)];
    EXPECT_EQ(totals.calls, sum.calls);
    EXPECT_EQ(totals.billed, sum.billed);
    EXPECT_EQ(totals.billed_known, sum.billed_known);
    EXPECT_EQ(totals.input, sum.input);
    EXPECT_EQ(totals.output, sum.output);
    EXPECT_LT(totals.billed_known, totals.billed);
    const monitor::ProviderMetrics& metrics = kept.result.pipeline.metrics().provider(id);
    EXPECT_EQ(metrics.calls, totals.calls);
    EXPECT_EQ(metrics.cost, totals.billed_known);
    // Unknown bills were settled at their reservation, which no bill exceeds.
    EXPECT_GE(metrics.cost_unknown, totals.billed - totals.billed_known);
  }
  EXPECT_EQ(kept.ledger.size(), kept.ends.size());
  for (std::size_t i = 0; i < kept.ledger.size(); ++i) {
    EXPECT_EQ(kept.ledger[i].request, kept.ends[i].request);
    EXPECT_EQ(kept.ledger[i].ordinal, kept.ends[i].ordinal);
    EXPECT_EQ(kept.ledger[i].at, kept.ends[i].at);
    EXPECT_EQ(kept.ledger[i].usage_known, kept.ends[i].reply.usage.has_value());
    EXPECT_LE(kept.ledger[i].billed, kept.ends[i].reserved);
    if (kept.ledger[i].usage_known) {
      EXPECT_EQ(kept.ledger[i].billed, kept.ends[i].settled);
    }
  }
}
}  // namespace
}  // namespace windtunnel::sim::world_places_test
