#include "reports/text/explanations.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "monitor/breaker/breaker_presets.h"
#include "monitor/request.h"
#include "sim/checks/claims/coverage.h"
#include "sim/checks/findings/registry.h"
#include "sim/compare/compare_metrics.h"
#include "sim/faults/fault.h"
#include "sim/load/executor.h"

namespace windtunnel::reports {
namespace {

struct Entry {
  std::string_view word;
  std::string_view text;
};

struct MetricEntry {
  std::string_view word;
  std::string_view text;
  std::string_view unit;
  std::string_view example;
};

constexpr Entry kExitCodeTexts[] = {
    {"0",
     "Every threshold, liveness claim, coverage minimum and fault expectation of every run holds, and so does every "
     "invariant that was on. A file that claims none of these ends with 0 too, as NOTHING CLAIMED, because defaults "
     "and invariants are no claims; with --require-claims that is 13."},
    {"1",
     "A belief of Windtunnel itself did not hold. The message names the scenario, the seed, the instant and the "
     "event; please report it with them. Nothing was learnt about your gateway."},
    {"2", "The command line cannot be understood. Nothing ran. `windtunnel VERB --help` has the flags and examples."},
    {"3",
     "The scenario file has errors. All of them are printed, each with its line, column and JSON pointer, and "
     "nothing ran. `windtunnel validate FILE` checks without running."},
    {"4",
     "A file, a folder or standard output could not be read or written; the reason is on stderr. Files that were "
     "not finished are named .partial, so that a file under its own name is always whole. Also: the program that keeps "
     "a breaker died, hung, flooded or spoke nonsense."},
    {"10",
     "A check that is always true of a correct gateway was violated, such as a call to a provider that is cooling "
     "down or a budget that was overspent. The finding names the invariant, the request and the instant."},
    {"11",
     "Something that must happen again after the faults did not: a breaker stayed open, or requests went on "
     "failing, `recover_within` after `heal_at`."},
    {"12",
     "A threshold of the scenario was not held. The finding has the figure that broke it; with a window, the first "
     "window that did."},
    {"13",
     "The run did not show what it was to show: no request arrived, a threshold without data, a fault that changed "
     "fewer calls than `expect.min_affected`, a coverage minimum that was not reached, a threshold of forecast.* in a "
     "run that claims nothing else. No data never passes, in no verb. With --require-claims also a verdict of NOTHING "
     "CLAIMED."},
    {"14",
     "The same scenario and seed gave two different runs. Nothing that was measured can be trusted until the cause "
     "is found."},
    {"15",
     "`compare` found a variation worse than the first by more than --max-regression allows: the whole 95 % interval "
     "of "
     "the paired difference lies beyond the bound. An interval that holds the bound is 13, inconclusive."},
    {"130",
     "SIGINT or SIGTERM stopped the command. What was measured until then is kept, in files named .partial, and the "
     "summary says at which virtual time it ends."},
};

constexpr Entry kReplyTexts[] = {
    {"ok", "An answer. The only kind that is a success for the breaker and for the success rate."},
    {"timeout",
     "No answer until the call's `timeout` or the request's `deadline`; also HTTP 408. What the provider bills is "
     "not known to the caller. Counts as a failure."},
    {"connection_error",
     "The call never reached the provider, or the connection broke before a reply. Counts as a failure."},
    {"server_error", "HTTP 5xx other than 529. Counts as a failure."},
    {"overloaded", "HTTP 529 or a full queue: the provider has no place for the call. Counts as a failure."},
    {"rate_limited",
     "HTTP 429. Its Retry-After, at most 60 s, binds the provider for all requests: until then it is passed "
     "over. Counts as a failure."},
    {"malformed", "A 200 whose body is no answer. Billed in full, never cached, counts as a failure."},
    {"truncated", "A stream that broke off. Partly billed by an unknown amount; counts as a failure."},
    {"auth_or_quota",
     "401, 402, 403 or an exhausted quota, where the provider does not tell them apart (`auth`, `quota_exhausted`). "
     "Counts as a failure and is not retried at the same provider."},
    {"client_error",
     "Another 4xx: the request is wrong. Neutral to the breaker. Ends the request at once, unless another provider "
     "failed "
     "before it in a way that time may mend: then the next candidate is tried."},
    {"context_length",
     "A 400: the input and the granted output do not fit the `context_window` of the deployment. Neutral to the "
     "breaker. "
     "Ends the request as client_error, unless its route names the kind in retry, failover or fallback."},
    {"content_policy",
     "A 400: the provider's filter refuses the content. Neutral to the breaker. Ends the request as client_error, "
     "unless "
     "its route names the kind."},
    {"not_found", "A 404: the deployment does not exist. Counts as a failure and is not retried at the same provider."},
    {"auth", "401 or 403. Counts as a failure and is not retried at the same provider."},
    {"quota_exhausted",
     "402, or a quota that is used up. Counts as a failure and is not retried at the same provider."},
};

constexpr MetricEntry kMetricTexts[] = {
    {"requests",
     "Requests that ended, whatever calls they took. Aggregates: count, rate (a second, of those that end in the time "
     "that is judged).",
     "requests, or requests per second", R"({"thresholds": {"requests": ["count>=1000"]}})"},
    {"requests_failed",
     "Requests that were neither answered nor refused by our own limiters. Aggregates: rate (of all "
     "requests), count.",
     "share of requests, or requests", R"({"thresholds": {"requests_failed": ["rate<0.01"]}})"},
    {"requests_refused", "Requests that the rate, token or cost limiter refused. Aggregates: rate, count.",
     "share of requests, or requests", R"({"thresholds": {"requests_refused": ["rate<0.05"]}})"},
    {"request_duration",
     "Time from arrival to end, of answered requests; the tag {outcome:failed} selects others. "
     "Aggregates: p(N), avg, min, med, max. A bare number is milliseconds.",
     "milliseconds, or a duration", R"({"thresholds": {"request_duration": ["p(95)<3s"]}})"},
    {"time_to_first_token",
     "Time from arrival to the first token, of served requests, with the wait in the provider's queue. "
     "Aggregates: p(N), avg, min, med, max.",
     "milliseconds, or a duration", R"({"thresholds": {"time_to_first_token": ["p(95)<800ms"]}})"},
    {"provider_calls", "Calls to providers, retries and failovers included. Aggregates: count, rate (a second).",
     "calls, or calls per second", R"({"thresholds": {"provider_calls": ["count<20000"]}})"},
    {"provider_errors", "Calls that were not ok. Aggregates: rate (of all calls), count.", "share of calls, or calls",
     R"({"thresholds": {"provider_errors": ["rate<0.1"]}})"},
    {"cost_usd",
     "What the providers billed for requests that ended, in US dollars, exact, whether the gateway learns it or not. "
     "Aggregates: value (the sum), avg (a request), count. With {provider:...} it is the cost of the requests that "
     "were assigned to it, wherever they were served. See cost_known_usd and cost_reserved_usd.",
     "USD", R"({"thresholds": {"cost_usd": ["value<120"]}})"},
    {"cost_known_usd",
     "What the gateway knows of the cost: the bills of calls whose usage it learns. A call that times out or breaks "
     "off is billed and missing here. The cost_usd of telemetry is this one. Aggregates: value, avg (a request), "
     "count.",
     "USD", R"({"thresholds": {"cost_known_usd": ["value<120"]}})"},
    {"cost_reserved_usd",
     "What the cost limiter holds for the calls whose bill the gateway never learns: their reservations "
     "(monitor.cost_limiter.unknown_usage). With cost_known_usd it is what the budget counts. Aggregates: value, avg "
     "(a request), count.",
     "USD", R"({"thresholds": {"cost_reserved_usd": ["value<20"]}})"},
    {"tokens",
     "Input and output tokens of served requests. Aggregates: value (the sum), avg (a request), rate (a second), "
     "count (of served requests).",
     "tokens, or tokens per second", R"({"thresholds": {"tokens": ["avg<500"]}})"},
    {"breaker_opened", "How often a breaker opened. Aggregates: count.", "times",
     R"({"thresholds": {"breaker_opened": ["count<=3"]}})"},
    {"failovers", "Requests that moved to another provider. Aggregates: count.", "requests",
     R"({"thresholds": {"failovers": ["count>=5"]}})"},
    {"amplification",
     "Provider calls for each wish: a further try of a caller is no wish of its own. Without clients that try again, "
     "each request is a wish. Aggregates: value.",
     "calls of a wish", R"({"thresholds": {"amplification": ["value<3"]}})"},
    {"provider_wait",
     "The time that a call waits in its provider's queue for a place; 0 where it finds one at once. A wait ends with a "
     "place, with `queue_timeout`, or where the caller leaves. Aggregates: avg, min, med, max, p(N), rate (the share "
     "of "
     "calls that waited), count (of these).",
     "milliseconds, share of calls, or calls",
     R"({"thresholds": {"provider_wait{provider:openai}": ["p(95)<2s", "rate<0.1"]}})"},
    {"cache_hits", "Requests that the cache answered. Aggregates: rate (of all requests), count.",
     "share of requests, or requests", R"({"thresholds": {"cache_hits": ["rate>0.2"]}})"},
};

constexpr Entry kTagTexts[] = {
    {"provider",
     "A tag of threshold metrics. Of requests, their durations, tokens and costs: the provider that the request was "
     "assigned to, by its own choice, the experiment or the default, wherever it was served and also if no call was "
     "made. Of provider_calls, provider_errors and breaker_opened: the provider of the call or the breaker. Of "
     "forecast.cost_usd: the provider that billed. See served_by."},
    {"deployment",
     "A tag of threshold metrics: the same as provider, by the word of scenarios whose providers have models: "
     "openai/gpt-4o."},
    {"route",
     "A tag of threshold metrics of requests: the route that the request asks for, after its rules, also where a "
     "fallback answers."},
    {"served_by",
     "A tag of threshold metrics of requests: the provider of the request's last call, or the one whose answer the "
     "cache returned. A request without a call and without an answer is served by none. See provider."},
    {"variant",
     "A tag of threshold metrics of requests: the arm of the experiment. A request that a limiter refuses before the "
     "router has none."},
    {"outcome",
     "A tag of threshold metrics of requests: how the request ended. It narrows what is counted or measured; a rate "
     "stays a share of all requests."},
    {"team",
     "A tag of threshold metrics of requests: the team of the caller. Requests have one only where the scenario has "
     "limits."},
    {"limit",
     "A tag of requests_refused and requests: the limit that refused the request, by its id or its place (limit-1). It "
     "narrows what is counted; a rate stays a share of all requests."},
};

constexpr MetricEntry kForecastTexts[] = {
    {"forecast.p_exceed",
     "The chance that spend reaches this share of the monthly budget within the horizon; at 1.0 also that something "
     "was "
     "refused for want of budget. Aggregates: value. forecast.p_exceed(1.0)<=0.05",
     "probability", "--assert 'forecast.p_exceed(1.0)<=0.05'"},
    {"forecast.cost_usd",
     "What the providers bill over the horizon, in US dollars; of one {provider:...} or {variant:...} with a tag. The "
     "budget counts something else where the gateway never learns a bill: its reservation. "
     "Aggregates, over the replications: avg, med, p(N).",
     "USD", "--assert 'forecast.cost_usd p(90)<5000'"},
    {"forecast.requests_failed",
     "Requests that were neither answered nor refused, of those that were not refused. Aggregates: rate.",
     "share of requests", "--assert 'forecast.requests_failed rate<0.01'"},
    {"forecast.requests_refused", "Requests that our own limiters refused, of all. Aggregates: rate.",
     "share of requests", "--assert 'forecast.requests_refused rate<0.01'"},
    {"forecast.request_duration",
     "A percentile of a replication's answered requests, averaged over the replications. Aggregates: med, p(50), "
     "p(90), "
     "p(95), p(99). A bare number is milliseconds.",
     "milliseconds, or a duration", "--assert 'forecast.request_duration p(95)<3s'"},
    {"forecast.days_to_exhaustion",
     "Days from the start until the monthly budget is used up; longer than any number if it lasts. Aggregates: med, "
     "p(N).",
     "days", "--assert 'forecast.days_to_exhaustion p(10)>28'"},
};

constexpr Entry kVerdictTexts[] = {
    {"PASS", "Every claim of the scenario holds: thresholds, liveness, coverage, faults, and every invariant. Exit 0."},
    {"FAIL",
     "A claim or an invariant does not hold. The finding names it, with the figure and the place in the file. Exit 10, "
     "11 or 12."},
    {"INCONCLUSIVE",
     "No claim failed, and at least one shows nothing: it had no data, or nothing in the scenario could have broken "
     "it. Exit 13."},
    {"NOTHING CLAIMED",
     "The scenario has no threshold, liveness, coverage or min_affected, so that there is nothing that could pass or "
     "fail. Exit 0, or 13 with --require-claims."},
};

constexpr Entry kCallerTexts[] = {
    {"Wishes", "What callers with a client wanted an answer to. A wish that is tried three times is one wish."},
    {"Tries", "The requests that callers made for their wishes: the first try of each, and their client's retries."},
    {"Left", "Wishes whose caller's `patience` was over before an answer came."},
    {"Unread Answers",
     "Requests that the gateway answered after their caller had left the try, because of its `timeout` or `patience`. "
     "They cost as much as the others."},
};

constexpr Entry kFaultTexts[] = {
    {"Touched",
     "Calls that a fault acted on: they were made at its provider while it was under way, and it drew them."},
    {"Affected",
     "Of the calls that a fault touched, those that it changed: they failed, were cut, waited or became slower by it. "
     "An "
     "`expect.min_affected` is held against it."},
};

constexpr Entry kHeadroomTexts[] = {
    {"headroom",
     "How many times the traffic may grow before a limit breaks: the monthly budget or the bound on request_duration "
     "in "
     "more than 5 % of the replications, or a share of failed or refused requests. It is confirmed on random numbers "
     "of its "
     "own, of at least 60 replications."},
};

constexpr Entry kCompareTexts[] = {
    {"difference",
     "The mean of a variation less that of the first, over the same seeds, with its 95 % interval. Because both meet "
     "the same requests and faults, chance that they share is not in it."},
    {"reduction",
     "How many times the replications two runs without common seeds would take for an interval of the same width. "
     "Numbers below 1 say that the common seeds did not help."},
};

constexpr Entry kFitTexts[] = {
    {"hit_rate", "The share of the log's lookups that its cache answered."},
    {"cost.replayed",
     "What a thousand requests cost where the fitted scenario is replayed. It should come to `cost`, which is that of "
     "the log."},
    {"split",
     "split.NAME is the share of the log's requests that go to an arm of its experiment, or else to the provider that "
     "was called first."},
};

void append(std::vector<Explanation>& all, std::string_view kind, std::span<const Entry> entries) {
  for (const Entry& entry : entries) all.push_back({kind, std::string(entry.word), {}, std::string(entry.text)});
}

void append(std::vector<Explanation>& all, std::string_view kind, std::span<const MetricEntry> entries) {
  for (const MetricEntry& entry : entries) {
    all.push_back({kind,
                   std::string(entry.word),
                   {},
                   std::string(entry.text),
                   {{"Unit", std::string(entry.unit)},
                    {"Default", "none: a metric that is not named claims nothing"},
                    {"Example", std::string(entry.example)}}});
  }
}

Explanation explanation_of(const sim::CheckEntry& check) {
  std::string text = "What holds in every run: " + std::string(check.sentence) + ".";
  if (!check.broken_in.empty()) text += " It did not in: " + std::string(check.broken_in) + ".";
  text += " Looked after in " + std::string(check.where) + ".";
  if (!check.elsewhere.empty()) text += " No observer of a run can see it: " + std::string(check.elsewhere) + ".";
  return {"invariant", std::string(check.name), {}, text, {{"Evidence", name_of(sim::evidence_class_of(check.id))}}};
}

constexpr std::size_t kWidth = 100;

// Broken between words, each line after two spaces.
std::string paragraph(const std::string& text) {
  std::string out;
  std::string line = " ";
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() > 1 && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = " ";
    }
    line += " " + word;
    begin = end + 1;
  }
  return out + line + "\n";
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  std::string heading = explanation.word;
  if (!explanation.also.empty()) heading += " " + explanation.also;
  std::string text = heading + " (" + std::string(explanation.kind) + ")\n" + paragraph(explanation.text);
  for (const auto& [name, fact] : explanation.facts) text += fmt::format("  {:<9} {}\n", std::string(name) + ":", fact);
  return text;
}

