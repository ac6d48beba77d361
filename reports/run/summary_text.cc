#include <algorithm>
#include <string>
#include <vector>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "monitor/request.h"
#include "monitor/text/monitor_stats.h"
#include "reports/run/experiment_text.h"
#include "reports/run/run_summary.h"
#include "reports/run/text_figures.h"
#include "reports/text/enum_names.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using monitor::BreakerState;
using sim::Finding;
using sim::Verdict;

std::string rule() { return std::string(monitor::kStatsWidth, '=') + "\n"; }

std::string count(Int128 value) { return with_thousands(value); }
std::string seconds(Instant at) { return exact_decimal(at.time_since_epoch().count(), kSecondDecimals) + "s"; }

// --- Marks and colours ---------------------------------------------------------------------------------------------

enum class Light : std::uint8_t { green, yellow, red, grey };

Light light_of(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return Light::green;
    case BreakerState::half_open:
      return Light::yellow;
    case BreakerState::open:
      return Light::red;
  }
  fail_check("a breaker's state has a light", __FILE__, __LINE__);
}

Light light_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return Light::green;
    case Verdict::inconclusive:
      return Light::yellow;
    case Verdict::fail:
      return Light::red;
    case Verdict::nothing_claimed:
      return Light::grey;
  }
  fail_check("a verdict has a light", __FILE__, __LINE__);
}

std::string colored(std::string_view text, Light light, TextStyle style) {
  if (!style.color) return std::string(text);
  constexpr std::string_view kEscapes[] = {"\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[90m"};
  return std::string(kEscapes[static_cast<std::size_t>(light)]) + std::string(text) + "\x1b[0m";
}

std::string breaker_mark(BreakerState state, TextStyle style) {
  constexpr std::string_view kUnicode[] = {"🟢", "🟡", "🔴"};
  constexpr std::string_view kAscii[] = {"(+)", "(~)", "(x)"};
  const Light light = light_of(state);
  const auto place = static_cast<std::size_t>(light);
  return style.unicode ? std::string(kUnicode[place]) : colored(kAscii[place], light, style);
}

std::string verdict_mark(Verdict verdict, TextStyle style) {
  constexpr std::string_view kUnicode[] = {"✅", "❔", "❌", "➖"};
  constexpr std::string_view kAscii[] = {"ok", "??", "NO", "--"};
  const Light light = light_of(verdict);
  const auto place = static_cast<std::size_t>(light);
  return style.unicode ? std::string(kUnicode[place]) : colored(kAscii[place], light, style);
}

// --- The seed's block ----------------------------------------------------------------------------------------------

// The figures of the statistics block, which the real-time monitor prints too.
monitor::MonitorStats stats_of(const RunSummary& summary) {
  monitor::MonitorStats stats;
  stats.total_requests = summary.calls;
  stats.total_cost = summary.cost.billed;
  stats.outcomes = summary.users.outcomes;
  for (const ProviderSummary& provider : summary.providers) {
    const BreakerSummary breaker = provider.breaker.value_or(BreakerSummary{});
    stats.providers.push_back(
        {.name = provider.name,
         .requests = provider.calls,
         .successes = provider.calls - provider.errors,
         .input = Tokens{provider.tokens.input},
         .output = Tokens{provider.tokens.output},
         .cost = provider.cost.billed,
         .latency = {.p50 = provider.latency.p50, .p95 = provider.latency.p95, .p99 = provider.latency.p99},
         .breaker = {.state = breaker.state.value_or(BreakerState::closed),
                     .failures = breaker.failures,
                     .successes = breaker.successes,
                     .calls = breaker.failures + breaker.successes,
                     .is_off = !breaker.state}});
  }
  return stats;
}

std::string seed_block(const RunSummary& summary, TextStyle style) {
  const auto state = [style](BreakerState shown) {
    return breaker_mark(shown, style) + " " + colored(name_of(shown), light_of(shown), style);
  };
  const bool is_trial = summary.trial.has_value();
  return stats_text(stats_of(summary), {.state = state, .outcomes = true, .breakers = !is_trial});
}

