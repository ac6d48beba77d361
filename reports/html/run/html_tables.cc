// This file is long because each table of a run's page stands beside the others.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "reports/html/html_components.h"
#include "reports/html/run/page_sections.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;
using sim::Finding;
using sim::Verdict;

std::string origin_of(const Finding& finding) {
  return finding.origin.line == 0 ? std::string{} : fmt::format("{}:{}", finding.origin.file, finding.origin.line);
}

void put_finding(HtmlWriter& html, const FieldPlaces& places, const Finding& finding) {
  const char* verdict = name_of(finding.verdict);
  html.open("tr", verdict).open("td", "state");
  put_mark(html, verdict);
  html.text(verdict).close("td").element("td", name_of(finding.kind));
  html.open("td").element("code", finding.claim).close("td");
  html.open("td", "reason").text(finding.reason);
  if (finding.at) {
    html.text(" (at ");
    HtmlFigures{html, places}.put(Kind::seconds, finding.at);
    html.text(")");
  }
  html.close("td").open("td").element("code", origin_of(finding)).close("td").close("tr");
}

void put_counter(HtmlWriter& html, const FieldPlaces& places, const CoverageSummary& counter) {
  const bool is_reached = counter.count.value_or(0) >= counter.required.value_or(0);
  HtmlFigures figures{html, places};
  html.open("tr", is_reached || !counter.count ? "" : "inconclusive");
  put_row_name(html, counter.name);
  figures.cell(Kind::count, counter.count);
  figures.cell(Kind::count, counter.required);
  html.open("td");
  if (!counter.count) {
    html.text("not observed");
  } else if (counter.required) {
    put_mark(html, is_reached ? "pass" : "inconclusive");
    html.text(is_reached ? "reached" : "not reached");
  }
  html.close("td").close("tr");
}

void put_invariants(HtmlWriter& html, const RunSummary& run) {
  const bool is_violated = std::ranges::any_of(run.findings, [](const Finding& finding) {
    return finding.kind == Finding::Kind::invariant && finding.verdict == Verdict::fail;
  });
  const char* verdict = is_violated ? "fail" : "pass";
  html.open("tr", verdict).open("td", "state");
  put_mark(html, verdict);
  html.text(verdict).close("td").element("td", "invariants").open("td");
  html.text(std::to_string(run.checks.size()));
  html.text(run.trial ? " checks hold of every request" : " invariants hold after every event").close("td");
  html.element("td", is_violated ? "see below" : "0 violations", "reason").element("td", "").close("tr");
}

// The errors that came, without those that never did: "timeout 3, server_error 25".
void put_replies(HtmlWriter& html, const FieldPlaces& places, const ProviderSummary& provider) {
  html.open("td");
  std::string_view separator;
  for (std::size_t i = 0; i < provider.replies.size(); ++i) {
    const auto reply = static_cast<monitor::ReplyKind>(i);
    if (reply == monitor::ReplyKind::ok || provider.replies[i] == 0) continue;
    html.text(separator).text(std::string(name_of(reply)) + " ");
    HtmlFigures{html, places}.put(Kind::count, provider.replies[i]);
    separator = ", ";
  }
  if (separator.empty()) html.element("span", "none", "none");
  html.close("td");
}

void put_breaker(HtmlWriter& html, HtmlFigures& figures, const std::optional<BreakerSummary>& breaker) {
  if (!breaker) {
    html.element("td", "not observed", "none").element("td", "not observed", "none");
    return;
  }
  if (!breaker->state) {
    html.element("td", "off", "none").element("td", "-", "none");
    return;
  }
  html.open("td", "state");
  put_mark(html, breaker->state == monitor::BreakerState::closed ? "pass"
                 : breaker->state == monitor::BreakerState::open ? "fail"
                                                                 : "inconclusive");
  html.text(name_of(*breaker->state)).close("td");
  figures.cell(Kind::count, breaker->opened);
}

void put_interval(HtmlWriter& html, const FieldPlaces& places, Kind kind, const std::optional<Interval>& interval) {
  html.open("td", "number");
  HtmlFigures figures{html, places};
  figures.put_member(kind, interval, &Interval::difference, "difference");
  if (interval && !interval->low) {
    html.text(" (no interval: ");
    figures.put(Kind::words, interval->no_interval);
    html.text(")");
  } else if (interval) {
    html.text(" (");
    figures.put(kind, interval->low);
    html.text(" to ");
    figures.put(kind, interval->high);
    html.text(")");
  }
  html.close("td");
}

