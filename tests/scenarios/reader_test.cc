#include "scenarios/reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/profiles/profiles.h"
#include "scenarios/writer.h"

// This file is long because each kind of wrong input has its own message to compare.

namespace windtunnel::scenarios::reader_test {
namespace {

using namespace std::chrono_literals;
using sim::Law;

sim::Scenario read(const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    return read_scenario_text(text, "f.json", sets);
  } catch (const ScenarioError& error) {
    ADD_FAILURE() << error.what();
    return {};
  }
}

// "/pointer: message" of every error.
std::vector<std::string> errors_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  std::vector<std::string> result;
  try {
    read_scenario_text(text, "f.json", sets);
  } catch (const ScenarioError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      result.push_back(diagnostic.pointer + ": " + diagnostic.message);
  }
  return result;
}
using Errors = std::vector<std::string>;

TEST(Reader, an_empty_object_is_a_scenario_with_every_default) {
  const sim::Scenario s = read("{}");
  ASSERT_EQ(s.providers.size(), 2U);
  EXPECT_EQ(s.providers[0].name, "openai");
  EXPECT_EQ(s.providers[0].profile, "seed/gpt-4");
  EXPECT_EQ(s.providers[1].name, "anthropic");
  EXPECT_EQ(s.providers[1].profile, "seed/claude-3-5-sonnet");
  ASSERT_EQ(s.workloads.size(), 1U);
  EXPECT_EQ(s.workloads[0].name, "default");
  EXPECT_EQ(s.workloads[0].arrival, sim::Arrival::poisson);
  EXPECT_EQ(s.workloads[0].rate.count.value, 10'000'000);
  EXPECT_EQ(s.duration, 10min);
  EXPECT_EQ(s.breaker_preset, "seed-readme");
  EXPECT_EQ(s.monitor.circuit_breaker, monitor::seed_readme());
  EXPECT_EQ(s.monitor.cost_limiter.monthly, Usd::from_dollars(5000));
  EXPECT_EQ(s.monitor.token_limiter.limit, Tokens{500});
  EXPECT_TRUE(s.warnings.empty());
  EXPECT_FALSE(s.liveness);
}

