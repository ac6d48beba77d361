#include "sim/faults/rate_window.h"

#include <algorithm>

#include "base/calendar.h"

namespace windtunnel::sim {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;
constexpr std::int64_t kDay = 24 * 60 * kMinute;
constexpr std::int64_t kSteps = 60;
// The steps of a period and the one that has begun.
constexpr std::int64_t kRing = kSteps + 1;

constexpr std::array kKinds{QuotaKind::requests, QuotaKind::tokens, QuotaKind::input_tokens, QuotaKind::output_tokens};
constexpr std::array kPeriods{QuotaPeriod::minute, QuotaPeriod::day};

std::int64_t floor_of(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
std::size_t place_of(std::int64_t step) { return static_cast<std::size_t>((step % kRing + kRing) % kRing); }

std::optional<std::int64_t> count_of(const std::optional<Tokens>& tokens) {
  return tokens ? std::optional{tokens->count()} : std::nullopt;
}

std::int64_t amount_in(const QuotaUse& use, QuotaKind kind) {
  switch (kind) {
    case QuotaKind::requests:
      return 1;
    case QuotaKind::tokens:
      return (use.input + use.output).count();
    case QuotaKind::input_tokens:
      return use.input.count();
    case QuotaKind::output_tokens:
      return use.output.count();
  }
  fail_check("a kind of quota is known", __FILE__, __LINE__);
}

}  // namespace

std::optional<std::int64_t> amount_of(const RateLimit& limit, QuotaKind kind, QuotaPeriod period) {
  const bool daily = period == QuotaPeriod::day;
  switch (kind) {
    case QuotaKind::requests:
      return daily ? limit.requests_per_day : limit.requests_per_minute;
    case QuotaKind::tokens:
      return count_of(daily ? limit.tokens_per_day : limit.tokens_per_minute);
    case QuotaKind::input_tokens:
      return count_of(daily ? limit.input_tokens_per_day : limit.input_tokens_per_minute);
    case QuotaKind::output_tokens:
      return count_of(daily ? limit.output_tokens_per_day : limit.output_tokens_per_minute);
  }
  fail_check("a kind of quota is known", __FILE__, __LINE__);
}

bool limits_anything(const RateLimit& limit) {
  return std::ranges::any_of(kKinds, [&](QuotaKind kind) {
    return std::ranges::any_of(kPeriods,
                               [&](QuotaPeriod period) { return amount_of(limit, kind, period).has_value(); });
  });
}

struct RateWindow::Measure {
  std::int64_t amount = 0;
  std::int64_t period = kMinute;
  QuotaAlgorithm algorithm = QuotaAlgorithm::fixed_window;
  QuotaDay day_ends = QuotaDay::utc;
  std::int64_t now = 0;

