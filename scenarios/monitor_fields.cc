// The `monitor` block: every knob of the pipeline, in the order in which a request meets them.

#include <algorithm>

#include "monitor/record.h"
#include "scenarios/exact_numbers.h"
#include "scenarios/kinds.h"
#include "scenarios/tables.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
using monitor::BreakerCompare;
using monitor::BreakerConfig;
using monitor::CacheConfig;
using monitor::CostLimiterConfig;
using monitor::ProviderCallConfig;
using monitor::RateLimiterConfig;
using monitor::TokenLimiterConfig;
using monitor::Variant;

const Table<RateLimiterConfig>& rate_limiter_table() {
  using C = RateLimiterConfig;
  static const Table<C> table{
      "rate_limiter",
      "Refuses what exceeds a number of requests or tokens per UTC minute, over all providers. Off by default.",
      {
          field<C>("requests_per_minute", &C::requests_per_minute, optional(integer()),
                   "Requests admitted per minute; null is unlimited."),
          field<C>("tokens_per_minute", &C::tokens_per_minute,
                   optional(tokens(monitor::Tokens{0}, monitor::Tokens{kCountMax})),
                   "Tokens (input and max_tokens) admitted per minute; null is unlimited."),
      },
      {}};
  return table;
}

const Table<TokenLimiterConfig>& token_limiter_table() {
  using C = TokenLimiterConfig;
  using monitor::TokenMode;
  static const Table<C> table{
      "token_limiter",
      "Keeps the tokens of served requests within a limit.",
      {
          field<C>(
              "mode", &C::mode,
              word<TokenMode>(
                  {{"average", TokenMode::average}, {"per_request", TokenMode::per_request}, {"off", TokenMode::off}}),
              "average cuts answers so that the mean over served requests stays within the limit; per_request refuses "
              "what asks for more; off does nothing."),
          field<C>("limit", &C::limit, tokens(), "Tokens of prompt and response together."),
          field<C>("min_output_tokens", &C::min_output_tokens, tokens(), "A request that could get fewer is refused."),
      },
      {}};
  return table;
}

const Table<CostLimiterConfig>& cost_limiter_table() {
  using C = CostLimiterConfig;
  using monitor::ExhaustedPolicy;
  using monitor::UnknownUsage;
  static const Table<C> table{
      "cost_limiter",
      "Keeps the spend of each calendar month and day (UTC) within its limit.",
      {
          field<C>("monthly_usd", &C::monthly, optional(money(monitor::kLimitMax)),
                   "The limit of a month; null is unlimited, 0 admits nothing."),
          field<C>("daily_usd", &C::daily, optional(money(monitor::kLimitMax)),
                   "The limit of a day; null is unlimited, 0 admits nothing."),
          field<C>("alerts", &C::alerts, list(share(1), 0, 16),
                   "The shares of a limit whose spending raises an alert, ascending."),
          field<C>("on_exhausted", &C::on_exhausted,
                   word<ExhaustedPolicy>(
                       {{"refuse", ExhaustedPolicy::refuse}, {"serve_cached", ExhaustedPolicy::serve_cached}}),
                   "What a spent budget means for a request that the cache could answer."),
          field<C>("unknown_usage", &C::unknown_usage,
                   word<UnknownUsage>({{"reserve", UnknownUsage::reserve}, {"zero", UnknownUsage::zero}}),
                   "What a call settles to when nobody knows what it billed."),
      },
      {}};
  return table;
}

Kind<monitor::ProviderId> provider_reference() {
  Kind<std::string> as_name = name();
  return {[as_name](Reading& reading, const JsonValue& json, monitor::ProviderId& value) {
            std::string word;
            if (!as_name.read(reading, json, word)) return false;
            const auto& names = reading.names.providers;
            const auto found = std::find(names.begin(), names.end(), word);
            if (found == names.end()) {
              return reading.error(json.place, "no provider is named \"" + excerpt(word) + "\"",
                                   help_with_words(word, names));
            }
            value = static_cast<monitor::ProviderId>(found - names.begin());
            return true;
          },
          [](const Names& names, const monitor::ProviderId& value) {
            return JsonValue::of_string(names.providers.at(monitor::index_of(value)));
          },
          [](const monitor::ProviderId& a, const monitor::ProviderId& b) { return a == b; }, as_name.schema};
}