TEST(Reader, fills_the_monitor_exactly) {
  const sim::Scenario s = read(R"({"monitor": {
    "rate_limiter": {"requests_per_minute": 60, "tokens_per_minute": 90000},
    "token_limiter": {"mode": "per_request", "limit": 700, "min_output_tokens": 5},
    "cost_limiter": {"monthly_usd": null, "daily_usd": "0.000000000001", "alerts": [0.5, 1], "on_exhausted": "serve_cached", "unknown_usage": "zero"},
    "ab_router": {"experiment_id": "e", "variants": [{"id": "b", "provider": "anthropic", "weight": 3}]},
    "cache": {"enabled": false, "ttl": "90s", "capacity": 5, "scope": "provider", "stale_if_error": "1h"},
    "circuit_breaker": {"open": "45s", "failure_rate_threshold": 0.25, "consecutive_threshold": null},
    "provider_call": {"timeout": "5s", "deadline": "20s", "max_attempts": 3, "retry_after_cap": "7s",
      "backoff": {"base": "1s", "multiplier": 1.5, "cap": "4s", "jitter": "none"}, "rate_limited": {"counts": false, "retries": false}}}})");
  const monitor::MonitorConfig& m = s.monitor;
  EXPECT_EQ(m.rate_limiter.requests_per_minute, 60);
  EXPECT_EQ(m.rate_limiter.tokens_per_minute, Tokens{90'000});
  EXPECT_EQ(m.token_limiter.mode, monitor::TokenMode::per_request);
  EXPECT_EQ(m.token_limiter.limit, Tokens{700});
  EXPECT_EQ(m.token_limiter.min_output_tokens, Tokens{5});
  EXPECT_FALSE(m.cost_limiter.monthly);
  EXPECT_EQ(m.cost_limiter.daily, Usd::from_picos(1));
  EXPECT_EQ(m.cost_limiter.alerts, (std::vector<Millionths>{{500'000}, {1'000'000}}));
  EXPECT_EQ(m.cost_limiter.on_exhausted, monitor::ExhaustedPolicy::serve_cached);
  EXPECT_EQ(m.cost_limiter.unknown_usage, monitor::UnknownUsage::zero);
  EXPECT_EQ(m.ab_router.experiment_id, "e");
  ASSERT_EQ(m.ab_router.variants.size(), 1U);
  EXPECT_EQ(monitor::index_of(m.ab_router.variants[0].provider), 1U);
  EXPECT_EQ(m.ab_router.variants[0].weight, 3);
  EXPECT_FALSE(m.cache.enabled);
  EXPECT_EQ(m.cache.ttl, 90s);
  EXPECT_EQ(m.cache.capacity, 5U);
  EXPECT_EQ(m.cache.scope, monitor::CacheConfig::Scope::provider);
  EXPECT_EQ(m.cache.stale_if_error, 1h);
  monitor::BreakerConfig breaker = monitor::seed_readme();
  breaker.open = 45s;
  breaker.failure_rate_threshold = Millionths{250'000};
  breaker.consecutive_threshold.reset();
  EXPECT_EQ(m.circuit_breaker, breaker);
  const monitor::RetryConfig retry{3, 1s, {1'500'000}, 4s, monitor::Jitter::none};
  EXPECT_EQ(m.provider_call, (monitor::ProviderCallConfig{5s, 20s, retry, 7s, false, false}));
}

TEST(Reader, a_preset_is_the_start_wherever_it_stands) {
  const sim::Scenario s = read(R"({"monitor": {"circuit_breaker": {"open": "7s", "preset": "gobreaker"}}})");
  monitor::BreakerConfig expected = *monitor::breaker_preset("gobreaker");
  expected.open = 7s;
  EXPECT_EQ(s.monitor.circuit_breaker, expected);
  const sim::Scenario by_kind =
      read(R"({"monitor": {"circuit_breaker": {"preset": "litellm", "outcomes": {"rate_limited": null,
                                                                                  "truncated": "ignored"}}}})");
  expected = *monitor::breaker_preset("litellm");
  expected.outcomes[index_of(monitor::ReplyKind::rate_limited)].reset();
  expected.outcomes[index_of(monitor::ReplyKind::truncated)] = monitor::BreakerOutcome::ignored;
  EXPECT_EQ(by_kind.monitor.circuit_breaker, expected);
  EXPECT_EQ(s.breaker_preset, "gobreaker");
  for (const auto& preset : monitor::breaker_presets()) {
    const std::string name(preset.name);
    EXPECT_EQ(read(R"({"monitor":{"circuit_breaker":{"preset":")" + name + "\"}}}").monitor.circuit_breaker,
              *monitor::breaker_preset(name));
  }
}

TEST(Reader, breaker_durations_may_be_milliseconds_as_in_the_protocol_but_not_both) {
  const auto breaker =
      read(
          R"({"monitor":{"circuit_breaker":{"open_ms": 1500, "open_ms_max": 9000, "window_type":"time","window_ms":2000}}})")
          .monitor.circuit_breaker;
  EXPECT_EQ(breaker.open, 1500ms);
  EXPECT_EQ(breaker.open_max, 9s);
  EXPECT_EQ(breaker.window, 2s);
  EXPECT_EQ(errors_of(R"({"monitor":{"circuit_breaker":{"open_ms": 1500, "open": "1s"}}})"),
            (Errors{"/monitor/circuit_breaker/open_ms: this says the same as \"open\"; write one of them"}));
}

TEST(Reader, a_timeout_of_null_is_none_and_nothing_may_hang_then) {
  const sim::Scenario s = read(R"({"monitor": {"provider_call": {"timeout": null}}})");
  EXPECT_EQ(s.monitor.provider_call.timeout, monitor::kNoTimeout);
  EXPECT_EQ(read(write_scenario(s)).monitor.provider_call.timeout, monitor::kNoTimeout);
  const auto errors = [](const std::string& call, const std::string& rest) {
    return errors_of(R"({"monitor": {"provider_call": )" + call + "}, " + rest + "}");
  };
  const std::string hang = R"("faults": [{"id": "f", "kind": "outage", "mode": "hang", "at": "1m"}])";
  EXPECT_EQ(errors(R"({"timeout": null})", hang), (Errors{"/faults/0: a call that hangs would never end"}));
  EXPECT_EQ(errors(R"({"timeout": null, "deadline": "1h"})", hang), Errors{});
  EXPECT_EQ(errors(R"({"timeout": "1s"})", hang), Errors{});
  EXPECT_EQ(
      errors(R"({"timeout": null})", R"("faults": [{"id": "f", "kind": "outage", "mode": "refuse", "at": "1m"}])"),
      Errors{});
  EXPECT_EQ(errors(R"({"timeout": null})", R"("providers": {"openai": {"errors": {"timeout": 0.1}}})"),
            (Errors{"/providers/openai/errors: a call that hangs would never end"}));
  EXPECT_EQ(errors(R"({"timeout": null})",
                   R"("faults": [{"id": "f", "kind": "error_burst", "errors": {"timeout": 1}, "at": "1m"}])"),
            (Errors{"/faults/0: a call that hangs would never end"}));
}

TEST(Reader, a_provider_starts_from_its_profile_and_overrides_it) {
  const sim::Scenario s = read(R"({"providers": {
    "mine": {"ttft": {"p50": "1s", "p95": "2s"}, "profile": "measured/gpt-4o", "errors": {"timeout": 0.1, "server_error": 0.2},
             "concurrency": 4, "queue": 2, "bill_on_failure": "input", "bill_on_timeout": "none",
             "on_disconnect": "stop",
             "rate_limit": {"requests_per_minute": 5, "tokens_per_minute": 6, "retry_after": "7s",
             "retry_after_on": "every_refusal", "retry_after_form": "date"}},
    "own": {"price_usd_per_million": {"input": 0.15, "output": "0"}, "tpot": "10ms"}}})",
                               {"providers.own.price_usd_per_million.output=0.6"});
  const sim::ProviderSpec& mine = s.providers[0];
  EXPECT_EQ(mine.time_to_first_token, Law::lognormal_p50_p95(1e9, 2e9));
  EXPECT_EQ(mine.time_per_output_token, profile("measured/gpt-4o")->time_per_output_token);
  EXPECT_EQ(mine.model, "gpt-4o");
  EXPECT_EQ(mine.errors.rates, (std::vector<std::pair<monitor::ReplyKind, double>>{
                                   {monitor::ReplyKind::timeout, 0.1}, {monitor::ReplyKind::server_error, 0.2}}));
  EXPECT_EQ(mine.concurrency, 4);
  EXPECT_EQ(mine.queue, 2);
  EXPECT_EQ(mine.bill_on_failure, sim::FailureBill::input);
  EXPECT_EQ(mine.bill_on_timeout, sim::TimeoutBill::none);
  EXPECT_EQ(mine.on_disconnect, sim::Disconnect::stop);
  EXPECT_EQ(mine.rate_limit,
            (sim::RateLimit{5, Tokens{6}, 7s, sim::RetryAfterOn::every_refusal, sim::RetryAfterForm::date}));
  const sim::ProviderSpec& own = s.providers[1];
  EXPECT_EQ(own.model, "own");
  EXPECT_EQ(own.time_per_output_token, Law::fixed(1e7));
  ASSERT_EQ(own.tariffs.size(), 1U);
  EXPECT_EQ(own.tariffs[0].tariff.input.per_token, Usd::from_picos(150'000));
  EXPECT_EQ(own.tariffs[0].tariff.output.per_token, Usd::from_picos(600'000));
}

TEST(Reader, prices_come_as_one_as_dated_ones_or_as_a_model) {
  const sim::Scenario s = read(R"({"start": "2026-01-20T10:00:00Z", "providers": {
    "a": {"price_usd_per_million": "gpt-4o-mini"},
    "b": {"price_usd_per_million": [{"input": 5, "output": 15}, {"from": "2026-02-01T00:00:00Z", "input": 2.5, "output": 10}]}}})");
  EXPECT_EQ(s.providers[0].tariffs[0].tariff, *listed_tariff("gpt-4o-mini"));
  ASSERT_EQ(s.providers[1].tariffs.size(), 2U);
  EXPECT_EQ(s.providers[1].tariffs[0].from, WallTime::min());
  EXPECT_EQ(s.providers[1].tariffs[1].from,
            WallTime{std::chrono::sys_days{std::chrono::February / 1 / 2026}.time_since_epoch()});
  EXPECT_EQ(
      errors_of(
          R"({"providers": {"b": {"price_usd_per_million": [{"from": "2026-02-01", "input": 5, "output": 15}, {"input": 1, "output": 1}]}}})"),
      (Errors{"/providers/b/price_usd_per_million/1: prices are listed by \"from\", the earliest first"}));
  EXPECT_EQ(
      errors_of(
          R"({"start": "2026-01-31T23:59:59Z", "providers": {"b": {"price_usd_per_million": [{"from": "2026-02-01", "input": 5, "output": 15}]}}})"),
      (Errors{"/providers/b/price_usd_per_million: no price holds at the start of the run"}));
  EXPECT_TRUE(
      errors_of(
          R"({"start": "2026-02-01T00:00:00Z", "providers": {"b": {"price_usd_per_million": [{"from": "2026-02-01", "input": 5, "output": 15}]}}})")
          .empty());
  EXPECT_EQ(errors_of(R"({"providers": {"b": {"price_usd_per_million": "gpt-4p"}}})")[0],
            "/providers/b/price_usd_per_million: no model \"gpt-4p\" in the price list");
}

TEST(Reader, understands_every_law) {
  const auto law = [](const std::string& text) {
    return read(R"({"providers": {"openai": {"ttft": )" + text + "}}}").providers[0].time_to_first_token;
  };
  EXPECT_EQ(law("\"50ms\""), Law::fixed(5e7));
  EXPECT_EQ(law(R"({"value": "50ms", "shift": "-10ms"})").shift, -1e7);
  EXPECT_EQ(law(R"({"p50": "1s", "p95": "3s"})"), Law::lognormal_p50_p95(1e9, 3e9));
  EXPECT_EQ(law(R"({"min": "1s", "max": "3s"})"), Law::uniform(1e9, 3e9));
  EXPECT_EQ(law(R"({"mean": "1m"})"), Law::exponential(6e10));
  EXPECT_EQ(law(R"({"weibull": {"shape": 0.5, "scale": "1h"}})"), Law::weibull(0.5, 3.6e12));
  EXPECT_EQ(law(R"({"quantiles": ["1ms", "1ms", "5ms"]})"), Law::quantiles({1e6, 1e6, 5e6}));
  // mu is the logarithm of seconds: 0 is one second.
  EXPECT_NEAR(law(R"({"mu": 0, "sigma": 0})").mean(), 1e9, 1e-5);
}

TEST(Reader, refuses_laws_that_are_none) {
  const auto error = [](const std::string& text) {
    const auto errors = errors_of(R"({"workload": {"w": {"tokens": {"input": )" + text + "}}}}");
    return errors.size() == 1 ? errors[0].substr(18) : std::to_string(errors.size()) + " errors";
  };
  EXPECT_EQ(error("-1"), "/input: -1 is negative");
  EXPECT_EQ(error("{}"), "/input: this names no law");
  EXPECT_EQ(error(R"({"p50": 5})"), "/input: this law needs \"p95\" too");
  EXPECT_EQ(error(R"({"p50": 5, "p95": 4})"), "/input/p95: p95 is below p50");
  EXPECT_EQ(error(R"({"p50": 0, "p95": 4})"), "/input/p50: the median of a lognormal law is above 0");
  EXPECT_EQ(error(R"({"min": 5, "max": 4})"), "/input/max: max is below min");
  EXPECT_EQ(error(R"({"quantiles": [2, 1]})"), "/input/quantiles/1: a quantile is below the one before it");
  EXPECT_EQ(error(R"({"quantiles": []})"), "/input/quantiles: at least 1 is needed here");
  EXPECT_EQ(error(R"({"weibull": {"shape": 0, "scale": 1}})"), "/input/weibull/shape: 0 is below 0.05, the least");
  EXPECT_EQ(error(R"({"p50": 5, "p95": 6, "least": 9, "most": 8})"), "/input: \"most\" is below \"least\"");
  EXPECT_EQ(error(R"("5s")"), "/input: a number is needed here, not a string");
}

TEST(Reader, a_key_of_another_executor_or_kind_is_an_error) {
  EXPECT_EQ(
      errors_of(R"({"workload": {"w": {"vus": 3}}})"),
      (Errors{"/workload/w/vus: \"vus\" is used by executor constant-vus only; here it is constant-arrival-rate"}));
  EXPECT_EQ(errors_of(R"({"workload": {"w": {"executor": "constant-vus", "vus": 3, "rate": 5}}})").size(), 1U);
  EXPECT_EQ(errors_of(R"({"workload": {"w": {"gamma_shape": 3}}})"),
            (Errors{"/workload/w/gamma_shape: \"gamma_shape\" is used by arrival gamma only; here it is uniform"}));
  EXPECT_TRUE(errors_of(R"({"workload": {"w": {"gamma_shape": 3, "arrival": "gamma"}}})").empty());
  EXPECT_EQ(
      errors_of(R"({"faults": [{"id": "a", "kind": "outage", "at": "1s", "factor": 2}]})"),
      (Errors{"/faults/0/factor: \"factor\" is used by kind latency_spike, token_stall only; here it is outage"}));
  // Where the word itself is wrong, only that is said.
  EXPECT_EQ(errors_of(R"({"workload": {"w": {"executor": "constant-vu", "vus": 3}}})").size(), 1U);
  EXPECT_EQ(errors_of(R"({"faults": [{"id": "a", "at": "1s", "factor": 2}]})"),
            (Errors{"/faults/0: the key \"kind\" is missing"}));
}

TEST(Reader, windows_lie_inside_the_run) {
  const auto fault_at = [](const char* at) {
    return errors_of(R"({"duration": "10m", "faults": [{"id": "a", "kind": "outage", "at": ")" + std::string(at) +
                     "\"}]}")
        .size();
  };
  EXPECT_EQ(fault_at("599999999999ns"), 0U);
  EXPECT_EQ(fault_at("10m"), 1U);
  const auto heal_at = [](const char* at) {
    return errors_of(R"({"duration": "10m", "liveness": {"heal_at": ")" + std::string(at) + "\"}}").size();
  };
  EXPECT_EQ(heal_at("599999999999ns"), 0U);
  EXPECT_EQ(heal_at("10m"), 1U);
  const auto healed = [](const char* at) {
    return errors_of(R"({"liveness": {"heal_at": "5m"}, "faults": [{"id": "a", "kind": "outage", "at": ")" +
                     std::string(at) + "\"}]}")
        .size();
  };
  EXPECT_EQ(healed("299s"), 0U);
  EXPECT_EQ(healed("5m"), 1U);
}

