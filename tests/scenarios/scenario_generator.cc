// This file is long because every setting of a scenario is drawn beside those that bound it.

#include "scenario_generator.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "scenarios/fields/tables.h"
#include "scenarios/grammar/threshold_grammar.h"
#include "scenarios/profiles/profiles.h"
#include "sim/world/replicas.h"
#include "tests/scenarios/route_generator.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using sim::Law;

bool chance() { return *rc::gen::arbitrary<bool>(); }
std::int64_t number(std::int64_t least, std::int64_t most) { return *rc::gen::inRange(least, most + 1); }
Duration span(std::int64_t least_ns = 0) {
  const std::int64_t unit = *rc::gen::element<std::int64_t>(1, 1000, 1'000'000, 1'000'000'000, 60'000'000'000);
  return Duration{std::max(least_ns, unit * number(0, 1000))};
}
Duration some_span() { return span(1); }
double millionths() { return static_cast<double>(number(0, 1'000'000)) / 1e6; }
Tokens tokens() { return Tokens{number(0, 100'000)}; }
double real() { return *rc::gen::element(0.001, 0.1, 1.0, 1.5, 3.25, 7.0); }
std::string word() { return *rc::gen::element<std::string>("a", "b c", "\xC3\xA9/~", "x.y", "\"q\"\\"); }
template <class V>
std::optional<V> maybe(V value) {
  return chance() ? std::optional<V>(std::move(value)) : std::nullopt;
}
template <class E>
E one_of(E last) {
  return static_cast<E>(number(0, static_cast<std::int64_t>(last)));
}

// `scale` is a whole number of the law's unit.
Law law(double scale) {
  Law result;
  const double a = scale * static_cast<double>(number(1, 500));
  const double b = a + scale * static_cast<double>(number(0, 500));
  switch (number(0, 6)) {
    case 0:
      result = Law::fixed(a);
      break;
    case 1:
      result = Law::uniform(a, b);
      break;
    case 2:
      result = Law::exponential(a);
      break;
    case 3:
      result = Law::lognormal_p50_p95(a, b);
      break;
    case 4:
      result = Law::weibull(0.1 + real(), a);
      break;
    case 5:
      result = Law::quantiles({a, a, b});
      break;
    default:
      result = Law::lognormal(scale > 1 ? 15.0 + real() : real(), real() / 10);
      break;
  }
  if (chance()) result.shift = scale * static_cast<double>(number(-5, 5));
  return result;
}
Law time_law() { return law(*rc::gen::element(1e6, 1e9)); }

std::vector<std::pair<monitor::ReplyKind, double>> failure_mix() {
  std::vector<std::pair<monitor::ReplyKind, double>> result;
  for (std::size_t i = 1; i < monitor::kReplyKinds; ++i) {
    if (chance()) result.emplace_back(static_cast<monitor::ReplyKind>(i), static_cast<double>(number(1, 70'000)) / 1e6);
  }
  return result;
}

sim::RateLimit rate_limit() { return {maybe(number(0, 100)), maybe(tokens()), maybe(span())}; }

void fill_monitor(monitor::MonitorConfig& m, std::string& preset, std::size_t providers) {
  if (chance()) m.rate_limiter = {maybe(number(0, 1000)), maybe(tokens())};
  if (chance()) m.token_limiter = {one_of(monitor::TokenMode::average), tokens(), tokens()};
  if (chance()) {
    m.cost_limiter.monthly = maybe(Usd::from_picos(number(0, monitor::kLimitMax.picos())));
    m.cost_limiter.daily = maybe(Usd::from_picos(number(0, 1'000'000)));
    m.cost_limiter.alerts = chance() ? std::vector<Millionths>{} : std::vector<Millionths>{{1}, {999'999}};
    m.cost_limiter.on_exhausted = one_of(monitor::ExhaustedPolicy::serve_cached);
    m.cost_limiter.unknown_usage = one_of(monitor::UnknownUsage::zero);
  }
  if (chance()) {
    m.ab_router.experiment_id = word();
    for (const char* id : {"a", "b"}) {
      const auto provider = static_cast<monitor::ProviderId>(number(0, static_cast<std::int64_t>(providers) - 1));
      m.ab_router.variants.push_back({id, provider, number(1, 100)});
    }
  }
  if (chance())
    m.cache = {chance(), span(), static_cast<std::size_t>(number(0, 1000)),
               one_of(monitor::CacheConfig::Scope::provider), span()};
  const auto presets = monitor::breaker_presets();
  preset = presets[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(presets.size()) - 1))].name;
  m.circuit_breaker = *monitor::breaker_preset(preset);
  if (chance()) {
    monitor::BreakerConfig& b = m.circuit_breaker;
    b.consecutive_threshold = maybe(number(1, 10));
    b.failure_rate_threshold = maybe(Millionths{number(0, 1'000'000)});
    b.failure_rate_compare = one_of(monitor::BreakerCompare::ge);
    b.rate_rounding = one_of(monitor::RateRounding::percent_int);
    b.minimum_calls = number(0, 10);
    b.window_type = one_of(monitor::WindowType::lifetime);
    b.window_size = number(1, 100);
    b.window = some_span();
    b.window_buckets = number(0, 5);
    b.window_origin = one_of(monitor::WindowOrigin::closed_start);
    b.bucket_of = one_of(monitor::BucketOf::start);
    b.evaluate_on = one_of(monitor::EvaluateOn::any);
    b.open = span();
    b.open_compare = one_of(monitor::BreakerCompare::ge);
    b.half_open_success_threshold = number(1, 3);
    b.half_open_max_calls = number(3, 5);
    b.half_open_failure = one_of(monitor::HalfOpenFailure::ignore);
    b.half_open_failure_rate.reset();
    if (b.half_open_failure == monitor::HalfOpenFailure::reopen) {
      b.half_open_failure_rate = maybe(Millionths{number(1, 1'000'000)});
    }
    b.state_view = chance() ? monitor::StateView::on_read : one_of(monitor::StateView::lazy);
    b.on_open = one_of(monitor::OnOpen::reset);
    const bool in_order = b.window_type && b.bucket_of == monitor::BucketOf::result;
    b.consecutive_scope = in_order ? one_of(monitor::ConsecutiveScope::window) : monitor::ConsecutiveScope::unbounded;
    b.late_results = one_of(monitor::LateResults::origin_forces);
    const bool judges_otherwise = b.half_open_failure_rate || b.half_open_failure == monitor::HalfOpenFailure::ignore;
    if (monitor::acts_by_origin(b.late_results) && judges_otherwise) {
      b.late_results = monitor::LateResults::current_state;
    }
    if (b.late_results == monitor::LateResults::origin_forces) b.state_view = monitor::StateView::lazy;
    const bool has_buckets = b.window_type == monitor::WindowType::time && b.window_buckets > 0;
    b.volume = monitor::Volume::outcomes;
    if (has_buckets && b.window_origin == monitor::WindowOrigin::epoch) b.volume = one_of(monitor::Volume::attempts);
    b.late_success_in_open = one_of(monitor::LateSuccessInOpen::count);
    b.allowed_fails = maybe(number(0, 9));
    b.allowed_fails_by[index_of(monitor::ReplyKind::timeout)] = maybe(number(0, 9));
    b.outcomes[index_of(monitor::ReplyKind::rate_limited)] = maybe(monitor::BreakerOutcome::fatal);
    b.outcomes[index_of(monitor::ReplyKind::truncated)] = maybe(monitor::BreakerOutcome::ignored);
    b.on_close = chance() ? monitor::OnClose::reset_failures : one_of(monitor::OnClose::keep);
    b.open_backoff_multiplier = Millionths{number(1'000'000, 5'000'000)};
    b.open_max = maybe(span());
    b.half_open_timeout = maybe(some_span());
    if (b.late_results != monitor::LateResults::origin_forces) b.open_jitter = Millionths{number(0, 1'000'000)};
    b.slow_call_duration = span();
    b.slow_call_rate.reset();
    if (b.window_type && !monitor::acts_by_origin(b.late_results)) {
      b.slow_call_rate = maybe(Millionths{number(1, 1'000'000)});
    }
    RC_PRE(!monitor::unsupported(b));
  }
  if (chance()) {
    m.provider_call = {some_span(),
                       maybe(some_span()),
                       {static_cast<std::int32_t>(number(1, 4)),
                        span(),
                        {number(1'000'000, 3'000'000)},
                        span(),
                        one_of(monitor::Jitter::none)},
                       span(),
                       chance(),
                       chance(),
                       one_of(monitor::OnBrokenStream::restart),
                       one_of(monitor::OnCallerGone::cancel),
                       maybe(some_span()),
                       maybe(some_span())};
    if (m.provider_call.deadline && chance()) m.provider_call.timeout = monitor::kNoTimeout;
  }
}

sim::ProviderSpec provider(const std::string& name) {
  sim::ProviderSpec result;
  if (chance()) {
    result = *profile(profiles()[static_cast<std::size_t>(number(0, 4))].name);
  } else {
    result.model = chance() ? word() : name;
    result.tariffs = {{}};
  }
  result.name = name;
  if (chance()) result.time_to_first_token = time_law();
  if (chance()) result.time_per_output_token = time_law();
  if (chance() || result.profile.empty()) {
    result.tariffs.clear();
    const auto tariff = [] {
      return Tariff{{Usd::from_picos(number(0, 1000))}, {Usd::from_picos(number(0, 100'000'000))}};
    };
    result.tariffs.push_back({WallTime::min(), tariff()});
    if (chance()) result.tariffs.push_back({WallTime{std::chrono::hours{500'000} + Duration{number(0, 3)}}, tariff()});
  }
  if (chance()) result.errors.rates = failure_mix();
  if (chance()) result.errors_cv = real();
  result.bill_on_failure = one_of(sim::FailureBill::input);
  result.bill_on_timeout = one_of(sim::TimeoutBill::none);
  result.on_disconnect = one_of(sim::Disconnect::stop);
  if (chance()) {
    result.concurrency = number(1, 10);
    result.queue = number(0, 5);
  }
  if (chance()) result.rate_limit = rate_limit();
  result.rate_limit.retry_after_on = one_of(sim::RetryAfterOn::every_refusal);
  result.rate_limit.retry_after_form = one_of(sim::RetryAfterForm::days);
  return result;
}

sim::TokenModel token_model() {
  sim::TokenModel result{law(1)};
  if (chance()) result.least = Tokens{number(0, 3)};
  if (chance()) result.most = Tokens{number(10, 30)};
  return result;
}

// Settings of an executor, whose defaults are the others'.
void vary(sim::RampingArrivalRate& e) { e.stages = {{span(), {number(0, 5'000'000)}}, {span(), {0}}}; }
void vary(sim::Diurnal& e) {
  e.hourly[static_cast<std::size_t>(number(0, 23))] = real();
  e.weekday[static_cast<std::size_t>(number(0, 6))] = real();
  e.growth_per_day = real();
  e.day_factor_cv = real();
  if (chance()) e.day_factor_law = sim::FactorLaw::gamma;
  e.level_cv = real();
  e.growth_sd = real();
  e.growth_known_days = number(0, 100);
}
void vary(sim::ConstantVus& e) { e = {.vus = number(1, 50), .think_time = time_law()}; }

void vary(sim::RampingVus& e) {
  e = {.start_vus = number(0, 50), .stages = {{some_span(), Millionths{kMillion}}}, .think_time = time_law()};
}

// A replay needs a file, so that the tests of traces try it instead.
void fill_executor(sim::WorkloadSpec& w, const std::vector<std::string>& providers) {
  do {
    w.executor = sim::executor_of(static_cast<sim::ExecutorKind>(number(0, sim::kExecutorKinds - 1)));
  } while (std::holds_alternative<sim::TraceReplay>(w.executor));
  if (sim::source_of(w.executor) == sim::ArrivalSource::rate) {
    w.arrival = one_of(sim::Arrival::mmpp);
    w.rate = {Millionths{number(0, 1'000'000'000)}, some_span()};
    if (w.arrival == sim::Arrival::gamma) w.gamma_shape = real();
    if (w.arrival == sim::Arrival::mmpp) w.mmpp = {{real(), real()}, {some_span(), some_span()}};
  }
  if (sim::has_duration(w.executor)) w.duration = maybe(some_span());
  std::visit(
      [](auto& e) {
        if constexpr (requires { vary(e); }) vary(e);
      },
      w.executor);
  if (!std::holds_alternative<sim::Script>(w.executor)) return;
  for (int i = 0; i < 3; ++i) {
    w.requests.push_back({Duration{i * 5}, maybe(tokens()), maybe(tokens()), maybe(tokens()), maybe(word()),
                          maybe(word()), maybe(providers[0])});
  }
}

sim::WorkloadSpec workload(const std::string& name, const std::vector<std::string>& providers) {
  sim::WorkloadSpec w;
  w.name = name;
  fill_executor(w, providers);
  if (chance()) w.start = Duration{number(0, 1'000'000'000)};
  if (chance()) w.provider = providers.back();
  if (chance()) w.prompts = {number(0, 100), real(), real()};
  if (chance()) w.users = {number(0, 100), real()};
  if (chance()) w.input = token_model();
  if (chance()) w.output = token_model();
  if (chance()) w.length_cv = real();
  if (chance()) w.demand = word();
  w.max_tokens = maybe(tokens());
  w.stream = chance();
  if (chance() && sim::source_of(w.executor) != sim::ArrivalSource::users) {
    w.client = sim::ClientSpec{.preset = "langchain"};
    if (chance()) w.client->retries = static_cast<std::int32_t>(number(0, 9));
    w.client->timeout = maybe(some_span());
    w.client->patience = maybe(time_law());
  }
  if (chance()) w.feature_version = word();
  if (chance()) w.prompt_version = word();
  return w;
}

// Settings that a swarm does not draw. A kind without a function here has those that a swarm draws.
template <class DownFault>
void vary_outage(DownFault& f) {
  f.mode = chance() ? sim::OutageMode::hang : sim::OutageMode::refuse;
  f.error = monitor::ReplyKind::connection_error;
  if (f.mode == sim::OutageMode::refuse) f.error = static_cast<monitor::ReplyKind>(number(1, 9));
}
void vary(sim::Outage& f) { vary_outage(f); }
void vary(sim::Flapping& f) {
  vary_outage(f);
  f.up = Law::exponential(1e9);
  f.down = Law::fixed(static_cast<double>(number(1, 1'000'000)));
}
void vary(sim::RandomOutages& f) {
  vary_outage(f);
  f.up = Law::exponential(1e9);
  f.down = Law::fixed(static_cast<double>(number(1, 1'000'000)));
  f.severity = millionths();
}
void vary(sim::ErrorBurst& f) {
  f = {};
  if (chance()) f.errors = {{monitor::ReplyKind::timeout, 0.5}, {monitor::ReplyKind::overloaded, 2}};
  if (chance()) {
    f.gilbert_elliott = sim::GilbertElliott{millionths(), millionths(), some_span(), some_span()};
  } else {
    f.rate = millionths();
  }
}
void vary(sim::LatencySpike& f) {
  f.factor = chance() ? 1 : real();
  f.add = span();
}
void vary(sim::Throttle& f) {
  f.limit = rate_limit();
  f.limit.requests_per_minute = number(0, 5);
}
void vary(sim::Brownout& f) { f.concurrency = number(1, 9); }
void vary(sim::Truncated& f) { f.bill_fraction = millionths(); }
void vary(sim::WallClockStep& f) { f.offset = chance() ? span() : -span(); }

sim::Fault fault_settings() {
  const sim::Dice dice{static_cast<std::uint64_t>(number(1, 1'000'000))};
  const auto kind = static_cast<sim::FaultKind>(number(0, sim::kFaultKinds - 1));
  sim::Fault settings = sim::draw_fault_of(kind, {.dice = dice, .timeout = 10s});
  std::visit(
      [](auto& f) {
        if constexpr (requires { vary(f); }) vary(f);
      },
      settings);
  return settings;
}

sim::FaultSpec fault(const std::string& id, const std::vector<std::string>& providers) {
  sim::FaultSpec f;
  f.id = id;
  f.settings = fault_settings();
  f.at = Duration{number(0, 59'000'000'000)};
  if (!sim::lasts(f.settings)) return f;
  if (chance()) f.providers = {providers[0]};
  if (chance()) f.providers = providers;
  f.duration = maybe(some_span());
  f.fraction = millionths();
  f.ramp = span();
  f.ramp_down = span();
  f.min_affected = number(0, 9);
  return f;
}

sim::ThresholdSpec threshold(const char* metric, const char* expression, const std::string& fault_id) {
  sim::ThresholdSpec t;
  RC_ASSERT(!parse_metric(metric, t));
  RC_ASSERT(!parse_expression(expression, t));
  if (!fault_id.empty() && chance()) (chance() ? t.during : t.after) = fault_id;
  t.skip = maybe(span());
  t.window = maybe(some_span());
  return t;
}

}  // namespace

sim::Scenario arbitrary_scenario() {
  sim::Scenario s = default_scenario();
  s.duration = 1min;
  if (chance()) s.title = word();
  if (chance()) s.description = word();
  if (chance()) s.month_spent = Usd::from_cents(number(0, 1'000'000));
  s.seed = *rc::gen::arbitrary<std::uint64_t>();
  s.start = WallTime{std::chrono::seconds{number(0, 3'000'000'000)} + Duration{chance() ? 0 : number(0, 999'999'999)}};
  if (chance()) {
    s.providers.clear();
    for (const char* name : {"openai", "anthropic", "\xC3\xA9/x", "gpt-4.1"}) {
      if (s.providers.empty() || chance()) s.providers.push_back(provider(name));
    }
  }
  if (chance()) split_into_models(s.providers);
  std::vector<std::string> names;
  for (const sim::ProviderSpec& spec : s.providers) names.push_back(spec.name);
  fill_monitor(s.monitor, s.breaker_preset, s.providers.size());
  if (chance()) {
    s.workloads.clear();
    for (const char* name : {"chat", "b/c"}) s.workloads.push_back(workload(name, names));
  }
  if (chance()) add_routes(s);
  const std::int64_t faults = number(0, 4);
  for (std::int64_t i = 0; i < faults; ++i) s.faults.push_back(fault("f" + std::to_string(i), names));
  // A gateway that restarts does not hear of usage that comes late.
  if (sim::has_replicas(s)) {
    std::erase_if(s.faults, [](const sim::FaultSpec& late) { return sim::delays_usage(late.settings); });
  }
  const std::string fault_id = s.faults.empty() ? "" : s.faults[0].id;
  if (chance()) {
    s.thresholds = {threshold("request_duration", "p(95)<3s", fault_id),
                    threshold("request_duration", "avg<=250", fault_id),
                    threshold("requests{outcome:served}", "count>=5", fault_id)};
    s.forecast_thresholds = {threshold("forecast.cost_usd", "p(99)<100.5", ""),
                             threshold("forecast.p_exceed(0.9)", "value<=0.05", "")};
    // A forecast is of the whole horizon.
    for (sim::ThresholdSpec& forecast_threshold : s.forecast_thresholds)
      forecast_threshold.window = forecast_threshold.skip = std::nullopt;
  }
  if (chance()) s.liveness = sim::LivenessSpec{59'500ms, span(), millionths()};
  if (chance()) s.coverage = {{"failover", number(0, 5)}, {"breaker_opened", 1}};
  if (chance()) {
    s.explore.keep = {sim::SwarmPart::faults, sim::SwarmPart::cache};
    s.explore.duration = {1s, 1s + span()};
    s.explore.rate.most = Millionths{number(1'000'000, 5'000'000)};
    s.explore.providers.least = number(1, 3);
    s.explore.faults = {number(0, 3), 7};
    s.explore.fault_kinds = {sim::kind_of(sim::Throttle{}), sim::kind_of(sim::Outage{})};
    s.explore.time_grids = {Duration{number(0, 1'000'000'000)}};
    s.explore.timeout = {1s, 2s};
    s.explore.open.most = 1h;
  }
  if (chance()) s.counterexample = sim::Counterexample{{"seed=1", "a.b=c"}, 12, word()};
  return s;
}

}  // namespace windtunnel::scenarios