// --- What we add ---------------------------------------------------------------------------------------------------

// Why the limiter counts another sum than the providers billed, where it does.
std::string cost_section(const CostSummary& cost) {
  if (cost.is_all_known()) return {};
  std::string text = "\nCost:\n  Billed by the providers: " + dollars(cost.billed) +
                     "\n  Known to the gateway: " + dollars(cost.known);
  text += "\n  Held by reservations: " + (cost.reserved ? dollars(*cost.reserved) : std::string("not observed"));
  return text + ", for calls whose bill the gateway never learns\n";
}

// The tokens of calls of known usage that providers price apart.
std::string kinds_section(const RunSummary& summary) {
  std::string text;
  for (const ProviderSummary& provider : summary.providers) {
    if (!provider.tokens.kinds) continue;
    const TokenKindCounts& kinds = *provider.tokens.kinds;
    text += "\n  " + provider.name + ": " + count(kinds.cached_input) + " of " + count(provider.tokens.input) +
            " input cached, " + count(kinds.cache_write) + " written to a cache, " + count(kinds.reasoning) + " of " +
            count(provider.tokens.output) + " output reasoning";
  }
  return text.empty() ? text : "\nTokens:" + text + "\n";
}

std::string rate_limiter_section(const RateLimiterSummary& limiter) {
  if (!limiter.requests_per_minute && !limiter.tokens_per_minute) return {};
  std::string text = "\nRate Limiter:\n  Limit:";
  if (limiter.requests_per_minute) text += " " + count(*limiter.requests_per_minute) + " requests/min";
  if (limiter.requests_per_minute && limiter.tokens_per_minute) text += ",";
  if (limiter.tokens_per_minute) text += " " + count(*limiter.tokens_per_minute) + " tokens/min";
  return text + ", Refused: " + count(limiter.refused) + "\n";
}

std::string token_limiter_section(const TokenLimiterSummary& limiter) {
  if (limiter.mode == name_of(monitor::TokenMode::off)) return "\nToken Limiter: off\n";
  const std::string average =
      limiter.settled_requests == 0
          ? "-"
          : rounded_decimal(rounded_ratio(limiter.settled_tokens, limiter.settled_requests, 1), 1, 1);
  return "\nToken Limiter (" + limiter.mode + "):\n  Average: " + average + " tokens, Limit: " + count(limiter.limit) +
         ", Cut: " + count(limiter.cut) + ", Refused: " + count(limiter.refused) + "\n";
}

std::string budget_line(const BudgetWindowSummary& window) {
  std::string text =
      window.window == "day" ? "  Day " + window.begin.substr(0, 10) : "  Month " + window.begin.substr(0, 7);
  text += ": " + dollars(window.settled);
  if (!window.limit) return text + " (no limit)\n";
  text += " of " + dollars(*window.limit);
  if (*window.limit > Usd{}) text += " (" + percent(window.settled.picos(), window.limit->picos()) + ")";
  text += ", Alerts:";
  if (window.alerts.empty()) text += " none";
  for (const Millionths alert : window.alerts) text += " " + exact_decimal(alert.value, 4) + "%";
  if (window.alert_by_refusal) text += " (refused)";
  if (window.refused) text += ", Reserved at most: " + dollars(window.reserved_max);
  return text + "\n";
}

std::string cost_limiter_section(const CostLimiterSummary& limiter) {
  std::string text = "\nCost Limiter:\n";
  for (const BudgetWindowSummary& window : limiter.windows) text += budget_line(window);
  text += "  Refused: " + count(limiter.refused);
  if (limiter.refused_by_reservation > 0) {
    text += ", of these by reservations of calls in flight: " + count(limiter.refused_by_reservation);
  }
  text += "\n";
  if (limiter.late_usage) {
    text += "  Bills that came late: " + count(limiter.late_usage->calls) + ", of " +
            dollars(limiter.late_usage->billed) + " where " + dollars(limiter.late_usage->settled) +
            " had been settled\n";
  }
  if (limiter.overruns > 0) text += "  Bills above their reservation: " + count(limiter.overruns) + "\n";
  return text;
}

