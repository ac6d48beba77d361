#include "monitor/metrics.h"

#include <gtest/gtest.h>

#include "tests/monitor/pipeline_rig.h"

namespace windtunnel::monitor::metrics_test {
namespace {

using namespace pipeline_rig;

Attempt attempt_at(std::size_t provider, ReplyKind kind, Usd cost, Duration latency, bool usage_known = true) {
  return {
      .latency = latency, .cost = cost, .provider = provider_at(provider), .kind = kind, .usage_known = usage_known};
}

Record record_of(Outcome outcome, Duration latency = 1s) {
  Record record;
  record.outcome = outcome;
  record.arrived = at(5s);
  record.finished = at(5s) + latency;
  return record;
}

void add_attempt(Record& record, const Attempt& attempt) { record.attempt_storage[record.attempt_count++] = attempt; }

TEST(Metrics, count_calls_by_provider_and_kind_of_reply) {
  Metrics metrics{2, 0};
  for (std::size_t kind = 0; kind < kReplyKinds; ++kind) {
    const auto reply_kind = static_cast<ReplyKind>(kind);
    for (std::size_t i = 0; i <= kind; ++i) {
      metrics.on_attempt(attempt_at(1, reply_kind, Usd{}, 1s), failed(reply_kind), false);
    }
  }
  metrics.on_attempt(attempt_at(0, ReplyKind::ok, Usd{}, 1s), ok(), false);
  const ProviderMetrics& provider = metrics.provider(provider_at(1));
  for (std::size_t i = 0; i < kReplyKinds; ++i) EXPECT_EQ(provider.replies[i], static_cast<std::int64_t>(i) + 1);
  EXPECT_EQ(provider.calls, 120);
  EXPECT_EQ(provider.successes(), 1);
  EXPECT_EQ(provider.errors(), 119);
  EXPECT_EQ(metrics.calls(), 121);
  EXPECT_EQ(metrics.all().requests(), 0);
}

TEST(Metrics, a_calls_latency_counts_when_it_succeeded) {
  Metrics metrics{1, 0};
  metrics.on_attempt(attempt_at(0, ReplyKind::ok, Usd{}, 2s), ok(), false);
  metrics.on_attempt(attempt_at(0, ReplyKind::timeout, Usd{}, 30s, false), failed(ReplyKind::timeout), false);
  metrics.on_attempt(attempt_at(0, ReplyKind::malformed, Usd{}, 1s), failed(ReplyKind::malformed), false);
  EXPECT_EQ(metrics.provider(provider_at(0)).latency.count(), 1U);
  EXPECT_EQ(metrics.provider(provider_at(0)).latency.max(), 2s);
}

TEST(Metrics, cost_of_unknown_usage_stands_apart) {
  Metrics metrics{2, 0};
  metrics.on_attempt(attempt_at(0, ReplyKind::ok, usd(2), 1s), ok(100, 50), false);
  metrics.on_attempt(attempt_at(0, ReplyKind::malformed, usd(3), 1s), failed(ReplyKind::malformed), false);
  metrics.on_attempt(attempt_at(0, ReplyKind::timeout, usd(7), 1s, false), failed(ReplyKind::timeout), false);
  metrics.on_attempt(attempt_at(1, ReplyKind::ok, usd(4), 1s), ok(10, 5), false);
  const ProviderMetrics& provider = metrics.provider(provider_at(0));
  EXPECT_EQ(provider.cost, usd(5));
  EXPECT_EQ(provider.cost_unknown, usd(7));
  EXPECT_EQ(provider.input, Tokens{200});
  EXPECT_EQ(provider.output, Tokens{100});
  EXPECT_EQ(metrics.cost(), usd(9));
}

TEST(Metrics, late_results_are_calls_like_others_and_counted_apart) {
  Metrics metrics{1, 0};
  for (const bool late : {true, true, false}) {
    metrics.on_attempt(attempt_at(0, ReplyKind::ok, Usd{}, 1s), ok(), late);
  }
  EXPECT_EQ(metrics.provider(provider_at(0)).late_results, 2);
  EXPECT_EQ(metrics.provider(provider_at(0)).calls, 3);
}

TEST(Metrics, transitions_are_counted_where_they_lead) {
  Metrics metrics{2, 0};
  metrics.on_transition(provider_at(1), {.from = BreakerState::closed, .to = BreakerState::open});
  metrics.on_transition(provider_at(1), {.from = BreakerState::open, .to = BreakerState::half_open});
  metrics.on_transition(provider_at(1), {.from = BreakerState::half_open, .to = BreakerState::open});
  metrics.on_transition(provider_at(1), {.from = BreakerState::open, .to = BreakerState::half_open});
  metrics.on_transition(provider_at(1), {.from = BreakerState::half_open, .to = BreakerState::closed});
  EXPECT_EQ(metrics.provider(provider_at(1)).breaker_opened, 2);
  EXPECT_EQ(metrics.provider(provider_at(1)).breaker_half_opened, 2);
  EXPECT_EQ(metrics.provider(provider_at(1)).breaker_closed, 1);
  EXPECT_EQ(metrics.provider(provider_at(0)).breaker_opened, 0);
}

TEST(Metrics, outcomes_partition_the_requests_into_answered_refused_and_failed) {
  Metrics metrics{1, 0};
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    for (std::size_t i = 0; i < (std::size_t{1} << outcome); ++i) {
      metrics.on_finish(record_of(static_cast<Outcome>(outcome)));
    }
  }
  const RequestMetrics& all = metrics.all();
  for (std::size_t i = 0; i < kOutcomes; ++i) EXPECT_EQ(all.count(static_cast<Outcome>(i)), std::int64_t{1} << i);
  EXPECT_EQ(all.requests(), 2047);
  EXPECT_EQ(all.answered(), 1 + 2 + 4);
  EXPECT_EQ(all.refused(), 8 + 16 + 32);
  EXPECT_EQ(all.failed(), 64 + 128 + 256 + 512 + 1024);
  EXPECT_EQ(metrics.calls(), 0);
}

TEST(Metrics, a_requests_latency_counts_when_it_was_answered) {
  Metrics metrics{1, 0};
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    metrics.on_finish(record_of(static_cast<Outcome>(i), Duration{static_cast<std::int64_t>(i) + 1}));
  }
  EXPECT_EQ(metrics.all().latency.count(), 3U);
  EXPECT_EQ(metrics.all().latency.min(), 1ns);
  EXPECT_EQ(metrics.all().latency.max(), 3ns);
}

