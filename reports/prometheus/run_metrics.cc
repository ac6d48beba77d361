#include "reports/prometheus/run_metrics.h"

// This file is long because every family of metrics stands beside the others, each with its help.

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <variant>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/prometheus/openmetrics_builder.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

using sim::Series;
using sim::Timeline;

template <class Action>
void each_provider(const Timeline& timeline, Action action) {
  for (std::size_t i = 0; i < timeline.providers.size(); ++i) {
    action(timeline.provider_names[i], timeline.providers[i]);
  }
}

MetricLabels by_provider(const Timeline::Provider& provider) { return {{"provider", provider.name}}; }

void write_run(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  metrics.begin({"windtunnel_run", MetricType::info, "", "Which run this is."});
  metrics.constant({{"scenario", run.file},
                    {"title", run.title},
                    {"seed", std::to_string(run.seed)},
                    {"digest", hex_digits(run.digest)}},
                   "_info", 1);
}

void write_outcomes(MetricBuilder& metrics, const MetricLabels& labels, const sim::RequestSeries& requests) {
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    MetricLabels all = labels;
    all.push_back({"outcome", name_of(static_cast<monitor::Outcome>(i))});
    metrics.counter(std::move(all), requests.outcomes[i]);
  }
}

void write_kinds(MetricBuilder& metrics, const MetricLabels& labels, const sim::TokenKindSeries& kinds) {
  for (const auto& [kind, series] : {std::pair{"cached_input", &kinds.cached_input},
                                     {"cache_write", &kinds.cache_write},
                                     {"reasoning", &kinds.reasoning}}) {
    MetricLabels all = labels;
    all.push_back({"kind", kind});
    metrics.counter(std::move(all), *series);
  }
}

void write_requests(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  const sim::RequestSeries& requests = run.requests;
  metrics.begin({"windtunnel_arrivals", MetricType::counter, "", "Requests that have arrived."});
  metrics.counter({}, run.arrivals);
  metrics.begin({"windtunnel_requests_in_flight", MetricType::gauge, "", "Requests that have arrived and not ended."});
  metrics.gauge({}, run.in_flight);
  metrics.begin({"windtunnel_requests", MetricType::counter, "", "Requests that have ended, by outcome."});
  write_outcomes(metrics, {}, requests);
  metrics.begin({"windtunnel_request_duration_seconds", MetricType::histogram, "seconds",
                 "From arrival to end, of answered requests."});
  metrics.durations({}, requests.latency);
  metrics.begin({"windtunnel_request_time_to_first_token_seconds", MetricType::histogram, "seconds",
                 "From arrival to the first token, of served requests."});
  metrics.durations({}, requests.time_to_first_token);
  metrics.begin({"windtunnel_request_attempts", MetricType::counter, "", "Calls that ended requests have made."});
  metrics.counter({}, requests.attempts);
  metrics.begin({"windtunnel_requests_failed_over", MetricType::counter, "",
                 "Requests that were answered, or gave up, past their first candidate."});
  metrics.counter({}, requests.failed_over);
  metrics.begin({"windtunnel_request_tokens", MetricType::counter, "", "Tokens of served requests."});
  metrics.counter({{"type", "input"}}, requests.input_tokens);
  metrics.counter({{"type", "output"}}, requests.output_tokens);
  if (run.has_token_kinds) {
    metrics.begin({"windtunnel_request_token_kinds", MetricType::counter, "",
                   "Of the tokens of served requests, those that providers may price apart."});
    write_kinds(metrics, {}, requests.token_kinds);
  }
  if (!run.from_outside) {
    metrics.begin({"windtunnel_token_grants_cut", MetricType::counter, "",
                   "Requests that the token limiter granted fewer output tokens than they asked for."});
    metrics.counter({}, run.grants_cut);
  }
  metrics.begin({"windtunnel_cost_usd", MetricType::counter, "usd", "What the providers billed for ended requests."});
  metrics.counter({}, requests.cost_picos, kDollarDecimals);
  metrics.begin({"windtunnel_cost_known_usd", MetricType::counter, "usd",
                 "What the gateway knows of the cost of ended requests: the bills of calls with known usage."});
  metrics.counter({}, requests.cost_known_picos, kDollarDecimals);
  if (run.from_outside) return;
  metrics.begin({"windtunnel_cost_reserved_usd", MetricType::counter, "usd",
                 "What the cost limiter holds for calls of unknown usage, of ended requests: their reservations."});
  metrics.counter({}, requests.cost_reserved_picos, kDollarDecimals);
}

