#pragma once
// The words of a circuit breaker: its states, its outcomes, why it opens, and every setting.
//
// No behaviour lives here, so that the breaker and the independent model that judges it share their vocabulary and
// nothing else. A setting that is absent is off.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/units.h"
#include "monitor/breaker/reply_kind.h"

namespace windtunnel::monitor {

enum class BreakerState : std::uint8_t { closed, open, half_open };

// The name in every output: closed, open, half_open.
const char* name_of(BreakerState state);

// `ignored` is an outcome that does not concern the provider (the client's own error, a call never made). `fatal` is
// a failure that opens the breaker at once, whatever the counters are.
enum class BreakerOutcome : std::uint8_t { success, failure, ignored, fatal };

// What the replies of each kind count as; nothing: as usual (monitor/pipeline.h).
using OutcomesByReply = std::array<std::optional<BreakerOutcome>, kReplyKinds>;

// How many failures of each kind do not open the breaker yet; nothing: as allowed_fails has it.
using FailsByReply = std::array<std::optional<std::int64_t>, kReplyKinds>;

// Which rule opened the breaker. When several hold at once the first in this order is named, slow_calls before
// allowed_fails and probe_failed before slow_probes. at_once: a fatal failure.
enum class TripRule : std::uint8_t {
  none,
  consecutive,
  rate,
  count,
  probe_failed,
  at_once,
  allowed_fails,
  half_open_timeout,
  slow_calls,
  slow_probes,
};
inline constexpr std::size_t kTripRules = 10;

// Whether HALF_OPEN ended by it, so that OPEN is one more in a row.
[[nodiscard]] constexpr bool is_reopening(TripRule rule) {
  return rule == TripRule::probe_failed || rule == TripRule::half_open_timeout || rule == TripRule::slow_probes;
}

enum class BreakerCompare : std::uint8_t { gt, ge };
enum class WindowType : std::uint8_t { count, time, fixed, lifetime };
enum class WindowOrigin : std::uint8_t { epoch, closed_start, rotate_one, stamped_ring };
enum class BucketOf : std::uint8_t { result, start };
enum class EvaluateOn : std::uint8_t { failure, any };
enum class HalfOpenFailure : std::uint8_t { reopen, ignore };
enum class LateResults : std::uint8_t {
  ignore,
  current_state,
  origin_counts_stale_probe,
  origin_forces,
  origin_counts
};
enum class RateRounding : std::uint8_t { none, percent_int };
enum class StateView : std::uint8_t { eager, lazy, on_read };
enum class OnOpen : std::uint8_t { keep, reset };
enum class ConsecutiveScope : std::uint8_t { unbounded, window };
enum class Volume : std::uint8_t { outcomes, attempts };
enum class LateSuccessInOpen : std::uint8_t { drop, count };
enum class OnClose : std::uint8_t { reset, reset_plus_probe, keep, reset_failures };

// Whether the counters live through a close. Then they cover every outcome, also those that arrive in OPEN and
// HALF_OPEN; otherwise those of CLOSED alone.
[[nodiscard]] constexpr bool keeps_counts(OnClose on_close) {
  return on_close == OnClose::keep || on_close == OnClose::reset_failures;
}

// Whether a late result is judged by the state that issued its permit. Then the counters of CLOSED cover every outcome
// too, because such a result comes in any state.
[[nodiscard]] constexpr bool acts_by_origin(LateResults late_results) {
  return late_results == LateResults::origin_counts || late_results == LateResults::origin_counts_stale_probe ||
         late_results == LateResults::origin_forces;
}

// Whether buckets end by the outcomes that come, and not at edges of their own.
[[nodiscard]] constexpr bool turns_by_outcomes(WindowOrigin origin) {
  return origin == WindowOrigin::rotate_one || origin == WindowOrigin::stamped_ring;
}

struct BreakerConfig {
  // Opens when this many failures came in a row. At least 1; null turns the rule off.
  std::optional<std::int64_t> consecutive_threshold = std::nullopt;
  // window: only failures that are still in the window are of the run.
  ConsecutiveScope consecutive_scope = ConsecutiveScope::unbounded;

