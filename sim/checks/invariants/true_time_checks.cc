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

TrueTimeChecks::TrueTimeChecks(CheckContext& context)
    : context_(context),
      follows_money_((context.config().cost_limiter.monthly || context.config().cost_limiter.daily) &&
                     std::ranges::any_of(context.scenario.faults, steps_clock)),
      is_limited_(context.config().rate_limiter.requests_per_minute ||
                  context.config().rate_limiter.tokens_per_minute) {}

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
void TrueTimeChecks::on_reserved(OpenRequest& open_request) {
  if (!follows_money_) return;
  open_request.true_month = place_of(months_, month_number(true_time()), month_number(open_request.wall));
  open_request.true_day = place_of(days_, day_number(true_time()), day_number(open_request.wall));
}

void TrueTimeChecks::on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event) {
  if (!follows_money_ || event.settled == Usd{}) return;
  const auto& limits = context_.config().cost_limiter;
  if (open_request.true_month != kElsewhere) months_[open_request.true_month].spent += event.settled;
  if (open_request.true_day != kElsewhere) days_[open_request.true_day].spent += event.settled;
  charge(months_, open_request.true_month, limits.monthly, "month", event.request);
  charge(days_, open_request.true_day, limits.daily, "day", event.request);
}

void TrueTimeChecks::charge(const std::vector<Account>& accounts, std::uint32_t place, std::optional<Usd> limit,
                            const char* period, RequestId request) const {
  if (place == kElsewhere || !limit) return;
  context_.violations.must(
      accounts[place].spent <= *limit, CheckId::C10, context_.now, request,
      "the true {} has spent {} pico-USD, admitted while the clock stood in it, above its limit of {}", period,
      Int128{accounts[place].spent.picos()}, limit->picos());
}

// --- L5 ------------------------------------------------------------------------------------------------------------

void TrueTimeChecks::on_arrival(OpenRequest& open_request) {
  if (!is_limited_) return;
  const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(true_time().time_since_epoch()).count();
  if (minute != minute_) {
    minute_ = minute;
    requests_ = tokens_ = 0;
  }
  const auto& limits = context_.config().rate_limiter;
  open_request.has_room_in_minute =
      (!limits.requests_per_minute || requests_ < *limits.requests_per_minute) &&
      (!limits.tokens_per_minute || tokens_ + asked_of(open_request) <= limits.tokens_per_minute->count());
}

void TrueTimeChecks::on_passed(OpenRequest& open_request) {
  if (!is_limited_ || open_request.is_counted_in_minute) return;
  open_request.is_counted_in_minute = true;
  ++requests_;
  tokens_ += asked_of(open_request);
}

void TrueTimeChecks::on_finish(OpenRequest& open_request, const monitor::Record& record) {
  if (record.outcome != monitor::Outcome::refused_rate) return on_passed(open_request);
  context_.violations.must(
      !open_request.has_room_in_minute, CheckId::L5, context_.now, open_request.request.id,
      "it is refused with {} tokens; its true minute has {} requests and {} tokens, and room for it",
      asked_of(open_request), requests_, tokens_);
}

}  // namespace windtunnel::sim
