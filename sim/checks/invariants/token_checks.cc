#include "sim/checks/invariants/token_checks.h"

namespace windtunnel::sim {

using monitor::Outcome;

namespace {

TokenLimitModel::Mode mode_of(monitor::TokenMode mode) {
  switch (mode) {
    case monitor::TokenMode::off:
      return TokenLimitModel::Mode::off;
    case monitor::TokenMode::per_request:
      return TokenLimitModel::Mode::per_request;
    case monitor::TokenMode::average:
      return TokenLimitModel::Mode::average;
  }
  fail_check("a token mode is known", __FILE__, __LINE__);
}

}  // namespace

TokenChecks::TokenChecks(CheckContext& context)
    : context_(context),
      tokens_(mode_of(context.config().token_limiter.mode), context.config().token_limiter.limit.count(),
              context.config().token_limiter.min_output_tokens.count()),
      rate_(context.config().rate_limiter.requests_per_minute, context.config().rate_limiter.tokens_per_minute) {}

void TokenChecks::on_arrival(OpenRequest& open_request) {
  if (!rate_.limited()) return;
  rate_.advance(context_.true_time());
  open_request.rate_fits = rate_.fits(asked_of(open_request));
}

// The rate limiter let it through.
void TokenChecks::passed_rate(OpenRequest& open_request) {
  if (open_request.rate_passed) return;
  open_request.rate_passed = true;
  if (!rate_.limited()) return;
  if (!open_request.rate_fits)
    context_.violations.report(CheckId::L4, context_.now, open_request.request.id,
                               "it is admitted with {} tokens to a minute that has {} requests and {} tokens",
                               asked_of(open_request), rate_.requests(), rate_.tokens());
  rate_.count(asked_of(open_request));
}

void TokenChecks::on_granted(OpenRequest& open_request, Tokens output) {
  passed_rate(open_request);
  const auto expected = tokens_.grant(open_request.request.input.count(), open_request.request.max_tokens.count());
  if (!expected || *expected != output.count())
    context_.violations.report(
        CheckId::L1, context_.now, open_request.request.id,
        "{} output tokens are granted; by the rule {} are, with {} tokens settled over {} requests", output.count(),
        expected.value_or(-1), tokens_.settled_tokens(), tokens_.settled_requests());
  tokens_.hold((open_request.request.input + output).count());
  touched_ = true;
}

void TokenChecks::on_attempt_start(const OpenRequest& open_request, const monitor::AttemptStarted& event) {
  if (event.output_max > open_request.grant || event.input != open_request.request.input)
    context_.violations.report(CheckId::L2, event.at, event.request, "the call may answer {} tokens; {} are granted",
                               event.output_max.count(), open_request.grant.count());
}

void TokenChecks::on_ledger(const OpenRequest& open_request, const LedgerEntry& entry) {
  if (entry.output > open_request.output_max)
    context_.violations.report(CheckId::L2, entry.at, entry.request,
                               "provider {} billed {} output tokens of {} granted", index_of(entry.provider),
                               entry.output.count(), open_request.output_max.count());
}

void TokenChecks::on_finish(OpenRequest& open_request, const monitor::Record& record) {
  Violations& all = context_.violations;
  if (record.outcome == Outcome::refused_rate && !record.limit) {
    if (!rate_.limited())
      all.report(CheckId::C8, context_.now, open_request.request.id, "a rate without a limit refuses");
    if (!rate_.limited()) return;
    if (open_request.rate_fits)
      all.report(CheckId::L4, context_.now, open_request.request.id,
                 "it is refused by a minute that has {} requests and {} tokens, and room for it", rate_.requests(),
                 rate_.tokens());
    const Duration rest = rate_.end() - context_.true_time();
    if (record.retry_after != rest)
      all.report(CheckId::L4, context_.now, open_request.request.id,
                 "it is told to wait {} ns; the minute ends in {} ns", record.retry_after.count(), rest.count());
    return;
  }
  passed_rate(open_request);
  if (record.outcome == Outcome::refused_tokens) {
    if (tokens_.mode() == TokenLimitModel::Mode::off)
      all.report(CheckId::C8, context_.now, open_request.request.id, "a token limiter that is off refuses");
    if (tokens_.grant(open_request.request.input.count(), open_request.request.max_tokens.count()))
      all.report(
          CheckId::L1, context_.now, open_request.request.id, "{} + {} tokens are refused though the rule grants {}",
          open_request.request.input.count(), open_request.request.max_tokens.count(),
          tokens_.grant(open_request.request.input.count(), open_request.request.max_tokens.count()).value_or(-1));
  }
  if (!open_request.granted) return;
  tokens_.let_go((open_request.request.input + open_request.grant).count());
  touched_ = true;
  if (record.outcome == Outcome::served) settle(open_request, record);
}

inline void TokenChecks::settle(const OpenRequest& open_request, const monitor::Record& record) {
  if (record.output > open_request.grant)
    context_.violations.report(CheckId::L2, context_.now, open_request.request.id,
                               "{} output tokens are served of {} granted", record.output.count(),
                               open_request.grant.count());
  tokens_.settle((record.input + record.output).count());
  if (!tokens_.mean_holds())
    context_.violations.report(CheckId::L1, context_.now, open_request.request.id,
                               "{} tokens are settled over {} requests, above {} each", tokens_.settled_tokens(),
                               tokens_.settled_requests(), tokens_.limit());
}

void TokenChecks::on_event() {
  if (!touched_) return;
  touched_ = false;
  if (context_.pipeline == nullptr) return;
  const monitor::TokenLimiter& real = context_.pipeline->token_limiter();
  if (real.reserved().count() != tokens_.reserved() || real.in_flight() != tokens_.in_flight())
    context_.violations.report(CheckId::L3, context_.now, std::nullopt,
                               "{} tokens of {} requests are reserved instead of {} of {}", real.reserved().count(),
                               real.in_flight(), tokens_.reserved(), tokens_.in_flight());
  if (real.settled_tokens().count() != tokens_.settled_tokens() ||
      real.settled_requests() != tokens_.settled_requests())
    context_.violations.report(
        CheckId::L1, context_.now, std::nullopt, "{} tokens of {} requests are settled instead of {} of {}",
        real.settled_tokens().count(), real.settled_requests(), tokens_.settled_tokens(), tokens_.settled_requests());
}

void TokenChecks::at_end(const RunResult& result) {
  if (result.in_flight != 0) return;
  if (result.pipeline.token_limiter().reserved() != Tokens{0} || tokens_.reserved() != 0)
    context_.violations.report(CheckId::L3, result.ended, std::nullopt, "at rest {} tokens are still reserved",
                               result.pipeline.token_limiter().reserved().count());
}

}  // namespace windtunnel::sim