TEST(Metrics, tokens_and_time_to_first_token_are_of_served_requests) {
  Metrics metrics{1, 0};
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    Record record = record_of(static_cast<Outcome>(i));
    record.input = Tokens{100};
    record.output = Tokens{50};
    record.time_to_first_token = 3ms;
    metrics.on_finish(record);
  }
  EXPECT_EQ(metrics.all().input, Tokens{100});
  EXPECT_EQ(metrics.all().output, Tokens{50});
  EXPECT_EQ(metrics.all().time_to_first_token.count(), 1U);
  EXPECT_EQ(metrics.all().time_to_first_token.max(), 3ms);
}

TEST(Metrics, cost_and_attempts_are_of_every_request_whatever_its_end) {
  Metrics metrics{1, 0};
  for (const Outcome outcome : {Outcome::served, Outcome::failed, Outcome::refused_budget}) {
    Record record = record_of(outcome);
    add_attempt(record, attempt_at(0, ReplyKind::malformed, usd(1), 1s));
    add_attempt(record, attempt_at(0, ReplyKind::timeout, usd(5), 1s, false));
    metrics.on_finish(record);
  }
  EXPECT_EQ(metrics.all().attempts, 6);
  EXPECT_EQ(metrics.all().cost, usd(3));  // of known usage only
}

TEST(Metrics, a_request_that_moved_on_twice_failed_over_once) {
  Metrics metrics{3, 0};
  for (const std::uint8_t moves : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
    Record record = record_of(Outcome::failed);
    record.failovers = moves;
    metrics.on_finish(record);
  }
  EXPECT_EQ(metrics.all().failed_over, 2);
}

TEST(Metrics, a_request_counts_for_its_variant_if_it_has_one) {
  Metrics metrics{1, 2};
  Record record = record_of(Outcome::served);
  metrics.on_finish(record);
  record.variant = 1;
  metrics.on_finish(record);
  ASSERT_EQ(metrics.variants().size(), 2U);
  EXPECT_EQ(metrics.variants()[0].requests(), 0);
  EXPECT_EQ(metrics.variants()[1].requests(), 1);
  EXPECT_EQ(metrics.variants()[1].latency.count(), 1U);
  EXPECT_EQ(metrics.all().requests(), 2);
}

