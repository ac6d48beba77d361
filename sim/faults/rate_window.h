#pragma once
// A provider's own rate limit: requests and tokens of a minute and of a day, as providers count them. What is refused
// does not count. Time is true time, because a step of the monitor's wall clock does not move a provider's.
//
//   fixed_window    of each UTC minute, and of each day that ends at midnight, UTC or Pacific
//   sliding_window  of the latest minute or day, in steps of a sixtieth: those that lie wholly or partly within it
//   token_bucket    the amount of a whole period at first, refilled evenly; what is missing is never below nothing
//
// A call counts when its service starts: its input, and as its output the most that it may write.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"

namespace windtunnel::sim {

// The refusals that carry the limit's `retry_after`: 429 alone, or also 529 and the other 5xx.
enum class RetryAfterOn : std::uint8_t { rate_limited, every_refusal };
// How a Retry-After is written: in seconds, as an HTTP date, which has whole seconds, or in a way that providers are
// known for. absent: there is no header. unreadable: words. nan, negative, days: a number that is none, is below 0, or
// is beyond any wait.
enum class RetryAfterForm : std::uint8_t { seconds, date, absent, unreadable, nan, negative, days };

enum class QuotaAlgorithm : std::uint8_t { fixed_window, sliding_window, token_bucket };
// Where a day of a fixed window ends: at midnight of this clock.
enum class QuotaDay : std::uint8_t { utc, pacific };

struct RateLimit {
  std::optional<std::int64_t> requests_per_minute;
  std::optional<Tokens> tokens_per_minute;
  std::optional<Duration> retry_after;  // absent: until the limits would admit the call
  RetryAfterOn retry_after_on = RetryAfterOn::rate_limited;
  RetryAfterForm retry_after_form = RetryAfterForm::seconds;
  std::optional<Tokens> input_tokens_per_minute{};
  std::optional<Tokens> output_tokens_per_minute{};
  std::optional<std::int64_t> requests_per_day{};
  std::optional<Tokens> tokens_per_day{};
  std::optional<Tokens> input_tokens_per_day{};
  std::optional<Tokens> output_tokens_per_day{};
  QuotaAlgorithm algorithm = QuotaAlgorithm::fixed_window;
  QuotaDay day_ends = QuotaDay::utc;
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

enum class QuotaKind : std::uint8_t { requests, tokens, input_tokens, output_tokens };
inline constexpr std::size_t kQuotaKinds = 4;
enum class QuotaPeriod : std::uint8_t { minute, day };
inline constexpr std::size_t kQuotaPeriods = 2;

// Nothing: no limit.
[[nodiscard]] std::optional<std::int64_t> amount_of(const RateLimit& limit, QuotaKind kind, QuotaPeriod period);
[[nodiscard]] bool limits_anything(const RateLimit& limit);

// What one call takes.
struct QuotaUse {
  Tokens input;
  Tokens output;
};

// What the limits of one kind leave, by the one that leaves least. Absent: that kind has no limit.
struct RateLeft {
  struct Kind {
    std::int64_t limit = 0;
    std::int64_t left = 0;
    Duration until_reset{0};  // until all of it is there again
  };
  std::array<std::optional<Kind>, kQuotaKinds> kinds;

  [[nodiscard]] const std::optional<Kind>& of(QuotaKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
};

class RateWindow {
 public:
  // Nothing if admitted, else the time to wait: the limit's own retry_after, or until every limit would admit the call.
  // A limit that never will is waited for until nothing counts in it.
  [[nodiscard]] std::optional<Duration> admit(const RateLimit& limit, QuotaUse use, WallTime true_time);

  // What is left at this instant, which is not before the latest admit().
  [[nodiscard]] RateLeft left(const RateLimit& limit, WallTime true_time) const;

 private:
  // What has been counted for one limit.
  struct Meter {
    std::int64_t at = INT64_MIN;      // the begin of the window, the latest step, or until when the bucket was filled
    Int128 used = 0;                  // of a bucket: what is missing, times its period in nanoseconds
    std::vector<std::int64_t> steps;  // of a sliding window, in a ring
    std::int64_t end = INT64_MIN;     // of a fixed window
  };
  struct Measure;  // a limit in words of the meter

  static void advance(Meter& meter, const Measure& measure);
  [[nodiscard]] static bool fits(const Meter& meter, const Measure& measure, std::int64_t more);
  [[nodiscard]] static Duration wait_for(const Meter& meter, const Measure& measure, std::int64_t more);
  static void charge(Meter& meter, const Measure& measure, std::int64_t more);
  [[nodiscard]] static RateLeft::Kind left_of(const Meter& meter, const Measure& measure);
  [[nodiscard]] static Int128 used_of(const Meter& meter, const Measure& measure);

  std::array<std::array<Meter, kQuotaPeriods>, kQuotaKinds> meters_;
};

}  // namespace windtunnel::sim