// The requests of one A/B arm, or of one version.
struct RequestGroup {
  MetricLabels labels;
  const sim::RequestSeries& requests;
};

void write_groups(MetricBuilder& metrics, const std::array<MetricFamily, 3>& families,
                  const std::vector<RequestGroup>& groups) {
  if (groups.empty()) return;
  metrics.begin(families[0]);
  for (const RequestGroup& group : groups) write_outcomes(metrics, group.labels, group.requests);
  metrics.begin(families[1]);
  for (const RequestGroup& group : groups) metrics.durations(group.labels, group.requests.latency);
  metrics.begin(families[2]);
  for (const RequestGroup& group : groups) metrics.counter(group.labels, group.requests.cost_picos, kDollarDecimals);
}

void write_variants(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  std::vector<RequestGroup> groups;
  for (std::size_t i = 0; i < run.variants.size(); ++i) {
    groups.push_back({{{"experiment", run.experiment}, {"variant", run.variant_names[i].id}}, run.variants[i]});
  }
  write_groups(metrics,
               {{{"windtunnel_variant_requests", MetricType::counter, "",
                  "Requests that have ended, by outcome and the A/B arm they were assigned to."},
                 {"windtunnel_variant_request_duration_seconds", MetricType::histogram, "seconds",
                  "From arrival to end, of answered requests, by A/B arm."},
                 {"windtunnel_variant_cost_usd", MetricType::counter, "usd",
                  "What the providers billed for ended requests, by A/B arm."}}},
               groups);
}

void write_versions(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  std::vector<RequestGroup> groups;
  for (std::size_t i = 0; i < run.versions.size(); ++i) {
    const Timeline::Version& version = run.version_names[i];
    groups.push_back({{{"feature_version", version.feature}, {"prompt_version", version.prompt}}, run.versions[i]});
  }
  write_groups(metrics,
               {{{"windtunnel_version_requests", MetricType::counter, "",
                  "Requests that have ended, by outcome and the versions of feature and prompt."},
                 {"windtunnel_version_request_duration_seconds", MetricType::histogram, "seconds",
                  "From arrival to end, of answered requests, by version."},
                 {"windtunnel_version_cost_usd", MetricType::counter, "usd",
                  "What the providers billed for ended requests, by version."}}},
               groups);
}

void write_routes(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  std::vector<RequestGroup> groups;
  for (std::size_t i = 0; i < run.route_names.size(); ++i) {
    groups.push_back({{{"route", run.route_names[i]}}, run.route_requests[i]});
  }
  write_groups(metrics,
               {{{"windtunnel_route_requests", MetricType::counter, "",
                  "Requests that have ended, by outcome and the route that they asked for."},
                 {"windtunnel_route_request_duration_seconds", MetricType::histogram, "seconds",
                  "From arrival to end, of answered requests, by route."},
                 {"windtunnel_route_cost_usd", MetricType::counter, "usd",
                  "What the providers billed for ended requests, by route."}}},
               groups);
}

using ProviderSeriesMember = std::variant<Series sim::ProviderSeries::*, sim::MoneySeries sim::ProviderSeries::*>;

// A family of one counter or gauge for each provider.
struct ProviderFamily {
  MetricFamily family;
  ProviderSeriesMember series;
  int decimals = 0;
  bool is_inside = false;  // not observed in a trial
};