void put_latency(HtmlFigures& figures, const LatencySummary& latency) {
  figures.cell(Kind::milliseconds, latency.p50);
  figures.cell(Kind::milliseconds, latency.p95);
  figures.cell(Kind::milliseconds, latency.p99);
}

// The columns that requests have wherever they are counted.
void put_requests(HtmlWriter& html, const FieldPlaces& places, const RequestSummary& requests) {
  HtmlFigures figures{html, places};
  figures.cell(Kind::count, requests.requests);
  figures.cell(Kind::share, requests.success_rate);
  figures.cell(Kind::count, requests.failed_over);
  put_latency(figures, requests.latency);
  figures.cell(Kind::count, requests.tokens.total);
  figures.cell(Kind::money, requests.cost.billed);
}

}  // namespace

void put_findings(HtmlWriter& html, const PlacedSummary& summary) {
  const RunSummary& run = summary.run;
  begin_table(html, "Checks",
              {{"Verdict", false}, {"Kind", false}, {"Claim", false}, {"What was found", false}, {"Where", false}});
  if (!run.checks.empty()) put_invariants(html, run);
  for (const Verdict wanted : {Verdict::fail, Verdict::inconclusive, Verdict::pass}) {
    for (const Finding& finding : run.findings) {
      if (finding.verdict == wanted) put_finding(html, summary.places, finding);
    }
  }
  html.close("tbody").close("table");
  if (!run.checks.empty()) {
    html.open("details").element("summary", "Which invariants").open("p");
    html.text(fmt::format("{}. What each says: windtunnel explain ID.", fmt::join(run.checks, ", ")));
    html.close("p").close("details");
  }
  html.close("div").close("section").line();
}

void put_trial(HtmlWriter& html, const PlacedSummary& summary) {
  if (!summary.run.trial) return;
  const TrialSummary& trial = *summary.run.trial;
  HtmlFigures figures{html, summary.places};
  const auto row = [&](const std::string& name, Kind kind, const auto& figure) {
    html.open("tr");
    put_row_name(html, name);
    figures.cell(kind, figure);
    html.close("tr");
  };
  begin_table(html, "Trial of " + trial.gateway + ", " + trial.clock + " clock",
              {{"Seen from outside", false}, {"Figure"}});
  row("requests", Kind::count, trial.requests.total);
  for (std::size_t i = 0; i < kTrialViews.size(); ++i) {
    row("requests: " + std::string(kTrialViews[i]), Kind::count, trial.requests.views[i]);
  }
  row("calls to providers", Kind::count, trial.calls.total);
  row("calls: most for one request", Kind::count, trial.calls.most_for_one_request);
  row("calls: of no request", Kind::count, trial.calls.unasked);
  row("calls: after the end of their request", Kind::count, trial.calls.after_the_end);
  row("billed", Kind::money, trial.billed);
  row("billed for answers that no caller got", Kind::money, trial.billed_unused);
  row("latency, p50", Kind::milliseconds, trial.latency_p50);
  row("latency, p95", Kind::milliseconds, trial.latency_p95);
  row("first byte, p50", Kind::milliseconds, trial.first_byte_p50);
  row("added by the gateway, p50", Kind::milliseconds, trial.added_p50);
  row("lateness of the harness", Kind::milliseconds, trial.lateness_max);
  if (trial.spans) {
    row("spans of calls", Kind::count, trial.spans->calls);
    row("spans that are unreadable", Kind::count, trial.spans->unreadable);
    row("exports of spans that were refused", Kind::count, trial.spans->refused);
  }
  end_table(html);
  if (trial.agreement) {
    begin_table(html, fmt::format("Predicted by {} simulations, and observed", trial.agreement->seeds),
                {{"Figure", false}, {"Unit", false}, {"Observed"}, {"From"}, {"To"}, {"", false}});
    for (const AgreementRow& of : trial.agreement->rows) {
      html.open("tr", of.is_inside ? "" : "inconclusive");
      put_row_name(html, of.name);
      html.element("td", of.unit).element("td", of.observed.empty() ? "not observed" : of.observed, "number");
      html.element("td", of.low, "number").element("td", of.high, "number");
      html.element("td", of.is_inside ? "" : "outside: " + of.explanation).close("tr");
    }
    end_table(html);
  }
  if (trial.not_observed.empty()) return;
  html.open("p", "note").text(fmt::format("Not observed: {}.", fmt::join(trial.not_observed, "; "))).close("p").line();
}