const Table<Variant>& variant_table() {
  static const Table<Variant> table{
      "variant",
      "One arm of the experiment.",
      {
          field<Variant>("id", &Variant::id, name(), "Its name in reports.").required(),
          field<Variant>("provider", &Variant::provider, provider_reference(), "The provider that serves it.")
              .required(),
          field<Variant>("weight", &Variant::weight, integer({0, monitor::kWeightMax}),
                         "Its share of the users, against the sum of the weights."),
      },
      {}};
  return table;
}

const Table<monitor::RouterConfig>& router_table() {
  using C = monitor::RouterConfig;
  static const Table<C> table{
      "ab_router",
      "Assigns each user to a variant. Without variants every request goes to the first provider.",
      {
          field<C>("experiment_id", &C::experiment_id, text(),
                   "Salts the assignment: two experiments divide the users independently."),
          field<C>("variants", &C::variants, list(object(variant_table), 0, 64),
                   "The arms, in the order of their intervals."),
      },
      {}};
  return table;
}

const Table<CacheConfig>& cache_table() {
  using C = CacheConfig;
  static const Table<C> table{
      "cache",
      "Remembers answers by the content of the request.",
      {
          field<C>("enabled", &C::enabled, boolean(), "false: every request is a miss."),
          field<C>("ttl", &C::ttl, duration(), "An entry serves while younger than this."),
          field<C>("capacity", &C::capacity, size({0, monitor::kCacheCapacityMax}),
                   "Entries held; the least recently used makes room."),
          field<C>("scope", &C::scope, word<C::Scope>({{"shared", C::Scope::shared}, {"provider", C::Scope::provider}}),
                   "Whether the answer of one provider may serve a request for another."),
          field<C>("stale_if_error", &C::stale_if_error, duration(),
                   "For this long past its ttl an entry may serve in place of a failure."),
      },
      {}};
  return table;
}

BreakerConfig& breaker_of(Scenario& scenario) { return scenario.monitor.circuit_breaker; }
const BreakerConfig& breaker_of(const Scenario& scenario) { return scenario.monitor.circuit_breaker; }

template <class V>
Field<Scenario> breaker_field(std::string field_name, V BreakerConfig::*member, Kind<V> kind, std::string doc) {
  return field<Scenario>(
      std::move(field_name), [member](auto& scenario) -> auto& { return breaker_of(scenario).*member; },
      std::move(kind), std::move(doc));
}

Kind<std::string> preset_kind() {
  std::vector<std::string> words;
  for (const auto& preset : monitor::breaker_presets()) words.emplace_back(preset.name);
  return {[words](Reading& reading, const JsonValue& json, std::string& value) {
            const std::size_t i = read_word(reading, json, words);
            if (i < words.size()) value = words[i];
            return i < words.size();
          },
          [](const Names&, const std::string& value) { return JsonValue::of_string(value); },
          [](const std::string& a, const std::string& b) { return a == b; }, [words] { return word_schema(words); }};
}

