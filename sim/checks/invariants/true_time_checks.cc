#include "sim/checks/invariants/true_time_checks.h"

#include <algorithm>
#include <chrono>

namespace windtunnel::sim {
namespace {

std::int64_t day_number(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
}

std::int64_t month_number(WallTime time) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day_number(time)}}};
  return int{date.year()} * 12 + static_cast<std::int64_t>(unsigned{date.month()});
}

bool steps_clock(const FaultSpec& spec) { return wall_clock_offset_of(spec.settings).has_value(); }

}  // namespace

TrueTimeChecks::TrueTimeChecks(Watched& watched)
    : watched_(watched),
      follows_money_((watched.config().cost_limiter.monthly || watched.config().cost_limiter.daily) &&
                     std::ranges::any_of(watched.scenario.faults, steps_clock)),
      is_limited_(watched.config().rate_limiter.requests_per_minute ||
                  watched.config().rate_limiter.tokens_per_minute) {}

// --- C10 -----------------------------------------------------------------------------------------------------------

// Without a step of the wall clock true time is its time, and C1 is the same claim.
void TrueTimeChecks::on_begin(Usd spent) {
  if (follows_money_ && spent != Usd{})
    months_.push_back({.period = month_number(true_time()), .spent = UsdSum{spent}});
}

// Periods come in order, so that the present one is the last.
std::uint32_t TrueTimeChecks::place_of(std::vector<Account>& accounts, std::int64_t period, std::int64_t shown) {
  if (shown != period) return kElsewhere;
  if (accounts.empty() || accounts.back().period != period) accounts.push_back({.period = period, .spent = {}});
  return static_cast<std::uint32_t>(accounts.size() - 1);
}

// At the request's first reservation.
void TrueTimeChecks::on_reserved(OpenRequest& one) {
  if (!follows_money_) return;
  one.true_month = place_of(months_, month_number(true_time()), month_number(one.wall));
  one.true_day = place_of(days_, day_number(true_time()), day_number(one.wall));
}

void TrueTimeChecks::on_attempt_end(const OpenRequest& one, const monitor::AttemptEnded& event) {
  if (!follows_money_ || event.settled == Usd{}) return;
  const auto& limits = watched_.config().cost_limiter;
  if (one.true_month != kElsewhere) months_[one.true_month].spent += event.settled;
  if (one.true_day != kElsewhere) days_[one.true_day].spent += event.settled;
  charge(months_, one.true_month, limits.monthly, "month", event.request);
  charge(days_, one.true_day, limits.daily, "day", event.request);
}

void TrueTimeChecks::charge(const std::vector<Account>& accounts, std::uint32_t place, std::optional<Usd> limit,
                            const char* period, RequestId request) const {
  if (place == kElsewhere || !limit) return;
  watched_.violations.must(
      accounts[place].spent <= *limit, CheckId::C10, watched_.now, request,
      "the true {} has spent {} pico-USD, admitted while the clock stood in it, above its limit of {}", period,
      Int128{accounts[place].spent.picos()}, limit->picos());
}

// --- L5 ------------------------------------------------------------------------------------------------------------

void TrueTimeChecks::on_arrival(OpenRequest& one) {
  if (!is_limited_) return;
  const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(true_time().time_since_epoch()).count();
  if (minute != minute_) {
    minute_ = minute;
    requests_ = tokens_ = 0;
  }
  const auto& limits = watched_.config().rate_limiter;
  one.has_room_in_minute = (!limits.requests_per_minute || requests_ < *limits.requests_per_minute) &&
                           (!limits.tokens_per_minute || tokens_ + asked_of(one) <= limits.tokens_per_minute->count());
}

void TrueTimeChecks::on_passed(OpenRequest& one) {
  if (!is_limited_ || one.is_counted_in_minute) return;
  one.is_counted_in_minute = true;
  ++requests_;
  tokens_ += asked_of(one);
}

void TrueTimeChecks::on_finish(OpenRequest& one, const monitor::Record& record) {
  if (record.outcome != monitor::Outcome::refused_rate) return on_passed(one);
  watched_.violations.must(
      !one.has_room_in_minute, CheckId::L5, watched_.now, one.request.id,
      "it is refused with {} tokens; its true minute has {} requests and {} tokens, and room for it", asked_of(one),
      requests_, tokens_);
}

}  // namespace windtunnel::sim