TEST(Reader, quantities_go_up_to_their_limits) {
  const auto count = [](const std::string& text) { return errors_of(text).size(); };
  EXPECT_EQ(count(R"({"monitor": {"cost_limiter": {"monthly_usd": 9000000}}})"), 0U);
  EXPECT_EQ(count(R"({"monitor": {"cost_limiter": {"monthly_usd": 9000000.000000000001}}})"), 1U);
  EXPECT_EQ(count(R"({"monitor": {"cost_limiter": {"monthly_usd": 0.0000000000001}}})"), 1U);
  EXPECT_EQ(count(R"({"duration": "36500d"})"), 0U);
  EXPECT_EQ(count(R"({"duration": "36500d1ns"})"), 1U);
  EXPECT_EQ(count(R"({"duration": "0s"})"), 1U);
  EXPECT_EQ(count(R"({"seed": 18446744073709551615})"), 0U);
  EXPECT_EQ(count(R"({"seed": 18446744073709551616})"), 1U);
  EXPECT_EQ(count(R"({"start": "1970-01-01T00:00:00Z"})"), 0U);
  EXPECT_EQ(count(R"({"start": "1969-12-31T23:59:59Z"})"), 1U);
  EXPECT_EQ(count(R"({"workload": {"w": {"max_tokens": 100000000}}})"), 0U);
  EXPECT_EQ(count(R"({"workload": {"w": {"max_tokens": 100000001}}})"), 1U);
}