void put_faults_and_coverage(HtmlWriter& html, const PlacedSummary& summary) {
  html.open("div", "pair");
  if (!summary.run.faults.empty()) {
    begin_table(html, "Faults",
                {{"Fault", false}, {"Kind", false}, {"Phases"}, {"Calls touched"}, {"Changed"}, {"At least"}});
    for (const FaultSummary& fault : summary.run.faults) {
      html.open("tr", fault.affected >= fault.min_affected ? "" : "inconclusive");
      put_row_name(html, fault.id);
      html.element("td", fault.kind);
      HtmlFigures figures{html, summary.places};
      figures.cell(Kind::count, fault.phases);
      figures.cell(Kind::count, fault.touched);
      figures.cell(Kind::count, fault.affected);
      figures.cell(Kind::count, fault.min_affected);
      html.close("tr");
    }
    end_table(html);
  }
  begin_table(html, "Coverage", {{"Situation", false}, {"Times"}, {"Required"}, {"", false}});
  std::string never;
  std::string unseen;
  for (const CoverageSummary& counter : summary.run.coverage) {
    if (counter.count.value_or(0) > 0 || counter.required) {
      put_counter(html, summary.places, counter);
    } else {
      std::string& names = counter.count ? never : unseen;
      names += (names.empty() ? "" : ", ") + counter.name;
    }
  }
  html.close("tbody").close("table");
  if (!never.empty()) html.open("p", "note").text("Never: " + never + ".").close("p");
  if (!unseen.empty()) html.open("p", "note").text("Not observed: " + unseen + ".").close("p");
  html.close("div").close("section").close("div").line();
}

void put_providers(HtmlWriter& html, const PlacedSummary& summary) {
  begin_table(html, "Providers",
              {{"Provider", false},
               {"Calls"},
               {"Error rate"},
               {"Errors by kind", false},
               {"p50"},
               {"p95"},
               {"p99"},
               {"Tokens"},
               {"Cost"},
               {"Known"},
               {"Reserved"},
               {"Breaker at the end", false},
               {"Opened"}});
  for (const ProviderSummary& provider : summary.run.providers) {
    HtmlFigures figures{html, summary.places};
    html.open("tr").open("th", "", "scope=\"row\"").text(provider.name);
    html.text(" ").element("code", provider.model, "none").close("th");
    figures.cell(Kind::count, provider.calls);
    figures.cell(Kind::share, provider.error_rate);
    put_replies(html, summary.places, provider);
    put_latency(figures, provider.latency);
    figures.cell(Kind::count, provider.tokens.total);
    figures.cell(Kind::money, provider.cost.billed);
    figures.cell(Kind::money, provider.cost.known);
    figures.cell(Kind::money, provider.cost.reserved);
    put_breaker(html, figures, provider.breaker);
    html.close("tr");
  }
  end_table(html);
}

void put_experiment(HtmlWriter& html, const PlacedSummary& summary) {
  if (!summary.run.experiment) return;
  const ExperimentSummary& experiment = *summary.run.experiment;
  begin_table(html, "A/B experiment " + experiment.id,
              {{"Variant", false},
               {"Provider", false},
               {"Weight"},
               {"Requests"},
               {"Answered"},
               {"Failed over"},
               {"p50"},
               {"p95"},
               {"p99"},
               {"Tokens"},
               {"Cost"}});
  for (const VariantSummary& variant : experiment.variants) {
    html.open("tr");
    put_row_name(html, variant.id);
    html.element("td", variant.provider);
    HtmlFigures{html, summary.places}.cell(Kind::count, variant.weight);
    put_requests(html, summary.places, variant.requests);
    html.close("tr");
  }
  html.close("tbody").close("table");
  if (!experiment.against_first.empty()) {
    html.open("table").element("caption", "Against " + experiment.variants[0].id + ", with " + experiment.intervals);
    html.open("thead").open("tr").element("th", "Variant", "", "scope=\"col\"");
    for (const char* name : {"Answered, share", "Mean latency", "Mean cost of a request"}) {
      html.element("th", name, "number", "scope=\"col\"");
    }
    html.close("tr").close("thead").open("tbody");
    for (const AgainstFirstSummary& against : experiment.against_first) {
      html.open("tr");
      put_row_name(html, against.id);
      put_interval(html, summary.places, Kind::share, against.success_rate);
      put_interval(html, summary.places, Kind::milliseconds, against.latency_mean_ms);
      put_interval(html, summary.places, Kind::decimal, against.cost_mean_usd);
      html.close("tr");
    }
    html.close("tbody").close("table");
  }
  if (experiment.sample_ratio.mismatch.value_or(false)) {
    html.open("p", "note fail");
    put_mark(html, "fail");
    html.text("The users are not divided as the weights say (chi-square ");
    HtmlFigures{html, summary.places}.put(Kind::decimal, experiment.sample_ratio.chi_square);
    html.text(", p < 0.001): do not trust the comparison.").close("p");
  }
  html.close("div").close("section").line();
}

