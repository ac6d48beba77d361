#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "monitor/request.h"
#include "reports/run/ab_table.h"
#include "reports/run/summary.h"
#include "reports/text/enum_names.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using monitor::BreakerState;
using monitor::ProviderId;
using sim::Finding;
using sim::Verdict;

constexpr std::size_t kRuleWidth = 60;

std::string rule() { return std::string(kRuleWidth, '=') + "\n"; }

std::string dollars(Usd money) { return "$" + rounded_decimal(money.picos(), kDollarDecimals, 4); }
std::string count(Int128 value) { return with_thousands(value); }
std::string whole_milliseconds(std::optional<Duration> duration) {
  return duration ? rounded_decimal(duration->count(), kMillisecondDecimals, 0) + "ms" : "-";
}
std::string percentile(const Histogram& histogram, std::int64_t percent_of_all) {
  return whole_milliseconds(histogram.quantile(Millionths{percent_of_all * 10'000}));
}
std::string seconds(Instant at) { return exact_decimal(at.time_since_epoch().count(), kSecondDecimals) + "s"; }

std::string upper(std::string text) {
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

// --- Marks and colours ---------------------------------------------------------------------------------------------

enum class Light : std::uint8_t { green, yellow, red };

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
  }
  fail_check("a verdict has a light", __FILE__, __LINE__);
}

std::string colored(std::string_view text, Light light, TextStyle style) {
  if (!style.color) return std::string(text);
  constexpr std::string_view kEscapes[] = {"\x1b[32m", "\x1b[33m", "\x1b[31m"};
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
  constexpr std::string_view kUnicode[] = {"✅", "❔", "❌"};
  constexpr std::string_view kAscii[] = {"ok", "??", "NO"};
  const Light light = light_of(verdict);
  const auto place = static_cast<std::size_t>(light);
  return style.unicode ? std::string(kUnicode[place]) : colored(kAscii[place], light, style);
}

// --- The seed's block ----------------------------------------------------------------------------------------------

std::string user_requests(const monitor::RequestMetrics& all) {
  std::string text = "User Requests: " + count(all.requests()) + "\n";
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    if (all.count(outcome) == 0) continue;
    text += "  " + std::string(name_of(outcome)) + ": " + count(all.count(outcome)) + " (" +
            percent(all.count(outcome), all.requests()) + ")\n";
  }
  return text;
}

std::string provider_statistics(const monitor::ProviderMetrics& metrics, const std::string& name) {
  const Int128 tokens = Int128{metrics.input.count()} + metrics.output.count();
  return "\n  " + upper(name) + ":\n" +                                               //
         "    Requests: " + count(metrics.calls) + "\n" +                             //
         "    Success Rate: " + percent(metrics.successes(), metrics.calls) + "\n" +  //
         "    Total Tokens: " + count(tokens) + "\n" +                                //
         "    Total Cost: " + dollars(metrics.cost) + "\n" +                          //
         "    Latency - P50: " + percentile(metrics.latency, 50) +                    //
         ", P95: " + percentile(metrics.latency, 95) + ", P99: " + percentile(metrics.latency, 99) + "\n";
}

std::string breaker_line(const monitor::Breaker& breaker, const std::string& name, Instant end, TextStyle style) {
  const BreakerState state = breaker.state(end);
  const std::int64_t calls = breaker.window_calls(end);
  return "  " + name + ": " + breaker_mark(state, style) + " " + colored(name_of(state), light_of(state), style) +
         " (Failures: " + count(breaker.window_failures(end)) +
         ", Error Rate: " + (calls == 0 ? "0.0%" : percent(breaker.window_failures(end), calls)) + ")\n";
}

std::string seed_block(const RunReport& report, TextStyle style) {
  const monitor::Pipeline& pipeline = report.result.pipeline;
  const monitor::Metrics& metrics = pipeline.metrics();
  std::string text = rule() + "LLM MONITORING STATISTICS\n" + rule() + "\n";
  text += "Total Requests: " + count(metrics.calls()) + "\n";
  text += "Total Cost: " + dollars(metrics.cost()) + "\n\n";
  text += user_requests(metrics.all());
  text += "\nProvider Statistics:\n";
  for (std::size_t i = 0; i < pipeline.provider_count(); ++i) {
    const ProviderId id{static_cast<std::uint8_t>(i)};
    text += provider_statistics(metrics.provider(id), pipeline.provider(id).name);
  }
  text += "\nCircuit Breaker States:\n";
  for (std::size_t i = 0; i < pipeline.provider_count(); ++i) {
    const ProviderId id{static_cast<std::uint8_t>(i)};
    text += breaker_line(pipeline.breaker(id), pipeline.provider(id).name, report.result.ended, style);
  }
  return text + rule();
}

// --- What we add ---------------------------------------------------------------------------------------------------

std::string rate_limiter_section(const monitor::RateLimiter& limiter) {
  const monitor::RateLimiterConfig& config = limiter.config();
  if (!config.requests_per_minute && !config.tokens_per_minute) return {};
  std::string text = "\nRate Limiter:\n  Limit:";
  if (config.requests_per_minute) text += " " + count(*config.requests_per_minute) + " requests/min";
  if (config.requests_per_minute && config.tokens_per_minute) text += ",";
  if (config.tokens_per_minute) text += " " + count(config.tokens_per_minute->count()) + " tokens/min";
  return text + ", Refused: " + count(limiter.refused()) + "\n";
}

std::string token_limiter_section(const monitor::TokenLimiter& limiter) {
  const monitor::TokenLimiterConfig& config = limiter.config();
  if (config.mode == monitor::TokenMode::off) return "\nToken Limiter: off\n";
  const std::int64_t requests = limiter.settled_requests();
  const std::string average =
      requests == 0 ? "-" : rounded_decimal(rounded_ratio(limiter.settled_tokens().count(), requests, 1), 1, 1);
  return "\nToken Limiter (" + std::string(word_of(config.mode)) + "):\n  Average: " + average +
         " tokens, Limit: " + count(config.limit.count()) + ", Cut: " + count(limiter.cut()) +
         ", Refused: " + count(limiter.refused()) + "\n";
}

std::string budget_line(const monitor::CostLimiter& limiter, const monitor::BudgetWindow& window) {
  const std::string begin = iso8601(window.begin);
  std::string text = window.daily ? "  Day " + begin.substr(0, 10) : "  Month " + begin.substr(0, 7);
  text += ": " + dollars(window.settled);
  const auto limit = limiter.limit_of(window);
  if (!limit) return text + " (no limit)\n";
  text += " of " + dollars(*limit);
  if (*limit > Usd{}) text += " (" + percent(window.settled.picos(), limit->picos()) + ")";
  text += ", Alerts:";
  if (window.alerts_fired == 0) text += " none";
  for (std::size_t i = 0; i < window.alerts_fired; ++i) {
    text += " " + exact_decimal(limiter.config().alerts[i].value, 4) + "%";
  }
  return text + "\n";
}

std::string cost_limiter_section(const monitor::CostLimiter& limiter) {
  std::string text = "\nCost Limiter:\n";
  for (const bool daily : {false, true}) {
    for (const monitor::BudgetWindow& window : limiter.windows()) {
      if (window.live && window.current && window.daily == daily) text += budget_line(limiter, window);
    }
  }
  text += "  Refused: " + count(limiter.refused()) + "\n";
  if (limiter.overruns() > 0) text += "  Bills above their reservation: " + count(limiter.overruns()) + "\n";
  return text;
}

std::string cache_section(const monitor::Cache& cache) {
  if (!cache.on()) return "\nCache: off\n";
  return "\nCache:\n  Entries: " + count(static_cast<Int128>(cache.size())) + " of " +
         count(static_cast<Int128>(cache.config().capacity)) + ", Hits: " + count(cache.hits()) +
         ", Hit Rate: " + percent(cache.hits(), Int128{cache.hits()} + cache.misses()) +
         ", Stale Hits: " + count(cache.stale_hits()) + "\n";
}

std::string experiment_section(const RunReport& report) {
  const monitor::Pipeline& pipeline = report.result.pipeline;
  const monitor::RouterConfig& router = pipeline.config().ab_router;
  if (router.variants.empty()) return {};
  TextTable table{{"Variant", "Requests", "Success", "P50", "P95", "Cost"}};
  const std::vector<monitor::RequestMetrics> variants = pipeline.metrics().variants();
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const monitor::RequestMetrics& one = variants[i];
    table.add({router.variants[i].id, count(one.requests()), percent(one.answered(), one.requests()),
               percentile(one.latency, 50), percentile(one.latency, 95), dollars(one.cost)});
  }
  return "\nExperiment " + router.experiment_id + ":\n" + table.text(2) +
         (report.samples == nullptr ? std::string{} : report.samples->text(router.variants));
}

