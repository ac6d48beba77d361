#pragma once
// The notes beside the verdict: what kept wishes and requests from an answer where under 99 % got one, and which
// defaults, written nowhere in the file, decided what became of more than 1 % of the requests.
//
//   RunNotes observer{scenario};
//   const RunResult result = run(scenario, {.observers = {&observer}});
//   observer.notes(result.faults);   // ready to print, one sentence each
//
// A setting counts as written if the scenario has an origin for it; a scenario that was built by hand has none.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/checks/claims/causes.h"
#include "sim/checks/claims/warm_up.h"
#include "sim/world/faults.h"
#include "sim/world/run_events.h"
#include "sim/world/scenario.h"

namespace windtunnel::sim {

class RunNotes final {
 public:
  // `scenario` must outlive this.
  explicit RunNotes(const Scenario& scenario);

  void on(const FaultHit& event) { causes_.on(event); }
  void on(const monitor::BreakerMoved& event) { causes_.on(event); }
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::Record& record);
  void on(const CallerLeft& event);
  void on(const WishEnded& event);

  [[nodiscard]] std::vector<std::string> notes(const std::vector<FaultCount>& faults) const;
  // Those of what the file does not write, and of budgets that reservations fill: what is true of each run of it.
  [[nodiscard]] std::vector<std::string> notes_of_settings() const;
  // What brings each outcome about.
  [[nodiscard]] std::vector<std::string> causes(const std::vector<FaultCount>& faults) const {
    return causes_.of_each(faults);
  }

 private:
  [[nodiscard]] bool is_written(const std::string& pointer) const { return sim::is_written(scenario_, pointer); }
  // More than 1 % of the requests.
  [[nodiscard]] bool is_many(std::int64_t count) const { return count * 100 > requests_; }
  [[nodiscard]] std::string share_of(std::int64_t count) const;
  [[nodiscard]] bool counts_max_tokens(const monitor::Record& record) const;
  void note_wishes(std::vector<std::string>& notes) const;
  void note_settings(std::vector<std::string>& notes) const;
  void note_unanswered(std::vector<std::string>& notes, const std::vector<FaultCount>& faults) const;
  void note_latency(std::vector<std::string>& notes) const;
  void note_tokens(std::vector<std::string>& notes) const;
  void note_inputs(std::vector<std::string>& notes) const;
  void note_cache(std::vector<std::string>& notes) const;
  void note_breaker(std::vector<std::string>& notes) const;
  void note_timeout(std::vector<std::string>& notes) const;
  void note_start(std::vector<std::string>& notes) const;
  void note_warm_up(std::vector<std::string>& notes) const;
  void note_reservations(std::vector<std::string>& notes) const;
  void note_traces(std::vector<std::string>& notes) const;
  void note_streams(std::vector<std::string>& notes) const;

  // Of a workload with a client: how its wishes ended.
  struct Wishes {
    std::int64_t ended = 0;
    std::int64_t left = 0;
    std::int64_t timed_out = 0;            // the timeout of the last try came first
    std::int64_t failed = 0;               // the last try's request was not answered
    Instant failed_request{Duration{-1}};  // the end of its latest
  };

  const Scenario& scenario_;
  std::vector<Wishes> wishes_;  // by workload
  std::int64_t requests_ = 0;
  Causes causes_;
  std::optional<RequestId> left_;                // the latest request whose caller has gone
  std::vector<std::int64_t> served_by_;          // requests, by provider
  std::int64_t at_default_max_tokens_ = 0;       // answers of exactly the default cap
  std::int64_t refused_by_max_tokens_ = 0;       // requests refused where the default cap counts
  std::int64_t at_longest_input_ = 0;            // requests of exactly the default longest input
  bool has_token_limit_ = false;                 // of our own limiters
  std::int64_t cut_by_grant_ = 0;                // answers that the token limiter cut
  WarmUp warm_up_;                               // of the latencies of answered requests
  std::optional<monitor::BudgetEvent> starved_;  // the first refusal of a budget that had room but for reservations
  std::int64_t answered_after_break_ = 0;        // of a reply that no stream showed
};

// The notes of the scenario's first 100,000 events, without its run: what `validate` can warn of.
[[nodiscard]] std::vector<std::string> notes_beforehand(const Scenario& scenario);

// What a forecast and a comparison say beside their figures, of as many events: no observer watches each of their runs.
// Nothing of a scenario whose breakers are another program's, which is not started for this.
struct ForecastWords {
  std::vector<std::string> causes;  // by outcome
  std::vector<std::string> notes;   // of settings
};
[[nodiscard]] ForecastWords forecast_words(const Scenario& scenario);

}  // namespace windtunnel::sim
