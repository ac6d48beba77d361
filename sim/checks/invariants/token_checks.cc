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

std::optional<std::int64_t> count_of(std::optional<Tokens> tokens) {
  if (!tokens) return std::nullopt;
  return tokens->count();
}

}  // namespace

TokenChecks::TokenChecks(Watched& watched)
    : watched_(watched),
      tokens_(mode_of(watched.config().token_limiter.mode), watched.config().token_limiter.limit.count(),
              watched.config().token_limiter.min_output_tokens.count()),
      rate_(watched.config().rate_limiter.requests_per_minute,
            count_of(watched.config().rate_limiter.tokens_per_minute)) {}

void TokenChecks::on_arrival(OpenRequest& one) {
  if (!rate_.limited()) return;
  rate_.advance(watched_.true_time());
  one.rate_fits = rate_.fits(asked_of(one));
}

// The rate limiter let it through.
void TokenChecks::passed_rate(OpenRequest& one) {
  if (one.rate_passed) return;
  one.rate_passed = true;
  if (!rate_.limited()) return;
  watched_.violations.must(one.rate_fits, CheckId::L4, watched_.now, one.request.id,
                           "it is admitted with {} tokens to a minute that has {} requests and {} tokens",
                           asked_of(one), rate_.requests(), rate_.tokens());
  rate_.count(asked_of(one));
}

void TokenChecks::on_granted(OpenRequest& one, Tokens output) {
  passed_rate(one);
  const auto expected = tokens_.grant(one.request.input.count(), one.request.max_tokens.count());
  watched_.violations.must(expected && *expected == output.count(), CheckId::L1, watched_.now, one.request.id,
                           "{} output tokens are granted; by the rule {} are, with {} tokens settled over {} requests",
                           output.count(), expected.value_or(-1), tokens_.settled_tokens(), tokens_.settled_requests());
  tokens_.hold((one.request.input + output).count());
  touched_ = true;
}

void TokenChecks::on_attempt_start(const OpenRequest& one, const monitor::AttemptStarted& event) {
  watched_.violations.must(event.output_max <= one.grant && event.input == one.request.input, CheckId::L2, event.at,
                           event.request, "the call may answer {} tokens; {} are granted", event.output_max.count(),
                           one.grant.count());
}

void TokenChecks::on_ledger(const OpenRequest& one, const LedgerEntry& entry) {
  watched_.violations.must(entry.output <= one.output_max, CheckId::L2, entry.at, entry.request,
                           "provider {} billed {} output tokens of {} granted", index_of(entry.provider),
                           entry.output.count(), one.output_max.count());
}

void TokenChecks::on_finish(OpenRequest& one, const monitor::Record& record) {
  Violations& all = watched_.violations;
  if (record.outcome == Outcome::refused_rate) {
    all.must(rate_.limited(), CheckId::C8, watched_.now, one.request.id, "a rate without a limit refuses");
    if (!rate_.limited()) return;
    all.must(!one.rate_fits, CheckId::L4, watched_.now, one.request.id,
             "it is refused by a minute that has {} requests and {} tokens, and room for it", rate_.requests(),
             rate_.tokens());
    const Duration rest = rate_.end() - watched_.true_time();
    all.must(record.retry_after == rest, CheckId::L4, watched_.now, one.request.id,
             "it is told to wait {} ns; the minute ends in {} ns", record.retry_after.count(), rest.count());
    return;
  }
  passed_rate(one);
  if (record.outcome == Outcome::refused_tokens) {
    all.must(tokens_.mode() != TokenLimitModel::Mode::off, CheckId::C8, watched_.now, one.request.id,
             "a token limiter that is off refuses");
    all.must(!tokens_.grant(one.request.input.count(), one.request.max_tokens.count()), CheckId::L1, watched_.now,
             one.request.id, "{} + {} tokens are refused though the rule grants {}", one.request.input.count(),
             one.request.max_tokens.count(),
             tokens_.grant(one.request.input.count(), one.request.max_tokens.count()).value_or(-1));
  }
  if (!one.granted) return;
  tokens_.let_go((one.request.input + one.grant).count());
  touched_ = true;
  if (record.outcome == Outcome::served) settle(one, record);
}

void TokenChecks::settle(const OpenRequest& one, const monitor::Record& record) {
  watched_.violations.must(record.output <= one.grant, CheckId::L2, watched_.now, one.request.id,
                           "{} output tokens are served of {} granted", record.output.count(), one.grant.count());
  tokens_.settle((record.input + record.output).count());
  watched_.violations.must(tokens_.mean_holds(), CheckId::L1, watched_.now, one.request.id,
                           "{} tokens are settled over {} requests, above {} each", tokens_.settled_tokens(),
                           tokens_.settled_requests(), tokens_.limit());
}

void TokenChecks::on_event() {
  if (!touched_) return;
  touched_ = false;
  if (watched_.pipeline == nullptr) return;
  const monitor::TokenLimiter& real = watched_.pipeline->token_limiter();
  watched_.violations.must(real.reserved().count() == tokens_.reserved() && real.in_flight() == tokens_.in_flight(),
                           CheckId::L3, watched_.now, std::nullopt,
                           "{} tokens of {} requests are reserved instead of {} of {}", real.reserved().count(),
                           real.in_flight(), tokens_.reserved(), tokens_.in_flight());
  watched_.violations.must(real.settled_tokens().count() == tokens_.settled_tokens() &&
                               real.settled_requests() == tokens_.settled_requests(),
                           CheckId::L1, watched_.now, std::nullopt,
                           "{} tokens of {} requests are settled instead of {} of {}", real.settled_tokens().count(),
                           real.settled_requests(), tokens_.settled_tokens(), tokens_.settled_requests());
}

void TokenChecks::at_end(const RunResult& result) {
  if (result.in_flight != 0) return;
  watched_.violations.must(result.pipeline.token_limiter().reserved() == Tokens{0} && tokens_.reserved() == 0,
                           CheckId::L3, result.ended, std::nullopt, "at rest {} tokens are still reserved",
                           result.pipeline.token_limiter().reserved().count());
}

}  // namespace windtunnel::sim
