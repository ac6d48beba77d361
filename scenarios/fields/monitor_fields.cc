// The `monitor` block: every knob of the pipeline, in the order in which a request meets them.

#include <algorithm>

#include "monitor/record.h"
#include "scenarios/fields/codecs.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using namespace std::chrono_literals;
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
      "Refuses what exceeds a number of requests or tokens per minute, over all providers. The minutes are those of "
      "`start`, and no step of the wall clock moves them. Off by default.",
      {
          field<C>("requests_per_minute", &C::requests_per_minute, optional(integer()),
                   "Requests admitted per minute; null is unlimited.")
              .in("requests per UTC minute")
              .such_as("600"),
          field<C>("tokens_per_minute", &C::tokens_per_minute, optional(tokens(Tokens{0}, Tokens{kCountMax})),
                   "Tokens (input and max_tokens) admitted per minute; null is unlimited.")
              .in("tokens per UTC minute")
              .such_as("90000"),
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
              "mode", &C::mode, word(words_named({TokenMode::average, TokenMode::per_request, TokenMode::off})),
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
                   "The limit of a day; null is unlimited, 0 admits nothing.")
              .such_as("250"),
          field<C>("alerts", &C::alerts, list(share(1), 0, 16),
                   "The shares of a limit whose spending raises an alert, ascending.")
              .in("share of the limit"),
          field<C>("on_exhausted", &C::on_exhausted,
                   word<ExhaustedPolicy>(
                       {{"refuse", ExhaustedPolicy::refuse}, {"serve_cached", ExhaustedPolicy::serve_cached}}),
                   "What a spent budget means for a request that the cache could answer."),
          field<C>("unknown_usage", &C::unknown_usage,
                   word<UnknownUsage>({{"reserve", UnknownUsage::reserve}, {"zero", UnknownUsage::zero}}),
                   "The settlement of a call whose bill is unknown."),
      },
      {}};
  return table;
}

