// How the pipeline asks its list of limits. A limit on money refuses as a budget does, every other one as a rate.

#include "monitor/pipeline.h"

namespace windtunnel::monitor {

// The budget's windows follow the clock also where no request reaches them.
bool Pipeline::pass_limits(Flow& flow, Usd worst, Instant now) {
  cost_limiter_.advance(flow.admitted);
  const RouteId asked = flow.record.request.route;
  const LimitVerdict verdict = limits_.admit(flow.limits, flow.record.request, flow.grant.output, worst, now);
  // Another route gives another answer.
  if (flow.record.request.route != asked) flow.cache_key = cache_.shared_key_of(flow.record.request);
  tell_limits(flow, LimitStage::admission, std::nullopt, worst, verdict, now);
  if (!verdict.is_admitted) note_refusal(flow, verdict);
  return verdict.is_admitted;
}

// Nothing: the target may be called, as far as limits say.
std::optional<OnExhausted> Pipeline::ask_limits(Flow& flow, ProviderId target, Instant now) {
  const Tariff& tariff = prices_.at(wall_at(now))[index_of(target)];
  const Usd worst = cost(tariff, flow.record.request.input, flow.grant.output);
  const LimitVerdict verdict = limits_.ask(flow.record.request, target, flow.grant.output, worst, now);
  tell_limits(flow, LimitStage::target, target, worst, verdict, now);
  if (verdict.is_admitted) return std::nullopt;
  note_refusal(flow, verdict);
  return verdict.then;
}

bool Pipeline::reserve_of_limits(Flow& flow, ProviderId target, Usd worst, Instant now) {
  const LimitVerdict verdict =
      limits_.re_reserve(flow.limits, flow.record.request, target, flow.grant.output, worst, now);
  tell_limits(flow, LimitStage::call, target, worst, verdict, now);
  if (!verdict.is_admitted) note_refusal(flow, verdict);
  return verdict.is_admitted;
}

void Pipeline::note_refusal(Flow& flow, const LimitVerdict& verdict) {
  flow.limited = verdict.refused_by;
  flow.limited_as = verdict.is_of_money ? Outcome::refused_budget : Outcome::refused_rate;
  flow.limited_for = verdict.retry_after;
}

Step Pipeline::refuse_by_limit(Flow& flow, Instant now) {
  flow.record.limit = flow.limited;
  flow.record.retry_after = flow.limited_for;
  return finish(flow, flow.limited_as, now);
}

void Pipeline::tell_limits(const Flow& flow, LimitStage stage, std::optional<ProviderId> target, Usd worst,
                           const LimitVerdict& verdict, Instant now) const {
  if (!observer_) return;
  observer_.on(LimitsAsked{.at = now,
                           .request = flow.record.request.id,
                           .stage = stage,
                           .target = target,
                           .output_max = flow.grant.output,
                           .worst = worst,
                           .is_admitted = verdict.is_admitted,
                           .held = verdict.held,
                           .exhausted = verdict.exhausted,
                           .refused_by = verdict.refused_by,
                           .is_passed_over = !verdict.is_admitted && verdict.then == OnExhausted::next_target,
                           .route = flow.record.request.route});
}

}  // namespace windtunnel::monitor