std::vector<Field<Scenario>> breaker_fields() {
  using B = BreakerConfig;
  const Words<BreakerCompare> compare{{"gt", BreakerCompare::gt}, {"ge", BreakerCompare::ge}};
  const Kind<std::int64_t> count = integer({0, monitor::kBreakerCountMax});
  const Kind<std::int64_t> some = integer({1, monitor::kBreakerCountMax});
  Field<Scenario> preset =
      field<Scenario>("preset", &Scenario::breaker_preset, preset_kind(), "The settings to start from.");
  preset.is_early = true;
  preset.read = [read = preset.read](Reading& reading, const JsonValue& json, Scenario& scenario) {
    if (!read(reading, json, scenario)) return false;
    scenario.monitor.circuit_breaker = *monitor::breaker_preset(scenario.breaker_preset);
    return true;
  };
  return {
      std::move(preset),
      breaker_field("consecutive_threshold", &B::consecutive_threshold, optional(some),
                    "Opens at this many failures in a row; null turns the rule off."),
      breaker_field("failure_rate_threshold", &B::failure_rate_threshold, optional(share()),
                    "Opens when failures exceed this fraction of the outcomes in the window; null turns the rule off."),
      breaker_field("failure_rate_compare", &B::failure_rate_compare, word(compare),
                    "gt: above the fraction; ge: at it."),
      breaker_field("failure_count_threshold", &B::failure_count_threshold, optional(some),
                    "Opens at this many failures in the window; null turns the rule off."),
      breaker_field("minimum_calls", &B::minimum_calls, count,
                    "Below this many outcomes the rate rule holds its judgement."),
      breaker_field("window_type", &B::window_type,
                    optional(word<monitor::WindowType>({{"count", monitor::WindowType::count},
                                                        {"time", monitor::WindowType::time},
                                                        {"fixed", monitor::WindowType::fixed},
                                                        {"lifetime", monitor::WindowType::lifetime}})),
                    "count: the last window_size outcomes; time: those of the last `window`; fixed: tumbling windows; "
                    "lifetime: all since the last close; null: none."),
      breaker_field("window_size", &B::window_size, integer({0, monitor::kBreakerWindowSizeMax}),
                    "Outcomes in a count window."),
      breaker_field("window", &B::window, duration({0s, monitor::kBreakerDurationMax}),
                    "Length of a time or fixed window."),
      breaker_field("window_ms", &B::window, milliseconds({0s, monitor::kBreakerDurationMax}),
                    "The same in milliseconds.")
          .another_spelling_of("window"),
      breaker_field("window_buckets", &B::window_buckets, integer({0, monitor::kBreakerWindowSizeMax}),
                    "Equal buckets of a time window; 0 is exact."),
      breaker_field("window_origin", &B::window_origin,
                    word<monitor::WindowOrigin>({{"epoch", monitor::WindowOrigin::epoch},
                                                 {"closed_start", monitor::WindowOrigin::closed_start}}),
                    "Where bucket edges lie: at multiples since the start of the run, or since the last close."),
      breaker_field(
          "bucket_of", &B::bucket_of,
          word<monitor::BucketOf>({{"result", monitor::BucketOf::result}, {"start", monitor::BucketOf::start}}),
          "The instant that chooses an outcome's bucket."),
      breaker_field(
          "evaluate_on", &B::evaluate_on,
          word<monitor::EvaluateOn>({{"failure", monitor::EvaluateOn::failure}, {"any", monitor::EvaluateOn::any}}),
          "Whether a success can open the breaker too."),
      breaker_field("open", &B::open, duration({0s, monitor::kBreakerDurationMax}),
                    "How long it stays open before it lets a probe through."),
      breaker_field("open_ms", &B::open, milliseconds({0s, monitor::kBreakerDurationMax}), "The same in milliseconds.")
          .another_spelling_of("open"),
      breaker_field("open_compare", &B::open_compare, word(compare),
                    "ge: OPEN ends when that time has passed; gt: when more has."),
      breaker_field("half_open_max_calls", &B::half_open_max_calls, count, "Probes per HALF_OPEN; 0 is unlimited."),
      breaker_field("half_open_success_threshold", &B::half_open_success_threshold, some,
                    "Probe successes that close it."),
      breaker_field("half_open_failure", &B::half_open_failure,
                    word<monitor::HalfOpenFailure>(
                        {{"reopen", monitor::HalfOpenFailure::reopen}, {"ignore", monitor::HalfOpenFailure::ignore}}),
                    "What a failed probe does."),
      breaker_field("late_results", &B::late_results,
                    word<monitor::LateResults>({{"ignore", monitor::LateResults::ignore},
                                                {"current_state", monitor::LateResults::current_state}}),
                    "The fate of a result whose call started in an earlier state."),
      breaker_field("on_close", &B::on_close,
                    word<monitor::OnClose>({{"reset", monitor::OnClose::reset},
                                            {"reset_plus_probe", monitor::OnClose::reset_plus_probe},
                                            {"keep", monitor::OnClose::keep}}),
                    "The counters when it closes."),
      breaker_field("open_backoff_multiplier", &B::open_backoff_multiplier,
                    share(1'000'000, 1'000'000 * monitor::kBreakerCountMax),
                    "Each reopening in a row waits this much longer."),
      breaker_field("open_max", &B::open_max, optional(duration({0s, monitor::kBreakerDurationMax})),
                    "The longest such wait; null is none."),
      breaker_field("open_ms_max", &B::open_max, optional(milliseconds({0s, monitor::kBreakerDurationMax})),
                    "The same in milliseconds.")
          .another_spelling_of("open_max"),
  };
}