std::string cache_section(const CacheSummary& cache) {
  if (!cache.on) return "\nCache: off\n";
  return "\nCache:\n  Entries: " + count(cache.entries_held) + " of " + count(cache.capacity) +
         " (fresh: " + count(cache.entries_fresh) + ")" + ", Hits: " + count(cache.hits) +
         ", Hit Rate: " + percent(cache.hits, Int128{cache.hits} + cache.misses) +
         ", Stale Hits: " + count(cache.stale_hits) + "\n";
}

// Of a trial they are not observed, nor is the cache.
std::string limiter_sections(const RunSummary& summary) {
  if (summary.trial) return "\nRate Limiter, Token Limiter, Cost Limiter, Cache: not observed\n";
  return rate_limiter_section(*summary.rate_limiter) + token_limiter_section(*summary.token_limiter) +
         cost_limiter_section(*summary.cost_limiter) + cache_section(*summary.cache);
}

std::string routes_section(const std::vector<RouteSummary>& routes) {
  if (routes.empty()) return {};
  TextTable table{{"Route", "Requests", "Answered", "Refused", "Failed", "Failed Over", "Calls", "Billed"}};
  for (const auto& [name, requests] : routes) {
    table.add({name, count(requests.requests), percent(requests.answered, requests.requests), count(requests.refused),
               count(requests.failed), count(requests.failed_over), count(requests.attempts),
               dollars(requests.cost.billed)});
  }
  return "\nRoutes:\n" + table.text(2);
}

std::string clients_section(const std::vector<ClientSummary>& clients) {
  if (clients.empty()) return {};
  TextTable table{{"Callers", "Wishes", "Answered", "Failed", "Left", "Tries", "Unread Answers", "Calls"}};
  for (const ClientSummary& client : clients) {
    table.add({client.name, count(client.wishes), count(client.answered), count(client.failed), count(client.left),
               count(client.tries), count(client.unread), count(client.calls)});
  }
  return "\nCallers Who Try Again:\n" + table.text(2);
}

std::string faults_section(const std::vector<FaultSummary>& faults) {
  if (faults.empty()) return {};
  TextTable table{{"Fault", "Kind", "Phases", "Touched", "Affected"}};
  for (const FaultSummary& fault : faults) {
    table.add({fault.id, fault.kind, count(fault.phases), count(fault.touched), count(fault.affected)});
  }
  return "\nFaults:\n" + table.text(2);
}

std::string coverage_section(const std::vector<CoverageSummary>& counters, TextStyle style) {
  TextTable table{{"Counter", "Count", "Required", ""}};
  bool any = false;
  for (const CoverageSummary& counter : counters) {
    if (counter.count.value_or(0) == 0 && !counter.required) continue;
    any = true;
    if (!counter.count) {
      table.add({counter.name, "not observed", count(*counter.required), ""});
      continue;
    }
    const Verdict verdict = *counter.count < counter.required.value_or(0) ? Verdict::inconclusive : Verdict::pass;
    table.add({counter.name, count(*counter.count), counter.required ? count(*counter.required) : "-",
               counter.required ? verdict_mark(verdict, style) : ""});
  }
  return any ? "\nCoverage:\n" + table.text(2) : std::string{};
}

