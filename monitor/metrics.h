#pragma once
// What is counted while the pipeline works. Per-provider metrics count calls; user-facing ones, per variant, per labels
// and over all, count requests.
//
// A call's latency counts for its provider when the call succeeded; a request's latency counts when it was answered.
// Costs are of calls whose usage is known; what calls of unknown usage were settled for stands apart.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "monitor/breaker_config.h"
#include "monitor/histogram.h"
#include "monitor/record.h"
#include "monitor/request.h"
#include "monitor/units.h"

namespace windtunnel::monitor {

struct ProviderMetrics {
  std::int64_t calls = 0;
  std::array<std::int64_t, kReplyKinds> replies{};  // by ReplyKind
  Tokens input;                                     // of calls with known usage
  Tokens output;
  Usd cost;
  Usd cost_unknown;  // what calls of unknown usage were settled for
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
  Usd cost;
  Histogram latency;
  Histogram time_to_first_token;  // of served requests

  [[nodiscard]] std::int64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::int64_t requests() const;
  [[nodiscard]] std::int64_t answered() const;
  [[nodiscard]] std::int64_t refused() const;
  // Neither answered nor refused by our own limiters.
  [[nodiscard]] std::int64_t failed() const { return requests() - answered() - refused(); }
};

class Metrics {
 public:
  Metrics(std::size_t providers, std::size_t variants) : providers_(providers), variants_(variants) {}

  void on_attempt(const Attempt& attempt, const Reply& reply, bool late);
  void on_transition(ProviderId provider, const BreakerTransition& transition);
  void on_finish(const Record& record);

  [[nodiscard]] const ProviderMetrics& provider(ProviderId id) const { return providers_[index_of(id)]; }
  [[nodiscard]] const RequestMetrics& all() const { return all_; }
  [[nodiscard]] std::span<const RequestMetrics> variants() const { return variants_; }  // in file order
  [[nodiscard]] std::span<const RequestMetrics> labels() const { return labels_; }      // by LabelsId
  // The seed's "Total Requests across all providers": calls, not requests.
  [[nodiscard]] std::int64_t calls() const;
  [[nodiscard]] Usd cost() const;

 private:
  static void count(RequestMetrics& metrics, const Record& record, Usd cost);

  std::vector<ProviderMetrics> providers_;
  std::vector<RequestMetrics> variants_;
  std::vector<RequestMetrics> labels_;
  RequestMetrics all_;
};

}  // namespace windtunnel::monitor