TEST(Reader, attempts_of_all_providers_fit_into_a_request) {
  EXPECT_TRUE(errors_of(R"({"monitor": {"provider_call": {"max_attempts": 32}}})").empty());
  EXPECT_EQ(errors_of(R"({"monitor": {"provider_call": {"max_attempts": 33}}})").size(), 1U);
}

TEST(Reader, refuses_what_could_do_nothing_or_run_for_ever) {
  EXPECT_EQ(
      errors_of(
          R"({"workload": {"w": {"executor": "script", "requests": [{"at": "2s"}, {"at": "2s"}, {"at": "1s"}]}}})"),
      (Errors{
          "/workload/w/requests/2/at: requests are listed by time, and this one is earlier than the one before it"}));
  EXPECT_EQ(errors_of(R"({"workload": {"w": {"executor": "script"}}})"),
            (Errors{"/workload/w: a script needs \"requests\""}));
  EXPECT_EQ(errors_of(R"({"providers": {"openai": {"queue": 1}}})"),
            (Errors{"/providers/openai/queue: a queue needs \"concurrency\" too, because no call waits without it"}));
  EXPECT_TRUE(errors_of(R"({"providers": {"openai": {"queue": 1, "concurrency": 1}}})").empty());
  const auto flapping = [](const std::string& keys) {
    return errors_of(R"({"faults": [{"id": "a", "kind": "flapping", "at": "0s", )" + keys + "}]}");
  };
  EXPECT_EQ(flapping(R"("up": "1s", "down": "0s")"), (Errors{"/faults/0/down: the time down must be above 0"}));
  EXPECT_EQ(flapping(R"("up": "0s", "down": "1s")"), (Errors{"/faults/0/up: the time up must be above 0"}));
  EXPECT_TRUE(flapping(R"("up": "1ns", "down": "1ns")").empty());
}