  [[nodiscard]] std::int64_t step_length() const { return period / kSteps; }
  [[nodiscard]] Int128 scale() const { return algorithm == QuotaAlgorithm::token_bucket ? period : 1; }
};

// A window that is over counts no more.
void RateWindow::advance(Meter& meter, const Measure& measure) {
  switch (measure.algorithm) {
    case QuotaAlgorithm::fixed_window: {
      if (measure.now < meter.end && measure.now >= meter.at) return;
      if (measure.period == kDay && measure.day_ends == QuotaDay::pacific) {
        const CalendarDay day = pacific_day_of(WallTime{Duration{measure.now}});
        meter.at = day.begin.time_since_epoch().count();
        meter.end = day.end.time_since_epoch().count();
      } else {
        meter.at = floor_of(measure.now, measure.period) * measure.period;
        meter.end = meter.at + measure.period;
      }
      meter.used = 0;
      return;
    }
    case QuotaAlgorithm::sliding_window: {
      const std::int64_t step = floor_of(measure.now, measure.step_length());
      if (meter.steps.empty()) meter.steps.assign(kRing, 0);
      const bool is_all_over = meter.at == INT64_MIN || step - meter.at >= kRing;
      for (std::int64_t next = is_all_over ? step - kRing + 1 : meter.at + 1; next <= step; ++next) {
        meter.used -= meter.steps[place_of(next)];
        meter.steps[place_of(next)] = 0;
      }
      meter.at = std::max(meter.at, step);
      return;
    }
    case QuotaAlgorithm::token_bucket: {
      if (meter.at != INT64_MIN && measure.now > meter.at) {
        meter.used = std::max<Int128>(0, meter.used - Int128{measure.amount} * (measure.now - meter.at));
      }
      meter.at = std::max(meter.at, measure.now);
      return;
    }
  }
}

bool RateWindow::fits(const Meter& meter, const Measure& measure, std::int64_t more) {
  return meter.used + more * measure.scale() <= measure.amount * measure.scale();
}

Duration RateWindow::wait_for(const Meter& meter, const Measure& measure, std::int64_t more) {
  switch (measure.algorithm) {
    case QuotaAlgorithm::fixed_window:
      return Duration{meter.end - measure.now};
    case QuotaAlgorithm::sliding_window: {
      Int128 used = meter.used;
      for (std::int64_t step = meter.at - kSteps; step <= meter.at; ++step) {
        used -= meter.steps[place_of(step)];
        // It leaves when the step that takes its place begins.
        if (used == 0 || used + more <= measure.amount) {
          return Duration{(step + kRing) * measure.step_length() - measure.now};
        }
      }
      return Duration{0};
    }
    case QuotaAlgorithm::token_bucket: {
      if (measure.amount == 0) return Duration{measure.period};
      const Int128 beyond = meter.used + (Int128{more} - measure.amount) * measure.period;
      // More than a bucket never fits: it is full once nothing is missing.
      const Int128 missing = more > measure.amount ? meter.used : beyond;
      return Duration{static_cast<std::int64_t>((missing + measure.amount - 1) / measure.amount)};
    }
  }
  fail_check("an algorithm of quotas is known", __FILE__, __LINE__);
}

void RateWindow::charge(Meter& meter, const Measure& measure, std::int64_t more) {
  meter.used += more * measure.scale();
  if (measure.algorithm == QuotaAlgorithm::sliding_window) meter.steps[place_of(meter.at)] += more;
}

std::optional<Duration> RateWindow::admit(const RateLimit& limit, QuotaUse use, WallTime true_time) {
  Duration wait{-1};
  const auto each = [&](const auto& visit) {
    for (const QuotaKind kind : kKinds) {
      for (const QuotaPeriod period : kPeriods) {
        const auto amount = amount_of(limit, kind, period);
        if (!amount) continue;
        const Measure measure{.amount = *amount,
                              .period = period == QuotaPeriod::day ? kDay : kMinute,
                              .algorithm = limit.algorithm,
                              .day_ends = limit.day_ends,
                              .now = true_time.time_since_epoch().count()};
        visit(meters_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(period)], measure, amount_in(use, kind));
      }
    }
  };
  each([&](Meter& meter, const Measure& measure, std::int64_t more) {
    advance(meter, measure);
    if (!fits(meter, measure, more)) wait = std::max(wait, wait_for(meter, measure, more));
  });
  if (wait >= Duration{0}) return limit.retry_after.value_or(wait);
  each([](Meter& meter, const Measure& measure, std::int64_t more) { charge(meter, measure, more); });
  return std::nullopt;
}

Int128 RateWindow::used_of(const Meter& meter, const Measure& measure) {
  return (meter.used + measure.scale() - 1) / measure.scale();
}

RateLeft::Kind RateWindow::left_of(const Meter& meter, const Measure& measure) {
  RateLeft::Kind left{.limit = measure.amount};
  left.left = static_cast<std::int64_t>(measure.amount - used_of(meter, measure));
  const bool is_whole = meter.used == 0 && measure.algorithm != QuotaAlgorithm::fixed_window;
  // As long as for a call that takes all of it.
  if (!is_whole) left.until_reset = wait_for(meter, measure, measure.amount);
  return left;
}

RateLeft RateWindow::left(const RateLimit& limit, WallTime true_time) const {
  RateLeft all;
  for (const QuotaKind kind : kKinds) {
    auto& least = all.kinds[static_cast<std::size_t>(kind)];
    for (const QuotaPeriod period : kPeriods) {
      const auto amount = amount_of(limit, kind, period);
      if (!amount) continue;
      const Measure measure{.amount = *amount,
                            .period = period == QuotaPeriod::day ? kDay : kMinute,
                            .algorithm = limit.algorithm,
                            .day_ends = limit.day_ends,
                            .now = true_time.time_since_epoch().count()};
      Meter meter = meters_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(period)];
      advance(meter, measure);
      const RateLeft::Kind left = left_of(meter, measure);
      if (!least || left.left < least->left) least = left;
    }
  }
  return all;
}

}  // namespace windtunnel::sim
