// Faults of a stream after it has begun: it stalls, ends with an error event, or ends cleanly too soon.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/world_fixture.h"

namespace windtunnel::sim::stream_faults_test {
namespace {

using namespace std::chrono_literals;
using monitor::Record;
using monitor::ReplyKind;

// 1 s to the first token, 10 ms for each of 100: 2 s. The fault touches every call of a minute.
Scenario with(Fault settings, Duration timeout = 30s) {
  ProviderSpec spec = provider("alpha", Law::fixed(1e9));
  spec.time_per_output_token = Law::fixed(10e6);
  Scenario scenario = world(60s, workload("chat", per_second(1)), spec);
  scenario.monitor.provider_call.timeout = timeout;
  scenario.faults = {fault("f", std::move(settings))};
  return scenario;
}

TEST(StreamStall, lasts_until_the_timeout_and_bills_what_was_written) {
  for (const auto& [law, input, output] :
       {std::tuple{TimeoutBill::full, 100, 25}, std::tuple{TimeoutBill::input, 100, 0},
        std::tuple{TimeoutBill::none, 0, 0}}) {
    Scenario scenario = with(StreamStall{.bill_fraction = 0.25});
    scenario.providers[0].bill_on_timeout = law;
    const KeptRun kept{scenario};
    ASSERT_EQ(kept.records.size(), 60U);
    for (const Record& record : kept.records) {
      EXPECT_EQ(record.attempts()[0].kind, ReplyKind::timeout);
      EXPECT_EQ(record.attempts()[0].latency, 30s);
    }
    for (const LedgerEntry& entry : kept.ledger) {
      EXPECT_EQ(entry.input, Tokens{input});
      EXPECT_EQ(entry.output, Tokens{output});
      EXPECT_FALSE(entry.usage_known);
    }
    EXPECT_EQ(kept.result.faults[0].affected, 60);
  }
}

TEST(StreamStall, bills_less_if_the_caller_goes_before_it_stalls) {
  for (const auto& [on_disconnect, output] : {std::pair{Disconnect::stop, 10}, std::pair{Disconnect::go_on, 50}}) {
    Scenario scenario = with(StreamStall{.bill_fraction = 0.5}, 1100ms);
    scenario.providers[0].on_disconnect = on_disconnect;
    const KeptRun kept{scenario};
    for (const LedgerEntry& entry : kept.ledger) EXPECT_EQ(entry.output, Tokens{output});
  }
}

Scenario streamed(Scenario scenario) {
  scenario.workloads[0].stream = true;
  return scenario;
}

TEST(StreamStall, ends_with_the_callers_patience_for_the_next_token) {
  Scenario scenario = streamed(with(StreamStall{.bill_fraction = 0.25}));
  scenario.monitor.provider_call.idle_timeout = 3s;
  const KeptRun kept{scenario};
  ASSERT_EQ(kept.records.size(), 60U);
  for (const Record& record : kept.records) {
    EXPECT_EQ(record.outcome, monitor::Outcome::broken_stream);
    EXPECT_EQ(record.attempts()[0].latency, 1250ms + 3s) << "25 tokens, and the pause";
  }
  for (const LedgerEntry& entry : kept.ledger) EXPECT_EQ(entry.output, Tokens{25});
}

TEST(StreamTimes, a_first_token_comes_in_time_or_ends_the_call) {
  for (const Duration patience : {Duration{1s}, Duration{1s - 1ns}}) {
    Scenario scenario = streamed(with(LatencySpike{.factor = 1}));
    scenario.faults.clear();
    scenario.monitor.provider_call.first_token_timeout = patience;
    const KeptRun kept{scenario};
    const bool is_late = patience < 1s;
    for (const Record& record : kept.records) {
      EXPECT_EQ(record.outcome, is_late ? monitor::Outcome::failed : monitor::Outcome::served);
      EXPECT_EQ(record.attempts()[0].latency, is_late ? patience : 2s);
    }
  }
}

TEST(StreamTimes, a_token_comes_in_time_or_ends_the_stream) {
  for (const Duration patience : {Duration{10ms}, Duration{10ms - 1ns}}) {
    Scenario scenario = streamed(with(LatencySpike{.factor = 1}));
    scenario.faults.clear();
    scenario.monitor.provider_call.idle_timeout = patience;
    const KeptRun kept{scenario};
    const bool is_late = patience < 10ms;
    for (const Record& record : kept.records) {
      EXPECT_EQ(record.outcome, is_late ? monitor::Outcome::broken_stream : monitor::Outcome::served);
      EXPECT_EQ(record.attempts()[0].latency, is_late ? 1s + patience : 2s);
    }
  }
}

TEST(StreamTimes, a_call_that_hangs_or_waits_in_a_queue_has_no_first_token) {
  Scenario hangs = streamed(with(Outage{.mode = OutageMode::hang}));
  hangs.monitor.provider_call.first_token_timeout = 4s;
  for (const Record& record : KeptRun{hangs}.records) EXPECT_EQ(record.attempts()[0].latency, 4s);
  Scenario queue = streamed(with(LatencySpike{.factor = 1}));
  queue.faults.clear();
  queue.providers[0].concurrency = 1;
  queue.providers[0].queue = 100;
  queue.monitor.provider_call.first_token_timeout = 4s;
  std::int64_t left = 0;
  for (const Record& record : KeptRun{queue}.records) {
    EXPECT_LE(record.time_to_first_token, 4s);
    left += record.outcome == monitor::Outcome::failed && record.attempts()[0].latency == 4s ? 1 : 0;
  }
  EXPECT_GT(left, 10) << "each answer holds the place for two seconds, and one call comes each second";
}

TEST(TokenStall, slows_the_tokens_and_leaves_the_first_alone) {
  const KeptRun kept{with(TokenStall{.factor = 5})};
  ASSERT_EQ(kept.records.size(), 60U);
  for (const Record& record : kept.records) {
    EXPECT_EQ(record.time_to_first_token, 1s);
    EXPECT_EQ(record.latency(), 1s + 5s);
  }
  EXPECT_EQ(kept.result.faults[0].affected, 60);
}

TEST(UsageLate, bills_as_ever_and_tells_the_caller_later) {
  const KeptRun kept{with(UsageLate{.delay = std::chrono::seconds{5}})};
  ASSERT_EQ(kept.ledger.size(), 60U);
  for (const LedgerEntry& entry : kept.ledger) EXPECT_FALSE(entry.usage_known);
  for (const Record& record : kept.records) EXPECT_GT(record.reserved_cost(), Usd{});
  const monitor::LateUsage& late = kept.result.pipeline.metrics().late_usage();
  EXPECT_EQ(late.calls, 60 - 5) << "what comes after the last request is not learned";
  EXPECT_LT(late.billed, late.settled);
  EXPECT_EQ(kept.result.faults[0].affected, 60);
}

TEST(UsageMissing, bills_as_ever_and_tells_the_caller_nothing) {
  const KeptRun kept{with(UsageMissing{})};
  ASSERT_EQ(kept.ledger.size(), 60U);
  for (const LedgerEntry& entry : kept.ledger) {
    EXPECT_EQ(entry.output, Tokens{100});
    EXPECT_FALSE(entry.usage_known);
  }
  for (const Record& record : kept.records) {
    EXPECT_EQ(record.outcome, monitor::Outcome::served);
    EXPECT_EQ(record.confirmed_cost(), Usd{});
    EXPECT_GT(record.reserved_cost(), Usd{});
  }
}

// Of 60 calls, one a second, the last 30 are touched less and less.
TEST(FaultRamp, falls_at_its_end) {
  Scenario scenario = with(Malformed{});
  scenario.duration = 400s;
  scenario.faults[0].duration = 400s;
  scenario.faults[0].ramp_down = 200s;
  std::int64_t before = 0;
  std::int64_t falling = 0;
  for (const Record& record : KeptRun{scenario}.records) {
    const bool is_hit = record.attempts()[0].kind == ReplyKind::malformed;
    (record.arrived < Instant{} + 200s ? before : falling) += is_hit ? 1 : 0;
  }
  EXPECT_EQ(before, 200);
  // A sum of 200 draws whose chances fall from 1 to 0: 100, with a variance of 200 / 6.
  EXPECT_NEAR(static_cast<double>(falling), 100, 4 * std::sqrt(200.0 / 6));
}

template <class F>
class BrokenStream : public testing::Test {};
using BrokenStreams = testing::Types<StreamError, EarlyEnd>;
TYPED_TEST_SUITE(BrokenStream, BrokenStreams);

TYPED_TEST(BrokenStream, is_a_cut_reply_to_a_caller_that_validates_it) {
  const KeptRun kept{with(TypeParam{.bill_fraction = 0.25})};
  ASSERT_EQ(kept.records.size(), 60U);
  for (const Record& record : kept.records) {
    EXPECT_EQ(record.attempts()[0].kind, ReplyKind::truncated);
    EXPECT_EQ(record.attempts()[0].latency, 1250ms);
  }
  for (const LedgerEntry& entry : kept.ledger) EXPECT_EQ(entry.output, Tokens{25});
}

}  // namespace
}  // namespace windtunnel::sim::stream_faults_test