TEST(Reader, error_rates_add_up_to_one_at_most) {
  EXPECT_TRUE(errors_of(R"({"providers": {"openai": {"errors": {"timeout": 0.4, "malformed": 0.6}}}})").empty());
  EXPECT_EQ(errors_of(R"({"providers": {"openai": {"errors": {"timeout": 0.4, "malformed": 0.600001}}}})").size(), 1U);
}

TEST(Reader, warns_of_what_is_allowed_but_probably_not_meant) {
  const auto warnings = [](const char* text) { return read(text).warnings; };
  EXPECT_EQ(warnings(R"({"monitor": {"provider_call": {"timeout": "5s", "deadline": "4s"}}})").size(), 1U);
  EXPECT_TRUE(warnings(R"({"monitor": {"provider_call": {"timeout": "5s", "deadline": "5s"}}})").empty());
  EXPECT_EQ(warnings(R"({"liveness": {"heal_at": "9m30s"}})").size(), 1U);
  // What is a default stands where the nearest thing around it was written.
  EXPECT_TRUE(warnings(R"({"liveness": {"heal_at": "9m30s"}})")[0].starts_with(
      "f.json:1:14: warning: /liveness/recover_within"));
  EXPECT_TRUE(warnings(R"({"liveness": {"heal_at": "9m"}})").empty());
  EXPECT_EQ(
      warnings(
          R"({"liveness": {"heal_at": "5m"}, "faults": [{"id": "a", "kind": "outage", "at": "4m", "duration": "61s"}]})")
          .size(),
      1U);
  EXPECT_TRUE(
      warnings(
          R"({"liveness": {"heal_at": "5m"}, "faults": [{"id": "a", "kind": "outage", "at": "4m", "duration": "60s"}]})")
          .empty());
}

