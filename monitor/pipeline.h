#pragma once
// The pipeline under test: Rate Limiter -> Token Limiter -> Cost Limiter -> A/B Router -> Cache -> Provider, with a
// circuit breaker per deployment. Who is called next, and after what, is the Plan's decision.
//
// It decides and returns; it starts nothing, waits for nothing and reads no clock. Its driver performs the Step
// and comes back:
//
//   begin ----> CallProvider --- on_reply ---> CallProvider (retry, failover) | WaitUntil (back-off) | Finished
//          |                                        WaitUntil --- on_wakeup ---> CallProvider | Finished
//          `--> Finished (refused, cache hit, no provider to call)
//
// A Pipeline is a value: copying it copies the whole state. It refers to nothing but its observer. Breakers of another
// program are therefore no part of it: each call that may ask them takes them as its last argument.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "monitor/breaker/breaker_set.h"
#include "monitor/cache.h"
#include "monitor/config.h"
#include "monitor/cost_limiter.h"
#include "monitor/flow.h"
#include "monitor/limits/limit_book.h"
#include "monitor/limits/rate_limiter.h"
#include "monitor/limits/token_limiter.h"
#include "monitor/metrics.h"
#include "monitor/pipeline_events.h"
#include "monitor/plan.h"
#include "monitor/price_list.h"
#include "monitor/router.h"

namespace windtunnel::monitor {

// What a pipeline knows, in parts that replicas may share. Rate and token limiters are part of `limits`, Retry-After of
// `breakers`.
enum class PipelinePart : std::uint8_t { spend, limits, breakers, usage, latency, cache, metrics };
inline constexpr std::size_t kPipelineParts = 7;

// What two pipelines of different settings have in common: a part that means the same in both, so that it may go from
// one to the other and back. The budget always does.
struct PipelineBond {
  struct Deployment {
    ProviderId mine{};
    ProviderId theirs{};
    bool has_same_breaker = false;  // of the same settings
  };
  std::vector<Deployment> deployments;  // of the same name
  bool limits = false;
  bool rate_limiter = false;
  bool token_limiter = false;
  bool cache = false;
  bool balances = false;
};

class Pipeline {
 public:
  // `providers`, or deployments, in file order: without routes the first serves when nothing else chooses, and the
  // others fail over in this order.
  // Breakers of another program have been reset with the settings before they are asked.
  Pipeline(const MonitorConfig& config, std::vector<ProviderConfig> providers,
           BreakerSource breakers = BreakerSource::own);

  // The calendar instant of Instant{}. It is set again when the wall clock steps; budgets follow each step, and the
  // rate limiter's minutes keep the phase of the first setting.
  void set_wall_clock(WallTime at_zero) {
    wall_at_zero_ = at_zero;
    rate_limiter_.align(at_zero);
    limits_.align(at_zero);
  }
  // Gets every event. Its handler must outlive the pipeline or be unset.
  void set_observer(Observer observer) { observer_ = observer; }

  // Counts requests by the route that they ask for, too; before the first one.
  void count_routes() { metrics_.count_routes(config_.routing.routes.size()); }

  // This much of the current month's budget was spent before the start; see CostLimiter.
  void carry_in(Usd month_spent, Instant now);

  // What an earlier process left: a budget's window, and how long a provider may not be called.
  bool restore(const SavedWindow& saved, Instant now);
  void restore_cooling(ProviderId provider, Instant until) { cooling_until_[index_of(provider)] = until; }

