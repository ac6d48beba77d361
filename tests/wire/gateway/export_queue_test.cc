#include "wire/gateway/telemetry/export_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace windtunnel::wire::export_queue_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{100s};

ExportQueue queue() { return {OtlpForm::json, {}, 7}; }

void add_request(ExportQueue& queue, std::size_t spans, Instant at = kStart - ExportQueue::kGatherFor) {
  queue.add(std::vector<OtlpSpan>(spans), at);
}

const ExportCounts& counts(const ExportQueue& queue) { return queue.counts(OtlpSignal::traces); }

TEST(ExportQueue, counts_what_a_collector_took_and_what_it_rejected) {
  ExportQueue queue = export_queue_test::queue();
  add_request(queue, 3);
  queue.end(queue.begin(kStart).value(), {.status = 200, .rejected = 1}, kStart);
  EXPECT_EQ(counts(queue).exported, 2U);
  EXPECT_EQ(counts(queue).rejected, 1U);
  EXPECT_EQ(counts(queue).retries, 0U);
  EXPECT_TRUE(queue.is_idle());
  EXPECT_EQ(queue.spans_held(), 0U);
}

TEST(ExportQueue, believes_no_more_rejections_than_there_were_spans) {
  ExportQueue queue = export_queue_test::queue();
  add_request(queue, 3);
  queue.end(queue.begin(kStart).value(), {.status = 200, .rejected = INT64_MAX}, kStart);
  EXPECT_EQ(counts(queue).exported, 0U);
  EXPECT_EQ(counts(queue).rejected, 3U);
  add_request(queue, 3);
  queue.end(queue.begin(kStart).value(), {.status = 200, .rejected = -1}, kStart);
  EXPECT_EQ(counts(queue).exported, 3U);
}

TEST(ExportQueue, drops_what_would_be_refused_again) {
  for (const int status : {301, 400, 401, 404, 413, 415, 500, 501}) {
    ExportQueue queue = export_queue_test::queue();
    add_request(queue, 2);
    queue.end(queue.begin(kStart).value(), {.status = status}, kStart);
    EXPECT_EQ(counts(queue).refused, 2U) << status;
    EXPECT_TRUE(queue.is_idle()) << status;
  }
}

TEST(ExportQueue, sends_the_same_bytes_again_after_what_may_pass) {
  for (const int status : {0, 429, 502, 503, 504}) {
    ExportQueue queue = export_queue_test::queue();
    add_request(queue, 2);
    const ExportId first = queue.begin(kStart).value();
    const std::string body = queue.at(first).body;
    queue.end(first, {.status = status}, kStart);
    EXPECT_FALSE(queue.is_idle()) << status;
    const ExportId second = queue.begin(kStart + 1s).value();
    EXPECT_EQ(queue.at(second).body, body);
    queue.end(second, {.status = 200}, kStart + 1s);
    EXPECT_EQ(counts(queue).exported, 2U) << status;
    EXPECT_EQ(counts(queue).retries, 1U) << status;
  }
}

TEST(ExportQueue, sends_nothing_before_the_retry_after) {
  ExportQueue queue = export_queue_test::queue();
  add_request(queue, 2);
  queue.end(queue.begin(kStart).value(), {.status = 503, .retry_after = 7s}, kStart);
  add_request(queue, 1);
  EXPECT_FALSE(queue.begin(kStart + 7s - 1ns)) << "neither the same nor other spans";
  EXPECT_TRUE(queue.begin(kStart + 7s));
  EXPECT_TRUE(queue.begin(kStart + 7s));
}

TEST(ExportQueue, waits_a_little_where_a_collector_asks_for_no_wait) {
  ExportQueue queue = export_queue_test::queue();
  add_request(queue, 2);
  queue.end(queue.begin(kStart).value(), {.status = 429, .retry_after = 0s}, kStart);
  EXPECT_FALSE(queue.begin(kStart + 100ms - 1ns));
  EXPECT_TRUE(queue.begin(kStart + 100ms));
}

TEST(ExportQueue, backs_off_from_1_to_16_seconds_with_jitter) {
  std::vector<Duration> waits_max;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    ExportQueue queue{OtlpForm::json, {}, seed};
    add_request(queue, 1);
    Instant now = kStart;
    for (std::size_t i = 0; i < 6; ++i) {
      const auto id = queue.begin(now);
      if (!id) break;  // it was given up
      queue.end(*id, {}, now);
      const Instant ended = now;
      while (!queue.is_idle() && !ExportQueue(queue).begin(now)) now += 10ms;
      if (queue.is_idle()) break;
      if (waits_max.size() <= i) waits_max.push_back(0s);
      waits_max[i] = std::max(waits_max[i], now - ended);
    }
  }
  ASSERT_EQ(waits_max.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const Duration most = std::min<Duration>(1s * (1 << i), 16s);
    EXPECT_LE(waits_max[i], most + 10ms);
    EXPECT_GE(waits_max[i], most * 9 / 10) << "some waits are nearly the longest";
  }
}

