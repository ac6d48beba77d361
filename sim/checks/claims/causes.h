#pragma once
// Which setting or fault kept requests from an answer.
//
//   Causes causes{scenario};
//   const RunResult result = run(scenario, {.observers = {&causes}});
//   causes.of(Outcome::failed, result.faults);   // "monitor.provider_call.timeout, which is 30 s"
//
// A fault is named where it could account for half of such requests. Else it is what ended most of their calls: a limit
// of time by the length of the call, a setting of the provider by the kind of its reply. A call is not asked which of
// two limits of equal length ended it; then the one that binds more calls is named.

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/world/faults.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

class Causes final {
 public:
  // `scenario` must outlive this.
  explicit Causes(const Scenario& scenario);

  void on(const FaultHit& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::BreakerMoved& event);
  void on(const CallerLeft& event);
  void on(const monitor::Record& record);

  // Of an outcome that did not occur: the settings that decide of it in general.
  [[nodiscard]] std::string of(monitor::Outcome outcome, const std::vector<FaultCount>& faults) const;
  // One for each outcome.
  [[nodiscard]] std::vector<std::string> of_each(const std::vector<FaultCount>& faults) const;
  [[nodiscard]] std::int64_t count(monitor::Outcome outcome) const {
    return outcomes_[static_cast<std::size_t>(outcome)];
  }
  // A breaker, at any time.
  [[nodiscard]] bool has_opened() const { return has_opened_; }
  // Requests that no fault hit, with a call that this provider did not answer within monitor.provider_call.timeout.
  [[nodiscard]] std::int64_t cut_off(std::size_t provider) const { return cut_off_[provider]; }

 private:
  // A limit of the time of a call, and whose it is.
  enum class Limit : std::uint8_t { attempt, first_token, idle, whole };
  enum class Owner : std::uint8_t { call, provider, route };
  struct TimeLimit {
    std::size_t provider = 0;  // that was called
    Owner owner = Owner::call;
    std::size_t route = 0;  // of a route's
    Limit limit = Limit::attempt;
    friend auto operator<=>(const TimeLimit&, const TimeLimit&) = default;
  };
  // What ended most of the calls that failed without a fault, and how many.
  struct Failing {
    std::string setting;
    std::int64_t calls = 0;
  };

  [[nodiscard]] TimeLimit limit_of(const monitor::Record& record, const monitor::Attempt& attempt) const;
  [[nodiscard]] std::string words_of(const TimeLimit& limit) const;
  [[nodiscard]] Failing timed_out() const;
  [[nodiscard]] Failing refused() const;
  [[nodiscard]] std::string limit_behind(monitor::Outcome outcome) const;
  [[nodiscard]] std::string budget() const;
  [[nodiscard]] std::string of_stuck(const FaultCount* fault, const std::string& fault_name) const;

  const Scenario& scenario_;
  std::array<std::int64_t, monitor::kOutcomes> outcomes_{};
  using ByOutcome = std::array<std::int64_t, monitor::kOutcomes>;
  std::vector<ByOutcome> by_limit_;              // requests that it refused
  std::map<TimeLimit, std::int64_t> timed_out_;  // calls that no fault hit
  std::vector<std::int64_t> cut_off_;            // by provider
  std::vector<bool> errs_by_timeout_;            // by provider: it is said not to answer some calls
  std::vector<double> latency_max_;              // by provider, when all is well
  std::int64_t failed_by_timeout_ = 0;           // requests: their last call
  using ByKind = std::array<std::int64_t, monitor::kReplyKinds>;
  std::vector<ByKind> failures_;  // calls that no fault hit, by provider; no timeouts
  bool has_opened_ = false;       // a breaker
  bool day_refused_ = false;      // a request for want of money, and likewise the month
  bool month_refused_ = false;
  std::set<RequestId> hit_by_fault_;  // in flight
  std::int64_t cancelled_ = 0;        // requests that ended because their caller had gone
  std::optional<RequestId> left_;     // the one that ends so now
};

// The name of a provider's setting: of the provider, or of its model where that states its own.
[[nodiscard]] std::string setting_name(const Scenario& scenario, const ProviderSpec& provider, const std::string& key);

// Whether the file states something there, or within.
[[nodiscard]] bool is_written(const Scenario& scenario, const std::string& pointer);

// Ends a run that is only sampled.
class EventsAtMost final {
 public:
  explicit EventsAtMost(std::int64_t most) : left_(most) {}
  void on(const ScheduledDone&) { --left_; }
  [[nodiscard]] bool wants_stop() const { return left_ <= 0; }

 private:
  std::int64_t left_;
};

}  // namespace windtunnel::sim