  // --- Replicas (pipeline_sharing.cc) ------------------------------------------------------------------------------
  // The two, made of the same settings, exchange what they know in this part.
  void exchange(Pipeline& other, PipelinePart part);
  // Learns what another replica did: a charge of a limit; spend of a request admitted at this wall time, or before the
  // start; the result of a call, for a breaker that is closed; a Retry-After; what the balances compare.
  void hear_charge(const LimitCharge& charge, Instant now) { limits_.apply(charge, now); }
  void hear_spend(Usd spent, WallTime admitted, Instant now);
  void hear_month_spent(Usd spent, Instant now);
  void hear_result(ProviderId provider, ReplyKind kind, Instant now);
  void hear_retry_after(ProviderId provider, Instant until, Instant now);
  void hear_start(ProviderId provider) { plan_.hear_start(provider); }
  void hear_end(ProviderId provider, Tokens used, Instant now) { plan_.hear_end(provider, used, wall_at(now)); }
  void hear_latency(ProviderId provider, ReplyKind kind, Duration latency, Instant now) {
    if (plan_.has_routes()) plan_.learn_latency(provider, kind, latency, now);
  }
  // Its charges of limits are put into this list from now on, which goes with the limits; nullptr: no more.
  void tell_charges(std::vector<LimitCharge>* outbox) { limits_.tell(outbox); }
  // For reports: the windows of the budget hold what both have spent.
  void absorb_spend(const Pipeline& other) { cost_limiter_.absorb(other.cost_limiter_); }
  void absorb_limit_counts(const Pipeline& other) { limits_.absorb_counts(other.limits_); }

  // --- Settings that change while requests are open (pipeline_sharing.cc) -------------------------------------------
  [[nodiscard]] PipelineBond bond_with(const Pipeline& other) const;
  // What both have in common changes places, with the budget and the waits that providers asked for. A request of the
  // one that has been replaced goes on while that one holds the state: exchange, the event, exchange.
  void exchange(Pipeline& other, const PipelineBond& bond);
  // After the first exchange: the budget follows the settings of this pipeline.
  void change_budget(Instant now);

  // `flow` is new but for `flow.record.request`, which is what is asked for.
  Step begin(Flow& flow, Instant now, const ForeignBreakers* foreign = nullptr);
  Step on_reply(Flow& flow, const Reply& reply, Instant now, const ForeignBreakers* foreign = nullptr);
  Step on_wakeup(Flow& flow, Instant now, const ForeignBreakers* foreign = nullptr);
  // The caller has gone. An outstanding call settles as one of unknown usage and counts for no breaker, whatever
  // client_error counts as there; the request ends as client_error, and nothing else is called for it.
  Step abandon(Flow& flow, Instant now, const ForeignBreakers* foreign = nullptr);

  // The usage of a call that had none has come, once at most, and after on_reply() of that call. It corrects the budget
  // and the limits, and is counted apart in the metrics. Records, all other metrics and the average of tokens keep what
  // was known when the call ended.
  void learn_usage(const UnbilledCall& call, const Usage& usage, Instant now);

  // Moves each breaker whose OPEN, or whose HALF_OPEN by half_open_timeout, has ended. A driver calls it at the
  // wakeup() of a breaker, so that the event carries that instant; nothing depends on it.
  void on_time(Instant now, const ForeignBreakers* foreign = nullptr);
  // When OPEN, or a HALF_OPEN that takes too long, ends at this provider; nothing if neither ends by itself.
  [[nodiscard]] std::optional<Instant> wakeup(ProviderId id) const { return breakers_.wakeup(index_of(id)); }

  [[nodiscard]] std::size_t provider_count() const { return providers_.size(); }
  [[nodiscard]] const ProviderConfig& provider(ProviderId id) const { return providers_[index_of(id)]; }
  [[nodiscard]] const Breaker& breaker(ProviderId id) const { return breakers_[index_of(id)]; }
  [[nodiscard]] const TokenLimiter& token_limiter() const { return token_limiter_; }
  [[nodiscard]] const CostLimiter& cost_limiter() const { return cost_limiter_; }
  [[nodiscard]] const RateLimiter& rate_limiter() const { return rate_limiter_; }
  [[nodiscard]] const LimitBook& limits() const { return limits_; }
  [[nodiscard]] const Cache& cache() const { return cache_; }
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] const Router& router() const { return router_; }
  [[nodiscard]] const Metrics& metrics() const { return metrics_; }
  [[nodiscard]] const MonitorConfig& config() const { return config_; }
  [[nodiscard]] std::optional<Instant> cooling_until(ProviderId id) const { return cooling_until_[index_of(id)]; }
  [[nodiscard]] WallTime wall_at(Instant now) const { return wall_at_zero_ + now.time_since_epoch(); }

