#pragma once
// Tells several observers, in order.

#include <utility>
#include <vector>

#include "sim/world/run_events.h"

namespace windtunnel::sim {

class Fanout final : public Observer {
 public:
  explicit Fanout(std::vector<Observer*> observers) : observers_(std::move(observers)) {}

  void on_arrival(const monitor::Request& request, Instant now) override {
    for (Observer* one : observers_) one->on_arrival(request, now);
  }
  void on_granted(const monitor::Request& request, Tokens output, Instant now) override {
    for (Observer* one : observers_) one->on_granted(request, output, now);
  }
  void on_reserved(RequestId request, Usd amount, WallTime wall, Instant now) override {
    for (Observer* one : observers_) one->on_reserved(request, amount, wall, now);
  }
  void on_released(RequestId request, Usd amount, Instant now) override {
    for (Observer* one : observers_) one->on_released(request, amount, now);
  }
  void on_permit(const monitor::PermitAsked& event) override {
    for (Observer* one : observers_) one->on_permit(event);
  }
  void on_cooling_skip(RequestId request, monitor::ProviderId provider, Instant now) override {
    for (Observer* one : observers_) one->on_cooling_skip(request, provider, now);
  }
  void on_attempt_start(const monitor::AttemptStarted& event) override {
    for (Observer* one : observers_) one->on_attempt_start(event);
  }
  void on_attempt_end(const monitor::AttemptEnded& event) override {
    for (Observer* one : observers_) one->on_attempt_end(event);
  }
  void on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) override {
    for (Observer* one : observers_) one->on_transition(provider, event);
  }
  void on_retry_after(monitor::ProviderId provider, Instant until, Instant now) override {
    for (Observer* one : observers_) one->on_retry_after(provider, until, now);
  }
  void on_budget(const monitor::BudgetEvent& event, Instant now) override {
    for (Observer* one : observers_) one->on_budget(event, now);
  }
  void on_cache_stored(const monitor::CacheStored& event) override {
    for (Observer* one : observers_) one->on_cache_stored(event);
  }
  void on_cache_served(const monitor::CacheServed& event) override {
    for (Observer* one : observers_) one->on_cache_served(event);
  }
  void on_cache_edge(RequestId request, Instant now) override {
    for (Observer* one : observers_) one->on_cache_edge(request, now);
  }
  void on_finish(const monitor::Record& record) override {
    for (Observer* one : observers_) one->on_finish(record);
  }
  void on_begin(const monitor::Pipeline& pipeline) override {
    for (Observer* one : observers_) one->on_begin(pipeline);
  }
  void on_ledger(const LedgerEntry& entry) override {
    for (Observer* one : observers_) one->on_ledger(entry);
  }
  void on_fault(const FaultChanged& event) override {
    for (Observer* one : observers_) one->on_fault(event);
  }
  void on_fault_hit(std::size_t fault, RequestId request, Instant now) override {
    for (Observer* one : observers_) one->on_fault_hit(fault, request, now);
  }
  void on_event(Instant now, bool tie) override {
    for (Observer* one : observers_) one->on_event(now, tie);
  }
  [[nodiscard]] bool wants_stop() const override {
    for (const Observer* one : observers_) {
      if (one->wants_stop()) return true;
    }
    return false;
  }

 private:
  std::vector<Observer*> observers_;
};

}  // namespace windtunnel::sim
