#pragma once
// What a gateway counts while it runs, beside its pipeline's own metrics, and the sums of both over all the settings
// that it has had.
//
// Settings that are read again begin a new pipeline, whose providers may have other places. Counters go on by name, so
// that none ever goes back; a provider that is gone keeps those that it had.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "monitor/metrics.h"
#include "monitor/pipeline_events.h"
#include "sim/timeline/timeline.h"
#include "sim/world/scenario.h"

namespace windtunnel::runs {

// The upper edges that OpenTelemetry's conventions for generative AI advise for what calls take, and for their times to
// first token.
inline constexpr std::array<std::int64_t, 14> kOperationEdgesMs{10,   20,   40,   80,    160,   320,   640,
                                                                1280, 2560, 5120, 10240, 20480, 40960, 81920};
inline constexpr std::array<std::int64_t, 16> kFirstTokenEdgesMs{1,   5,   10,  20,   40,   60,   80,   100,
                                                                 250, 500, 750, 1000, 2500, 5000, 7500, 10000};

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
    void add(const Bins& other) {
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
      sum += other.sum;
    }
  };
  using Durations = Bins<sim::kDurationEdgesMs.size()>;
  using TokenBins = Bins<sim::kTokenEdges.size()>;

  struct Provider {
    std::int64_t in_flight = 0;
    std::uint64_t refusals = 0;
    std::uint64_t skips = 0;
    Bins<kOperationEdgesMs.size()> succeeded;
    Bins<kOperationEdgesMs.size()> failed;
    Bins<kFirstTokenEdgesMs.size()> first_token;
    TokenBins input;
    TokenBins output;
    void add(const Provider& other);
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

// Sums by name. What is kept of the pipeline's metrics is what /metrics shows: no histogram of theirs.
struct LiveTotals {
  struct Provider {
    std::string name;
    std::string model;
    monitor::ProviderMetrics metrics;
    LiveCounts::Provider counts;
  };
  struct Variant {
    std::string experiment;
    std::string id;
    monitor::RequestMetrics metrics;
  };

  void add(const sim::Scenario& scenario, const LiveCounts& counts, const monitor::Metrics& metrics);

  monitor::RequestMetrics requests;
  std::uint64_t arrivals = 0;
  std::int64_t in_flight = 0;
  std::uint64_t grants_cut = 0;
  LiveCounts::Durations latency;
  LiveCounts::Durations first_token;
  std::vector<monitor::BudgetEvent> alerts;
  std::vector<Provider> providers;    // by name; the model is that of the latest settings
  std::vector<Provider> deployments;  // by name and model
  std::vector<Variant> variants;
};

}  // namespace windtunnel::runs
