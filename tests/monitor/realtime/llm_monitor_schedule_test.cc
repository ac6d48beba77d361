// The wait of one request delays no other, and a wait for the lock counts for no timeout.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/monitor/realtime/scheduled_monitor.h"

namespace windtunnel::monitor::llm_monitor_schedule_test {
namespace {

using namespace llm_monitor_rig;

// --- The wait of one request delays no other -------------------------------------------------------------------------

TEST(LlmMonitorSchedule, a_request_ends_while_another_waits_for_its_provider) {
  ScheduledMonitor bench;
  const auto monitor = bench.monitor();
  Once once;
  bench.script = [&](const ProviderCall& call) {
    once([&] {
      const GenerateResult other = monitor->generate({.user_profile = "b"});
      EXPECT_EQ(other.text, "to b");
      EXPECT_EQ(other.latency, 0ns);
      EXPECT_EQ(monitor->get_stats().requests_in_flight, 1);
      bench.time.advance(20s);
    });
    return answer(call, "to " + std::string(call.user_profile));
  };
  const GenerateResult first = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(first.text, "to a");
  EXPECT_EQ(first.latency, 20s);
}

TEST(LlmMonitorSchedule, a_request_ends_while_another_waits_for_its_retry) {
  ScheduledMonitor bench;
  bench.config.provider_call.retry.max_attempts = 2;
  bench.config.provider_call.retry.jitter = Jitter::none;
  const auto monitor = bench.monitor();
  bench.script = [](const ProviderCall& call) {
    const bool fails = call.user_profile == "a" && call.attempt == 0;
    return fails ? failure(ReplyKind::server_error) : answer(call, "to " + std::string(call.user_profile));
  };
  bench.time.during_sleep = [&] {
    const GenerateResult other = monitor->generate({.user_profile = "b"});
    EXPECT_EQ(other.text, "to b");
    EXPECT_EQ(other.latency, 0ns);
  };
  const GenerateResult first = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(first.text, "to a");
  EXPECT_EQ(first.latency, 500ms);
  EXPECT_EQ(monitor->get_stats().count(Outcome::served), 2);
}

// --- A wait for the lock counts for no timeout -----------------------------------------------------------------------

MonitorConfig with_a_timeout_of_150ms() {
  MonitorConfig config;
  config.provider_call.timeout = 150ms;
  return config;
}

TEST(LlmMonitorSchedule, a_reply_in_time_is_in_time_however_long_the_lock_is_waited_for) {
  for (const Duration at : {50ms, 150ms}) {
    ScheduledMonitor bench;
    bench.config = with_a_timeout_of_150ms();
    const auto monitor = bench.monitor();
    bench.lock.before_lock = [&] { bench.time.advance(1s); };
    bench.script = [&](const ProviderCall& call) {
      bench.time.advance(at);
      return answer(call, "in time");
    };
    const GenerateResult result = monitor->generate({.user_profile = "a"});
    EXPECT_EQ(result.outcome, Outcome::served) << result.detail;
    EXPECT_EQ(result.text, "in time");
    EXPECT_EQ(result.latency, at);
    EXPECT_EQ(monitor->get_stats().replies_late, 0);
  }
}

TEST(LlmMonitorSchedule, a_reply_after_its_deadline_is_late_though_the_lock_is_free) {
  ScheduledMonitor bench;
  bench.config = with_a_timeout_of_150ms();
  const auto monitor = bench.monitor();
  bench.script = [&](const ProviderCall& call) {
    bench.time.advance(150ms + 1ns);
    return answer(call, "too late");
  };
  EXPECT_EQ(monitor->generate({.user_profile = "a"}).error, "timeout");
  EXPECT_EQ(monitor->get_stats().replies_late, 1);
}

// Each call has its whole timeout, though the lock was waited for before it.
TEST(LlmMonitorSchedule, a_wait_for_the_lock_shortens_the_timeout_of_no_later_call) {
  ScheduledMonitor bench;
  bench.config = with_a_timeout_of_150ms();
  bench.config.provider_call.retry.max_attempts = 2;
  bench.config.provider_call.retry.jitter = Jitter::none;
  const auto monitor = bench.monitor(2);
  bench.lock.before_lock = [&] { bench.time.advance(1s); };
  std::vector<Duration> timeouts;
  bench.script = [&](const ProviderCall& call) {
    timeouts.push_back(call.deadline - bench.time.now());
    bench.time.advance(150ms);
    return call.attempt < 3 ? failure(ReplyKind::server_error) : answer(call, "at last");
  };
  EXPECT_EQ(monitor->generate({.user_profile = "a"}).text, "at last");
  EXPECT_EQ(timeouts, (std::vector<Duration>{150ms, 150ms, 150ms, 150ms}));
}

// An adapter that comes back long after its deadline takes nothing from the provider that is asked next.
TEST(LlmMonitorSchedule, an_adapter_that_ignores_its_deadline_shortens_the_timeout_of_no_later_call) {
  ScheduledMonitor bench;
  bench.config = with_a_timeout_of_150ms();
  const auto monitor = bench.monitor(2);
  bench.script = [&](const ProviderCall& call) {
    if (call.attempt == 0) {
      bench.time.advance(10s);
      return answer(call, "too late");
    }
    EXPECT_EQ(call.deadline - bench.time.now(), 150ms);
    bench.time.advance(150ms);
    Completion completion = answer(call, "in time");
    completion.reply.time_to_first_token = 100ms;
    return completion;
  };
  const GenerateResult result = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(result.text, "in time") << result.detail;
  EXPECT_EQ(result.latency, 10s + 150ms);
  EXPECT_EQ(monitor->get_stats().replies_late, 1);
}

TEST(LlmMonitorSchedule, a_first_token_counts_from_the_arrival_though_an_adapter_ignored_its_deadline) {
  ScheduledMonitor bench;
  LastRecord last;
  bench.observer = &last;
  bench.config = with_a_timeout_of_150ms();
  const auto monitor = bench.monitor(2);
  bench.script = [&](const ProviderCall& call) {
    bench.time.advance(call.attempt == 0 ? 10s : 150ms);
    Completion completion = answer(call, "text");
    completion.reply.time_to_first_token = 100ms;
    return completion;
  };
  EXPECT_TRUE(monitor->generate({.user_profile = "a"}).ok());
  EXPECT_EQ(last.record.time_to_first_token, 10s + 100ms);
}

// The request's own deadline is the user's, and no call outlives it.
TEST(LlmMonitorSchedule, a_call_that_begins_late_ends_at_the_deadline_of_its_request) {
  ScheduledMonitor bench;
  bench.config = with_a_timeout_of_150ms();
  bench.config.provider_call.deadline = 400ms;
  const auto monitor = bench.monitor(2);
  std::vector<Instant> deadlines;
  bench.script = [&](const ProviderCall& call) {
    deadlines.push_back(call.deadline);
    bench.time.advance(300ms);
    return answer(call, "too late");
  };
  EXPECT_FALSE(monitor->generate({.user_profile = "a"}).ok());
  EXPECT_EQ(deadlines, (std::vector<Instant>{Instant{150ms}, Instant{400ms}}));
}

TEST(LlmMonitorSchedule, the_answer_to_a_retry_is_in_time_however_long_the_lock_is_waited_for) {
  ScheduledMonitor bench;
  bench.config.provider_call.deadline = 1s;
  bench.config.provider_call.retry.max_attempts = 2;
  bench.config.provider_call.retry.jitter = Jitter::none;
  const auto monitor = bench.monitor();
  int locks = 0;
  bench.lock.before_lock = [&] {
    if (++locks > 1) bench.time.advance(50ms);
  };
  bench.script = [&](const ProviderCall& call) {
    if (call.attempt == 0) return failure(ReplyKind::server_error);
    EXPECT_EQ(bench.time.now(), Instant{600ms});  // both waits for the lock, and the back-off between them
    bench.time.advance(400ms);
    return answer(call, "in time");
  };
  const GenerateResult result = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(result.text, "in time") << result.error;
  EXPECT_EQ(result.latency, 1s);
}

TEST(LlmMonitorSchedule, no_call_begins_after_the_deadline_of_its_request) {
  for (const int slow_lock : {2, 3}) {  // of the first reply, and of the wake-up
    for (const Duration wait : {499ms, 500ms}) {
      ScheduledMonitor bench;
      bench.config.provider_call.deadline = slow_lock == 2 ? 500ms : 1s;
      bench.config.provider_call.retry.max_attempts = slow_lock == 2 ? 1 : 2;
      bench.config.provider_call.retry.jitter = Jitter::none;
      const auto monitor = bench.monitor(2);
      int locks = 0;
      bench.lock.before_lock = [&] {
        if (++locks == slow_lock) bench.time.advance(wait);
      };
      bench.script = [&](const ProviderCall& call) {
        return call.attempt == 0 ? failure(ReplyKind::server_error) : answer(call, "in time");
      };
      const GenerateResult result = monitor->generate({.user_profile = "a"});
      EXPECT_EQ(result.outcome, wait == 499ms ? Outcome::served : Outcome::deadline_exceeded) << slow_lock;
      EXPECT_EQ(result.attempts, wait == 499ms ? 2 : 1) << slow_lock;
    }
  }
}

// Two requests: the pipeline's time is that of the later event, and it never goes back.
TEST(LlmMonitorSchedule, the_pipelines_time_never_goes_back_when_a_later_event_takes_the_lock_first) {
  ScheduledMonitor bench;
  LastRecord last;
  bench.observer = &last;
  const auto monitor = bench.monitor();
  Once once;
  bool replied = false;
  bench.script = [&](const ProviderCall& call) {
    replied = replied || call.user_profile == "a";
    return answer(call, "to " + std::string(call.user_profile));
  };
  bench.lock.before_lock = [&] {
    if (!replied) return;
    once([&] {
      bench.time.advance(10s);
      EXPECT_EQ(monitor->generate({.user_profile = "b"}).text, "to b");
      EXPECT_EQ(last.record.finished, Instant{10s});
    });
  };
  EXPECT_EQ(monitor->generate({.user_profile = "a"}).latency, 10s);
  EXPECT_EQ(last.record.finished, Instant{10s});
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_schedule_test