std::string faults_section(const RunReport& report) {
  if (report.scenario.faults.empty()) return {};
  TextTable table{{"Fault", "Kind", "Phases", "Touched", "Affected"}};
  for (std::size_t i = 0; i < report.scenario.faults.size(); ++i) {
    const sim::FaultCount& one = report.result.faults[i];
    table.add({report.scenario.faults[i].id, name_of(report.scenario.faults[i].kind()), count(one.phases),
               count(one.touched), count(one.affected)});
  }
  return "\nFaults:\n" + table.text(2);
}

std::string coverage_section(const RunReport& report, TextStyle style) {
  TextTable table{{"Counter", "Count", "Required", ""}};
  bool any = false;
  for (const auto& [name, reached] : report.judgement.coverage) {
    const auto required = report.scenario.coverage.find(name);
    const bool is_required = required != report.scenario.coverage.end();
    if (reached == 0 && !is_required) continue;
    any = true;
    const Verdict verdict = is_required && reached < required->second ? Verdict::inconclusive : Verdict::pass;
    table.add({name, count(reached), is_required ? count(required->second) : "-",
               is_required ? verdict_mark(verdict, style) : ""});
  }
  return any ? "\nCoverage:\n" + table.text(2) : std::string{};
}

std::string finding_line(const Finding& finding, TextStyle style) {
  std::string text = "  " + verdict_mark(finding.verdict, style) + " " + name_of(finding.kind) + " " + finding.id;
  if (finding.at) text += " at " + seconds(*finding.at);
  if (finding.request) text += ", request " + std::to_string(number_of(*finding.request));
  if (finding.verdict != Verdict::pass && !finding.claim.empty()) text += " - " + finding.claim;
  if (!finding.reason.empty()) text += " - " + finding.reason;
  if (finding.verdict != Verdict::pass && finding.origin.line > 0) {
    text += " [" + finding.origin.file + ":" + std::to_string(finding.origin.line) + ":" +
            std::to_string(finding.origin.column) + "]";
  }
  return text + "\n";
}