TEST(Reader, measured_outages_are_those_of_the_vendor) {
  const sim::Scenario s =
      read(R"({"faults": [{"id": "a", "kind": "random_outages", "law": "measured", "provider": "anthropic", "at": "0s"},
    {"id": "b", "kind": "random_outages", "law": "measured", "provider": "openai", "at": "0s", "severity": 1}]})");
  const auto& mild = std::get<sim::RandomOutages>(s.faults[0].settings);
  const auto& severe = std::get<sim::RandomOutages>(s.faults[1].settings);
  EXPECT_EQ(mild.up, Law::exponential(16.7 * 86400e9));
  EXPECT_DOUBLE_EQ(mild.severity, 0.3);
  EXPECT_EQ(severe.up, Law::exponential(11.6 * 86400e9));
  EXPECT_DOUBLE_EQ(severe.severity, 1);
  EXPECT_EQ(errors_of(R"({"faults": [{"id": "a", "kind": "random_outages", "law": "measured", "at": "0s"}]})").size(),
            1U);
  EXPECT_EQ(
      errors_of(
          R"({"faults": [{"id": "a", "kind": "random_outages", "law": "measured", "provider": "openai", "at": "0s", "up": "1s"}]})"),
      (Errors{"/faults/0/law: this says the same as \"up\"; write one of them"}));
}

