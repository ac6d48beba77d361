#include "sim/checks/invariants/true_time_checks.h"

#include <algorithm>
#include <chrono>

namespace windtunnel::sim {
namespace {

bool steps_clock(const FaultSpec& spec) { return wall_clock_offset_of(spec.settings).has_value(); }

}  // namespace

TrueTimeChecks::TrueTimeChecks(CheckContext& context)
    : context_(context),
      rate_(context.config().rate_limiter.requests_per_minute, context.config().rate_limiter.tokens_per_minute) {
  const monitor::CostLimiterConfig& limits = context.config().cost_limiter;
  if (std::ranges::any_of(context.scenario.faults, steps_clock)) spend_.emplace(limits.monthly, limits.daily);
}

// --- C10 -----------------------------------------------------------------------------------------------------------

void TrueTimeChecks::on_begin(Usd spent) {
  if (spend_) spend_->carry_in(context_.true_time(), spent);
}

void TrueTimeChecks::on_reserved(OpenRequest& open_request) {
  if (spend_) open_request.true_place = spend_->place_of(context_.true_time(), open_request.wall);
}

void TrueTimeChecks::on_attempt_end(const OpenRequest& open_request, const monitor::AttemptEnded& event) {
  const TrueSpend::Place& place = open_request.true_place;
  if (place.month == nullptr || event.settled == Usd{}) return;
  TrueSpend::settle(place, event.settled);
  if (!place.month_strays) must_spend_within(*place.month, event.request);
  if (!place.day_strays) must_spend_within(*place.day, event.request);
}

void TrueTimeChecks::must_spend_within(const TrueSpend::Account& account, RequestId request) const {
  if (!account.spends_within())
    context_.violations.report(
        CheckId::C10, context_.now, request,
        "the true {} has spent {} pico-USD, admitted while the clock stood in it, above its limit of {}",
        account.daily ? "day" : "month", Int128{account.spent.picos()}, account.limit.value_or(Usd{}).picos());
}

// --- L5 ------------------------------------------------------------------------------------------------------------

void TrueTimeChecks::on_arrival(OpenRequest& open_request) {
  if (!rate_.limited()) return;
  rate_.advance(context_.true_time());
  open_request.has_room_in_minute = rate_.fits(asked_of(open_request));
}

void TrueTimeChecks::on_passed(OpenRequest& open_request) {
  if (!rate_.limited() || open_request.is_counted_in_minute) return;
  open_request.is_counted_in_minute = true;
  rate_.count(asked_of(open_request));
}

void TrueTimeChecks::on_finish(OpenRequest& open_request, const monitor::Record& record) {
  if (record.outcome != monitor::Outcome::refused_rate || record.limit) return on_passed(open_request);
  if (open_request.has_room_in_minute)
    context_.violations.report(
        CheckId::L5, context_.now, open_request.request.id,
        "it is refused with {} tokens; its true minute has {} requests and {} tokens, and room for it",
        asked_of(open_request), rate_.requests(), rate_.tokens());
}

}  // namespace windtunnel::sim