// Coverage and faults that did pass are in their tables already.
std::string checks_section(const sim::Judgement& judgement, TextStyle style) {
  const auto violated = std::count_if(judgement.findings.begin(), judgement.findings.end(),
                                      [](const Finding& one) { return one.kind == Finding::Kind::invariant; });
  const std::size_t on = judgement.checks.size();
  std::string text = "\nChecks:\n";
  if (on == 0) {
    text += "  no invariant was watched\n";
  } else {
    text += "  " + verdict_mark(violated == 0 ? Verdict::pass : Verdict::fail, style) + " " +
            count(static_cast<Int128>(on)) + " invariants watched, " + count(violated) + " violations\n";
  }
  for (const Finding& finding : judgement.findings) {
    const bool in_table = finding.kind == Finding::Kind::coverage || finding.kind == Finding::Kind::fault;
    if (!in_table || finding.verdict != Verdict::pass) text += finding_line(finding, style);
  }
  return text;
}

std::string verdict_block(const RunReport& report, TextStyle style) {
  const Verdict verdict = report.judgement.verdict;
  std::string text = "\n" + rule();
  text += "Verdict: " + colored(upper(name_of(verdict)), light_of(verdict), style) + "\n";
  text += "Scenario: " + report.scenario.file;
  if (!report.scenario.title.empty()) text += (report.scenario.file.empty() ? "" : " - ") + report.scenario.title;
  text += "\nSeed: " + std::to_string(report.result.seed) + "\n";
  text += "Digest: " + hex_digits(report.result.digest) + "\n";
  if (report.result.stopped) {
    text +=
        "Stopped early: at " + seconds(report.result.ended) + ", " + count(report.result.in_flight) + " in flight\n";
  }
  if (verdict != Verdict::pass) text += "Replay: " + report.replay + "\n";
  return text + rule();
}

}  // namespace

std::string summary_text(const RunReport& report, TextStyle style) {
  const monitor::Pipeline& pipeline = report.result.pipeline;
  return seed_block(report, style) + rate_limiter_section(pipeline.rate_limiter()) +
         token_limiter_section(pipeline.token_limiter()) + cost_limiter_section(pipeline.cost_limiter()) +
         cache_section(pipeline.cache()) + experiment_section(report) + faults_section(report) +
         coverage_section(report, style) + checks_section(report.judgement, style) + verdict_block(report, style);
}

}  // namespace windtunnel::reports
