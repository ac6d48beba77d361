#include "monitor/pipeline.h"

// `inline` marks what is short or has one caller: the compiler is to put it there.

#include <algorithm>
#include <utility>

#include "monitor/retry.h"

// This file is long because every way that a request can end stands beside the step that leads to it.

namespace windtunnel::monitor {
namespace {

std::optional<LimitUse> tokens_of(const Reply& reply) {
  if (!reply.usage) return std::nullopt;
  return LimitUse{.input = reply.usage->input.count(), .output = reply.usage->output.count()};
}

std::vector<BreakerConfig> breakers_of(const MonitorConfig& config, const std::vector<ProviderConfig>& providers) {
  std::vector<BreakerConfig> breakers;
  for (const ProviderConfig& provider : providers)
    breakers.push_back(provider.breaker.value_or(config.circuit_breaker));
  return breakers;
}

LimitNames limit_names(const MonitorConfig& config, const std::vector<ProviderConfig>& providers) {
  LimitNames names;
  for (const RouteConfig& route : config.routing.routes) names.routes.push_back(route.name);
  for (const ProviderConfig& provider : providers) {
    names.deployments.push_back(provider.name);
    names.providers.push_back(provider.account.empty() ? provider.name : provider.account);
  }
  return names;
}

}  // namespace

Pipeline::Pipeline(const MonitorConfig& config, std::vector<ProviderConfig> providers, BreakerSource breakers)
    : config_(config),
      providers_(std::move(providers)),
      provider_count_(providers_.size()),
      prices_(providers_),
      rate_limiter_(config.rate_limiter),
      limits_(config.limits, limit_names(config, providers_)),
      token_limiter_(config.token_limiter),
      cost_limiter_(config.cost_limiter),
      router_(config.ab_router),
      cache_(config.cache),
      breakers_(breakers_of(config, providers_), breakers),
      plan_(config.routing, config.provider_call, providers_),
      metrics_(providers_.size(), config.ab_router.variants.size()) {
  check(!providers_.empty() && providers_.size() <= kProvidersMax, "there are 1 to 64 providers");
  check(config.provider_call.retry.max_attempts >= 1, "a provider is tried at least once");
  check(plan_.has_routes() ||
            static_cast<std::size_t>(config.provider_call.retry.max_attempts) * providers_.size() <= kAttemptsMax,
        "max_attempts times providers fits a record");
}

void Pipeline::carry_in(Usd month_spent, Instant now) {
  cost_limiter_.carry_in(month_spent, wall_at(now));
  deliver_budget(now);
}

bool Pipeline::restore(const SavedWindow& saved, Instant now) {
  const bool is_current = cost_limiter_.restore(saved, wall_at(now));
  deliver_budget(now);
  return is_current;
}

// --- The chain -----------------------------------------------------------------------------------------------------

Step Pipeline::begin(Flow& flow, Instant now, const ForeignBreakers* foreign) {
  check(flow.awaiting == Awaiting::begin, "a request begins once");
  const Request& request = flow.record.request;
  const WallTime wall = wall_at(now);
  flow.record.arrived = now;
  flow.admitted = wall;
  flow.cache_key = cache_.shared_key_of(request);
  cache_.look_ahead(flow.cache_key);
  if (observer_) observer_.on(RequestArrived{.at = now, .request = request});

  if (const auto verdict = rate_limiter_.admit(request.input + request.max_tokens, now); !verdict.admitted) {
    flow.record.retry_after = verdict.retry_after;
    return finish(flow, Outcome::refused_rate, now);
  }

  const auto grant = token_limiter_.admit(request.input, request.max_tokens);
  if (!grant) return finish(flow, Outcome::refused_tokens, now);
  flow.grant = *grant;
  flow.granted = true;
  flow.record.granted_output = grant->output;
  if (observer_) {
    observer_.on(TokensGranted{.at = now, .request = request.id, .asked = request.max_tokens, .output = grant->output});
  }

  const Usd worst = dearest_worst_case(request, grant->output, wall);
  if (limits_.on() && !pass_limits(flow, worst, now)) return refuse_by_limit(flow, now);
  const bool reserved = cost_limiter_.reserve(flow.ticket, worst, wall);
  if (reserved && observer_) {
    observer_.on(MoneyReserved{.at = now, .request = request.id, .amount = worst, .wall = wall});
  }
  deliver_budget(now);
  if (!reserved && config_.cost_limiter.on_exhausted == ExhaustedPolicy::refuse) {
    return finish(flow, Outcome::refused_budget, now);
  }

  route(flow, now);
  if (const auto hit = cache_.find(flow.cache_key, now)) return serve_from_cache(flow, *hit, Outcome::cache_hit, now);
  if (observer_ && cache_.is_at_edge(flow.cache_key, now)) observer_.on(CacheEdgeMet{.at = now, .request = request.id});
  if (!reserved) return finish(flow, Outcome::refused_budget, now);
  return call_provider(flow, now, foreign);
}

Step Pipeline::on_reply(Flow& flow, const Reply& reply, Instant now, const ForeignBreakers* foreign) {
  check(flow.awaiting == Awaiting::reply, "a reply answers an outstanding call");
  cache_.look_ahead(flow.cache_key);
  settle_attempt(flow, reply, true, now, foreign);
  if (reply.kind == ReplyKind::ok) return serve(flow, reply, now);
  if (is_callers_own(reply.kind) && !failed_elsewhere(flow.record) && !plan_.goes_on_after(flow.turn, reply.kind)) {
    return finish(flow, Outcome::client_error, now);
  }
  if (flow.record.request.stream && is_broken(reply)) {
    // The caller has read what came before the break: no other answer can take its place unseen.
    if (config_.provider_call.on_broken_stream == OnBrokenStream::fail) {
      return finish(flow, Outcome::broken_stream, now);
    }
    flow.is_broken = true;
  }
  return retry_or_fail_over(flow, reply.kind, now, foreign);
}

Step Pipeline::on_wakeup(Flow& flow, Instant now, const ForeignBreakers* foreign) {
  check(flow.awaiting == Awaiting::wakeup, "a wake-up ends a wait");
  return call_provider(flow, now, foreign);
}

Step Pipeline::abandon(Flow& flow, Instant now, const ForeignBreakers* foreign) {
  check(flow.awaiting == Awaiting::reply || flow.awaiting == Awaiting::wakeup, "an open request is abandoned");
  if (flow.awaiting == Awaiting::reply) {
    settle_attempt(flow, Reply{.kind = ReplyKind::client_error}, false, now, foreign);
  }
  return finish(flow, Outcome::client_error, now);
}

// The first target that may be called now. Per attempt the order is: Retry-After, breaker, money.
Step Pipeline::call_provider(Flow& flow, Instant now, const ForeignBreakers* foreign) {
  if (const auto deadline = deadline_of(flow); deadline && now >= *deadline) {
    return finish(flow, Outcome::deadline_exceeded, now);
  }
  std::optional<ProviderId> refused;
  while (!flow.turn.is_over) {
    const ProviderId provider = flow.turn.target;
    if (is_cooling(provider, now)) {
      if (observer_) observer_.on(CoolingSkipped{.at = now, .request = flow.record.request.id, .provider = provider});
    } else if (const auto exhausted = limits_.has_targets() ? ask_limits(flow, provider, now) : std::nullopt) {
      if (*exhausted == OnExhausted::refuse) return refuse_by_limit(flow, now);
    } else if (const auto permit = acquire(flow, provider, now, foreign)) {
      return pay_and_call(flow, provider, permit, now, foreign);
    } else if (!refused) {
      refused = provider;
    }
    if (const auto wait = pass_over(flow, now)) return *wait;
  }
  if (refused && flow.record.attempt_count == 0 && plan_.may_bypass(flow.turn, flow.record.request.route, now)) {
    Plan::bypass(flow.turn, *refused);
    return pay_and_call(flow, *refused, std::nullopt, now, foreign);
  }
  return give_up(flow, now);
}

Step Pipeline::retry_or_fail_over(Flow& flow, ReplyKind kind, Instant now, const ForeignBreakers* foreign) {
  const auto deadline = deadline_of(flow);
  if (deadline && now >= *deadline) return finish(flow, Outcome::deadline_exceeded, now);
  if (const auto wait = move_on(flow, kind, true, now)) return *wait;
  return call_provider(flow, now, foreign);
}

// The one way out: every reservation is settled or released here.
Step Pipeline::finish(Flow& flow, Outcome outcome, Instant now) {
  Record& record = flow.record;
  record.outcome = outcome;
  record.finished = now;
  if (outcome == Outcome::served) {
    token_limiter_.settle(flow.grant, record.input, record.output);
  } else if (flow.granted) {
    token_limiter_.release(flow.grant);
  }
  const Usd unused = flow.ticket.reserved;
  cost_limiter_.close(flow.ticket);
  if (observer_ && unused != Usd{}) {
    observer_.on(MoneyReleased{.at = now, .request = record.request.id, .amount = unused});
  }
  deliver_budget(now);
  if (limits_.on()) limits_.close(flow.limits, is_refused(outcome) && record.attempt_count == 0, now);
  flow.awaiting = Awaiting::nothing;
  metrics_.on_finish(record);
  if (observer_) observer_.on(record);
  return Finished{outcome};
}

// --- One attempt ---------------------------------------------------------------------------------------------------

inline std::optional<Permit> Pipeline::acquire(const Flow& flow, ProviderId provider, Instant now,
                                               const ForeignBreakers* foreign) {
  const std::size_t place = index_of(provider);
  const auto permit = breakers_.acquire(place, now, foreign);
  deliver_transitions(provider);
  if (observer_) {
    observer_.on(PermitAsked{.at = now,
                             .request = flow.record.request.id,
                             .provider = provider,
                             .admitted = permit.has_value(),
                             .state = breakers_[place].state(now),
                             .epoch = breakers_[place].epoch()});
  }
  return permit;
}

// No permit: the breaker is bypassed.
inline Step Pipeline::pay_and_call(Flow& flow, ProviderId provider, const std::optional<Permit>& permit, Instant now,
                                   const ForeignBreakers* foreign) {
  const std::size_t place = index_of(provider);
  flow.tariff = prices_.at(wall_at(now))[place];
  const Usd worst = worst_case(flow.tariff, flow.record.request, flow.grant.output);
  const Usd held = flow.ticket.reserved;
  const bool reserved = cost_limiter_.re_reserve(flow.ticket, worst);
  deliver_budget(now);
  if (!reserved) {
    if (permit) breakers_.report(place, *permit, BreakerOutcome::ignored, now, foreign);
    deliver_transitions(provider);
    return finish(flow, Outcome::refused_budget, now);
  }
  if (limits_.on() && !reserve_of_limits(flow, provider, worst, now)) {
    cost_limiter_.take_back(flow.ticket, held);
    if (permit) breakers_.report(place, *permit, BreakerOutcome::ignored, now, foreign);
    deliver_transitions(provider);
    return refuse_by_limit(flow, now);
  }
  flow.is_bypass = !permit;
  return start_attempt(flow, provider, permit.value_or(Permit{}), now);
}

[[gnu::always_inline]] inline Step Pipeline::start_attempt(Flow& flow, ProviderId provider, Permit permit,
                                                           Instant now) {
  Record& record = flow.record;
  check(record.attempt_count < kAttemptsMax, "a request makes a bounded number of attempts");
  const Duration timeout = plan_.attempt_timeout(flow.turn);
  Instant deadline = timeout == kNoTimeout ? Instant::max() : now + timeout;
  deadline = std::min(deadline, plan_.ends(flow.turn));
  if (const auto last = deadline_of(flow)) deadline = std::min(deadline, *last);
  const std::uint8_t ordinal = record.attempt_count++;
  record.attempt_storage[ordinal] = {
      .started = now, .provider = provider, .breaker = breakers_[index_of(provider)].state(now)};
  plan_.on_start(flow.turn);
  CallProvider step{provider, ordinal, deadline, flow.grant.output};
  if (record.request.stream) [[unlikely]]
    time_stream(flow, step, now);
  flow.permit = permit;
  flow.awaiting = Awaiting::reply;
  if (observer_) {
    observer_.on(
        MoneyReserved{.at = now, .request = record.request.id, .amount = flow.ticket.reserved, .wall = flow.admitted});
    observer_.on(AttemptStarted{.at = now,
                                .request = record.request.id,
                                .provider = provider,
                                .ordinal = ordinal,
                                .deadline = deadline,
                                .input = record.request.input,
                                .output_max = flow.grant.output,
                                .reserved = flow.ticket.reserved,
                                .epoch = permit.epoch,
                                .is_bypass = flow.is_bypass,
                                .first_token_by = step.first_token_by,
                                .idle = step.idle});
  }
  return step;
}

[[gnu::always_inline]] inline void Pipeline::settle_attempt(Flow& flow, const Reply& reply, bool is_counted,
                                                            Instant now, const ForeignBreakers* foreign) {
  Record& record = flow.record;
  Attempt& attempt = record.attempt_storage[record.attempt_count - 1U];
  const ProviderId provider = attempt.provider;
  const Breaker& breaker = breakers_[index_of(provider)];
  const Usd reserved = flow.ticket.reserved;
  attempt.latency = now - attempt.started;
  attempt.kind = reply.kind;
  attempt.usage_known = reply.usage.has_value();
  if (reply.usage) {
    attempt.cost = cost(flow.tariff, reply.usage->input, reply.usage->output, reply.usage->kinds);
    cost_limiter_.settle(flow.ticket, attempt.cost);
  } else {
    attempt.cost = cost_limiter_.settle_unknown(flow.ticket);
  }
  if (limits_.on()) limits_.settle(flow.limits, tokens_of(reply), attempt.cost, now);

  const BreakerState before = !observer_ ? BreakerState::closed : breaker.state(now);
  const bool has_say = is_counted && !flow.is_bypass;
  const BreakerOutcome counted = has_say ? counts_as(reply.kind, breaker.config()) : BreakerOutcome::ignored;
  const bool late =
      !flow.is_bypass && breakers_.report(index_of(provider), flow.permit, counted, now, foreign, reply.kind).late;
  record.breaker = breaker.state(now);
  metrics_.on_attempt(attempt, reply, late);
  if (plan_.has_routes()) {
    const Usage used = reply.usage.value_or(Usage{});
    plan_.on_end(provider, reply.kind, attempt.latency, used.input + used.output, query_of(flow, now));
  }
  if (observer_) {
    observer_.on(AttemptEnded{.at = now,
                              .request = record.request.id,
                              .provider = provider,
                              .ordinal = static_cast<std::uint8_t>(record.attempt_count - 1U),
                              .reply = reply,
                              .counted = counted,
                              .epoch = flow.permit.epoch,
                              .late = late,
                              .state_before = before,
                              .settled = attempt.cost,
                              .reserved = reserved,
                              .latency = attempt.latency});
  }
  deliver_transitions(provider);
  deliver_budget(now);
  if (reply.kind != ReplyKind::ok) obey_retry_after(provider, reply.retry_after, now);
}

inline Step Pipeline::serve(Flow& flow, const Reply& reply, Instant now) {
  Record& record = flow.record;
  const Attempt& attempt = *record.last_attempt();
  const Usage used = reply.usage.value_or(Usage{record.request.input, flow.grant.output});
  record.answered_by = attempt.provider;
  record.input = used.input;
  record.output = used.output;
  record.kinds = used.kinds;
  record.response_length = reply.response_length;
  record.time_to_first_token = attempt.started - record.arrived + reply.time_to_first_token;
  // A reply cut short by a grant is not the answer to what was asked.
  const bool cut = flow.grant.output < record.request.max_tokens && used.output >= flow.grant.output;
  if (!cut && cache_.on()) {
    const ContentKey key =
        attempt.provider == *record.assigned ? flow.cache_key : cache_.key_of(record.request, attempt.provider);
    flow.cache_slot = cache_.keep(key,
                                  {.provider = attempt.provider,
                                   .response_length = reply.response_length,
                                   .input = used.input,
                                   .output = used.output},
                                  now);
    flow.stored = true;
    if (observer_) {
      observer_.on(CacheStored{.at = now, .request = record.request.id, .key = key, .provider = attempt.provider});
    }
  }
  return finish(flow, Outcome::served, now);
}

Step Pipeline::serve_from_cache(Flow& flow, const Hit& hit, Outcome outcome, Instant now) {
  flow.record.answered_by = hit.answer.provider;
  flow.record.response_length = hit.answer.response_length;
  flow.cache_slot = hit.slot;
  if (outcome == Outcome::cache_hit) {
    const Tariff& tariff = prices_.at(wall_at(now))[index_of(hit.answer.provider)];
    metrics_.on_saved(cost(tariff, hit.answer.input, hit.answer.output));
  }
  if (observer_) {
    observer_.on(CacheServed{.at = now,
                             .request = flow.record.request.id,
                             .key = flow.cache_key,
                             .provider = hit.answer.provider,
                             .age = hit.age,
                             .stale = outcome == Outcome::stale_hit});
  }
  return finish(flow, outcome, now);
}

// --- The rules that the chain asks ---------------------------------------------------------------------------------

inline void Pipeline::route(Flow& flow, Instant now) {
  ProviderId chosen{};
  if (plan_.has_routes()) {
    plan_.begin(flow.turn, query_of(flow, now));
    chosen = flow.turn.target;
  } else {
    chosen = router_.choose(flow.record.request, flow.record.variant);
    Plan::begin_with(flow.turn, chosen);
  }
  check(index_of(chosen) < provider_count_, "a request is routed to a provider that exists");
  flow.record.assigned = chosen;
  flow.cache_key = cache_.scoped(flow.cache_key, chosen);
}

void Pipeline::obey_retry_after(ProviderId provider, const RetryAfter& retry_after, Instant now) {
  if (retry_after.form == RetryAfter::Form::absent) return;
  const Instant until = now + wait_of(retry_after, wall_at(now), config_.provider_call.retry_after_cap);
  cooling_until_[index_of(provider)] = until;
  if (observer_) observer_.on(RetryAfterSet{.at = now, .provider = provider, .until = until});
}

std::optional<Instant> Pipeline::deadline_of(const Flow& flow) const {
  if (!config_.provider_call.deadline) return std::nullopt;
  return flow.record.arrived + *config_.provider_call.deadline;
}

bool Pipeline::is_cooling(ProviderId provider, Instant at) const {
  const auto& until = cooling_until_[index_of(provider)];
  return until && at < *until;
}

inline Usd Pipeline::dearest_worst_case(const Request& request, Tokens output, WallTime wall) {
  Usd dearest;
  for (const Tariff& tariff : prices_.at(wall)) dearest = std::max(dearest, worst_case(tariff, request, output));
  return dearest;
}

// --- Telling -------------------------------------------------------------------------------------------------------

void Pipeline::on_time(Instant now, const ForeignBreakers* foreign) {
  for (std::size_t i = 0; i < provider_count_; ++i) {
    // Only OPEN and a HALF_OPEN with half_open_timeout end by time alone. A closed breaker's fixed window must not
    // restart because another one woke up.
    if (!breakers_.wakeup(i)) continue;
    breakers_.advance(i, now, foreign);
    deliver_transitions(ProviderId{static_cast<std::uint8_t>(i)});
  }
}

void Pipeline::deliver_transition(ProviderId provider, const BreakerTransition& transition) {
  metrics_.on_transition(provider, transition);
  if (observer_) observer_.on(BreakerMoved{.provider = provider, .transition = transition});
}

void Pipeline::deliver_budget_events(Instant now) {
  for (const BudgetEvent& event : cost_limiter_.events()) {
    metrics_.on_budget(event, now);
    if (observer_) observer_.on(BudgetChanged{.at = now, .budget = event});
  }
  cost_limiter_.clear_events();
}

}  // namespace windtunnel::monitor