TEST(Reader, a_claim_about_a_forecast_is_of_the_whole_horizon) {
  for (const std::string part : {R"("during": "f")", R"("after": "f")", R"("skip": "1s")", R"("window": "1h")"}) {
    EXPECT_EQ(
        errors_of(R"({"faults": [{"id": "f", "kind": "outage", "provider": "openai", "at": "1m", "duration": "1m"}],
      "thresholds": {"forecast.cost_usd": [{"threshold": "avg<1", )" +
                  part + "}]}}"),
        (Errors{"/thresholds/forecast.cost_usd/0/threshold: a forecast is of the whole horizon: during, after, "
                "skip and window say nothing"}))
        << part;
  }
  EXPECT_EQ(read(R"({"thresholds": {"forecast.cost_usd": [{"threshold": "avg<1"}]}})").forecast_thresholds.size(), 1U);
}

TEST(Reader, thresholds_keep_their_place_and_forecasts_stand_apart) {
  const sim::Scenario s = read(
      "{\"thresholds\": {\"requests_failed\": [\n {\"threshold\": \"rate<0.1\", \"window\": "
      "\"30s\"}],\n\"forecast.cost_usd\": [\"p(95)<5\"]}}");
  ASSERT_EQ(s.thresholds.size(), 1U);
  EXPECT_EQ(s.thresholds[0].origin.line, 2);
  EXPECT_EQ(s.thresholds[0].origin.column, 16);
  EXPECT_EQ(s.thresholds[0].origin.pointer, "/thresholds/requests_failed/0/threshold");
  EXPECT_EQ(s.thresholds[0].window, 30s);
  ASSERT_EQ(s.forecast_thresholds.size(), 1U);
  EXPECT_EQ(s.forecast_thresholds[0].metric, "forecast.cost_usd");
}

TEST(Reader, remembers_where_everything_was_written) {
  const sim::Scenario s =
      read("{\n \"seed\": 7, \"faults\": [{\"id\": \"a\", \"kind\": \"outage\", \"at\": \"1s\"}]}", {"faults.a.at=2s"});
  EXPECT_EQ(s.origins.at("/seed").line, 2);
  EXPECT_EQ(s.origins.at("/seed").column, 10);
  EXPECT_EQ(s.origins.at("/faults/0").column, 24);
  EXPECT_EQ(s.origins.at("/faults/0/at").file, "--set faults.a.at=2s");
  EXPECT_EQ(s.origins.at("/faults/0/at").line, 0);
  EXPECT_FALSE(s.origins.contains("/duration"));
  EXPECT_EQ(s.faults[0].at, 2s);
}

TEST(Reader, errors_of_sets_name_the_set) {
  const std::vector<std::string> sets{"monitor.circuit_breaker.open=5", "seedd=1"};
  try {
    read_scenario_text("{}", "f.json", sets);
    FAIL();
  } catch (const ScenarioError& error) {
    const std::string text = error.what();
    EXPECT_NE(
        text.find("--set monitor.circuit_breaker.open=5: /monitor/circuit_breaker/open: the duration 5 has no unit"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("--set seedd=1: /seedd: unknown key \"seedd\"\n    help: did you mean \"seed\"?"),
              std::string::npos)
        << text;
  }
}

TEST(Reader, the_hash_covers_text_and_sets) {
  const auto hash = [](const std::string& text, const std::vector<std::string>& sets) { return read(text, sets).hash; };
  EXPECT_EQ(hash("{}", {}), hash("{}", {}));
  EXPECT_NE(hash("{}", {}), hash("{ }", {}));
  EXPECT_NE(hash("{}", {}), hash("{}", {"seed=1"}));
  EXPECT_NE(hash("{}", {"seed=1", "seed=2"}), hash("{}", {"seed=2", "seed=1"}));
}

TEST(Reader, a_missing_file_is_not_a_scenario_error) { EXPECT_THROW(read_scenario("/no/such.json"), FileError); }

TEST(Reader, reads_a_monitor_block_by_itself) {
  const std::vector<std::string> sets{"provider_call.timeout=2s"};
  const std::vector<std::string> providers{"x", "y"};
  const MonitorSettings settings = read_monitor_settings_text(
      R"({"circuit_breaker": {"preset": "polly"}, "ab_router": {"experiment_id": "e", "variants": [{"id": "a", "provider": "y"}]}})",
      "m.json", sets, providers);
  EXPECT_EQ(settings.breaker_preset, "polly");
  EXPECT_EQ(settings.monitor.circuit_breaker, *monitor::breaker_preset("polly"));
  EXPECT_EQ(settings.monitor.provider_call.timeout, 2s);
  EXPECT_EQ(monitor::index_of(settings.monitor.ab_router.variants[0].provider), 1U);
  EXPECT_THROW(read_monitor_settings_text(R"({"circuit_breaker": {"half_open_success_threshold": 2}})", "m.json"),
               ScenarioError);
  EXPECT_THROW(read_monitor_settings_text(R"({"seed": 2})", "m.json"), ScenarioError);
}

}  // namespace
}  // namespace windtunnel::scenarios::reader_test
