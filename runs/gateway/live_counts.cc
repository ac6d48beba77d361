#include "runs/gateway/live_counts.h"

#include <algorithm>
#include <chrono>

namespace windtunnel::runs {

template <std::size_t kEdges>
void LiveCounts::Bins<kEdges>::add(std::int64_t value, const std::array<std::int64_t, kEdges>& edges) {
  const auto bin = std::ranges::lower_bound(edges, value) - edges.begin();
  ++counts[static_cast<std::size_t>(bin)];
}

namespace {

template <std::size_t kEdges>
void add_duration(LiveCounts::Bins<kEdges>& bins, Duration duration, const std::array<std::int64_t, kEdges>& edges_ms) {
  bins.add(std::chrono::ceil<std::chrono::milliseconds>(duration).count(), edges_ms);
  bins.sum += duration.count();
}

void add_tokens(LiveCounts::TokenBins& bins, Tokens tokens) {
  bins.add(tokens.count(), sim::kTokenEdges);
  bins.sum += tokens.count();
}

void add_calls(monitor::ProviderMetrics& sum, const monitor::ProviderMetrics& more) {
  sum.calls += more.calls;
  for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) sum.replies[i] += more.replies[i];
  sum.kinds += more.kinds;
  sum.cost += more.cost;
  sum.cost_unknown += more.cost_unknown;
  sum.breaker_opened += more.breaker_opened;
  sum.breaker_half_opened += more.breaker_half_opened;
  sum.breaker_closed += more.breaker_closed;
  sum.late_results += more.late_results;
}

}  // namespace

void LiveCounts::on(const monitor::RequestArrived& /*event*/) {
  ++arrivals_;
  ++in_flight_;
}
void LiveCounts::on(const monitor::TokensGranted& event) { grants_cut_ += event.output < event.asked ? 1U : 0U; }
void LiveCounts::on(const monitor::PermitAsked& event) {
  if (!event.admitted) ++providers_[index_of(event.provider)].refusals;
}
void LiveCounts::on(const monitor::CoolingSkipped& event) { ++providers_[index_of(event.provider)].skips; }
void LiveCounts::on(const monitor::AttemptStarted& event) { ++providers_[index_of(event.provider)].in_flight; }
void LiveCounts::on(const monitor::AttemptEnded& event) {
  Provider& provider = providers_[index_of(event.provider)];
  --provider.in_flight;
  const bool is_ok = event.reply.kind == monitor::ReplyKind::ok;
  add_duration(is_ok ? provider.succeeded : provider.failed, event.latency, kOperationEdgesMs);
  if (is_ok) add_duration(provider.first_token, event.reply.time_to_first_token, kFirstTokenEdgesMs);
  if (!event.reply.usage) return;
  add_tokens(provider.input, event.reply.usage->input);
  add_tokens(provider.output, event.reply.usage->output);
}
void LiveCounts::on(const monitor::BudgetChanged& event) {
  if (event.budget.kind == monitor::BudgetEvent::Kind::alert) alerts_.push_back(event.budget);
}
void LiveCounts::on(const monitor::Record& record) {
  --in_flight_;
  if (monitor::is_answered(record.outcome)) add_duration(latency_, record.latency(), sim::kDurationEdgesMs);
  if (record.outcome == monitor::Outcome::served)
    add_duration(first_token_, record.time_to_first_token, sim::kDurationEdgesMs);
}

void LiveCounts::Provider::add(const Provider& other) {
  in_flight += other.in_flight;
  refusals += other.refusals;
  skips += other.skips;
  succeeded.add(other.succeeded);
  failed.add(other.failed);
  first_token.add(other.first_token);
  input.add(other.input);
  output.add(other.output);
}

void LiveTotals::add(const sim::Scenario& scenario, const LiveCounts& counts, const monitor::Metrics& metrics) {
  requests.add(metrics.all());
  arrivals += counts.arrivals();
  in_flight += counts.in_flight();
  grants_cut += counts.grants_cut();
  latency.add(counts.latency());
  first_token.add(counts.first_token());
  alerts.insert(alerts.end(), counts.alerts().begin(), counts.alerts().end());
  for (std::size_t i = 0; i < scenario.providers.size(); ++i) {
    const sim::ProviderSpec& spec = scenario.providers[i];
    const auto add_to = [&](std::vector<Provider>& rows, const auto& is_same) {
      auto row = std::ranges::find_if(rows, is_same);
      if (row == rows.end()) row = rows.insert(rows.end(), Provider{.name = spec.name, .model = spec.model});
      row->model = spec.model;
      add_calls(row->metrics, metrics.provider(monitor::ProviderId{static_cast<std::uint8_t>(i)}));
      row->counts.add(counts.providers()[i]);
    };
    add_to(providers, [&](const Provider& row) { return row.name == spec.name; });
    add_to(deployments, [&](const Provider& row) { return row.name == spec.name && row.model == spec.model; });
  }
  const auto& router = scenario.monitor.ab_router;
  const std::vector<monitor::RequestMetrics> sums = metrics.variants();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::string& id = router.variants[i].id;
    auto row = std::ranges::find_if(
        variants, [&](const Variant& each) { return each.experiment == router.experiment_id && each.id == id; });
    if (row == variants.end()) row = variants.insert(variants.end(), Variant{router.experiment_id, id, {}});
    row->metrics.add(sums[i]);
  }
}

}  // namespace windtunnel::runs
