#include "runs/gateway/live_metrics.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/exact_decimal.h"
#include "reports/prometheus/run_metrics.h"

namespace windtunnel::runs {
namespace {

using monitor::ProviderId;
using reports::MetricFamily;
using reports::MetricLabel;
using reports::MetricLabels;
using reports::MetricType;

constexpr int kPicos = 12;
constexpr int kNanoseconds = 9;

ProviderId provider_at(std::size_t place) { return ProviderId{static_cast<std::uint8_t>(place)}; }

class LiveBuilder {
 public:
  LiveBuilder() {
    for (const MetricFamily& family : reports::metric_families()) known_.emplace(family.name, family);
  }

  // A family of the export, or one of a service alone.
  void begin(const char* name) { begin(known_.at(name)); }
  void begin(const MetricFamily& family) { families_.push_back({.family = family}); }

  void add(MetricLabels labels, Int128 value, int decimals = 0) {
    families_.back().decimals = decimals;
    families_.back().points.push_back({std::move(labels), value, {}});
  }
  void state(MetricLabels labels, const char* state, bool is_on) {
    labels.push_back({families_.back().family.name, state});
    add(std::move(labels), is_on ? 1 : 0);
  }
  template <class Bins, class Edges>
  void histogram(MetricLabels labels, const Bins& bins, const Edges& edges, int edge_decimals, int decimals) {
    LiveFamily& family = families_.back();
    family.decimals = decimals;
    family.edges.assign(edges.begin(), edges.end());
    family.edge_decimals = edge_decimals;
    family.points.push_back({std::move(labels), bins.sum, {bins.counts.begin(), bins.counts.end()}});
  }
  template <class Bins, class Edges>
  void durations(MetricLabels labels, const Bins& bins, const Edges& edges_ms) {
    histogram(std::move(labels), bins, edges_ms, 3, kNanoseconds);
  }
  void tokens(MetricLabels labels, const LiveCounts::TokenBins& bins) {
    histogram(std::move(labels), bins, sim::kTokenEdges, 0, 0);
  }
  [[nodiscard]] std::vector<LiveFamily> take() { return std::move(families_); }