TEST(ExportQueue, gives_up_a_minute_after_the_first_sending) {
  ExportQueue queue = export_queue_test::queue();
  add_request(queue, 2);
  queue.end(queue.begin(kStart).value(), {.status = 503, .retry_after = 1min}, kStart);
  EXPECT_EQ(counts(queue).unavailable, 0U);
  queue.end(queue.begin(kStart + 1min).value(), {.status = 503, .retry_after = 1s}, kStart + 1min);
  EXPECT_EQ(counts(queue).unavailable, 2U);
  EXPECT_TRUE(queue.is_idle());
  EXPECT_EQ(queue.spans_held(), 0U);
}

TEST(ExportQueue, drops_the_newest_spans_of_whole_requests_once_it_is_full) {
  ExportQueue queue = export_queue_test::queue();
  const std::size_t most = ExportQueue::kSpansMax;
  for (std::size_t i = 0; i < most - 1; ++i) add_request(queue, 1);
  add_request(queue, 2);
  EXPECT_EQ(counts(queue).queue_full, 2U) << "both or none";
  add_request(queue, 1);
  add_request(queue, 1);
  EXPECT_EQ(counts(queue).queue_full, 3U);
  EXPECT_EQ(queue.spans_held(), most);
  // What is open is held too.
  const ExportId open = queue.begin(kStart).value();
  add_request(queue, 1);
  EXPECT_EQ(counts(queue).queue_full, 4U);
  queue.end(open, {.status = 200}, kStart);
  add_request(queue, 1);
  EXPECT_EQ(counts(queue).queue_full, 4U);
}

TEST(ExportQueue, gathers_spans_until_they_fill_an_export_or_half_a_second_has_passed) {
  ExportQueue queue = export_queue_test::queue();
  add_request(queue, 2, kStart);
  add_request(queue, 2, kStart + 400ms);
  EXPECT_FALSE(queue.begin(kStart + 500ms - 1ns));
  EXPECT_EQ(queue.at(queue.begin(kStart + 500ms).value()).items, 4U);
  add_request(queue, ExportQueue::kBatch, kStart + 1s);
  add_request(queue, 1, kStart + 1s);
  EXPECT_EQ(queue.at(queue.begin(kStart + 1s).value()).items, ExportQueue::kBatch);
  EXPECT_FALSE(queue.begin(kStart + 1s)) << "the rest gathers again";
  queue.hurry();
  EXPECT_TRUE(queue.begin(kStart + 1s)) << "nothing comes later";
}

TEST(ExportQueue, parts_no_request_and_sends_few_exports_at_once) {
  ExportQueue queue = export_queue_test::queue();
  const std::size_t batch = ExportQueue::kBatch;
  add_request(queue, batch - 1);
  EXPECT_FALSE(queue.has_batch());
  add_request(queue, 2);
  EXPECT_TRUE(queue.has_batch());
  EXPECT_EQ(queue.at(queue.begin(kStart).value()).items, batch - 1);
  EXPECT_EQ(queue.at(queue.begin(kStart).value()).items, 2U);
  for (std::size_t i = 0; i < 5; ++i) add_request(queue, batch);
  EXPECT_TRUE(queue.begin(kStart));
  EXPECT_TRUE(queue.begin(kStart));
  EXPECT_FALSE(queue.begin(kStart)) << "four are open";
}

OtlpMetrics metrics(std::int64_t requests) {
  return {.metrics = {{.name = "requests", .points = {{.attributes = {}, .value = requests, .counts = {}}}}}};
}

TEST(ExportQueue, sends_the_latest_metrics_in_place_of_those_that_were_not_taken) {
  ExportQueue queue = export_queue_test::queue();
  queue.add(metrics(1));
  const ExportId first = queue.begin(kStart).value();
  queue.add(metrics(2));
  EXPECT_FALSE(queue.begin(kStart)) << "one after the other, so that none overtakes";
  queue.end(first, {.status = 503, .retry_after = 1s}, kStart);
  const ExportId second = queue.begin(kStart + 1s).value();
  EXPECT_NE(queue.at(second).body.find(R"("asInt":"2")"), std::string::npos) << queue.at(second).body;
  queue.end(second, {.status = 200}, kStart + 1s);
  EXPECT_TRUE(queue.is_idle());
  EXPECT_EQ(queue.counts(OtlpSignal::metrics).unavailable, 1U);
  EXPECT_EQ(queue.counts(OtlpSignal::metrics).exported, 1U);
}

TEST(ExportQueue, sends_metrics_again_until_there_are_later_ones) {
  ExportQueue queue = export_queue_test::queue();
  queue.add(metrics(1));
  queue.end(queue.begin(kStart).value(), {.status = 503, .retry_after = 1s}, kStart);
  const ExportId again = queue.begin(kStart + 1s).value();
  EXPECT_EQ(queue.counts(OtlpSignal::metrics).retries, 1U);
  queue.end(again, {.status = 503, .retry_after = 1s}, kStart + 1s);
  queue.add(metrics(2));
  EXPECT_EQ(queue.counts(OtlpSignal::metrics).unavailable, 1U);
  EXPECT_NE(queue.at(queue.begin(kStart + 2s).value()).body.find(R"("asInt":"2")"), std::string::npos);
}

}  // namespace
}  // namespace windtunnel::wire::export_queue_test
