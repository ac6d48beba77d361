#pragma once
// What is counted while the pipeline works. Per-provider metrics count calls; user-facing ones, per variant, per labels
// and over all, count requests.
//
// A call's latency counts for its provider when the call succeeded; a request's latency counts when it was answered.
// Costs are of calls whose usage is known; what calls of unknown usage were settled for stands apart.
//
// Spend by cause is of finished requests: a call is a retry if its provider was called before for the same request,
// else a failover if its provider is not the assigned one, else a first attempt. Calls of unknown usage are a cause of
// their own. What a cache hit saved is the bill of the cached answer at today's prices of input and output of the
// provider that gave it.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/histogram.h"
#include "base/units.h"
#include "monitor/breaker/breaker_config.h"
#include "monitor/cost_limiter.h"
#include "monitor/record.h"
#include "monitor/request.h"

namespace windtunnel::monitor {

struct ProviderMetrics {
  std::int64_t calls = 0;
  std::array<std::int64_t, kReplyKinds> replies{};  // by ReplyKind
  Tokens input;                                     // of calls with known usage
  Tokens output;
  TokenKinds kinds;  // of these
  UsdSum cost;
  UsdSum cost_unknown;  // what calls of unknown usage were settled for
  Histogram latency;
  std::int64_t breaker_opened = 0;
  std::int64_t breaker_half_opened = 0;
  std::int64_t breaker_closed = 0;
  std::int64_t late_results = 0;  // of an earlier epoch: they changed nothing

  [[nodiscard]] std::int64_t successes() const { return replies[static_cast<std::size_t>(ReplyKind::ok)]; }
  [[nodiscard]] std::int64_t errors() const { return calls - successes(); }
};

struct RequestMetrics {
  std::array<std::int64_t, kOutcomes> outcomes{};  // by Outcome
  std::int64_t attempts = 0;
  std::int64_t failed_over = 0;  // requests that were answered, or gave up, past their first candidate
  Tokens input;                  // of served requests
  Tokens output;
  TokenKinds kinds;  // of these
  UsdSum cost;
  UsdSum cost_unknown;
  Histogram latency;
  Histogram time_to_first_token;  // of served requests

  [[nodiscard]] std::int64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::int64_t requests() const;
  [[nodiscard]] std::int64_t answered() const;
  [[nodiscard]] std::int64_t refused() const;
  // Neither answered nor refused by our own limiters.
  [[nodiscard]] std::int64_t failed() const { return requests() - answered() - refused(); }
  void add(const RequestMetrics& other);
};

struct SpendByCause {
  UsdSum first_attempts;
  UsdSum retries;
  UsdSum failovers;
  UsdSum unknown_usage;
  UsdSum saved_by_cache;  // was not spent
};

// Calls whose usage came after they had ended. What they were settled for then is part of `cost_unknown` all the same.
struct LateUsage {
  std::int64_t calls = 0;
  UsdSum settled;  // until then
  UsdSum billed;
};

// An alert of the monthly budget, or its first refusal, and when it came.
struct BudgetAlert {
  Instant at{};
  BudgetEvent event;
};

class Metrics {
 public:
  Metrics(std::size_t providers, std::size_t variants) : providers_(providers), variants_(variants) {}

  // Counts the requests of each of so many routes, too.
  void count_routes(std::size_t routes) { routes_.resize(routes); }

  void on_attempt(const Attempt& attempt, const Reply& reply, bool late);
  void on_transition(ProviderId provider, const BreakerTransition& transition);
  void on_finish(const Record& record);
  void on_usage_learned(Usd settled, Usd billed) {
    ++late_usage_.calls;
    late_usage_.settled += settled;
    late_usage_.billed += billed;
  }
  void on_saved(Usd bill) { spend_.saved_by_cache += bill; }
  void on_budget(const BudgetEvent& event, Instant now);

  [[nodiscard]] const ProviderMetrics& provider(ProviderId id) const { return providers_[index_of(id)]; }
  // How many requests have ended so.
  [[nodiscard]] std::int64_t ended_as(Outcome outcome) const { return outcomes_[static_cast<std::size_t>(outcome)]; }
  // Sums, worked out when they are asked for: a request is counted once, in the cell of its labels and its variant.
  [[nodiscard]] RequestMetrics all() const;
  [[nodiscard]] std::vector<RequestMetrics> variants() const;  // in file order
  [[nodiscard]] std::vector<RequestMetrics> labels() const;    // by LabelsId, up to the last that was seen
  // By the route that a request asks for, as far as they are counted.
  [[nodiscard]] const std::vector<RequestMetrics>& routes() const { return routes_; }
  // The seed's "Total Requests across all providers": calls, not requests.
  [[nodiscard]] std::int64_t calls() const;
  [[nodiscard]] UsdSum cost() const;
  [[nodiscard]] const SpendByCause& spend() const { return spend_; }
  [[nodiscard]] const LateUsage& late_usage() const { return late_usage_; }
  [[nodiscard]] std::span<const BudgetAlert> budget_alerts() const { return budget_alerts_; }

 private:
  struct Costs {
    Usd known;
    Usd unknown;
  };
  Costs add_causes(const Record& record);
  static void count(RequestMetrics& metrics, const Record& record, const Costs& costs);
  [[nodiscard]] std::size_t cells_a_label() const { return variants_ + 1; }
  [[nodiscard]] RequestMetrics sum_of_every(std::size_t step, std::size_t first, std::size_t end) const;

  std::vector<ProviderMetrics> providers_;
  std::size_t variants_;
  std::vector<RequestMetrics> cells_;   // by labels, then by variant: first without a variant
  std::vector<RequestMetrics> routes_;  // empty: not counted
  std::array<std::int64_t, kOutcomes> outcomes_{};
  SpendByCause spend_;
  LateUsage late_usage_;
  std::vector<BudgetAlert> budget_alerts_;
};

}  // namespace windtunnel::monitor