const Table<Scenario>& breaker_table() {
  static const Table<Scenario> table{"circuit_breaker", "Decides per provider whether it may be called.",
                                     breaker_fields(), [](const Scenario& scenario) {
                                       Scenario result;
                                       const auto preset = monitor::breaker_preset(scenario.breaker_preset);
                                       if (preset) result.monitor.circuit_breaker = *preset;
                                       return result;
                                     }};
  return table;
}

const Table<monitor::RetryConfig>& backoff_table() {
  using C = monitor::RetryConfig;
  using monitor::Jitter;
  static const Table<C> table{
      "backoff",
      "The wait before a retry: at most min(cap, base x multiplier^k).",
      {
          field<C>("base", &C::base, duration(), "The first wait."),
          field<C>("multiplier", &C::multiplier, share(1'000'000, 1'000'000'000),
                   "The growth from one wait to the next."),
          field<C>("cap", &C::cap, duration(), "The longest wait."),
          field<C>("jitter", &C::jitter, word<Jitter>({{"full", Jitter::full}, {"none", Jitter::none}}),
                   "full: a uniform share of the wait."),
      },
      {}};
  return table;
}

const Table<ProviderCallConfig>& rate_limited_table() {
  using C = ProviderCallConfig;
  static const Table<C> table{
      "rate_limited",
      "What a 429 means.",
      {
          field<C>("counts", &C::rate_limited_counts, boolean(), "true: a failure for the breaker; false: neutral."),
          field<C>("retries", &C::rate_limited_retries, boolean(),
                   "true: it may be retried at the same provider; false: straight to the next."),
      },
      {}};
  return table;
}

const Table<ProviderCallConfig>& provider_call_table() {
  using C = ProviderCallConfig;
  const auto itself = [](auto& config) -> auto& { return config; };
  static const Table<C> table{
      "provider_call",
      "How a provider is called, retried and left.",
      {
          field<C>("timeout", &C::timeout, duration({1ns}), "Of one attempt. A reply at exactly this time is a reply."),
          field<C>("deadline", &C::deadline, optional(duration({1ns})),
                   "Of the whole request, from its arrival; null is none."),
          field<C>(
              "max_attempts", [](auto& config) -> auto& { return config.retry.max_attempts; },
              small_integer({1, static_cast<std::int64_t>(monitor::kAttemptsMax)}),
              "Attempts per provider; 1 means no retry."),
          field<C>("backoff", &C::retry, object(backoff_table), "The wait before a retry."),
          field<C>("retry_after_cap", &C::retry_after_cap, duration(), "A longer Retry-After is cut to this."),
          field<C>("rate_limited", itself, object(rate_limited_table), "What a 429 means."),
      },
      {}};
  return table;
}

}  // namespace

const Table<Scenario>& monitor_table() {
  using S = Scenario;
  const auto itself = [](auto& scenario) -> auto& { return scenario; };
  static const Table<S> table{
      "monitor",
      "The pipeline under test, in the order in which a request meets its stages.",
      {
          field<S>(
              "rate_limiter", [](auto& s) -> auto& { return s.monitor.rate_limiter; }, object(rate_limiter_table), ""),
          field<S>(
              "token_limiter", [](auto& s) -> auto& { return s.monitor.token_limiter; }, object(token_limiter_table),
              ""),
          field<S>(
              "cost_limiter", [](auto& s) -> auto& { return s.monitor.cost_limiter; }, object(cost_limiter_table), ""),
          field<S>(
              "ab_router", [](auto& s) -> auto& { return s.monitor.ab_router; }, object(router_table), ""),
          field<S>(
              "cache", [](auto& s) -> auto& { return s.monitor.cache; }, object(cache_table), ""),
          field<S>("circuit_breaker", itself, object(breaker_table), ""),
          field<S>(
              "provider_call", [](auto& s) -> auto& { return s.monitor.provider_call; }, object(provider_call_table),
              ""),
      },
      {}};
  return table;
}

}  // namespace windtunnel::scenarios