  // Opens when failures > (ge: >=) fraction x outcomes in the window, in exact arithmetic. Within 0 and 1; null turns
  // the rule off. The inequality is taken at its word: over an empty window (possible only with bucket_of start),
  // 0 >= fraction x 0 holds.
  std::optional<Millionths> failure_rate_threshold = std::nullopt;
  BreakerCompare failure_rate_compare = BreakerCompare::gt;
  // percent_int: each rate (of failures, of slow calls, of probes) is first rounded to whole percent, half up; that of
  // no outcome is 0.
  RateRounding rate_rounding = RateRounding::none;

  // Opens when this many failures are in the window (k of n). At least 1; null turns the rule off.
  std::optional<std::int64_t> failure_count_threshold = std::nullopt;

  // A call that took longer than this from its permit to its result is slow, whether it succeeded or failed; an ignored
  // outcome is no call. At least 0; without slow_call_rate no call is.
  Duration slow_call_duration = std::chrono::seconds{60};
  // Opens when slow calls > (failure_rate_compare ge: >=) fraction x outcomes in the window. A slow call is judged as a
  // failure is, whatever evaluate_on says. HALF_OPEN that would close reopens instead when so many of the outcomes that
  // it judged are slow. Within 0 and 1; null turns the rule off.
  std::optional<Millionths> slow_call_rate = std::nullopt;

  // The two rate rules hold their judgement below this many outcomes in the window. It binds no other rule.
  std::int64_t minimum_calls = 0;
  // What minimum_calls and the failure rate count: the outcomes in the window, or the acquires in it, admitted or not,
  // each in the bucket of its own instant. attempts: a window of buckets since Instant{} alone.
  Volume volume = Volume::outcomes;

  // count: the last `window_size` outcomes. time: outcomes within (now - window, now]. lifetime: everything since the
  // last close. fixed: tumbling windows of `window`: the first acquire, report or advance strictly after a window's end
  // starts the next one at its own instant, as a new epoch with fresh counters (the consecutive run too); they run
  // while CLOSED only, and the first starts at creation or at the last close. Null: no window.
  std::optional<WindowType> window_type = std::nullopt;
  std::int64_t window_size = 0;  // count only
  Duration window{};             // time and fixed only

  // A time window of this many equal buckets, 0 = exact. An outcome leaves with its whole bucket: the window is the
  // current bucket and the ones before it, and an outcome at an edge belongs to the later bucket.
  std::int64_t window_buckets = 0;
  // Where bucket edges lie: at multiples of the width since Instant{}, or since creation or the last close. rotate_one
  // and stamped_ring: where outcomes come, as loose_buckets.h says; what has left is known at the next outcome only.
  WindowOrigin window_origin = WindowOrigin::epoch;
  // The instant that chooses an outcome's bucket: that of the result, or of the permit. With start, a result whose
  // bucket has left the window is not counted in it, but the rules are still evaluated. No buckets: no effect.
  BucketOf bucket_of = BucketOf::result;

  // Whether a success can open the breaker too (when old successes have left the window).
  EvaluateOn evaluate_on = EvaluateOn::failure;

  // OPEN ends when elapsed >= (gt: >) this.
  Duration open = std::chrono::seconds{30};
  BreakerCompare open_compare = BreakerCompare::ge;
  // lazy: OPEN lasts until the first acquire after that, at whose instant HALF_OPEN begins; no wake-up ends it, and a
  // result that comes before finds OPEN. on_read: until the first acquire, or question for its state by the breaker
  // protocol, after that; in a pipeline nothing else reads it, so that it is as lazy there.
  StateView state_view = StateView::eager;

  // Permits issued per HALF_OPEN epoch, in total; 0 = unlimited. An ignored outcome gives its permit back.
  std::int64_t half_open_max_calls = 1;
  // Probe successes that close. At least 1.
  std::int64_t half_open_success_threshold = 1;
  // HALF_OPEN waits for half_open_max_calls outcomes and then judges them together: it reopens when failures >
  // (failure_rate_compare ge: >=) fraction x outcomes, and closes otherwise. half_open_success_threshold has no say
  // then. Null: the first failure reopens.
  std::optional<Millionths> half_open_failure_rate = std::nullopt;
  // ignore: a failed probe is an ignored outcome, so its permit comes back and HALF_OPEN can still end.
  HalfOpenFailure half_open_failure = HalfOpenFailure::reopen;
  // HALF_OPEN that has not ended so long after its first permit reopens at that instant, asked or not, whatever
  // state_view is; a result that comes at that instant is late. A permit that comes back ignored and leaves none that
  // was issued stops the time, and the next one starts it again. Longer than 0; null: HALF_OPEN waits for ever.
  std::optional<Duration> half_open_timeout = std::nullopt;

