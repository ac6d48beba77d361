// Every answer belongs to its prompt, wherever another request comes between.

#include <gtest/gtest.h>

#include <string>

#include "tests/monitor/realtime/scheduled_monitor.h"

namespace windtunnel::monitor::llm_monitor_answers_test {
namespace {

using namespace llm_monitor_rig;

// A cache of one entry, so that each answer of another prompt takes the place of the one before it.
MonitorConfig with_one_cached_answer() {
  MonitorConfig config;
  config.cache.capacity = 1;
  return config;
}

TEST(LlmMonitorAnswers, a_cached_answer_belongs_to_its_prompt_when_its_slot_is_used_again_at_any_edge_of_the_lock) {
  ScheduledMonitor bench;
  bench.config = with_one_cached_answer();
  const auto monitor = bench.monitor();
  ASSERT_EQ(monitor->generate({.user_profile = "a"}).text, "to a");
  Once once;
  int others = 0;
  const auto other = [&] {
    once([&] {
      ++others;
      EXPECT_EQ(monitor->generate({.user_profile = "b"}).text, "to b");
      EXPECT_EQ(monitor->generate({.user_profile = "c"}).text, "to c");
    });
  };
  bench.lock.after_unlock = other;
  const GenerateResult hit = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(hit.outcome, Outcome::cache_hit);
  EXPECT_EQ(hit.text, "to a");
  EXPECT_EQ(others, 1);

  // Before the lock is taken: then the answer is no longer there, and a call gives it.
  bench.lock.after_unlock = [] {};
  ASSERT_EQ(monitor->generate({.user_profile = "a"}).text, "to a");
  bench.lock.before_lock = other;
  const GenerateResult served = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(served.outcome, Outcome::served);
  EXPECT_EQ(served.text, "to a");
}

TEST(LlmMonitorAnswers, an_answer_is_stored_under_its_own_prompt_when_others_come_at_any_edge_of_the_lock) {
  for (const bool before : {false, true}) {
    ScheduledMonitor bench;
    bench.config = with_one_cached_answer();
    const auto monitor = bench.monitor();
    Once once;
    std::string others = "others";
    (before ? bench.lock.before_lock : bench.lock.after_unlock) = [&] {
      once([&] {
        others += "+";
        EXPECT_EQ(monitor->generate({.user_profile = others}).text, "to " + others);
      });
    };
    EXPECT_EQ(monitor->generate({.user_profile = "a"}).text, "to a");
    bench.lock.before_lock = bench.lock.after_unlock = [] {};
    // Whichever was stored last is served from the cache, and it is its own prompt's.
    EXPECT_EQ(monitor->generate({.user_profile = others}).text, "to " + others);
    EXPECT_EQ(monitor->generate({.user_profile = "a"}).text, "to a");
  }
}

TEST(LlmMonitorAnswers, a_stale_answer_belongs_to_its_prompt_when_its_slot_is_used_again_behind_it) {
  ScheduledMonitor bench;
  bench.config = with_one_cached_answer();
  bench.config.cache.stale_if_error = 1h;
  bench.config.circuit_breaker.consecutive_threshold = 1'000;
  bench.config.circuit_breaker.minimum_calls = 1'000;
  const auto monitor = bench.monitor();
  ASSERT_EQ(monitor->generate({.user_profile = "a"}).text, "to a");
  bench.time.advance(1h);
  bench.script = [](const ProviderCall& call) {
    return call.user_profile == "a" ? failure(ReplyKind::server_error) : answer(call, "to another");
  };
  Once once;
  int unlocks = 0;
  bench.lock.after_unlock = [&] {
    once([&] {
      if (++unlocks != 2) return;
      EXPECT_EQ(monitor->generate({.user_profile = "b"}).text, "to another");
    });
  };
  const GenerateResult stale = monitor->generate({.user_profile = "a"});
  EXPECT_EQ(unlocks, 2);
  EXPECT_EQ(stale.outcome, Outcome::stale_hit);
  EXPECT_EQ(stale.text, "to a");
}

// Each step of one request is a place at which another may come, whatever either of them meets: a call, a retry, a hit.
TEST(LlmMonitorAnswers, two_requests_of_any_interleaving_get_their_own_answers) {
  for (int place = 0; place < 12; ++place) {
    ScheduledMonitor bench;
    bench.config = with_one_cached_answer();
    bench.config.provider_call.retry.max_attempts = 2;
    const auto monitor = bench.monitor(2);
    bench.script = [](const ProviderCall& call) {
      return call.attempt == 0 ? failure(ReplyKind::overloaded) : answer(call, "to " + std::string(call.user_profile));
    };
    Once once;
    int places = 0;
    const auto perhaps = [&] {
      once([&] {
        if (places++ != place) return;
        EXPECT_EQ(monitor->generate({.user_profile = "b"}).text, "to b");
      });
    };
    bench.lock.before_lock = bench.lock.after_unlock = bench.time.during_sleep = perhaps;
    EXPECT_EQ(monitor->generate({.user_profile = "a"}).text, "to a") << place;
    EXPECT_EQ(monitor->generate({.user_profile = "b"}).text, "to b") << place;
    EXPECT_EQ(monitor->generate({.user_profile = "a"}).text, "to a") << place;
    EXPECT_GT(places, place) << "the other request never came";
  }
}

// The pipeline is one state: nothing of it is read or changed outside the lock.
class Guard final {
 public:
  explicit Guard(const SteppedLock& lock) : lock_(lock) {}
  void on(const RequestArrived&) { see(); }
  void on(const AttemptStarted&) { see(); }
  void on(const AttemptEnded&) { see(); }
  void on(const Record&) { see(); }
  int events = 0;

 private:
  void see() {
    ++events;
    EXPECT_TRUE(lock_.held());
  }
  const SteppedLock& lock_;
};

TEST(LlmMonitorAnswers, the_pipeline_decides_under_the_lock_and_providers_and_pauses_run_outside_of_it) {
  ScheduledMonitor bench;
  Guard guard{bench.lock};
  bench.observer = &guard;
  bench.config.provider_call.retry.max_attempts = 2;
  const auto monitor = bench.monitor();
  int calls = 0;
  int sleeps = 0;
  bench.script = [&](const ProviderCall& call) {
    ++calls;
    EXPECT_FALSE(bench.lock.held());
    return call.attempt == 0 ? failure(ReplyKind::server_error) : answer(call, "text");
  };
  bench.time.during_sleep = [&] {
    ++sleeps;
    EXPECT_FALSE(bench.lock.held());
  };
  EXPECT_EQ(monitor->generate({.user_profile = "a"}).outcome, Outcome::served);
  EXPECT_EQ(monitor->generate({.user_profile = "a"}).outcome, Outcome::cache_hit);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(sleeps, 1);
  EXPECT_EQ(guard.events, 8);  // two arrivals, two attempts with both ends, two records
  const int taken = bench.lock.times_taken();
  (void)monitor->get_stats();
  (void)monitor->generate({.user_profile = "a", .provider = "unknown"});
  EXPECT_EQ(bench.lock.times_taken(), taken + 2);
}

}  // namespace
}  // namespace windtunnel::monitor::llm_monitor_answers_test