std::vector<Explanation> explanations() {
  std::vector<Explanation> all;
  append(all, "exit code", kExitCodeTexts);
  for (int kind = 0; kind < sim::kFaultKinds; ++kind) {
    const auto fault = static_cast<sim::FaultKind>(kind);
    all.push_back({"fault", name_of(fault), {}, doc_of(fault)});
  }
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const auto outcome = static_cast<monitor::Outcome>(i);
    all.push_back({"outcome", name_of(outcome), {}, doc_of(outcome)});
  }
  append(all, "reply kind", kReplyTexts);
  append(all, "verdict", kVerdictTexts);
  append(all, "column of callers", kCallerTexts);
  append(all, "column of faults", kFaultTexts);
  append(all, "part of a forecast", kHeadroomTexts);
  append(all, "row of a comparison", kCompareTexts);
  append(all, "figure of a fit", kFitTexts);
  for (std::size_t i = 0; i < sim::kCoverageCounters; ++i) {
    const auto doc = doc_of(static_cast<sim::CoverageCounter>(i));
    all.push_back({"coverage counter", std::string(sim::coverage_counters()[i]), {}, std::string(doc)});
  }
  for (int kind = 0; kind < sim::kExecutorKinds; ++kind) {
    const auto executor = static_cast<sim::ExecutorKind>(kind);
    all.push_back({"executor", name_of(executor), {}, doc_of(executor)});
  }
  append(all, "threshold metric", kMetricTexts);
  append(all, "threshold tag", kTagTexts);
  append(all, "forecast metric", kForecastTexts);
  for (const sim::CompareMetricEntry& metric : sim::compare_metrics()) {
    const std::string heading = metric.heading == metric.name ? std::string{} : std::string(metric.heading);
    all.push_back({"comparison metric", std::string(metric.name), heading, std::string(metric.sentence)});
  }
  for (const monitor::BreakerPresetInfo& preset : monitor::breaker_presets()) {
    all.push_back({"breaker preset", std::string(preset.name), {}, std::string(preset.description)});
  }
  for (const sim::CheckEntry& check : sim::check_registry()) all.push_back(explanation_of(check));
  return all;
}

}  // namespace windtunnel::reports
