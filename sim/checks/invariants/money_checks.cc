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

Int128 difference(const std::optional<Price>& own, Price plain) {
  return own ? Int128{own->per_token.picos()} - plain.per_token.picos() : 0;
}

// Tokens of a kind with a price of its own cost that instead of what they are a part of.
Int128 price_of(const Tariff& tariff, const monitor::Usage& usage) {
  const Int128 plain = price_of(tariff, usage.input, usage.output);
  if (!usage.kinds.any()) return plain;
  return plain + difference(tariff.cached_input, tariff.input) * usage.kinds.cached_input.count() +
         difference(tariff.cache_write, tariff.input) * usage.kinds.cache_write.count() +
         difference(tariff.reasoning, tariff.output) * usage.kinds.reasoning.count();
}

// A request whose tokens may be of any kind may have all of them of the dearest.
Int128 worst_of(const Tariff& tariff, const monitor::Request& request, Tokens output) {
  Int128 worst = price_of(tariff, request.input, output);
  if (!request.has_token_kinds) return worst;
  const Int128 dearer_input =
      std::max(difference(tariff.cached_input, tariff.input), difference(tariff.cache_write, tariff.input));
  worst += std::max(dearer_input, Int128{0}) * request.input.count();
  return worst + std::max(difference(tariff.reasoning, tariff.output), Int128{0}) * output.count();
}

}  // namespace

MoneyChecks::MoneyChecks(CheckContext& context)
    : context_(context), budget_(context.config().cost_limiter), keeps_unbilled_(has_late_usage(context.scenario)) {}

// The list of prices at the wall clock's present instant.
const Tariff& MoneyChecks::tariff_of(std::size_t provider) const {
  const auto& tariffs = context_.scenario.providers[provider].tariffs;
  std::size_t i = 0;
  while (i + 1 < tariffs.size() && tariffs[i + 1].from <= context_.wall()) ++i;
  return tariffs[i].tariff;
}

void MoneyChecks::on_begin(Usd spent) {
  if (spent == Usd{}) return;
  budget_.carry_in(spent, context_.wall());
  tell_alerts_due(budget_.window(budget_.month()));
  carried_in_ = spent;
  touched_ = true;
}

// Before anything else is charged, the month holds what was carried in and the day nothing.
void MoneyChecks::compare_carried_in() {
  const Usd spent = *carried_in_;
  carried_in_.reset();
  if (context_.pipeline == nullptr) return;
  const monitor::CostLimiter& real = context_.pipeline->cost_limiter();
  if (real.month_settled() != spent || real.day_settled() != Usd{} || real.settled_total() != Usd{})
    context_.violations.report(
        CheckId::C11, context_.now, std::nullopt,
        "{} pico-USD were spent before the run; the month begins with {}, the day with {} and the run with {}",
        picos(spent), picos(real.month_settled()), picos(real.day_settled()), picos(real.settled_total()));
}

void MoneyChecks::on_granted(const OpenRequest& open_request) {
  last_ = open_request.request.id;
  budget_.advance(context_.wall());
  touched_ = true;
}

void MoneyChecks::on_reserved(OpenRequest& open_request, Usd amount, WallTime wall) {
  Violations& all = context_.violations;
  last_ = open_request.request.id;
  if (wall != open_request.wall)
    all.report(CheckId::C5, context_.now, open_request.request.id,
               "it is charged as of wall time {} ns, but was admitted at {} ns", wall_ns(wall),
               wall_ns(open_request.wall));
  if (!open_request.held) {
    budget_.advance(open_request.wall);
    open_request.month = budget_.month();
    open_request.day = budget_.day();
    open_request.held = true;
  }
  const Usd growth = amount - open_request.reserved;
  open_request.reserved = amount;
  reserved_total_ += growth;
  touched_ = true;
  for (const std::uint32_t slot : {open_request.month, open_request.day}) {
    BudgetModel::Window& window = budget_.window(slot);
    window.reserved += growth;
    if (window.limit == Usd{})
      all.report(CheckId::C8, context_.now, open_request.request.id,
                 "{} pico-USD were reserved where the limit is zero", picos(amount));
    if (growth > Usd{}) keeps_limit(slot, open_request.request.id);
  }
  add_in_true_time(open_request, growth);
}

void MoneyChecks::on_released(OpenRequest& open_request, Usd amount) {
  if (amount != open_request.reserved)
    context_.violations.report(CheckId::C2, context_.now, open_request.request.id,
                               "it hands back {} pico-USD and holds {}", picos(amount), picos(open_request.reserved));
  budget_.window(open_request.month).reserved -= open_request.reserved;
  budget_.window(open_request.day).reserved -= open_request.reserved;
  reserved_total_ -= open_request.reserved;
  add_in_true_time(open_request, Usd{} - open_request.reserved);
  open_request.reserved = Usd{};
  touched_ = true;
}

