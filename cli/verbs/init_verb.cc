#include "cli/verbs/init_verb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "cli/console.h"
#include "cli/one_run.h"
#include "reports/telemetry/fit_report.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

namespace windtunnel::cli {
namespace {

constexpr std::string_view kStarter = R"(// A scenario for Windtunnel.
// Comments such as this one are allowed. Everything that is left out has a default.
//
//   windtunnel run FILE               runs it and says whether everything below holds
//   windtunnel explain WORD           says what an exit code, a kind of fault, an outcome, ... means
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

ExitCode failed(const std::string& file, const char* operation) {
  std::fprintf(stderr, "windtunnel: %s: cannot %s: %s\n", file.c_str(), operation, std::strerror(errno));
  return ExitCode::file_error;
}

// The file is new or nothing is written.
ExitCode write_new(const std::string& file, std::string_view text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return failed(file, "create");
  ssize_t written = 0;
  while (!text.empty() && (written = ::write(descriptor, text.data(), text.size())) >= 0) {
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool is_whole = text.empty() && ::fsync(descriptor) == 0;
  const ExitCode code = is_whole ? ExitCode::pass : failed(file, "write");
  ::close(descriptor);
  // Half a scenario is no scenario, and it would be in the way of the next try.
  if (!is_whole) ::unlink(file.c_str());
  return code;
}

// What was fitted goes to stdout; the scenario is written if there is one.
ExitCode init_from_log(const InitArguments& arguments) {
  try {
    const reports::FittedLog log = reports::read_fit(arguments.from_telemetry);
    if (!print(reports::fit_text(log))) return ExitCode::file_error;
    if (log.fit.problem) {
      std::fprintf(stderr, "windtunnel: %s: %s\n", log.file.c_str(), log.fit.problem->c_str());
      return ExitCode::inconclusive;
    }
    const std::string text = scenarios::write_scenario(log.fit.scenario);
    // A fit that is no valid scenario is our mistake, and no file is better than one that cannot be run.
    (void)scenarios::read_scenario_text(text, arguments.file, {});
    const ExitCode code = write_new(arguments.file, text);
    if (code != ExitCode::pass) return code;
    const bool said =
        print(fmt::format("{} written. Now: windtunnel forecast {}\n", arguments.file, shell_word(arguments.file)));
    return said ? ExitCode::pass : ExitCode::file_error;
  } catch (const reports::ReportError& error) {
    std::fprintf(stderr, "windtunnel: %s\n", error.what());
    return ExitCode::file_error;
  } catch (const scenarios::ScenarioError& error) {
    std::fprintf(stderr, "windtunnel: what was fitted is no valid scenario, and nothing was written:\n%s\n",
                 error.what());
    return ExitCode::internal_error;
  }
}

}  // namespace

ExitCode init(const InitArguments& arguments) {
  if (!arguments.from_telemetry.empty()) return init_from_log(arguments);
  const ExitCode code = write_new(arguments.file, kStarter);
  if (code != ExitCode::pass) return code;
  const bool said =
      print(fmt::format("{} written. Now: windtunnel run {}\n", arguments.file, shell_word(arguments.file)));
  return said ? ExitCode::pass : ExitCode::file_error;
}

}  // namespace windtunnel::cli
