#include "sim/checks/invariants/money_checks.h"

#include <algorithm>

namespace windtunnel::sim {

using monitor::BudgetEvent;
using monitor::Outcome;

namespace {

Int128 picos(UsdSum amount) { return amount.picos(); }
std::int64_t wall_ns(WallTime wall) { return wall.time_since_epoch().count(); }

// Input x input price + output x output price, written apart from the pipeline's arithmetic.
Int128 price_of(const Tariff& tariff, Tokens input, Tokens output) {
  return Int128{tariff.input.per_token.picos()} * input.count() +
         Int128{tariff.output.per_token.picos()} * output.count();
}

}  // namespace

MoneyChecks::MoneyChecks(Watched& watched) : watched_(watched), budget_(watched.config().cost_limiter) {
  const bool steps = std::ranges::any_of(
      watched.scenario.faults, [](const FaultSpec& fault) { return wall_clock_offset_of(fault.settings).has_value(); });
  const monitor::CostLimiterConfig& limits = watched.config().cost_limiter;
  if (steps) true_spend_.emplace(limits.monthly, limits.daily);
}

// The list of prices at the wall clock's present instant.
const Tariff& MoneyChecks::tariff_of(std::size_t provider) const {
  const auto& tariffs = watched_.scenario.providers[provider].tariffs;
  std::size_t i = 0;
  while (i + 1 < tariffs.size() && tariffs[i + 1].from <= watched_.wall()) ++i;
  return tariffs[i].tariff;
}

void MoneyChecks::on_begin(Usd spent) {
  if (spent == Usd{}) return;
  budget_.carry_in(spent, watched_.wall());
  tell_alerts_due(budget_.window(budget_.month()));
  carried_in_ = spent;
  touched_ = true;
}

// Before anything else is charged, the month holds what was carried in and the day nothing.
void MoneyChecks::must_have_carried_in() {
  if (!carried_in_) return;
  const Usd spent = *carried_in_;
  carried_in_.reset();
  if (watched_.pipeline == nullptr) return;
  const monitor::CostLimiter& real = watched_.pipeline->cost_limiter();
  watched_.violations.must(
      real.month_settled() == spent && real.day_settled() == Usd{} && real.settled_total() == Usd{}, CheckId::C11,
      watched_.now, std::nullopt,
      "{} pico-USD were spent before the run; the month begins with {}, the day with {} and the run with {}",
      picos(spent), picos(real.month_settled()), picos(real.day_settled()), picos(real.settled_total()));
}

void MoneyChecks::on_granted(const OpenRequest& one) {
  last_ = one.request.id;
  budget_.advance(watched_.wall());
  touched_ = true;
}

void MoneyChecks::on_reserved(OpenRequest& one, Usd amount, WallTime wall) {
  Violations& all = watched_.violations;
  last_ = one.request.id;
  all.must(wall == one.wall, CheckId::C5, watched_.now, one.request.id,
           "it is charged as of wall time {} ns, but was admitted at {} ns", wall_ns(wall), wall_ns(one.wall));
  if (!one.held) {
    budget_.advance(one.wall);
    one.month = budget_.month();
    one.day = budget_.day();
    one.held = true;
    if (true_spend_) one.true_place = true_spend_->place_of(watched_.true_time(), one.wall);
  }
  const Usd growth = amount - one.reserved;
  one.reserved = amount;
  reserved_total_ += growth;
  touched_ = true;
  for (const std::uint32_t slot : {one.month, one.day}) {
    BudgetModel::Window& window = budget_.window(slot);
    window.reserved += growth;
    all.must(window.limit != Usd{}, CheckId::C8, watched_.now, one.request.id,
             "{} pico-USD were reserved where the limit is zero", picos(amount));
    if (growth > Usd{}) keeps_limit(slot, one.request.id);
  }
  add_in_true_time(one, growth);
}

void MoneyChecks::on_released(OpenRequest& one, Usd amount) {
  watched_.violations.must(amount == one.reserved, CheckId::C2, watched_.now, one.request.id,
                           "it hands back {} pico-USD and holds {}", picos(amount), picos(one.reserved));
  budget_.window(one.month).reserved -= one.reserved;
  budget_.window(one.day).reserved -= one.reserved;
  reserved_total_ -= one.reserved;
  add_in_true_time(one, Usd{} - one.reserved);
  one.reserved = Usd{};
  touched_ = true;
}

void MoneyChecks::on_attempt_start(OpenRequest& one, const monitor::AttemptStarted& event) {
  one.tariff = tariff_of(index_of(event.provider));
  const Int128 worst = price_of(one.tariff, event.input, event.output_max);
  watched_.violations.must(one.held && event.reserved == one.reserved && one.reserved.picos() >= worst, CheckId::C7,
                           event.at, event.request, "the call may cost {} pico-USD; {} are reserved for it, it says {}",
                           static_cast<std::int64_t>(worst), picos(one.reserved), picos(event.reserved));
}

void MoneyChecks::on_attempt_end(OpenRequest& one, const monitor::AttemptEnded& event) {
  Violations& all = watched_.violations;
  last_ = event.request;
  all.must(event.reserved == one.reserved, CheckId::C2, event.at, event.request,
           "a reservation of {} pico-USD settles where {} are held", picos(event.reserved), picos(one.reserved));
  all.must(event.settled <= event.reserved, CheckId::C3, event.at, event.request,
           "{} pico-USD are settled of a reservation of {}", picos(event.settled), picos(event.reserved));
  if (event.reply.usage) {
    const Int128 bill = price_of(one.tariff, event.reply.usage->input, event.reply.usage->output);
    all.must(event.settled.picos() == bill, CheckId::C9, event.at, event.request,
             "{} + {} tokens are billed {} pico-USD instead of {}", event.reply.usage->input.count(),
             event.reply.usage->output.count(), picos(event.settled), static_cast<std::int64_t>(bill));
  }
  const bool reserve = watched_.config().cost_limiter.unknown_usage == monitor::UnknownUsage::reserve;
  const Usd due = event.reply.usage ? one.billed : reserve ? one.reserved : Usd{};
  all.must(one.ledger_seen && event.settled == due, CheckId::C4, event.at, event.request,
           "{} pico-USD are settled instead of {}; usage known: {}, the provider billed {}", picos(event.settled),
           picos(due), event.reply.usage.has_value(), picos(one.billed));
  settled_total_ += event.settled;
  reserved_total_ -= one.reserved;
  charge(one.month, one, event);
  charge(one.day, one, event);
  add_in_true_time(one, event.settled - one.reserved);
  one.reserved = Usd{};
  touched_ = true;
}

void MoneyChecks::charge(std::uint32_t slot, const OpenRequest& one, const monitor::AttemptEnded& event) {
  BudgetModel::Window& window = budget_.window(slot);
  window.reserved -= one.reserved;
  window.settled += event.settled;
  if (event.settled > one.reserved) keeps_limit(slot, event.request);
  tell_alerts_due(window);
}

void MoneyChecks::tell_alerts_due(BudgetModel::Window& window) {
  while (budget_.alert_due(window)) {
    ++alerts_due_;
    ++window.alerts;
    budget_.plan_alert(window);
  }
}

void MoneyChecks::keeps_limit(std::uint32_t slot, RequestId request) {
  const BudgetModel::Window& window = budget_.window(slot);
  watched_.violations.must(BudgetModel::within(window), CheckId::C1, watched_.now, request,
                           "the {} holds {} pico-USD settled and {} reserved, above its limit of {}",
                           window.daily ? "day" : "month", picos(window.settled), picos(window.reserved),
                           picos(window.limit.value_or(Usd{})));
}

void MoneyChecks::add_in_true_time(const OpenRequest& one, Usd amount) {
  if (!true_spend_ || one.true_place.month == nullptr) return;
  TrueSpend::add(one.true_place, amount);
  if (amount <= Usd{}) return;
  for (const TrueSpend::Account* account : {one.true_place.month, one.true_place.day}) {
    watched_.violations.must(account->is_within(), CheckId::C1, watched_.now, one.request.id,
                             "the true {} holds {} pico-USD, {} of them admitted while the clock stood elsewhere, "
                             "above its limit of {}",
                             account->daily ? "day" : "month", picos(account->held), picos(account->strayed),
                             picos(account->limit.value_or(Usd{})));
  }
}

void MoneyChecks::on_budget(const BudgetEvent& event) {
  Violations& all = watched_.violations;
  const Usd carried = carried_in_.value_or(Usd{});  // charged once the first month has opened
  must_have_carried_in();
  touched_ = true;
  const char* const what = event.daily ? "day" : "month";
  if (event.kind == BudgetEvent::Kind::window_opened) budget_.advance(watched_.wall());
  BudgetModel::Window* const window = budget_.find(event.daily, event.window_begin);
  all.must(window != nullptr, CheckId::C5, watched_.now, last_,
           "an event of kind {} is about a {} that begins at {} ns", static_cast<int>(event.kind), what,
           wall_ns(event.window_begin));
  if (window == nullptr) return;
  switch (event.kind) {
    case BudgetEvent::Kind::window_opened:
      return on_opened(*window, event, event.daily ? Usd{} : carried);
    case BudgetEvent::Kind::window_closed:
      all.must(event.spent == window->settled && window->reserved == Usd{}, CheckId::C5, watched_.now, last_,
               "the {} closes with {} pico-USD spent instead of {}, {} still reserved", what, picos(event.spent),
               picos(window->settled), picos(window->reserved));
      return budget_.close(*window);
    case BudgetEvent::Kind::budget_refused:
      all.must(window->limit.has_value(), CheckId::C8, watched_.now, last_, "the {} refuses without a limit", what);
      all.must(!window->refused, CheckId::C6, watched_.now, last_, "the {} tells of its first refusal again", what);
      window->refused = true;
      if (!budget_.whole_is_next(*window)) return;
      ++alerts_due_;
      ++window->alerts;
      return budget_.plan_alert(*window);
    case BudgetEvent::Kind::alert:
      return on_alert(*window, event);
  }
}

// A window that opens for the second time does so because the clock has returned to it, and keeps its account.
void MoneyChecks::on_opened(BudgetModel::Window& window, const BudgetEvent& event, Usd carried) {
  const bool current = &window == &budget_.window(window.daily ? budget_.day() : budget_.month());
  watched_.violations.must(current && !window.told_open, CheckId::C5, watched_.now, last_,
                           "the {} that begins at {} ns opens again, or is not the one of wall time {} ns",
                           window.daily ? "day" : "month", wall_ns(window.begin), wall_ns(watched_.wall()));
  const UsdSum before = window.settled - carried;
  watched_.violations.must(event.spent == before, CheckId::C5, watched_.now, last_,
                           "the {} that begins at {} ns opens with {} pico-USD spent instead of {}",
                           window.daily ? "day" : "month", wall_ns(window.begin), picos(event.spent), picos(before));
  window.told_open = true;
}

// Alerts of one window come one by one, in the configured order, so that the ones still due name the next.
void MoneyChecks::on_alert(BudgetModel::Window& window, const BudgetEvent& event) {
  const auto& shares = watched_.config().cost_limiter.alerts;
  const bool known = window.alerts_told < window.alerts && shares[window.alerts_told] == event.share;
  watched_.violations.must(known, CheckId::C6, watched_.now, last_,
                           "the {} fires alert {} as its number {}; {} are reached at {} pico-USD settled",
                           event.daily ? "day" : "month", event.share.value, window.alerts_told + 1, window.alerts,
                           picos(window.settled));
  if (!known) return;
  ++window.alerts_told;
  --alerts_due_;
}

void MoneyChecks::on_finish(const OpenRequest& one, const monitor::Record& record) {
  watched_.violations.must(one.reserved == Usd{}, CheckId::C2, watched_.now, one.request.id,
                           "it ends as {} with {} pico-USD still reserved", record.outcome, picos(one.reserved));
  if (record.outcome == Outcome::refused_budget) refused(one);
}

// Nothing that fits is refused. At its admission a request reserves the dearest provider's price.
void MoneyChecks::refused(const OpenRequest& one) {
  Int128 worst = 0;
  if (one.permit_pending) {
    worst = price_of(tariff_of(index_of(one.permit_provider)), one.request.input, one.grant);
  } else {
    for (std::size_t i = 0; i < watched_.providers(); ++i) {
      worst = std::max(worst, price_of(tariff_of(i), one.request.input, one.grant));
    }
  }
  const Usd asked = Usd::from_picos(static_cast<std::int64_t>(worst));
  const auto& month = budget_.window(one.held ? one.month : budget_.month());
  const auto& day = budget_.window(one.held ? one.day : budget_.day());
  watched_.violations.must(!BudgetModel::fits(month, Usd{}, asked) || !BudgetModel::fits(day, Usd{}, asked),
                           CheckId::C8, watched_.now, one.request.id,
                           "{} pico-USD are refused; the month holds {} settled and {} reserved, and there is room",
                           picos(asked), picos(month.settled), picos(month.reserved));
}

void MoneyChecks::on_event() {
  if (!touched_) return;
  touched_ = false;
  must_have_carried_in();
  watched_.violations.must(alerts_due_ == 0, CheckId::C6, watched_.now, last_,
                           "{} alerts were reached and did not fire", alerts_due_);
  if (watched_.pipeline == nullptr) return;
  const monitor::CostLimiter& real = watched_.pipeline->cost_limiter();
  const auto& month = budget_.window(budget_.month());
  const auto& day = budget_.window(budget_.day());
  watched_.violations.must(real.settled_total() == settled_total_, CheckId::C4, watched_.now, last_,
                           "{} pico-USD are settled in all instead of {}", picos(real.settled_total()),
                           picos(settled_total_));
  watched_.violations.must(real.month_settled() == month.settled && real.day_settled() == day.settled, CheckId::C5,
                           watched_.now, last_, "month and day hold {} and {} pico-USD instead of {} and {}",
                           picos(real.month_settled()), picos(real.day_settled()), picos(month.settled),
                           picos(day.settled));
  watched_.violations.must(real.month_reserved() == month.reserved && real.day_reserved() == day.reserved, CheckId::C2,
                           watched_.now, last_, "month and day hold {} and {} pico-USD reserved instead of {} and {}",
                           picos(real.month_reserved()), picos(real.day_reserved()), picos(month.reserved),
                           picos(day.reserved));
}

void MoneyChecks::at_end(const RunResult& result) {
  Violations& all = watched_.violations;
  const bool at_rest = result.in_flight == 0;
  all.must(!at_rest || reserved_total_ == Usd{}, CheckId::C2, result.ended, std::nullopt,
           "at rest {} pico-USD are still reserved", picos(reserved_total_));
  UsdSum known;
  for (const LedgerTotals& totals : result.ledger) known += totals.billed_known;
  const UsdSum confirmed = result.pipeline.metrics().cost();
  all.must(known == confirmed, CheckId::C4, result.ended, std::nullopt,
           "providers billed {} pico-USD for calls of known usage, {} are counted", picos(known), picos(confirmed));
  for (const monitor::BudgetWindow& real : result.pipeline.cost_limiter().windows()) {
    if (real.begin == real.end) continue;  // an empty slot
    const BudgetModel::Window* window = budget_.find(real.daily, real.begin);
    all.must(window != nullptr && window->settled == real.settled && window->end == real.end, CheckId::C5, result.ended,
             std::nullopt, "the {} that begins at {} ns holds {} pico-USD instead of {}", real.daily ? "day" : "month",
             wall_ns(real.begin), picos(real.settled), window == nullptr ? -1 : picos(window->settled));
    all.must(!at_rest || (real.reserved == Usd{} && real.tickets == 0), CheckId::C2, result.ended, std::nullopt,
             "at rest the {} that begins at {} ns holds {} pico-USD reserved and {} tickets",
             real.daily ? "day" : "month", wall_ns(real.begin), picos(real.reserved), real.tickets);
  }
}

}  // namespace windtunnel::sim