constexpr std::array<ProviderFamily, 9> kProviderFamilies = {{
    {{"windtunnel_provider_calls_in_flight", MetricType::gauge, "", "Calls that have not ended."},
     &sim::ProviderSeries::in_flight},
    {{"windtunnel_provider_cost_usd", MetricType::counter, "usd",
      "What the provider billed for calls that have ended."},
     &sim::ProviderSeries::cost_picos,
     kDollarDecimals},
    {{"windtunnel_provider_cost_known_usd", MetricType::counter, "usd",
      "What the gateway knows of that: the bills of calls with known usage."},
     &sim::ProviderSeries::cost_known_picos,
     kDollarDecimals},
    {{"windtunnel_provider_cost_reserved_usd", MetricType::counter, "usd",
      "What the cost limiter holds for calls of unknown usage: their reservations."},
     &sim::ProviderSeries::cost_reserved_picos,
     kDollarDecimals,
     true},
    {{"windtunnel_provider_late_results", MetricType::counter, "",
      "Results that changed nothing, because the breaker had moved on since their call began."},
     &sim::ProviderSeries::late_results,
     0,
     true},
    {{"windtunnel_provider_retry_after_skips", MetricType::counter, "",
      "Times that the provider was passed over because of a Retry-After."},
     &sim::ProviderSeries::cooling_skips,
     0,
     true},
    {{"windtunnel_breaker_refusals", MetricType::counter, "", "Calls that the breaker did not permit."},
     &sim::ProviderSeries::not_permitted,
     0,
     true},
    {{"windtunnel_breaker_open_seconds", MetricType::counter, "seconds", "Time that the breaker spent open."},
     &sim::ProviderSeries::open_ns,
     kSecondDecimals,
     true},
    {{"windtunnel_breaker_half_open_seconds", MetricType::counter, "seconds", "Time that the breaker spent half-open."},
     &sim::ProviderSeries::half_open_ns,
     kSecondDecimals,
     true},
}};

void write_providers(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  metrics.begin(
      {"windtunnel_provider_calls", MetricType::counter, "", "Calls that have ended, by their reply's kind."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    for (std::size_t i = 0; i < monitor::kReplyKinds; ++i) {
      const char* reply = name_of(static_cast<monitor::ReplyKind>(i));
      metrics.counter({{"provider", name.name}, {"model", name.model}, {"outcome", reply}}, provider.replies[i]);
    }
  });
  for (const ProviderFamily& family : kProviderFamilies) {
    if (run.from_outside && family.is_inside) continue;
    metrics.begin(family.family);
    each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
      std::visit(
          [&](auto member) {
            family.family.type == MetricType::gauge
                ? metrics.gauge(by_provider(name), provider.*member, family.decimals)
                : metrics.counter(by_provider(name), provider.*member, family.decimals);
          },
          family.series);
    });
  }
}

void write_provider_kinds(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  if (!run.has_token_kinds) return;
  metrics.begin({"windtunnel_provider_token_kinds", MetricType::counter, "",
                 "Of the tokens of calls with known usage, those that the provider may price apart."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    write_kinds(metrics, by_provider(name), provider.token_kinds);
  });
}

// What OpenTelemetry's conventions for generative AI have a name for:
// https://opentelemetry.io/docs/specs/semconv/gen-ai (gen_ai.client.operation.duration and so on, with the dots of
// names and attributes as underscores). Every call is a chat; what a failed one failed of tells
// windtunnel_provider_calls.
void write_gen_ai(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  const auto attributes = [](const Timeline::Provider& provider, const char* name, const char* value) {
    MetricLabels labels{{"gen_ai_operation_name", "chat"},
                        {"gen_ai_provider_name", provider.name},
                        {"gen_ai_request_model", provider.model}};
    if (name != nullptr) labels.push_back({name, value});
    return labels;
  };
  metrics.begin({"gen_ai_client_operation_duration_seconds", MetricType::histogram, "seconds",
                 "How long calls took; those that failed have an error_type."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    metrics.durations(attributes(name, nullptr, nullptr), provider.latency);
    metrics.durations(attributes(name, "error_type", "_OTHER"), provider.failed_latency);
  });
  metrics.begin({"gen_ai_client_token_usage", MetricType::histogram, "", "Tokens of calls with known usage."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    metrics.tokens(attributes(name, "gen_ai_token_type", "input"), provider.input_tokens_per_call,
                   provider.input_tokens);
    metrics.tokens(attributes(name, "gen_ai_token_type", "output"), provider.output_tokens_per_call,
                   provider.output_tokens);
  });
  metrics.begin({"gen_ai_server_time_to_first_token_seconds", MetricType::histogram, "seconds",
                 "From the begin of a call to its first token, of calls that succeeded."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    metrics.durations(attributes(name, nullptr, nullptr), provider.time_to_first_token);
  });
}