void put_workloads(HtmlWriter& html, const PlacedSummary& summary) {
  begin_table(html, "Workloads",
              {{"Workload", false},
               {"Feature", false},
               {"Prompt", false},
               {"Requests"},
               {"Answered"},
               {"Failed over"},
               {"p50"},
               {"p95"},
               {"p99"},
               {"Tokens"},
               {"Cost"}});
  for (const WorkloadSummary& workload : summary.run.workloads) {
    html.open("tr");
    put_row_name(html, workload.name);
    html.element("td", workload.feature_version.value_or("–"));
    html.element("td", workload.prompt_version.value_or("–"));
    put_requests(html, summary.places, workload.requests);
    html.close("tr");
  }
  end_table(html);
}

void put_limiters(HtmlWriter& html, const PlacedSummary& summary) {
  const RunSummary& run = summary.run;
  if (!run.rate_limiter) {
    html.open("p", "note").text("Limiters, budget and cache are inside the gateway: not observed.").close("p").line();
    return;
  }
  HtmlFigures figures{html, summary.places};
  html.open("div", "pair");
  begin_table(html, "Limiters", {{"Limiter", false}, {"Refused"}, {"Figures", false}});
  html.open("tr");
  put_row_name(html, "rate");
  figures.cell(Kind::count, run.rate_limiter->refused);
  html.element("td", "").close("tr").open("tr");
  put_row_name(html, "tokens (" + run.token_limiter->mode + ")");
  figures.cell(Kind::count, run.token_limiter->refused);
  html.open("td").text("average ");
  figures.put(Kind::decimal, run.token_limiter->average);
  html.text(" of ");
  figures.put(Kind::count, run.token_limiter->limit);
  html.text(", cut ");
  figures.put(Kind::count, run.token_limiter->cut);
  html.close("td").close("tr").open("tr");
  put_row_name(html, "cost");
  figures.cell(Kind::count, run.cost_limiter->refused);
  html.open("td").text("settled ");
  figures.put(Kind::money, run.cost_limiter->settled);
  html.text(": known bills ");
  figures.put(Kind::money, run.cost.known);
  html.text(" and reservations held ");
  figures.put(Kind::money, run.cost.reserved);
  if (const auto& late = run.cost_limiter->late_usage) {
    html.text(", with late bills of ");
    figures.put(Kind::money, late->billed);
    html.text(" in place of ");
    figures.put(Kind::money, late->settled);
  }
  if (run.cost_limiter->refused_by_reservation > 0) {
    html.text("; refused by reservations of calls in flight: ");
    figures.put(Kind::count, run.cost_limiter->refused_by_reservation);
  }
  html.close("td").close("tr");
  end_table(html);
  begin_table(html, "Budget at the end",
              {{"Window", false}, {"Begins", false}, {"Spent"}, {"Reserved"}, {"At most"}, {"Limit"}, {"Alerts"}});
  for (const BudgetWindowSummary& window : run.cost_limiter->windows) {
    html.open("tr");
    put_row_name(html, window.window);
    html.element("td", window.begin.substr(0, 10));
    figures.cell(Kind::money, window.settled);
    figures.cell(Kind::money, window.reserved);
    figures.cell(Kind::money, window.reserved_max);
    figures.cell(Kind::money, window.limit);
    html.open("td", "number");
    figures.put(Kind::count, window.alerts_fired);
    html.text(window.alert_by_refusal ? ", the last at a refusal" : "").close("td");
    html.close("tr");
  }
  end_table(html);
  html.close("div");
  if (run.cost.is_all_known()) return;
  html.open("p", "note").text("The budget counts ");
  figures.put(Kind::money, run.cost_limiter->settled);
  html.text(" where the providers billed ");
  figures.put(Kind::money, run.cost.billed);
  html.text(": the gateway never learns the bill of a call that times out or breaks off, and holds its reservation.");
  html.close("p").line();
}

}  // namespace windtunnel::reports