  // The fate of a result whose permit is of an earlier epoch. current_state: CLOSED counts it, HALF_OPEN lets it decide
  // like a probe, OPEN counts it if the counters live through a close. origin_counts: a call that CLOSED admitted
  // counts in every state and may open the breaker from HALF_OPEN too; a probe of an earlier HALF_OPEN counts nowhere.
  // origin_counts_stale_probe: the same, but such a probe decides a later HALF_OPEN, and its failure also opens the
  // breaker from CLOSED. OPEN is left alone. origin_forces: the same again, and in OPEN what would open it starts the
  // open time again, and the success of a probe closes it.
  LateResults late_results = LateResults::ignore;
  // Whether those counters take a success that comes while OPEN too, and not a failure alone.
  LateSuccessInOpen late_success_in_open = LateSuccessInOpen::drop;

  // reset: each opening clears the window, the run of failures and what allowed_fails allowed.
  OnOpen on_open = OnOpen::keep;
  // The counters when the breaker closes. reset_plus_probe: the outcome that closed it is the first sample.
  // reset_failures: the outcomes stay in the window, and its failures count as successes from then on, its slow calls
  // as fast ones.
  OnClose on_close = OnClose::reset;

  // The k-th reopening in a row (k = 1: the first failed probe) waits open x multiplier^(k-1), rounded down to a whole
  // nanosecond at each step and capped at open_max; an opening from CLOSED waits `open`, capped too. A close forgets k.
  Millionths open_backoff_multiplier{1'000'000};
  std::optional<Duration> open_max = std::nullopt;
  // Each OPEN lasts longer by a share of that wait, up to and without this fraction of it; the wait that the next one
  // is multiplied from stays as it was. Within 0 and 1. The share is a stable hash of the instant at which OPEN began:
  // with the words of base/stable_hash.h, word(nanoseconds since Instant{}, salt = bytes("breaker/open_jitter")) /
  // 2^64. No chance is needed, breakers that open at different instants differ, and another program can follow it.
  Millionths open_jitter{0};

  // Opens at a failure beyond this many. The count is forgotten when `open` and more has passed since the latest
  // failure that it took, and at a close that clears the counters; a success changes nothing. At least 0; null turns
  // the rule off.
  std::optional<std::int64_t> allowed_fails = std::nullopt;
  // The same for failures of one kind, which are counted with the others and compared with their own number.
  FailsByReply allowed_fails_by{};

  // For the pipeline, which knows what a reply of each kind counts as.
  OutcomesByReply outcomes{};

  friend bool operator==(const BreakerConfig&, const BreakerConfig&) = default;
};

// One arrow of the drawing in breaker.h, with what was known when it was taken.
struct BreakerTransition {
  Instant at{};  // open -> half_open: the instant OPEN ended, however late somebody asked
  BreakerState from = BreakerState::closed;
  BreakerState to = BreakerState::closed;
  TripRule rule = TripRule::none;         // why it opened
  std::uint64_t epoch = 0;                // the epoch that begins here
  std::int64_t consecutive_failures = 0;  // the counters as they stood, before a close clears them
  std::int64_t window_calls = 0;
  std::int64_t window_failures = 0;
  Duration open_for{};  // how long OPEN will last, 0 unless it opened

  friend bool operator==(const BreakerTransition&, const BreakerTransition&) = default;
};

// No duration of a breaker is longer than this (100 years), so that no sum of instants overflows.
inline constexpr Duration kBreakerDurationMax = std::chrono::hours{24 * 365 * 100};
// A window is memory: this many outcomes or buckets at most.
inline constexpr std::int64_t kBreakerWindowSizeMax = 10'000'000;
// Counts and multipliers beyond this are a mistake, and staying below keeps every cross product within int64.
inline constexpr std::int64_t kBreakerCountMax = 1'000'000'000;

// Why these settings cannot be honoured together, or nothing.
[[nodiscard]] std::optional<std::string> unsupported(const BreakerConfig& config);

}  // namespace windtunnel::monitor
