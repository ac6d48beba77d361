#include "scenarios/starter.h"

namespace windtunnel::scenarios {
namespace {

constexpr std::string_view kStarter = R"(// A scenario for Windtunnel.
// Comments such as this one are allowed. Everything that is left out has a default.
//
//   windtunnel run FILE               runs it and reports whether everything below holds
//   windtunnel explain WORD           explains an exit code, a kind of fault, an outcome, ...
{
  "version": 1,
  "title": "The first provider is down for a minute",
  "description": "The second provider takes over, and callers hardly notice.",

  // The same seed gives the same run, event for event. Try others: windtunnel run FILE --seeds 1..100
  "seed": 42,
  "start": "2026-01-20T10:00:00Z",
  "duration": "10m",

  // What is tested: the settings of the gateway.
  "monitor": {
    // Other presets: seed-poc, resilience4j, polly, gobreaker, hystrix, litellm, helicone, envoy.
    "circuit_breaker": {"preset": "seed-readme", "open": "30s"},
    "provider_call": {"timeout": "10s"},
    "cost_limiter": {"monthly_usd": 5000}
  },

  // In this order: a call that fails at one is tried at the next.
  "providers": {
    "openai": {"profile": "seed/gpt-4"},
    "anthropic": {"profile": "seed/claude-3-5-sonnet"}
  },

  // Who calls: 10 requests a second, at random instants.
  "workload": {
    "chat": {
      "executor": "constant-arrival-rate",
      "arrival": "poisson",
      "rate": 10,
      "tokens": {"input": {"p50": 150, "p95": 300}, "output": {"p50": 80, "p95": 200}}
    }
  },

  // What goes wrong. Other kinds: error_burst, latency_spike, throttle, brownout, malformed, truncated, flapping,
  // random_outages, wall_clock_step. A fault that changes fewer calls than expected makes the run inconclusive.
  "faults": [
    {"id": "openai-down", "kind": "outage", "mode": "refuse", "provider": "openai", "at": "3m", "duration": "60s",
     "expect": {"min_affected": 5}}
  ],

  // What must hold: of the whole run, or during a fault.
  "thresholds": {
    "request_duration": ["p(95)<5s", {"threshold": "p(95)<5s", "during": "openai-down"}],
    "requests_failed": ["rate<0.01"]
  },

  // A minute after the last fault every breaker is closed and requests succeed again.
  "liveness": {"heal_at": "4m", "recover_within": "60s"},

  // What must have happened at least so often, or the run has shown nothing.
  "coverage": {"breaker_opened": 1, "breaker_half_open": 1, "failover": 5}
}
)";

}  // namespace

std::string_view starter_scenario() { return kStarter; }

}  // namespace windtunnel::scenarios
