#pragma once
// The metrics of a gateway that runs, as a Prometheus finds them: the names, labels, units and helps of `windtunnel
// export` (reports/prometheus/run_metrics.h), so that one dashboard and one set of rules serve both. What only a mock
// provider could know, its true bill, has no place here; what only a service has begins with windtunnel_gateway_.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "monitor/pipeline.h"
#include "sim/timeline/timeline.h"
#include "sim/world/scenario.h"
#include "wire/gateway/gateway_server.h"

namespace windtunnel::runs {

// Counts what the pipeline's own metrics do not have.
class LiveCounts {
 public:
  explicit LiveCounts(std::size_t providers) : providers_(providers) {}

  void on(const monitor::RequestArrived& event);
  void on(const monitor::TokensGranted& event);
  void on(const monitor::PermitAsked& event);
  void on(const monitor::CoolingSkipped& event);
  void on(const monitor::AttemptStarted& event);
  void on(const monitor::AttemptEnded& event);
  void on(const monitor::BudgetChanged& event);
  void on(const monitor::Record& record);

  template <std::size_t kEdges>
  struct Bins {
    std::array<std::uint64_t, kEdges + 1> counts{};
    Int128 sum = 0;
    void add(std::int64_t value, const std::array<std::int64_t, kEdges>& edges);
  };
  using Durations = Bins<sim::kDurationEdgesMs.size()>;
  using TokenBins = Bins<sim::kTokenEdges.size()>;

  struct Provider {
    std::int64_t in_flight = 0;
    std::uint64_t refusals = 0;
    std::uint64_t skips = 0;
    Durations succeeded;
    Durations failed;
    Durations first_token;
    TokenBins input;
    TokenBins output;
  };

  [[nodiscard]] const std::vector<Provider>& providers() const { return providers_; }
  [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }
  [[nodiscard]] std::int64_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::uint64_t grants_cut() const { return grants_cut_; }
  [[nodiscard]] const Durations& latency() const { return latency_; }
  [[nodiscard]] const Durations& first_token() const { return first_token_; }
  [[nodiscard]] const std::vector<monitor::BudgetEvent>& alerts() const { return alerts_; }

 private:
  std::vector<Provider> providers_;
  std::uint64_t arrivals_ = 0;
  std::int64_t in_flight_ = 0;
  std::uint64_t grants_cut_ = 0;
  Durations latency_;
  Durations first_token_;
  std::vector<monitor::BudgetEvent> alerts_;
};

struct LiveView {
  const sim::Scenario& scenario;
  const LiveCounts& counts;
  const monitor::Pipeline& pipeline;
  const wire::GatewayCounts& server;
  Instant now{};
};
// OpenMetrics 1.0.
[[nodiscard]] std::string live_metrics_text(const LiveView& view);

}  // namespace windtunnel::runs