 private:
  std::map<std::string, MetricFamily> known_;
  std::vector<LiveFamily> families_;
};

void add_kinds(LiveBuilder& out, const MetricLabels& labels, const TokenKinds& kinds) {
  for (const auto& [kind, tokens] : {std::pair{"cached_input", kinds.cached_input},
                                     {"cache_write", kinds.cache_write},
                                     {"reasoning", kinds.reasoning}}) {
    MetricLabels all = labels;
    all.push_back({"kind", kind});
    out.add(all, tokens.count());
  }
}

// The families of kinds of tokens appear with the first call that has some.
bool has_kinds(const LiveView& view) {
  return std::ranges::any_of(view.totals.providers,
                             [](const LiveTotals::Provider& provider) { return provider.metrics.kinds.any(); });
}

void add_requests(LiveBuilder& out, const LiveView& view) {
  const monitor::RequestMetrics& all = view.totals.requests;
  out.begin("windtunnel_arrivals");
  out.add({}, view.totals.arrivals);
  out.begin("windtunnel_requests_in_flight");
  out.add({}, view.totals.in_flight);
  out.begin("windtunnel_requests");
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    out.add({{"outcome", name_of(outcome)}}, all.count(outcome));
  }
  out.begin("windtunnel_request_duration_seconds");
  out.durations({}, view.totals.latency, sim::kDurationEdgesMs);
  out.begin("windtunnel_request_time_to_first_token_seconds");
  out.durations({}, view.totals.first_token, sim::kDurationEdgesMs);
  out.begin("windtunnel_request_attempts");
  out.add({}, all.attempts);
  out.begin("windtunnel_requests_failed_over");
  out.add({}, all.failed_over);
  out.begin("windtunnel_request_tokens");
  out.add({{"type", "input"}}, all.input.count());
  out.add({{"type", "output"}}, all.output.count());
  if (has_kinds(view)) {
    out.begin("windtunnel_request_token_kinds");
    add_kinds(out, {}, all.kinds);
  }
  out.begin("windtunnel_token_grants_cut");
  out.add({}, view.totals.grants_cut);
  out.begin("windtunnel_cost_known_usd");
  out.add({}, all.cost.picos(), kPicos);
  out.begin("windtunnel_cost_reserved_usd");
  out.add({}, all.cost_unknown.picos(), kPicos);
}

void add_variants(LiveBuilder& out, const LiveView& view) {
  if (view.totals.variants.empty()) return;
  out.begin("windtunnel_variant_requests");
  for (const LiveTotals::Variant& variant : view.totals.variants) {
    for (std::size_t k = 0; k < monitor::kOutcomes; ++k) {
      const auto outcome = static_cast<monitor::Outcome>(k);
      out.add({{"experiment", variant.experiment}, {"variant", variant.id}, {"outcome", name_of(outcome)}},
              variant.metrics.count(outcome));
    }
  }
}

void add_providers(LiveBuilder& out, const LiveView& view) {
  const auto each_of = [&](const std::vector<LiveTotals::Provider>& rows, const char* family, const auto& add) {
    out.begin(family);
    for (const LiveTotals::Provider& row : rows)
      add(row, row.metrics, row.counts, MetricLabels{{"provider", row.name}});
  };
  const auto each = [&](const char* family, const auto& add) { each_of(view.totals.providers, family, add); };
  const auto each_model = [&](const char* family, const auto& add) { each_of(view.totals.deployments, family, add); };
  each_model("windtunnel_provider_calls", [&](const auto& spec, const auto& metrics, const auto&, const auto&) {
    for (std::size_t k = 0; k < monitor::kReplyKinds; ++k) {
      out.add(
          {{"provider", spec.name}, {"model", spec.model}, {"outcome", name_of(static_cast<monitor::ReplyKind>(k))}},
          metrics.replies[k]);
    }
  });
  each("windtunnel_provider_calls_in_flight",
       [&](const auto&, const auto&, const auto& counts, const auto& labels) { out.add(labels, counts.in_flight); });
  each("windtunnel_provider_cost_known_usd", [&](const auto&, const auto& metrics, const auto&, const auto& labels) {
    out.add(labels, metrics.cost.picos(), kPicos);
  });
  each("windtunnel_provider_cost_reserved_usd", [&](const auto&, const auto& metrics, const auto&, const auto& labels) {
    out.add(labels, metrics.cost_unknown.picos(), kPicos);
  });
  each("windtunnel_provider_late_results", [&](const auto&, const auto& metrics, const auto&, const auto& labels) {
    out.add(labels, metrics.late_results);
  });
  each("windtunnel_provider_retry_after_skips",
       [&](const auto&, const auto&, const auto& counts, const auto& labels) { out.add(labels, counts.skips); });
  each("windtunnel_breaker_refusals",
       [&](const auto&, const auto&, const auto& counts, const auto& labels) { out.add(labels, counts.refusals); });
  if (has_kinds(view)) {
    each("windtunnel_provider_token_kinds", [&](const auto&, const auto& metrics, const auto&, const auto& labels) {
      add_kinds(out, labels, metrics.kinds);
    });
  }
  const auto attributes = [](const LiveTotals::Provider& spec) {
    return MetricLabels{
        {"gen_ai_operation_name", "chat"}, {"gen_ai_provider_name", spec.name}, {"gen_ai_request_model", spec.model}};
  };
  const auto with = [](MetricLabels labels, const char* name, const char* value) {
    labels.push_back({name, value});
    return labels;
  };
  each_model("gen_ai_client_operation_duration_seconds",
             [&](const auto& spec, const auto&, const auto& counts, const auto&) {
               out.durations(attributes(spec), counts.succeeded, kOperationEdgesMs);
               out.durations(with(attributes(spec), "error_type", "_OTHER"), counts.failed, kOperationEdgesMs);
             });
  each_model("gen_ai_client_token_usage", [&](const auto& spec, const auto&, const auto& counts, const auto&) {
    out.tokens(with(attributes(spec), "gen_ai_token_type", "input"), counts.input);
    out.tokens(with(attributes(spec), "gen_ai_token_type", "output"), counts.output);
  });
  each_model("gen_ai_server_time_to_first_token_seconds",
             [&](const auto& spec, const auto&, const auto& counts, const auto&) {
               out.durations(attributes(spec), counts.first_token, kFirstTokenEdgesMs);
             });
}

void add_breakers(LiveBuilder& out, const LiveView& view) {
  using monitor::BreakerState;
  out.begin("windtunnel_breaker_state");
  for (std::size_t i = 0; i < view.scenario.providers.size(); ++i) {
    const BreakerState state = view.pipeline.breaker(provider_at(i)).state(view.now);
    for (const BreakerState each : {BreakerState::closed, BreakerState::half_open, BreakerState::open}) {
      out.state({{"provider", view.scenario.providers[i].name}}, monitor::name_of(each), each == state);
    }
  }
  out.begin("windtunnel_breaker_transitions");
  for (const LiveTotals::Provider& provider : view.totals.providers) {
    const monitor::ProviderMetrics& metrics = provider.metrics;
    out.add({{"provider", provider.name}, {"to", "open"}}, metrics.breaker_opened);
    out.add({{"provider", provider.name}, {"to", "half_open"}}, metrics.breaker_half_opened);
    out.add({{"provider", provider.name}, {"to", "closed"}}, metrics.breaker_closed);
  }
}

void add_budget(LiveBuilder& out, const LiveView& view) {
  const auto each_window = [&](const auto& add) {
    for (const bool daily : {false, true}) {
      for (const monitor::BudgetWindow& window : view.pipeline.cost_limiter().windows()) {
        if (window.current && window.daily == daily) add(MetricLabels{{"window", daily ? "day" : "month"}}, window);
      }
    }
  };
  out.begin("windtunnel_budget_spent_usd");
  each_window([&](const auto& labels, const auto& window) { out.add(labels, window.settled.picos(), kPicos); });
  out.begin("windtunnel_budget_reserved_usd");
  each_window([&](const auto& labels, const auto& window) { out.add(labels, window.reserved.picos(), kPicos); });
  out.begin("windtunnel_budget_limit_usd");
  each_window([&](const auto& labels, const auto& window) {
    if (window.limit) out.add(labels, window.limit->picos(), kPicos);
  });
  out.begin("windtunnel_budget_alerts");
  for (const bool daily : {false, true}) {
    const auto& limiter = view.scenario.monitor.cost_limiter;
    if (!(daily ? limiter.daily : limiter.monthly)) continue;
    for (const Millionths share : limiter.alerts) {
      const auto fired = std::ranges::count_if(view.totals.alerts, [&](const monitor::BudgetEvent& event) {
        return event.daily == daily && event.share == share;
      });
      out.add({{"window", daily ? "day" : "month"}, {"share", exact_decimal(share.value, 6)}}, fired);
    }
  }
}

void add_server(LiveBuilder& out, const LiveView& view) {
  const wire::GatewayCounts& server = view.server;
  out.begin({"windtunnel_gateway_connections", MetricType::counter, "", "Connections of callers that were accepted."});
  out.add({}, server.connections);
  out.begin(
      {"windtunnel_gateway_refused", MetricType::counter, "", "What was refused before the pipeline, by reason."});
  for (const auto& [reason, count] : {std::pair{"too_many_connections", server.refused_too_many},
                                      {"malformed", server.refused_malformed},
                                      {"too_large", server.refused_too_large},
                                      {"slow", server.refused_slow},
                                      {"no_request", server.refused_requests}}) {
    out.add({{"reason", reason}}, count);
  }
  out.begin(
      {"windtunnel_gateway_callers_left", MetricType::counter, "", "Callers that went before their answer was whole."});
  out.add({}, server.callers_left);
}

void add_reloads(LiveBuilder& out, const LiveView& view) {
  const ReloadCounts& reloads = view.reloads;
  out.begin({"windtunnel_gateway_config_reloads", MetricType::counter, "",
             "How often the configuration was read again, by what came of it."});
  out.add({{"result", "success"}}, reloads.succeeded);
  out.add({{"result", "failure"}}, reloads.refused);
  out.begin({"windtunnel_gateway_config_last_reload_successful", MetricType::gauge, "",
             "1 if the latest reading of the configuration took effect, 0 if it was refused."});
  out.add({}, reloads.last_succeeded ? 1 : 0);
  out.begin({"windtunnel_gateway_config_last_reload_success_timestamp_seconds", MetricType::gauge, "seconds",
             "When the configuration that holds was read."});
  out.add({}, reloads.last_success.time_since_epoch().count(), kNanoseconds);
}

void add_exports(LiveBuilder& out, const LiveView& view) {
  if (view.exports == nullptr) return;
  const auto each_signal = [&](const auto& add) {
    for (std::size_t i = 0; i < wire::kOtlpSignals; ++i) {
      const auto signal = static_cast<wire::OtlpSignal>(i);
      add(MetricLabel{"signal", std::string(wire::name_of(signal))}, view.exports->counts(signal));
    }
  };
  out.begin(
      {"windtunnel_gateway_otlp_exported", MetricType::counter, "", "Spans and data points that the collector took."});
  each_signal([&](const auto& signal, const auto& counts) { out.add({signal}, counts.exported); });
  out.begin({"windtunnel_gateway_otlp_dropped", MetricType::counter, "",
             "Spans and data points that it did not take, by reason."});
  each_signal([&](const auto& signal, const wire::ExportCounts& counts) {
    for (const auto& [reason, count] : {std::pair{"queue_full", counts.queue_full},
                                        {"unavailable", counts.unavailable},
                                        {"refused", counts.refused},
                                        {"rejected", counts.rejected}}) {
      out.add({signal, {"reason", reason}}, count);
    }
  });
  out.begin({"windtunnel_gateway_otlp_retries", MetricType::counter, "", "Exports that were sent again."});
  each_signal([&](const auto& signal, const auto& counts) { out.add({signal}, counts.retries); });
  out.begin(
      {"windtunnel_gateway_otlp_spans_held", MetricType::gauge, "", "Spans that the collector has not taken yet."});
  out.add({}, static_cast<std::int64_t>(view.exports->spans_held()));
}

}  // namespace

std::vector<LiveFamily> live_metrics(const LiveView& view) {
  LiveBuilder out;
  add_requests(out, view);
  add_variants(out, view);
  add_providers(out, view);
  add_breakers(out, view);
  add_budget(out, view);
  add_server(out, view);
  add_reloads(out, view);
  add_exports(out, view);
  return out.take();
}

}  // namespace windtunnel::runs