void MoneyChecks::on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event) {
  open_request.tariff = tariff_of(index_of(event.provider));
  const Int128 worst = worst_of(open_request.tariff, open_request.request, event.output_max);
  if (!open_request.held || event.reserved != open_request.reserved || open_request.reserved.picos() < worst)
    context_.violations.report(CheckId::C7, event.at, event.request,
                               "the call may cost {} pico-USD; {} are reserved for it, it says {}",
                               static_cast<std::int64_t>(worst), picos(open_request.reserved), picos(event.reserved));
}

void MoneyChecks::on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event) {
  Violations& all = context_.violations;
  last_ = event.request;
  if (event.reserved != open_request.reserved)
    all.report(CheckId::C2, event.at, event.request, "a reservation of {} pico-USD settles where {} are held",
               picos(event.reserved), picos(open_request.reserved));
  if (event.settled > event.reserved)
    all.report(CheckId::C3, event.at, event.request, "{} pico-USD are settled of a reservation of {}",
               picos(event.settled), picos(event.reserved));
  if (event.reply.usage) {
    const Int128 bill = price_of(open_request.tariff, *event.reply.usage);
    if (event.settled.picos() != bill)
      all.report(CheckId::C9, event.at, event.request, "{} + {} tokens are billed {} pico-USD instead of {}",
                 event.reply.usage->input.count(), event.reply.usage->output.count(), picos(event.settled),
                 static_cast<std::int64_t>(bill));
  }
  const bool reserve = context_.config().cost_limiter.unknown_usage == monitor::UnknownUsage::reserve;
  const Usd due = event.reply.usage ? open_request.billed : reserve ? open_request.reserved : Usd{};
  if (!open_request.ledger_seen || event.settled != due)
    all.report(CheckId::C4, event.at, event.request,
               "{} pico-USD are settled instead of {}; usage known: {}, the provider billed {}", picos(event.settled),
               picos(due), event.reply.usage.has_value(), picos(open_request.billed));
  settled_total_ += event.settled;
  reserved_total_ -= open_request.reserved;
  charge(open_request.month, open_request, event);
  charge(open_request.day, open_request, event);
  add_in_true_time(open_request, event.settled - open_request.reserved);
  if (keeps_unbilled_ && !event.reply.usage) keep_unbilled(open_request, event);
  open_request.reserved = Usd{};
  touched_ = true;
}

void MoneyChecks::keep_unbilled(const OpenRequest& open_request, const monitor::AttemptEnded& event) {
  unbilled_[{event.request, event.ordinal}] = {.month = open_request.month,
                                               .day = open_request.day,
                                               .settled = event.settled,
                                               .billed = open_request.billed,
                                               .true_place = open_request.true_place};
}

void MoneyChecks::on_usage_learned(const monitor::UsageLearned& event) {
  Violations& all = context_.violations;
  last_ = event.request;
  const auto call = unbilled_.extract({event.request, event.ordinal});
  if (call.empty()) all.report(CheckId::C4, event.at, event.request, "a usage comes late of a call that awaits none");
  if (call.empty()) return;
  const Unbilled& due = call.mapped();
  if (event.settled != due.settled || event.billed != due.billed)
    all.report(CheckId::C4, event.at, event.request,
               "a late bill of {} pico-USD takes the place of {}; the provider billed {}, and {} were settled",
               picos(event.billed), picos(event.settled), picos(due.billed), picos(due.settled));
  settled_total_ -= due.settled;
  settled_total_ += due.billed;
  for (const std::uint32_t slot : {due.month, due.day}) {
    BudgetModel::Window& window = budget_.window(slot);
    window.settled -= due.settled;
    window.settled += due.billed;
    tell_alerts_due(window);
  }
  if (due.true_place.month != nullptr) TrueSpend::correct(due.true_place, due.settled, due.billed);
  touched_ = true;
}

inline void MoneyChecks::charge(std::uint32_t slot, const OpenRequest& open_request,
                                const monitor::AttemptEnded& event) {
  BudgetModel::Window& window = budget_.window(slot);
  window.reserved -= open_request.reserved;
  window.settled += event.settled;
  if (event.settled > open_request.reserved) keeps_limit(slot, event.request);
  tell_alerts_due(window);
}

