#pragma once
// A monitor whose schedule a test decides: nothing is left to chance, and nothing needs a thread. The monitor runs on
// one thread, with a lock that calls the test at each of its edges, an adapter that calls the test while it works, and
// a time source that calls the test while a request sleeps. There the test does what another thread could do at that
// place: it makes another whole request, or it lets time pass. A monitor that holds its lock where it must not is
// caught by the lock, which refuses to be taken twice.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tests/monitor/realtime/llm_monitor_rig.h"

namespace windtunnel::monitor::llm_monitor_rig {

// A lock for one thread, which calls the test before it is taken and after it was given back.
class SteppedLock final : public MonitorLock {
 public:
  std::function<void()> before_lock = [] {};
  std::function<void()> after_unlock = [] {};

  void lock() override {
    before_lock();
    EXPECT_FALSE(held_) << "the lock is taken while it is held";
    held_ = true;
    ++times_taken_;
  }
  void unlock() override {
    EXPECT_TRUE(held_);
    held_ = false;
    after_unlock();
  }
  [[nodiscard]] bool held() const { return held_; }
  [[nodiscard]] int times_taken() const { return times_taken_; }

 private:
  bool held_ = false;
  int times_taken_ = 0;
};

// Turned by the test, which is called while a request sleeps.
class SteppedTime final : public TimeSource {
 public:
  std::function<void()> during_sleep = [] {};

  [[nodiscard]] Instant now() override { return hands_.now(); }
  [[nodiscard]] WallTime wall() override { return hands_.wall(); }
  void sleep_until(Instant at) override {
    during_sleep();
    hands_.sleep_until(at);
  }
  void advance(Duration by) { hands_.advance(by); }

 private:
  ManualTime hands_;
};

// Runs the other request at a call of the first, not at the calls that the other request makes itself.
class Once {
 public:
  template <typename Action>
  void operator()(Action action) {
    if (running_) return;
    running_ = true;
    action();
    running_ = false;
  }

 private:
  bool running_ = false;
};

struct ScheduledMonitor {
  SteppedTime time;
  SteppedLock lock;
  // Each answers with the prompt that it was asked, which is the only way to see whose answer a text is.
  std::function<Completion(const ProviderCall&)> script = [](const ProviderCall& call) {
    return answer(call, "to " + std::string(call.user_profile));
  };
  MonitorConfig config{};
  Observer observer{};

  std::unique_ptr<LlmMonitor> monitor(std::size_t providers = 1) {
    LlmMonitorOptions options;
    options.config = config;
    for (std::size_t i = 0; i < providers; ++i) {
      options.providers.push_back(std::make_unique<Scripted>([this](const ProviderCall& call) { return script(call); },
                                                             "p" + std::to_string(i)));
    }
    options.time = &time;
    options.lock = &lock;
    options.observer = observer;
    return std::make_unique<LlmMonitor>(std::move(options));
  }
};

inline Completion failure(ReplyKind kind) {
  return {.reply = {.kind = kind, .usage = Usage{}}, .text = {}, .detail = "no"};
}

class LastRecord final {
 public:
  Record record;
  void on(const Record& finished) { record = finished; }
};

}  // namespace windtunnel::monitor::llm_monitor_rig