const Table<Variant>& variant_table() {
  static const Table<Variant> table{
      "variant",
      "One arm of the experiment.",
      {
          field<Variant>("id", &Variant::id, name(), "Its name in reports.").required().such_as("\"control\""),
          field<Variant>("provider", &Variant::provider, provider_reference(), "The provider that serves it.")
              .required()
              .such_as("\"openai\""),
          field<Variant>("weight", &Variant::weight, integer({0, monitor::kWeightMax}),
                         "Its share of the users, against the sum of the weights.")
              .in("share of the sum of all weights"),
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
          field<C>("experiment_id", &C::experiment_id, line(),
                   "Salts the assignment: two experiments divide the users independently.")
              .such_as("\"spring\"")
              .with_beside(R"({"variants": [{"id": "control", "provider": "openai"}]})"),
          field<C>("variants", &C::variants, list(object(variant_table), 0, 64),
                   "The arms, in the order of their intervals.")
              .such_as(R"([{"id": "control", "provider": "openai", "weight": 9}, )"
                       R"({"id": "candidate", "provider": "anthropic", "weight": 1}])")
              .with_beside(R"({"experiment_id": "spring"})"),
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
                   "Entries held; the least recently used makes room.")
              .in("entries"),
          field<C>("scope", &C::scope, word<C::Scope>({{"shared", C::Scope::shared}, {"provider", C::Scope::provider}}),
                   "Whether the answer of one provider may serve a request for another."),
          field<C>("stale_if_error", &C::stale_if_error, duration(),
                   "For this long past its ttl an entry may serve in place of a failure.")
              .such_as("\"1h\""),
          field<C>("ttl_from", &C::ttl_from,
                   word<C::TtlFrom>({{"insertion", C::TtlFrom::insertion}, {"last_hit", C::TtlFrom::last_hit}}),
                   "What the age of an entry counts from: its insertion, or its latest hit while it was fresh."),
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

// null: there is none.
Kind<Duration> timeout() {
  const Kind<std::optional<Duration>> nullable = optional(duration({1ns}));
  return {[nullable](Reading& reading, const JsonValue& json, Duration& value) {
            std::optional<Duration> written;
            if (!nullable.read(reading, json, written)) return false;
            value = written.value_or(monitor::kNoTimeout);
            return true;
          },
          [nullable](const Writing& writing, const Duration& value) {
            return nullable.write(writing, value == monitor::kNoTimeout ? std::nullopt : std::optional{value});
          },
          [](const Duration& a, const Duration& b) { return a == b; }, nullable.schema, nullable.unit};
}

const Table<ProviderCallConfig>& provider_call_table() {
  using C = ProviderCallConfig;
  const auto itself = [](auto& config) -> auto& { return config; };
  static const Table<C> table{
      "provider_call",
      "How a provider is called, retried and left.",
      {
          field<C>("timeout", &C::timeout, timeout(),
                   "Of one attempt. A reply at exactly this time is a reply; null: an attempt waits for its reply."),
          field<C>("first_token_timeout", &C::first_token_timeout, optional(duration({1ns})),
                   "Of one attempt of a workload with `stream`, until its first token; null: none but `timeout`.")
              .such_as("\"8s\""),
          field<C>("idle_timeout", &C::idle_timeout, optional(duration({1ns})),
                   "Of one attempt of a workload with `stream`, between two tokens; null: none but `timeout`.")
              .such_as("\"5s\""),
          field<C>("on_broken_stream", &C::on_broken_stream,
                   word<monitor::OnBrokenStream>(
                       {{"fail", monitor::OnBrokenStream::fail}, {"restart", monitor::OnBrokenStream::restart}}),
                   "What follows a stream that breaks off after its caller has read the first of it. fail: the request "
                   "ends as broken_stream. restart: it is retried and fails over, and the caller reads from the begin "
                   "once more."),
          field<C>("on_caller_gone", &C::on_caller_gone,
                   word<monitor::OnCallerGone>(
                       {{"continue", monitor::OnCallerGone::go_on}, {"cancel", monitor::OnCallerGone::cancel}}),
                   "What becomes of a request whose caller has gone, at the `timeout` or `patience` of a workload's "
                   "`client`. continue: it is worked on to its end, retried and billed. cancel: it ends at once as "
                   "client_error; its call is left, which is billed as the provider's `on_disconnect` says, and no "
                   "other follows."),
          field<C>("deadline", &C::deadline, optional(duration({1ns})),
                   "Of the whole request, from its arrival; null is none.")
              .such_as("\"45s\""),
          field<C>(
              "max_attempts", [](auto& config) -> auto& { return config.retry.max_attempts; },
              small_integer({1, static_cast<std::int64_t>(monitor::kAttemptsMax)}),
              "Attempts per provider; 1 means no retry.")
              .in("attempts"),
          field<C>("backoff", &C::retry, object(backoff_table), "The wait before a retry."),
          field<C>("retry_after_cap", &C::retry_after_cap, duration(), "A longer Retry-After is cut to this."),
          field<C>("rate_limited", itself, object(rate_limited_table), "What a 429 means."),
      },
      {}};
  return table;
}

}  // namespace

const Table<monitor::RetryConfig>& backoff_table() {
  using C = monitor::RetryConfig;
  using monitor::Jitter;
  static const Table<C> table{
      "backoff",
      "The wait before a retry: at most min(cap, base x multiplier^k).",
      {
          field<C>("base", &C::base, duration(), "The first wait."),
          field<C>("multiplier", &C::multiplier, share(1'000'000, 1'000'000'000),
                   "The growth from one wait to the next.")
              .in("factor"),
          field<C>("cap", &C::cap, duration(), "The longest wait."),
          field<C>("jitter", &C::jitter, word<Jitter>({{"full", Jitter::full}, {"none", Jitter::none}}),
                   "full: a uniform share of the wait."),
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
          [](const Writing& writing, const monitor::ProviderId& value) {
            return JsonValue::of_string(writing.names.providers.at(monitor::index_of(value)));
          },
          [](const monitor::ProviderId& a, const monitor::ProviderId& b) { return a == b; }, as_name.schema};
}

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
