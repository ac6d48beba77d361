#pragma once
// The scenario's thresholds, judged while the run goes by.
//
// A sample belongs to the instant it is known: a request to its end, a call to its end, a trip to its moment. `during`
// a fault means its window without its last instant, `after` from that instant on; `skip` cuts off the beginning; with
// `window` every window inside must hold, the last one too, though it may be cut short. A whole window without data has
// counts and sums of 0, which a claim may miss; it has no share, mean or percentile that could. Samples come in order
// of time, so that one window at a time is kept. Shares and means are compared as exact fractions. So are percentiles
// (nearest rank), because it is enough to count the samples below the bound and at it; only the figure that is printed
// comes from a histogram and is off by up to 0.1 %. What a request cost is what the providers billed for it. The rate
// of requests, calls and tokens is per second of the stretch.
//
// The data of a claim is what could have broken it: of `provider_errors` and `breaker_opened` the calls, of
// `provider_wait` those that wait no longer, of `provider_calls` the calls and requests, of `amplification` the calls,
// of `failovers` the requests that made one, of money and `tokens` the requests that were answered or that something
// was billed or held for, of `requests_failed` and `cache_hits` those that were not refused, of everything else the
// requests. The outcome is no part of that, because each request could have ended so. Without data a claim is
// inconclusive if it holds, and fails if it does not. Where the stretch is shorter than one window, a claim that holds
// is inconclusive as well, because the rest of the window could break it. So is one on the refusals of a provider or a
// variant where there were refusals, but each before the request had one.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "sim/checks/findings/verdict.h"
#include "sim/world/run_events.h"
#include "sim/world/unknown_bills.h"

namespace windtunnel::sim {

class Thresholds final {
 public:
  // `scenario` must outlive this.
  explicit Thresholds(const Scenario& scenario);

  void on(const monitor::AttemptEnded& event);
  void on(const CallPlaced& event);
  void on(const LedgerEntry& entry) {
    if (has_cost_) unknown_bills_.on(entry);
  }
  void on(const monitor::BreakerMoved& event);
  void on(const monitor::RequestArrived& event) {
    if (has_amplification_) add_wish(event.at, 1);
    set_route(event.request.id, event.request.route);
  }
  void on(const CallerTries& event) {
    if (has_amplification_ && event.number > 1) add_wish(event.at, -1);
  }
  // Which route a call belongs to: the one that its request asks for, or the fallback that it has come to.
  void on(const monitor::LimitsAsked& event) {
    if (event.stage == monitor::LimitStage::admission) set_route(event.request, event.route);
  }
  void on(const monitor::RouteEntered& event) { set_route(event.request, event.route); }
  void on(const monitor::Record& record);

  // After the run, once. `ended`: the instant of its last event.
  std::vector<Finding> judge(Instant ended);

 private:
  // A fraction, exact: the value is numerator / denominator.
  struct Value {
    Int128 numerator = 0;
    Int128 denominator = 1;
  };
  struct Sums {
    std::int64_t count = 0;  // samples, or what is counted
    std::int64_t of = 0;     // what a share is a share of
    std::int64_t data = 0;   // what could have broken the claim
    Int128 total = 0;        // of a summed quantity, in its unit
    std::int64_t below = 0;  // durations below the bound of a percentile, and those at it
    std::int64_t equal = 0;
    Histogram histogram;
  };
  struct State {
    const ThresholdSpec* spec = nullptr;
    std::optional<monitor::ProviderId> provider;
    std::optional<monitor::ProviderId> served_by;
    std::optional<monitor::RouteId> route;
    std::optional<std::uint16_t> variant;
    std::optional<std::uint64_t> team;
    std::optional<std::uint8_t> limit;
    bool is_of_some = false;  // of the requests; false: of all
    Instant begin{};
    Instant end{};       // exclusive
    Duration length{0};  // of the stretch, in the time that the scenario plays
    std::int64_t window = 0;
    Sums sums;
    std::int64_t judged = 0;  // windows with data
    // Of a claim on refusals with a tag: those that came before the request had what the tag names, and the others.
    std::int64_t untagged_refusals = 0;
    std::int64_t tagged_refusals = 0;
    std::optional<Finding> failed;
    std::string last_figures;
    std::optional<double> last_value;
  };

  // The sums that a sample at this instant belongs to; nullptr: none.
  Sums* at(State& state, Instant now);
  void go_to_window(State& state, Instant now);
  void judge_window(State& state, Instant until);
  void judge_silence(State& state, Instant until);
  // Of the present window: whether it lies in what the scenario plays and is over by then.
  [[nodiscard]] static bool is_whole(const State& state, Instant until);
  [[nodiscard]] std::optional<Value> value_of(const State& state, Instant until) const;
  [[nodiscard]] static std::strong_ordering side_of_bound(const State& state, const Value& value);
  [[nodiscard]] static std::string figures(const State& state, const Value& value, std::strong_ordering side);
  [[nodiscard]] static double in_unit(const ThresholdSpec& spec, const Value& value, std::strong_ordering side);
  void add_wait(RequestId request, monitor::ProviderId provider, Instant now);
  static void add_duration(const ThresholdSpec& spec, Sums& sums, Duration duration);
  void add_request(State& state, const monitor::Record& record, Usd billed_unknown);
  [[nodiscard]] bool matches(const State& state, const monitor::Record& record) const;
  void count_untagged_refusal(State& state, const monitor::Record& record) const;
  [[nodiscard]] std::optional<monitor::ProviderId> target_of(const monitor::Record& record) const;

  bool has_experiment_;
  bool has_routes_;
  void add_wish(Instant now, int count);
  void set_route(RequestId request, monitor::RouteId route) {
    if (has_routes_of_calls_) [[unlikely]]
      routes_[request] = route;
  }
  [[nodiscard]] bool is_of_route(RequestId request, monitor::RouteId route) const {
    const auto found = routes_.find(request);
    return found != routes_.end() && found->second == route;
  }

  bool has_cost_;                                 // a threshold is of what the providers billed
  bool has_amplification_;                        // or of calls for each wish
  bool has_routes_of_calls_;                      // or of the calls of a route
  bool has_waits_;                                // or of waits for a place
  std::map<RequestId, Instant> waiting_;          // since when, for these
  std::map<RequestId, monitor::RouteId> routes_;  // of open requests, for these
  UnknownBills unknown_bills_;
  std::vector<State> states_;
  // The places of those that calls are counted in, and requests.
  std::vector<std::size_t> by_calls_;
  std::vector<std::size_t> by_requests_;
};

}  // namespace windtunnel::sim
