#include "sim/checks/invariants/breaker_checks.h"

#include <utility>

#include "sim/models/default_outcome.h"

namespace windtunnel::sim {

using monitor::BreakerOutcome;
using monitor::BreakerState;
using monitor::BreakerTransition;
using monitor::ReplyKind;
using monitor::TripRule;

namespace {

bool is_arrow(BreakerState from, BreakerState to, monitor::LateResults late_results) {
  switch (from) {
    case BreakerState::closed:
      return to == BreakerState::open;
    case BreakerState::open:
      return to == BreakerState::half_open ||
             (to == BreakerState::closed && late_results == monitor::LateResults::origin_forces);
    case BreakerState::half_open:
      return to != BreakerState::half_open;
  }
  fail_check("a breaker state is known", __FILE__, __LINE__);
}

std::int64_t since_start(Instant at) { return at.time_since_epoch().count(); }

}  // namespace

BreakerChecks::BreakerChecks(CheckContext& context)
    : context_(context), foreign_(!context.scenario.breaker_command.empty()), configs_(breakers_of(context.scenario)) {
  for (const monitor::BreakerConfig& config : configs_) entries_.push_back(One{BreakerFollower{config}});
}

void BreakerChecks::on_permit(OpenRequest& open_request, const monitor::PermitAsked& event) {
  const std::size_t provider = index_of(event.provider);
  One& breaker = entries_[provider];
  BreakerFollower& follower = breaker.follower;
  touched_ |= std::uint64_t{1} << provider;
  breaker.request = event.request;
  Violations& all = context_.violations;
  not_ahead(breaker, provider, event.at);
  if (breaker.owes_call && breaker_time(event.at) != breaker.reported_at)
    all.report(CheckId::B3, event.at, event.request,
               "provider {} is half_open since {} ns, before the call that it waited for", provider,
               since_start(breaker.reported_at));
  breaker.owes_call = false;
  const auto expected = follower.acquire(breaker_time(event.at));
  if (event.admitted && !expected) {
    const bool open = follower.state() == BreakerState::open;
    all.report(open ? CheckId::B3 : CheckId::B1, event.at, event.request,
               "provider {} admitted a call while {}; probes in flight {} of {}, open until {} ns", provider,
               follower.state(), follower.probes_out(), configs_[provider].half_open_max_calls,
               open ? since_start(follower.open_end()) : 0);
  }
  if (!event.admitted && expected) {
    const CheckId id = follower.state() == BreakerState::closed ? CheckId::B4
                       : event.state == BreakerState::open      ? CheckId::B3
                                                                : CheckId::B9;
    all.report(id, event.at, event.request,
               "provider {} refused a call as {}; by its rules it is {}, probes in flight {}", provider, event.state,
               follower.state(), follower.probes_out());
  }
  breaker.last = event.admitted ? Last::admitted : Last::refused;
  if (event.epoch != follower.epoch())
    all.report(event.admitted ? CheckId::B6 : CheckId::B11, event.at, event.request,
               "provider {} answered in epoch {} instead of {}", provider, event.epoch, follower.epoch());
  if (!event.admitted) return;
  open_request.permit = expected.value_or(ModelPermit{event.epoch, breaker_time(event.at)});
  open_request.permit_pending = true;
  open_request.permit_provider = event.provider;
  ++permits_pending_;
}

void BreakerChecks::on_attempt_start(OpenRequest& open_request, const monitor::AttemptStarted& event) {
  open_request.is_bypass = event.is_bypass;
  if (event.is_bypass) {
    if (open_request.refused_mask == 0 || open_request.attempts != 0)
      context_.violations.report(CheckId::B9, event.at, event.request,
                                 "provider {} is called past its breaker, which refused nothing",
                                 index_of(event.provider));
    return;
  }
  if (!open_request.permit_pending || open_request.permit_provider != event.provider)
    context_.violations.report(CheckId::B9, event.at, event.request, "a call to provider {} starts without its permit",
                               index_of(event.provider));
  if (open_request.permit_pending) --permits_pending_;
  open_request.permit_pending = false;
}

void BreakerChecks::on_attempt_end(OpenRequest& open_request, const monitor::AttemptEnded& event) {
  const std::size_t provider = index_of(event.provider);
  One& breaker = entries_[provider];
  if (open_request.is_bypass) {  // the breaker learns nothing of it
    ++breaker.calls;
    if (event.reply.kind != ReplyKind::ok) ++breaker.failures;
    return;
  }
  touched_ |= std::uint64_t{1} << provider;
  breaker.request = event.request;
  breaker.closed_last = false;
  const BreakerOutcome outcome =
      open_request.is_left ? BreakerOutcome::ignored : outcome_of(provider, event.reply.kind);
  const CheckId id = outcome == BreakerOutcome::ignored ? CheckId::B7
                     : event.reply.kind == ReplyKind::malformed || event.reply.kind == ReplyKind::truncated
                         ? CheckId::B8
                         : CheckId::B10;
  if (event.counted != outcome)
    context_.violations.report(id, event.at, event.request,
                               "provider {} was told outcome {} of a reply of kind {}; it is {}", provider,
                               static_cast<int>(event.counted), event.reply.kind, static_cast<int>(outcome));
  ++breaker.calls;
  if (event.reply.kind != ReplyKind::ok) ++breaker.failures;
  const bool late = breaker.follower.report(open_request.permit, outcome, breaker_time(event.at), event.reply.kind);
  if (event.late != late)
    context_.violations.report(
        CheckId::B6, event.at, event.request, "a result of epoch {} at provider {} in epoch {} was taken as {}",
        open_request.permit.epoch, provider, breaker.follower.epoch(), event.late ? "late" : "in time");
  // Where late results act, they are results like any other.
  if (late && configs_[provider].late_results == monitor::LateResults::ignore) {
    breaker.last = Last::late;
    return;
  }
  switch (outcome) {
    case BreakerOutcome::success:
      breaker.last = Last::success;
      breaker.success_since_close = true;
      return;
    case BreakerOutcome::failure:
    case BreakerOutcome::fatal:
      breaker.last = Last::failure;
      return;
    case BreakerOutcome::ignored:
      breaker.last = Last::ignored;
      return;
  }
}

void BreakerChecks::on_transition(monitor::ProviderId provider, const BreakerTransition& event) {
  One& breaker = entries_[index_of(provider)];
  touched_ |= std::uint64_t{1} << index_of(provider);
  if (event.from != breaker.reported || !is_arrow(event.from, event.to, configs_[index_of(provider)].late_results) ||
      event.epoch <= breaker.reported_epoch)
    context_.violations.report(CheckId::B2, event.at, breaker.request,
                               "provider {} went from {} to {} in epoch {}, after {} in epoch {}", index_of(provider),
                               event.from, event.to, event.epoch, breaker.reported, breaker.reported_epoch);
  if (event.at < breaker.reported_at)
    context_.violations.report(CheckId::B3, event.at, breaker.request,
                               "provider {} went to {} at {} ns, after it had gone to {} at {} ns", index_of(provider),
                               event.to, since_start(event.at), breaker.reported, since_start(breaker.reported_at));
  breaker.reported = event.to;
  breaker.reported_epoch = event.epoch;
  breaker.reported_at = event.at;
  breaker.probe_failed = monitor::is_reopening(event.rule);
  // Time alone takes it.
  if (breaker.follower.expected() == nullptr && event.rule == TripRule::half_open_timeout) {
    breaker.follower.advance(event.at);
  }
  if (breaker.follower.expected() == nullptr && event.to == BreakerState::half_open) {
    breaker.follower.advance(event.at);
    breaker.owes_call = configs_[index_of(provider)].state_view != monitor::StateView::eager;
    if (breaker.owes_call) breaker.follower.begin_half_open(event.at);
  }
  const BreakerTransition* expected = breaker.follower.expected();
  if (expected == nullptr)
    context_.violations.report(
        claim_of_surprise(breaker, event), event.at, breaker.request,
        "provider {} went from {} to {} by rule {}; by its rules it stays {}: {} failures in a row, not {}",
        index_of(provider), event.from, event.to, static_cast<int>(event.rule), breaker.follower.state(),
        breaker.follower.run(), event.consecutive_failures);
  if (expected == nullptr) return;
  compare(breaker, event, *expected);
  breaker.follower.take_off();
  if (event.to != BreakerState::closed) return;
  breaker.closed_last = true;
  breaker.success_since_close = false;
}

// OPEN ends at an instant of its own, which may lie before the caller's, but never after it.
inline void BreakerChecks::not_ahead(const One& entry, std::size_t provider, Instant now) {
  if (entry.reported_at > now)
    context_.violations.report(CheckId::B3, now, entry.request, "provider {} is {} since {} ns, which is yet to come",
                               provider, entry.reported, since_start(entry.reported_at));
}

void BreakerChecks::compare(One& entry, const BreakerTransition& event, const BreakerTransition& expected) {
  Violations& all = context_.violations;
  if (event.from != expected.from || event.to != expected.to)
    all.report(claim_of_missing(expected), event.at, entry.request, "it went from {} to {} instead of from {} to {}",
               event.from, event.to, expected.from, expected.to);
  if (event.at != expected.at)
    all.report(claim_of_missing(expected), event.at, entry.request, "it went to {} at {} ns instead of {} ns", event.to,
               since_start(event.at), since_start(expected.at));
  if (event.rule != expected.rule)
    all.report(CheckId::B4, event.at, entry.request, "rule {} opened it instead of {}", static_cast<int>(event.rule),
               static_cast<int>(expected.rule));
  if (event.open_for != expected.open_for)
    all.report(monitor::is_reopening(expected.rule) ? CheckId::B5 : CheckId::B3, event.at, entry.request,
               "it stays open for {} ns instead of {} ns", event.open_for.count(), expected.open_for.count());
  if (expected.from != BreakerState::closed) return;
  if (event.consecutive_failures != expected.consecutive_failures || event.window_calls != expected.window_calls ||
      event.window_failures != expected.window_failures)
    all.report(CheckId::B4, event.at, entry.request,
               "it counted {} in a row and {} failures of {} instead of {}, {} of {}", event.consecutive_failures,
               event.window_failures, event.window_calls, expected.consecutive_failures, expected.window_failures,
               expected.window_calls);
}

CheckId BreakerChecks::claim_of_missing(const BreakerTransition& arrow) const {
  switch (arrow.from) {
    case BreakerState::closed:
      return CheckId::B4;
    case BreakerState::open:
      return CheckId::B3;
    case BreakerState::half_open:
      return CheckId::B5;
  }
  fail_check("a breaker state is known", __FILE__, __LINE__);
}

// An arrow that no rule takes.
CheckId BreakerChecks::claim_of_surprise(const One& entry, const BreakerTransition& arrow) const {
  if (arrow.from == BreakerState::open) return CheckId::B3;
  if (entry.last == Last::late) return CheckId::B6;
  if (entry.last == Last::ignored) return CheckId::B7;
  if (arrow.from == BreakerState::half_open) return CheckId::B5;
  const bool run_goes_on = arrow.rule == TripRule::consecutive && entry.success_since_close &&
                           arrow.consecutive_failures > entry.follower.run();
  return run_goes_on ? CheckId::B12 : CheckId::B4;
}

// A request that ends with a permit that it never used has given it back.
void BreakerChecks::on_finish(OpenRequest& open_request) {
  if (!open_request.permit_pending) return;
  open_request.permit_pending = false;
  --permits_pending_;
  const std::size_t provider = index_of(open_request.permit_provider);
  touched_ |= std::uint64_t{1} << provider;
  entries_[provider].follower.report(open_request.permit, BreakerOutcome::ignored, breaker_time(context_.now));
}

void BreakerChecks::on_event() {
  if (foreign_) must_have_woken();
  if (touched_ == 0) return;
  for (std::size_t provider = 0; touched_ >> provider != 0; ++provider) {
    if ((touched_ >> provider & 1U) != 0) reconcile(provider);
  }
  touched_ = 0;
  if (permits_pending_ != 0)
    context_.violations.report(CheckId::B9, context_.now, std::nullopt, "{} permits were neither used nor given back",
                               permits_pending_);
}

// A program that keeps a breaker is queried at the instant at which OPEN ends, and must answer half_open; likewise
// where HALF_OPEN ends because its probes take too long.
void BreakerChecks::must_have_woken() {
  for (std::size_t provider = 0; provider < entries_.size(); ++provider) {
    const One& entry = entries_[provider];
    const bool overdue = entry.reported == BreakerState::half_open &&
                         entry.follower.probes_are_overdue(context_.now - std::chrono::milliseconds{1});
    if (overdue)
      context_.violations.report(CheckId::B5, context_.now, entry.request,
                                 "provider {} was still half_open when its probes had taken too long", provider);
    if (entry.reported != BreakerState::open || entry.follower.state() != BreakerState::open) continue;
    if (configs_[provider].state_view != monitor::StateView::eager) continue;
    const Instant end = std::chrono::ceil<std::chrono::milliseconds>(entry.follower.open_end());
    if (context_.now > end)
      context_.violations.report(CheckId::B3, context_.now, entry.request,
                                 "provider {} was still open when it was asked at {} ns, where OPEN ends", provider,
                                 since_start(end));
  }
}

inline void BreakerChecks::reconcile(std::size_t provider) {
  One& entry = entries_[provider];
  if (std::exchange(entry.owes_call, false))
    context_.violations.report(CheckId::B3, context_.now, entry.request,
                               "provider {} is half_open without the call that it waited for", provider);
  not_ahead(entry, provider, context_.now);
  const monitor::ProviderId id{static_cast<std::uint8_t>(provider)};
  const monitor::Breaker* const breaker = context_.pipeline == nullptr ? nullptr : &context_.pipeline->breaker(id);
  while (const BreakerTransition* missing = entry.follower.expected()) {
    // It may have received no failure, or have ignored it.
    const bool lost = missing->from == BreakerState::closed && breaker != nullptr &&
                      breaker->consecutive_failures() != missing->consecutive_failures;
    context_.violations.report(lost ? claim_of_last(entry) : claim_of_missing(*missing), context_.now, entry.request,
                               "provider {} should have gone from {} to {} at {} ns", provider, missing->from,
                               missing->to, since_start(missing->at));
    entry.follower.take_off();
  }
  if (breaker == nullptr) return;
  const monitor::Breaker& real = *breaker;
  BreakerFollower& follower = entry.follower;
  const bool counts = real.consecutive_failures() == follower.run() && real.epoch() == follower.epoch() &&
                      real.late_results() == follower.late_results();
  if (!counts)
    context_.violations.report(
        claim_of_last(entry), context_.now, entry.request,
        "the breaker of provider {} holds {} failures in a row, epoch {}, {} late results instead of {}, {}, {}",
        provider, real.consecutive_failures(), real.epoch(), real.late_results(), follower.run(), follower.epoch(),
        follower.late_results());
  if (real.permits_in_flight() != follower.probes_out())
    context_.violations.report(entry.last == Last::refused ? CheckId::B11 : CheckId::B9, context_.now, entry.request,
                               "the breaker of provider {} awaits {} probes instead of {}", provider,
                               real.permits_in_flight(), follower.probes_out());
  const bool lazy = configs_[provider].state_view != monitor::StateView::eager;
  if (follower.state() == BreakerState::open && !(lazy && foreign_)) {
    const Instant end = (lazy ? real.open_end() : context_.pipeline->wakeup(id)).value_or(Instant{});
    const Instant expected =
        foreign_ ? std::chrono::ceil<std::chrono::milliseconds>(follower.open_end()) : follower.open_end();
    const CheckId claim = entry.last == Last::refused ? CheckId::B11 : entry.probe_failed ? CheckId::B5 : CheckId::B3;
    if (end != expected)
      context_.violations.report(claim, context_.now, entry.request,
                                 "the breaker of provider {} is open until {} ns instead of {} ns", provider,
                                 since_start(end), since_start(expected));
  }
  if (entry.closed_last) {
    const auto kept = follower.counts(context_.now);
    if (real.window_calls(context_.now) != kept.calls || real.window_failures(context_.now) != kept.failures)
      context_.violations.report(
          CheckId::B5, context_.now, entry.request,
          "the breaker of provider {} closed and remembers {} failures of {} calls instead of {} of {}", provider,
          real.window_failures(context_.now), real.window_calls(context_.now), kept.failures, kept.calls);
  }
}

CheckId BreakerChecks::claim_of_last(const One& entry) const {
  if (entry.closed_last) return CheckId::B5;
  switch (entry.last) {
    case Last::nothing:
    case Last::admitted:
    case Last::refused:
      return CheckId::B11;
    case Last::success:
      return CheckId::B12;
    case Last::failure:
      return CheckId::B10;
    case Last::ignored:
      return CheckId::B7;
    case Last::late:
      return CheckId::B6;
  }
  fail_check("an event of a breaker is known", __FILE__, __LINE__);
}

inline BreakerOutcome BreakerChecks::outcome_of(std::size_t provider, ReplyKind kind) const {
  if (kind == ReplyKind::ok) return BreakerOutcome::success;
  const auto& set = configs_[provider].outcomes[static_cast<std::size_t>(kind)];
  return set.value_or(default_outcome(kind, context_.config().provider_call.rate_limited_counts));
}

void BreakerChecks::at_end(const RunResult& result) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const monitor::ProviderId provider{static_cast<std::uint8_t>(i)};
    const monitor::ProviderMetrics& metrics = result.pipeline.metrics().provider(provider);
    if (metrics.calls != entries_[i].calls || metrics.errors() != entries_[i].failures)
      context_.violations.report(CheckId::B10, result.ended, std::nullopt,
                                 "provider {} counts {} calls and {} errors instead of {} and {}", i, metrics.calls,
                                 metrics.errors(), entries_[i].calls, entries_[i].failures);
    if (result.in_flight != 0) continue;
    const bool half_open = result.pipeline.breaker(provider).state(result.ended) == BreakerState::half_open;
    if (half_open && result.pipeline.breaker(provider).permits_in_flight() != 0)
      context_.violations.report(CheckId::B9, result.ended, std::nullopt,
                                 "at rest the breaker of provider {} still awaits {} probes", i,
                                 result.pipeline.breaker(provider).permits_in_flight());
  }
}

}  // namespace windtunnel::sim