void write_breakers(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  if (run.from_outside) return;
  // A state set names its states by a label of its own name.
  constexpr const char* kName = "windtunnel_breaker_state";
  metrics.begin({kName, MetricType::state_set, "", "The state that the breaker is in."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    std::vector<MetricSeries> states;
    const std::vector<Int128> numbers = metrics.levels(provider.state);
    for (const auto& [state, of] : {std::pair{monitor::BreakerState::closed, 0},
                                    {monitor::BreakerState::half_open, 1},
                                    {monitor::BreakerState::open, 2}}) {
      MetricSeries series{.suffix = "", .label = MetricLabel{kName, name_of(state)}, .decimals = 0, .values = {}};
      for (const Int128 number : numbers) series.values.push_back(number == of ? 1 : 0);
      states.push_back(std::move(series));
    }
    metrics.metric(by_provider(name), states);
  });
  metrics.begin({"windtunnel_breaker_transitions", MetricType::counter, "", "Changes of the breaker's state."});
  each_provider(run, [&](const Timeline::Provider& name, const sim::ProviderSeries& provider) {
    metrics.counter({{"provider", name.name}, {"to", "open"}}, provider.opened);
    metrics.counter({{"provider", name.name}, {"to", "half_open"}}, provider.half_opened);
    metrics.counter({{"provider", name.name}, {"to", "closed"}}, provider.closed);
  });
}

// "0.95" of 950,000 millionths, once for each share that the limiter warns at.
void write_budget_alerts(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  metrics.begin({"windtunnel_budget_alerts", MetricType::counter, "", "Alerts that the cost limiter has raised."});
  for (const bool daily : {false, true}) {
    if (!(daily ? run.daily_limit : run.monthly_limit)) continue;
    for (const Millionths share : run.budget_alerts) {
      std::vector<Int128> fired(metrics.scrapes());
      for (const Timeline::BudgetMoment& moment : run.budget) {
        const monitor::BudgetEvent& event = moment.event;
        if (event.kind != monitor::BudgetEvent::Kind::alert || event.daily != daily || event.share != share) continue;
        for (std::size_t i = metrics.first_after(moment.at); i < fired.size(); ++i) ++fired[i];
      }
      metrics.one({{"window", daily ? "day" : "month"}, {"share", exact_decimal(share.value, kShareDecimals)}},
                  {.suffix = "_total", .label = {}, .decimals = 0, .values = std::move(fired)});
    }
  }
}

void write_budget(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  if (run.from_outside) return;
  metrics.begin({"windtunnel_budget_spent_usd", MetricType::gauge, "usd",
                 "Settled spend of the calendar month or day, by the limiter's account."});
  metrics.gauge({{"window", "month"}}, run.month_settled_picos, kDollarDecimals);
  metrics.gauge({{"window", "day"}}, run.day_settled_picos, kDollarDecimals);
  metrics.begin({"windtunnel_budget_reserved_usd", MetricType::gauge, "usd",
                 "What requests in flight may cost at most, by the limiter's account."});
  metrics.gauge({{"window", "month"}}, run.month_reserved_picos, kDollarDecimals);
  metrics.gauge({{"window", "day"}}, run.day_reserved_picos, kDollarDecimals);
  metrics.begin(
      {"windtunnel_budget_limit_usd", MetricType::gauge, "usd", "The limit of the month or day, if it has one."});
  if (run.monthly_limit) metrics.constant({{"window", "month"}}, "", run.monthly_limit->picos(), kDollarDecimals);
  if (run.daily_limit) metrics.constant({{"window", "day"}}, "", run.daily_limit->picos(), kDollarDecimals);
  metrics.begin({"windtunnel_budget_overruns", MetricType::counter, "", "Bills above what was reserved for them."});
  metrics.counter({}, run.overruns);
  write_budget_alerts(metrics);
}

