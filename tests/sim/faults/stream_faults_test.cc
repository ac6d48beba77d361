// Faults of a stream after it has begun: it stalls, ends with an error event, or ends cleanly too soon.

#include <gtest/gtest.h>

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
  for (const auto [law, input, output] :
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
  for (const auto [on_disconnect, output] : {std::pair{Disconnect::stop, 10}, std::pair{Disconnect::go_on, 50}}) {
    Scenario scenario = with(StreamStall{.bill_fraction = 0.5}, 1100ms);
    scenario.providers[0].on_disconnect = on_disconnect;
    const KeptRun kept{scenario};
    for (const LedgerEntry& entry : kept.ledger) EXPECT_EQ(entry.output, Tokens{output});
  }
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