std::string finding_line(const Finding& finding, TextStyle style) {
  // A threshold is named by what it claims.
  const bool is_named_by_claim = finding.claim.starts_with(finding.id);
  std::string text = "  " + verdict_mark(finding.verdict, style) + " " + name_of(finding.kind) + " ";
  text += is_named_by_claim ? finding.claim : finding.id;
  if (finding.at) text += " at " + seconds(*finding.at);
  if (finding.request) text += ", request " + std::to_string(number_of(*finding.request));
  const bool needs_claim = finding.verdict != Verdict::pass && !finding.claim.empty() && !is_named_by_claim;
  if (needs_claim) text += " - " + finding.claim;
  if (!finding.reason.empty()) text += " - " + finding.reason;
  if (finding.verdict != Verdict::pass && finding.origin.line > 0) {
    text += " [" + finding.origin.file + ":" + std::to_string(finding.origin.line) + ":" +
            std::to_string(finding.origin.column) + "]";
  }
  return text + "\n";
}

// Coverage and faults that did pass are in their tables already.
std::string checks_section(const RunSummary& summary, TextStyle style) {
  const auto violated = std::ranges::count(summary.findings, Finding::Kind::invariant, &Finding::kind);
  const std::size_t on = summary.checks.size();
  std::string text = "\nChecks:\n";
  if (on == 0) {
    text += "  no invariant was watched\n";
  } else {
    text += "  " + verdict_mark(violated == 0 ? Verdict::pass : Verdict::fail, style) + " " +
            count(static_cast<Int128>(on)) + " invariants watched, " + count(violated) + " violations\n";
  }
  for (const Finding& finding : summary.findings) {
    const bool in_table = finding.kind == Finding::Kind::coverage || finding.kind == Finding::Kind::fault;
    if (!in_table || finding.verdict != Verdict::pass) text += finding_line(finding, style);
  }
  return text;
}

std::string verdict_block(const RunSummary& summary, TextStyle style) {
  const Verdict verdict = summary.verdict;
  std::string text = "\n" + rule();
  text += "Verdict: " + colored(sim::verdict_words(verdict), light_of(verdict), style) + "\n";
  if (verdict == Verdict::nothing_claimed) {
    text += "The scenario has no threshold, liveness, coverage or min_affected: there is nothing that could pass.\n";
  }
  text += "Answered: " + answered_text(summary) + "\n";
  for (const std::string& note : summary.notes) text += "Note: " + note + "\n";
  text += "Scenario: " + summary.scenario.file;
  if (!summary.scenario.title.empty()) text += (summary.scenario.file.empty() ? "" : " - ") + summary.scenario.title;
  text += "\nSeed: " + std::to_string(summary.seed) + "\n";
  text += "Digest: " + hex_digits(summary.digest) + "\n";
  if (summary.stopped) {
    text += "Stopped early: at " + seconds(summary.ended) + ", " + count(summary.in_flight) + " in flight\n";
  }
  const bool has_held = verdict == Verdict::pass || verdict == Verdict::nothing_claimed;
  if (!has_held) text += "Replay: " + summary.replay + "\n";
  return text + rule();
}

}  // namespace

// What callers with a client wished comes first: a request may be answered after its caller has left.
std::string answered_text(const RunSummary& summary) {
  const RequestSummary& users = summary.users;
  std::string text;
  if (!summary.clients.empty()) {
    std::int64_t wishes = 0;
    std::int64_t answered = 0;
    for (const ClientSummary& client : summary.clients) {
      wishes += client.wishes;
      answered += client.answered;
    }
    text += percent(answered, wishes) + " of " + count(wishes) + " wishes, ";
  }
  return text + percent(users.answered, users.requests) + " of " + count(users.requests) + " requests";
}

std::string summary_text(const RunSummary& summary, TextStyle style) {
  return (summary.trial ? trial_text(*summary.trial) : std::string{}) + seed_block(summary, style) +
         cost_section(summary.cost) + kinds_section(summary) + limiter_sections(summary) +
         (summary.experiment ? experiment_text(*summary.experiment) : std::string{}) + routes_section(summary.routes) +
         clients_section(summary.clients) + faults_section(summary.faults) + coverage_section(summary.coverage, style) +
         checks_section(summary, style) + verdict_block(summary, style);
}

}  // namespace windtunnel::reports