void write_world(MetricBuilder& metrics) {
  const Timeline& run = metrics.timeline();
  if (!run.from_outside) {
    metrics.begin({"windtunnel_cache_entries_held", MetricType::gauge, "",
                   "Answers in the cache, with expired ones that nothing has removed yet."});
    metrics.gauge({}, run.cache_entries_held);
    metrics.begin(
        {"windtunnel_cache_entries_fresh", MetricType::gauge, "", "Answers in the cache that a request would hit."});
    metrics.gauge({}, run.cache_entries_fresh);
  }
  metrics.begin({"windtunnel_fault_active", MetricType::gauge, "", "1 while the fault acts."});
  for (const Timeline::Fault& fault : run.faults) {
    const auto acts = [&](Instant at) {
      return std::ranges::any_of(fault.phases, [&](const Timeline::Phase& phase) {
        return phase.from <= at && (!phase.to || at < *phase.to);
      });
    };
    metrics.one({{"fault", fault.id}, {"kind", name_of(fault.kind)}},
                {.suffix = "", .label = {}, .decimals = 0, .values = metrics.when(acts)});
  }
}

}  // namespace

std::optional<std::string> label_problem(const MetricLabel& label) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string& name = label.name;
  if (name.empty() || !letter(name.front()) ||
      !std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); })) {
    return "a label's name has letters, digits and _ and begins with no digit";
  }
  if (name.starts_with("__")) return "names that begin with __ are Prometheus' own";
  static constexpr std::array<std::string_view, 23> kOurs = {
      "scenario",        "title",          "seed",       "digest",
      "outcome",         "type",           "experiment", "variant",
      "provider",        "model",          "to",         "window",
      "share",           "fault",          "kind",       "le",
      "error_type",      "alertname",      "alertstate", "windtunnel_breaker_state",
      "feature_version", "prompt_version", "route"};
  if (std::ranges::find(kOurs, name) != kOurs.end() || name.starts_with("gen_ai_")) {
    return "the metrics have a label of that name already";
  }
  return std::nullopt;
}

void write_metrics(const Timeline& timeline, const Scrapes& scrapes, const MetricLabels& added, MetricSink& sink) {
  MetricBuilder metrics{timeline, scrapes, added, sink};
  write_run(metrics);
  write_requests(metrics);
  write_variants(metrics);
  write_versions(metrics);
  write_routes(metrics);
  write_providers(metrics);
  write_provider_kinds(metrics);
  write_gen_ai(metrics);
  write_breakers(metrics);
  write_budget(metrics);
  write_world(metrics);
}

std::vector<MetricFamily> metric_families() {
  class Families final : public MetricSink {
   public:
    void family(const MetricFamily& family) override { all.push_back(family); }
    void metric(const MetricLabels& /*labels*/, std::span<const MetricSeries> /*series*/) override {}
    std::vector<MetricFamily> all;
  };
  // A run with one of everything, so that no family is missing.
  Timeline run;
  run.step = std::chrono::seconds{1};
  run.has_token_kinds = true;
  run.provider_names.resize(1);
  run.providers.resize(1);
  run.variant_names.resize(1);
  run.variants.resize(1);
  run.version_names.resize(1);
  run.versions.resize(1);
  run.route_names.resize(1);
  run.route_requests.resize(1);
  Families families;
  write_metrics(run, scrapes_of(run, run.step), {}, families);
  return std::move(families.all);
}

}  // namespace windtunnel::reports