inline void MoneyChecks::tell_alerts_due(BudgetModel::Window& window) {
  while (budget_.alert_due(window)) {
    ++alerts_due_;
    ++window.alerts;
    budget_.plan_alert(window);
  }
}

inline void MoneyChecks::keeps_limit(std::uint32_t slot, RequestId request) {
  const BudgetModel::Window& window = budget_.window(slot);
  if (!BudgetModel::within(window))
    context_.violations.report(CheckId::C1, context_.now, request,
                               "the {} holds {} pico-USD settled and {} reserved, above its limit of {}",
                               window.daily ? "day" : "month", picos(window.settled), picos(window.reserved),
                               picos(window.limit.value_or(Usd{})));
}

void MoneyChecks::hold_in_true_time(const OpenRequest& open_request, Usd amount) {
  TrueSpend::add(open_request.true_place, amount);
  if (amount <= Usd{}) return;
  for (const TrueSpend::Account* account : {open_request.true_place.month, open_request.true_place.day}) {
    if (!account->is_within())
      context_.violations.report(CheckId::C1, context_.now, open_request.request.id,
                                 "the true {} holds {} pico-USD, {} of them admitted while the clock stood elsewhere, "
                                 "above its limit of {}",
                                 account->daily ? "day" : "month", picos(account->held), picos(account->strayed),
                                 picos(account->limit.value_or(Usd{})));
  }
}