TEST(Metrics, a_request_counts_for_its_labels_and_none_is_a_label_too) {
  Metrics metrics{1, 0};
  Record record = record_of(Outcome::served);
  metrics.on_finish(record);
  record.request.labels = LabelsId{3};
  metrics.on_finish(record);
  metrics.on_finish(record);
  ASSERT_EQ(metrics.labels().size(), 4U);
  EXPECT_EQ(metrics.labels()[0].requests(), 1);
  EXPECT_EQ(metrics.labels()[1].requests(), 0);
  EXPECT_EQ(metrics.labels()[3].requests(), 2);
}

TEST(Metrics, labels_count_the_requests_of_every_variant_and_of_none) {
  Metrics metrics{1, 2};
  for (const std::uint32_t labels : {0U, 1U}) {
    Record record = record_of(Outcome::served);
    record.request.labels = LabelsId{labels};
    metrics.on_finish(record);
    for (const std::uint16_t variant : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{1}}) {
      record.variant = variant;
      metrics.on_finish(record);
    }
  }
  ASSERT_EQ(metrics.labels().size(), 2U);
  for (const RequestMetrics& label : metrics.labels()) EXPECT_EQ(label.requests(), 4);
  EXPECT_EQ(metrics.variants()[0].requests(), 2);
  EXPECT_EQ(metrics.variants()[1].requests(), 4);
}

// One request with two calls: the providers' figures count calls, the users' count requests.
TEST(Metrics, of_the_pipeline_count_calls_for_providers_and_requests_for_users) {
  MonitorConfig config = bare();
  config.ab_router = {.experiment_id = "e", .variants = {{.id = "only", .provider = provider_at(1), .weight = 1}}};
  config.circuit_breaker = opens_after(1);
  Rig rig{config};
  rig.begin(request(0)).reply(failed(ReplyKind::malformed), at(1s)).reply(ok(), at(3s));
  const Metrics& metrics = rig.pipeline.metrics();
  EXPECT_EQ(metrics.calls(), 2);
  EXPECT_EQ(metrics.all().requests(), 1);
  EXPECT_EQ(metrics.all().attempts, 2);
  EXPECT_EQ(metrics.variants()[0].requests(), 1);
  EXPECT_EQ(metrics.all().failed_over, 1);
  EXPECT_EQ(metrics.provider(provider_at(1)).errors(), 1);
  EXPECT_EQ(metrics.provider(provider_at(1)).breaker_opened, 1);
  EXPECT_EQ(metrics.provider(provider_at(0)).successes(), 1);
  EXPECT_EQ(metrics.provider(provider_at(0)).latency.max(), 2s);
  EXPECT_EQ(metrics.all().latency.max(), 3s);
  EXPECT_EQ(metrics.all().cost, cents(250) + cents(250));
  EXPECT_EQ(metrics.cost(), metrics.all().cost);
  EXPECT_EQ(metrics.all().output, Tokens{50});
}

// Each pico-dollar of a finished request has one cause.
TEST(Metrics, report_spend_by_cause) {
  Metrics metrics{2, 0};
  Record record = record_of(Outcome::served);
  record.assigned = provider_at(0);
  add_attempt(record, attempt_at(0, ReplyKind::malformed, usd(1), 1s));
  add_attempt(record, attempt_at(0, ReplyKind::malformed, usd(2), 1s));
  add_attempt(record, attempt_at(0, ReplyKind::timeout, usd(4), 1s, false));
  add_attempt(record, attempt_at(1, ReplyKind::malformed, usd(8), 1s));
  add_attempt(record, attempt_at(1, ReplyKind::ok, usd(16), 1s));
  metrics.on_finish(record);
  EXPECT_EQ(metrics.spend().first_attempts, usd(1));
  EXPECT_EQ(metrics.spend().retries, usd(2 + 16));
  EXPECT_EQ(metrics.spend().unknown_usage, usd(4));
  EXPECT_EQ(metrics.spend().failovers, usd(8));
  EXPECT_EQ(metrics.all().cost, usd(27));
  EXPECT_EQ(metrics.all().cost_unknown, usd(4));
}

TEST(Metrics, a_call_is_a_retry_at_the_last_of_64_providers_too) {
  Metrics metrics{kProvidersMax, 0};
  Record record = record_of(Outcome::served);
  record.assigned = provider_at(kProvidersMax - 1);
  add_attempt(record, attempt_at(kProvidersMax - 1, ReplyKind::malformed, usd(1), 1s));
  add_attempt(record, attempt_at(kProvidersMax - 1, ReplyKind::ok, usd(2), 1s));
  metrics.on_finish(record);
  EXPECT_EQ(metrics.spend().first_attempts, usd(1));
  EXPECT_EQ(metrics.spend().retries, usd(2));
}

}  // namespace
}  // namespace windtunnel::monitor::metrics_test