 private:
  Step call_provider(Flow& flow, Instant now, const ForeignBreakers* foreign);
  [[nodiscard]] std::optional<Permit> acquire(const Flow& flow, ProviderId provider, Instant now,
                                              const ForeignBreakers* foreign);
  Step pay_and_call(Flow& flow, ProviderId provider, const std::optional<Permit>& permit, Instant now,
                    const ForeignBreakers* foreign);
  Step start_attempt(Flow& flow, ProviderId provider, Permit permit, Instant now);
  void time_stream(Flow& flow, CallProvider& step, Instant now) const;
  Step retry_or_fail_over(Flow& flow, ReplyKind kind, Instant now, const ForeignBreakers* foreign);
  std::optional<WaitUntil> pass_over(Flow& flow, Instant now);
  std::optional<WaitUntil> move_on(Flow& flow, std::optional<ReplyKind> kind, bool may_retry, Instant now);
  Step serve(Flow& flow, const Reply& reply, Instant now);
  Step serve_from_cache(Flow& flow, const Hit& hit, Outcome outcome, Instant now);
  Step give_up(Flow& flow, Instant now);
  Step finish(Flow& flow, Outcome outcome, Instant now);

  // The list of limits (pipeline_moves.cc). Each returns whether the request may go on; else its record names the
  // limit.
  [[nodiscard]] bool pass_limits(Flow& flow, Usd worst, Instant now);
  [[nodiscard]] std::optional<OnExhausted> ask_limits(Flow& flow, ProviderId target, Instant now);
  [[nodiscard]] bool reserve_of_limits(Flow& flow, ProviderId target, Usd worst, Instant now);
  void tell_limits(const Flow& flow, LimitStage stage, std::optional<ProviderId> target, Usd worst,
                   const LimitVerdict& verdict, Instant now) const;
  static void note_refusal(Flow& flow, const LimitVerdict& verdict);
  [[nodiscard]] Step refuse_by_limit(Flow& flow, Instant now);

  void route(Flow& flow, Instant now);
  void settle_attempt(Flow& flow, const Reply& reply, bool is_counted, Instant now, const ForeignBreakers* foreign);
  void obey_retry_after(ProviderId provider, const RetryAfter& retry_after, Instant now);
  [[nodiscard]] static std::optional<ReplyKind> failed_elsewhere(const Record& record);
  [[nodiscard]] PlanQuery query_of(const Flow& flow, Instant now);
  [[nodiscard]] std::optional<WaitUntil> retry_at(const Flow& flow, Instant now) const;
  [[nodiscard]] BreakerOutcome counts_as(ReplyKind kind, const BreakerConfig& breaker) const;
  [[nodiscard]] std::optional<Instant> deadline_of(const Flow& flow) const;
  [[nodiscard]] bool is_cooling(ProviderId provider, Instant at) const;
  [[nodiscard]] Usd dearest_worst_case(const Request& request, Tokens output, WallTime wall);
  // Most of the time there is no event to deliver.
  void deliver_transitions(ProviderId provider) {
    while (const auto transition = breakers_.take_transition(index_of(provider))) [[unlikely]]
      deliver_transition(provider, *transition);
  }
  void deliver_transition(ProviderId provider, const BreakerTransition& transition);
  void deliver_budget(Instant now) {
    if (!cost_limiter_.events().empty()) [[unlikely]]
      deliver_budget_events(now);
  }
  void deliver_budget_events(Instant now);

  MonitorConfig config_;
  std::vector<ProviderConfig> providers_;
  std::size_t provider_count_;
  PriceList prices_;
  RateLimiter rate_limiter_;
  LimitBook limits_;
  TokenLimiter token_limiter_;
  CostLimiter cost_limiter_;
  Router router_;
  Cache cache_;
  BreakerSet breakers_;
  Plan plan_;
  std::array<std::optional<Instant>, kProvidersMax> cooling_until_;  // the latest Retry-After of each provider
  Metrics metrics_;
  WallTime wall_at_zero_{};
  Observer observer_;
};

}  // namespace windtunnel::monitor