void MoneyChecks::on_budget(const BudgetEvent& event) {
  Violations& all = context_.violations;
  const Usd carried = carried_in_.value_or(Usd{});  // charged once the first month has opened
  must_have_carried_in();
  touched_ = true;
  const char* const what = event.daily ? "day" : "month";
  if (event.kind == BudgetEvent::Kind::window_opened) budget_.advance(context_.wall());
  BudgetModel::Window* const window = budget_.find(event.daily, event.window_begin);
  if (window == nullptr)
    all.report(CheckId::C5, context_.now, last_, "an event of kind {} is about a {} that begins at {} ns",
               static_cast<int>(event.kind), what, wall_ns(event.window_begin));
  if (window == nullptr) return;
  switch (event.kind) {
    case BudgetEvent::Kind::window_opened:
      return on_opened(*window, event, event.daily ? Usd{} : carried);
    case BudgetEvent::Kind::window_closed:
      if (event.spent != window->settled || window->reserved != Usd{})
        all.report(CheckId::C5, context_.now, last_,
                   "the {} closes with {} pico-USD spent instead of {}, {} still reserved", what, picos(event.spent),
                   picos(window->settled), picos(window->reserved));
      return budget_.close(*window);
    case BudgetEvent::Kind::budget_refused:
      if (!window->limit.has_value())
        all.report(CheckId::C8, context_.now, last_, "the {} refuses without a limit", what);
      if (window->refused)
        all.report(CheckId::C6, context_.now, last_, "the {} tells of its first refusal again", what);
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
  if (!current || window.open_reported)
    context_.violations.report(CheckId::C5, context_.now, last_,
                               "the {} that begins at {} ns opens again, or is not the one of wall time {} ns",
                               window.daily ? "day" : "month", wall_ns(window.begin), wall_ns(context_.wall()));
  const UsdSum before = window.settled - carried;
  if (event.spent != before)
    context_.violations.report(
        CheckId::C5, context_.now, last_, "the {} that begins at {} ns opens with {} pico-USD spent instead of {}",
        window.daily ? "day" : "month", wall_ns(window.begin), picos(event.spent), picos(before));
  window.open_reported = true;
}

// Alerts of one window come one by one, in the configured order, so that the ones still due name the next.
void MoneyChecks::on_alert(BudgetModel::Window& window, const BudgetEvent& event) {
  const auto& shares = context_.config().cost_limiter.alerts;
  const bool known = window.alerts_reported < window.alerts && shares[window.alerts_reported] == event.share;
  if (!known)
    context_.violations.report(CheckId::C6, context_.now, last_,
                               "the {} fires alert {} as its number {}; {} are reached at {} pico-USD settled",
                               event.daily ? "day" : "month", event.share.value, window.alerts_reported + 1,
                               window.alerts, picos(window.settled));
  if (!known) return;
  ++window.alerts_reported;
  --alerts_due_;
}

void MoneyChecks::on_finish(const OpenRequest& open_request, const monitor::Record& record) {
  if (open_request.reserved != Usd{})
    context_.violations.report(CheckId::C2, context_.now, open_request.request.id,
                               "it ends as {} with {} pico-USD still reserved", record.outcome,
                               picos(open_request.reserved));
  if (record.outcome == Outcome::refused_budget && !record.limit) refused(open_request);
}

// Nothing that fits is refused. At its admission a request reserves the dearest provider's price.
void MoneyChecks::refused(const OpenRequest& open_request) {
  Int128 worst = 0;
  if (open_request.permit_pending) {
    worst = worst_of(tariff_of(index_of(open_request.permit_provider)), open_request.request, open_request.grant);
  } else {
    for (std::size_t i = 0; i < context_.providers(); ++i) {
      worst = std::max(worst, worst_of(tariff_of(i), open_request.request, open_request.grant));
    }
  }
  const Usd asked = Usd::from_picos(static_cast<std::int64_t>(worst));
  const auto& month = budget_.window(open_request.held ? open_request.month : budget_.month());
  const auto& day = budget_.window(open_request.held ? open_request.day : budget_.day());
  if (BudgetModel::fits(month, Usd{}, asked) && BudgetModel::fits(day, Usd{}, asked))
    context_.violations.report(CheckId::C8, context_.now, open_request.request.id,
                               "{} pico-USD are refused; the month holds {} settled and {} reserved, and there is room",
                               picos(asked), picos(month.settled), picos(month.reserved));
}

void MoneyChecks::on_event() {
  if (!touched_) return;
  touched_ = false;
  must_have_carried_in();
  if (alerts_due_ != 0)
    context_.violations.report(CheckId::C6, context_.now, last_, "{} alerts were reached and did not fire",
                               alerts_due_);
  if (context_.pipeline == nullptr) return;
  const monitor::CostLimiter& real = context_.pipeline->cost_limiter();
  if (!budget_.has_begun()) {
    if (real.settled_total() != UsdSum{})
      context_.violations.report(CheckId::C4, context_.now, last_,
                                 "{} pico-USD are settled before anything was admitted", picos(real.settled_total()));
    return;
  }
  const auto& month = budget_.window(budget_.month());
  const auto& day = budget_.window(budget_.day());
  if (real.settled_total() != settled_total_)
    context_.violations.report(CheckId::C4, context_.now, last_, "{} pico-USD are settled in all instead of {}",
                               picos(real.settled_total()), picos(settled_total_));
  const UsdSum month_settled = real.month_settled();
  const UsdSum day_settled = real.day_settled();
  if (month_settled != month.settled || day_settled != day.settled)
    context_.violations.report(CheckId::C5, context_.now, last_,
                               "month and day hold {} and {} pico-USD instead of {} and {}", picos(month_settled),
                               picos(day_settled), picos(month.settled), picos(day.settled));
  const UsdSum month_reserved = real.month_reserved();
  const UsdSum day_reserved = real.day_reserved();
  if (month_reserved != month.reserved || day_reserved != day.reserved)
    context_.violations.report(CheckId::C2, context_.now, last_,
                               "month and day hold {} and {} pico-USD reserved instead of {} and {}",
                               picos(month_reserved), picos(day_reserved), picos(month.reserved), picos(day.reserved));
}

void MoneyChecks::at_end(const RunResult& result) {
  Violations& all = context_.violations;
  const bool at_rest = result.in_flight == 0;
  if (at_rest && reserved_total_ != Usd{})
    all.report(CheckId::C2, result.ended, std::nullopt, "at rest {} pico-USD are still reserved",
               picos(reserved_total_));
  UsdSum known;
  for (const LedgerTotals& totals : result.ledger) known += totals.billed_known;
  const UsdSum confirmed = result.pipeline.metrics().cost();
  if (known != confirmed)
    all.report(CheckId::C4, result.ended, std::nullopt,
               "providers billed {} pico-USD for calls of known usage, {} are counted", picos(known), picos(confirmed));
  for (const monitor::BudgetWindow& real : result.pipeline.cost_limiter().windows()) {
    if (real.begin == real.end) continue;  // an empty slot
    const BudgetModel::Window* window = budget_.find(real.daily, real.begin);
    if (window == nullptr || window->settled != real.settled || window->end != real.end)
      all.report(CheckId::C5, result.ended, std::nullopt, "the {} that begins at {} ns holds {} pico-USD instead of {}",
                 real.daily ? "day" : "month", wall_ns(real.begin), picos(real.settled),
                 window == nullptr ? -1 : picos(window->settled));
    if (at_rest && (real.reserved != Usd{} || real.tickets != 0))
      all.report(CheckId::C2, result.ended, std::nullopt,
                 "at rest the {} that begins at {} ns holds {} pico-USD reserved and {} tickets",
                 real.daily ? "day" : "month", wall_ns(real.begin), picos(real.reserved), real.tickets);
  }
}

}  // namespace windtunnel::sim
