// The settings that a breaker is verified under, from plain to involved: each setting of the table is off its default
// in some of them. Times are short, so that a history has many edges.

#include <chrono>

#include "monitor/breaker/breaker_presets.h"
#include "sim/verify/verify.h"

namespace windtunnel::sim {

using namespace monitor;
using namespace std::chrono_literals;

namespace {

BreakerConfig rate_of_last(std::int64_t size, std::int64_t minimum, std::int64_t millionths) {
  return {.failure_rate_threshold = Millionths{millionths},
          .minimum_calls = minimum,
          .window_type = WindowType::count,
          .window_size = size,
          .open = 1s};
}

BreakerConfig rate_of_time(Duration window, std::int64_t buckets) {
  return {.failure_rate_threshold = Millionths{500'000},
          .minimum_calls = 3,
          .window_type = WindowType::time,
          .window = window,
          .window_buckets = buckets,
          .open = 400ms};
}

template <class Change>
BreakerConfig changed(BreakerConfig config, Change change) {
  change(config);
  return config;
}

}  // namespace

std::vector<VerifySettings> verify_settings() {
  const BreakerConfig run{.consecutive_threshold = 3, .open = 1s};
  const BreakerConfig probes =
      changed(run, [](auto& c) { c.half_open_max_calls = 3, c.half_open_success_threshold = 2; });
  const BreakerConfig counted = rate_of_last(6, 2, 500'000);
  return {
      {"3 failures in a row", run},
      {"the preset seed-readme", seed_readme()},
      {"more than half of the last 6", counted},
      {"at least a third of the last 9",
       changed(rate_of_last(9, 3, 333'333), [](auto& c) { c.failure_rate_compare = BreakerCompare::ge; })},
      {"2 failures of the last 5",
       {.failure_count_threshold = 2, .window_type = WindowType::count, .window_size = 5, .open = 1s}},
      {"a success may open it",
       changed(counted, [](auto& c) { c.evaluate_on = EvaluateOn::any, c.minimum_calls = 4; })},
      {"an exact window of time", rate_of_time(1s, 0)},
      {"a window of 4 buckets", rate_of_time(1s, 4)},
      {"buckets since the last close, by start",
       changed(rate_of_time(600ms, 3),
               [](auto& c) { c.window_origin = WindowOrigin::closed_start, c.bucket_of = BucketOf::start; })},
      {"tumbling windows", changed(rate_of_time(1s, 0), [](auto& c) { c.window_type = WindowType::fixed; })},
      {"a window since the last close", changed(counted, [](auto& c) { c.window_type = WindowType::lifetime; })},
      {"open until more than open_ms", changed(run, [](auto& c) { c.open_compare = BreakerCompare::gt; })},
      {"2 of 3 probes close it", probes},
      {"probes without limit", changed(run, [](auto& c) { c.half_open_max_calls = 0; })},
      {"failed probes ignored", changed(probes, [](auto& c) { c.half_open_failure = HalfOpenFailure::ignore; })},
      {"late results count", changed(probes, [](auto& c) { c.late_results = LateResults::current_state; })},
      {"late results count where their calls began", changed(run,
                                                             [](auto& c) {
                                                               c.late_results = LateResults::origin_counts_stale_probe;
                                                               c.late_success_in_open = LateSuccessInOpen::count;
                                                             })},
      {"the closing probe is the first sample",
       changed(counted, [](auto& c) { c.on_close = OnClose::reset_plus_probe; })},
      {"counters live through a close", changed(counted, [](auto& c) { c.on_close = OnClose::keep; })},
      {"a close forgets failures alone, late results count", changed(counted,
                                                                     [](auto& c) {
                                                                       c.window_type = WindowType::lifetime,
                                                                       c.on_close = OnClose::reset_failures;
                                                                       c.late_results = LateResults::current_state;
                                                                     })},
      {"4 probes judged by their failure rate",
       changed(run, [](auto& c) { c.half_open_max_calls = 4, c.half_open_failure_rate = Millionths{500'000}; })},
      {"each reopening waits twice as long, up to 3 s",
       changed(run, [](auto& c) { c.open_backoff_multiplier = Millionths{2'000'000}, c.open_max = 3s; })},
      {"open until the first call after open_ms", changed(run, [](auto& c) { c.state_view = StateView::lazy; })},
      {"late results force what follows where their calls began", changed(run,
                                                                          [](auto& c) {
                                                                            c.late_results = LateResults::origin_forces;
                                                                            c.state_view = StateView::lazy;
                                                                            c.half_open_max_calls = 0;
                                                                          })},
      {"a rate of attempts", changed(rate_of_time(1s, 4), [](auto& c) { c.volume = Volume::attempts; })},
      {"open for no time at all", changed(run, [](auto& c) { c.open = 0s; })},
      {"2 of 3 probes close it within 300 ms", changed(probes,
                                                       [](auto& c) {
                                                         c.half_open_timeout = 300ms;
                                                         c.open_backoff_multiplier = Millionths{2'000'000};
                                                         c.late_results = LateResults::current_state;
                                                       })},
      {"open for up to half as long again", changed(run,
                                                    [](auto& c) {
                                                      c.open_jitter = Millionths{500'000},
                                                      c.open_backoff_multiplier = Millionths{2'000'000};
                                                    })},
      {"only the failures in the last 600 ms are of a run", changed(run,
                                                                    [](auto& c) {
                                                                      c.consecutive_scope =
                                                                          monitor::ConsecutiveScope::window;
                                                                      c.window_type = WindowType::time;
                                                                      c.window = 600ms;
                                                                    })},
      {"the counters are cleared when it opens, and kept when it closes", changed(rate_of_last(6, 3, 340'000),
                                                                                  [](auto& c) {
                                                                                    c.on_open = monitor::OnOpen::reset;
                                                                                    c.on_close = OnClose::keep;
                                                                                  })},
      {"open until it is called or asked after open_ms", changed(run,
                                                                 [](auto& c) {
                                                                   c.state_view = StateView::on_read;
                                                                   c.late_results = LateResults::current_state;
                                                                 })},
      {"one bucket of five leaves at a time",
       changed(rate_of_time(500ms, 5), [](auto& c) { c.window_origin = WindowOrigin::rotate_one; })},
      {"five buckets with stamps",
       changed(rate_of_time(500ms, 5), [](auto& c) { c.window_origin = WindowOrigin::stamped_ring; })},
      {"late results count where their calls began, but for probes",
       changed(run, [](auto& c) { c.late_results = LateResults::origin_counts; })},
      {"a rate in whole percent, at least 34 % of the last 6", changed(rate_of_last(6, 3, 340'000),
                                                                       [](auto& c) {
                                                                         c.failure_rate_compare = BreakerCompare::ge,
                                                                         c.rate_rounding = RateRounding::percent_int;
                                                                       })},
      {"calls over 100 ms are slow, and too many open it", changed(counted,
                                                                   [](auto& c) {
                                                                     c.slow_call_duration = 100ms;
                                                                     c.slow_call_rate = Millionths{500'000};
                                                                     c.half_open_max_calls = 2;
                                                                     c.half_open_success_threshold = 2;
                                                                   })},
      {"slow and failed probes judged together", changed(rate_of_time(2s, 0),
                                                         [](auto& c) {
                                                           c.slow_call_duration = 50ms;
                                                           c.slow_call_rate = Millionths{750'000};
                                                           c.failure_rate_compare = BreakerCompare::ge;
                                                           c.evaluate_on = EvaluateOn::any;
                                                           c.half_open_max_calls = 4;
                                                           c.half_open_failure_rate = Millionths{500'000};
                                                           c.state_view = StateView::lazy;
                                                           c.late_results = LateResults::current_state;
                                                         })},
  };
}

}  // namespace windtunnel::sim
