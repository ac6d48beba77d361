#include <fmt/format.h>

#include <string>
#include <vector>

#include "reports/html/html_components.h"
#include "reports/html/run/page_sections.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

std::string origin_of(const JsonTree& summary, const std::string& finding) {
  if (!summary.has(finding + "/origin")) return {};
  return fmt::format("{}:{}", summary.text(finding + "/origin/file"), summary.digits(finding + "/origin/line"));
}

void put_finding(HtmlWriter& html, const JsonTree& summary, const std::string& finding) {
  const std::string verdict = summary.text(finding + "/verdict");
  html.open("tr", verdict).open("td", "state");
  put_mark(html, verdict);
  html.text(verdict).close("td").element("td", summary.text(finding + "/kind"));
  html.open("td").element("code", summary.text(finding + "/claim")).close("td");
  html.open("td", "reason").text(summary.text(finding + "/reason"));
  if (const std::string at = summary.digits(finding + "/at_s"); !at.empty()) {
    html.text(" (at ");
    HtmlFigures{html, summary}.put(Kind::seconds, finding + "/at_s");
    html.text(")");
  }
  html.close("td").open("td").element("code", origin_of(summary, finding)).close("td").close("tr");
}

void put_counter(HtmlWriter& html, const JsonTree& summary, const std::string& name) {
  const std::string counter = "/coverage/" + name;
  const bool is_required = summary.has(counter + "/required");
  const bool is_reached = summary.integer(counter + "/count") >= summary.integer(counter + "/required");
  HtmlFigures figures{html, summary};
  html.open("tr", is_reached ? "" : "inconclusive");
  put_row_name(html, name);
  figures.cell(Kind::count, counter + "/count");
  figures.cell(Kind::count, counter + "/required");
  html.open("td");
  if (is_required) {
    put_mark(html, is_reached ? "pass" : "inconclusive");
    html.text(is_reached ? "reached" : "not reached");
  }
  html.close("td").close("tr");
}

void put_invariants(HtmlWriter& html, const JsonTree& summary) {
  bool is_violated = false;
  for (std::size_t i = 0; i < summary.size("/findings"); ++i) {
    const std::string finding = fmt::format("/findings/{}", i);
    is_violated =
        is_violated || (summary.text(finding + "/kind") == "invariant" && summary.text(finding + "/verdict") == "fail");
  }
  const std::string verdict = is_violated ? "fail" : "pass";
  html.open("tr", verdict).open("td", "state");
  put_mark(html, verdict);
  html.text(verdict).close("td").element("td", "invariants").open("td");
  html.text(fmt::format("{} invariants hold after every event", summary.size("/checks"))).close("td");
  html.element("td", is_violated ? "see below" : "0 violations", "reason").element("td", "").close("tr");
}

// The replies that came, without those that never did: "ok 6,618, server_error 25".
void put_replies(HtmlWriter& html, const JsonTree& summary, const std::string& replies) {
  html.open("td");
  std::string_view separator;
  for (const std::string& kind : summary.keys(replies)) {
    if (kind == "ok" || summary.integer(replies + "/" + kind) == 0) continue;
    html.text(separator).text(kind + " ");
    HtmlFigures{html, summary}.put(Kind::count, replies + "/" + kind);
    separator = ", ";
  }
  if (separator.empty()) html.element("span", "none", "none");
  html.close("td");
}

void put_interval(HtmlWriter& html, const JsonTree& summary, Kind kind, const std::string& interval) {
  html.open("td", "number");
  HtmlFigures figures{html, summary};
  figures.put(kind, interval + "/difference");
  if (summary.has(interval)) {
    html.text(" (");
    figures.put(kind, interval + "/low");
    html.text(" to ");
    figures.put(kind, interval + "/high");
    html.text(")");
  }
  html.close("td");
}

// The columns that requests have wherever they are counted.
void put_requests(HtmlWriter& html, const JsonTree& summary, const std::string& requests) {
  HtmlFigures figures{html, summary};
  figures.cell(Kind::count, requests + "/requests");
  figures.cell(Kind::share, requests + "/success_rate");
  figures.cell(Kind::count, requests + "/failed_over");
  for (const char* name : {"p50", "p95", "p99"}) figures.cell(Kind::milliseconds, requests + "/latency_ms/" + name);
  figures.cell(Kind::count, requests + "/tokens/total");
  figures.cell(Kind::money, requests + "/cost_usd");
}

std::string known(const std::string& text) { return text.empty() ? "–" : text; }

}  // namespace

void put_findings(HtmlWriter& html, const JsonTree& summary) {
  begin_table(html, "Checks",
              {{"Verdict", false}, {"Kind", false}, {"Claim", false}, {"What was found", false}, {"Where", false}});
  if (summary.size("/checks") > 0) put_invariants(html, summary);
  for (const char* wanted : {"fail", "inconclusive", "pass"}) {
    for (std::size_t i = 0; i < summary.size("/findings"); ++i) {
      const std::string finding = fmt::format("/findings/{}", i);
      if (summary.text(finding + "/verdict") == wanted) put_finding(html, summary, finding);
    }
  }
  html.close("tbody").close("table");
  std::string ids;
  for (std::size_t i = 0; i < summary.size("/checks"); ++i) {
    ids += (i > 0 ? ", " : "") + summary.text(fmt::format("/checks/{}", i));
  }
  if (!ids.empty()) {
    html.open("details").element("summary", "Which invariants").open("p");
    html.text(ids + ". What each says: windtunnel explain ID.").close("p").close("details");
  }
  html.close("div").close("section").line();
}

void put_faults_and_coverage(HtmlWriter& html, const JsonTree& summary) {
  html.open("div", "pair");
  if (summary.size("/faults") > 0) {
    begin_table(html, "Faults",
                {{"Fault", false}, {"Kind", false}, {"Phases"}, {"Calls touched"}, {"Changed"}, {"At least"}});
    for (std::size_t i = 0; i < summary.size("/faults"); ++i) {
      const std::string fault = fmt::format("/faults/{}", i);
      const bool enough = summary.integer(fault + "/affected") >= summary.integer(fault + "/min_affected");
      html.open("tr", enough ? "" : "inconclusive");
      put_row_name(html, summary.text(fault + "/id"));
      html.element("td", summary.text(fault + "/kind"));
      HtmlFigures figures{html, summary};
      for (const char* name : {"phases", "touched", "affected", "min_affected"}) {
        figures.cell(Kind::count, fault + "/" + name);
      }
      html.close("tr");
    }
    end_table(html);
  }
  begin_table(html, "Coverage", {{"Situation", false}, {"Times"}, {"Required"}, {"", false}});
  std::string never;
  for (const std::string& name : summary.keys("/coverage")) {
    const std::string counter = "/coverage/" + name;
    if (summary.integer(counter + "/count") > 0 || summary.has(counter + "/required")) {
      put_counter(html, summary, name);
    } else {
      never += (never.empty() ? "" : ", ") + name;
    }
  }
  html.close("tbody").close("table");
  if (!never.empty()) html.open("p", "note").text("Never: " + never + ".").close("p");
  html.close("div").close("section").close("div").line();
}

void put_providers(HtmlWriter& html, const JsonTree& summary) {
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
               {"Billed"},
               {"Breaker at the end", false},
               {"Opened"}});
  for (std::size_t i = 0; i < summary.size("/providers"); ++i) {
    const std::string provider = fmt::format("/providers/{}", i);
    HtmlFigures figures{html, summary};
    html.open("tr").open("th", "", "scope=\"row\"").text(summary.text(provider + "/name"));
    html.text(" ").element("code", summary.text(provider + "/model"), "none").close("th");
    figures.cell(Kind::count, provider + "/calls");
    figures.cell(Kind::share, provider + "/error_rate");
    put_replies(html, summary, provider + "/replies");
    for (const char* name : {"p50", "p95", "p99"}) figures.cell(Kind::milliseconds, provider + "/latency_ms/" + name);
    figures.cell(Kind::count, provider + "/tokens/total");
    figures.cell(Kind::money, provider + "/cost_usd");
    figures.cell(Kind::money, provider + "/ledger/billed_usd");
    const std::string state = summary.text(provider + "/circuit_breaker/state");
    html.open("td", "state");
    put_mark(html, state == "closed" ? "pass" : state == "open" ? "fail" : "inconclusive");
    html.text(state).close("td");
    figures.cell(Kind::count, provider + "/circuit_breaker/opened");
    html.close("tr");
  }
  end_table(html);
}

void put_experiment(HtmlWriter& html, const JsonTree& summary) {
  if (!summary.has("/experiment")) return;
  begin_table(html, "A/B experiment " + summary.text("/experiment/id"),
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
  for (std::size_t i = 0; i < summary.size("/experiment/variants"); ++i) {
    const std::string variant = fmt::format("/experiment/variants/{}", i);
    html.open("tr");
    put_row_name(html, summary.text(variant + "/id"));
    html.element("td", summary.text(variant + "/provider"));
    HtmlFigures{html, summary}.cell(Kind::count, variant + "/weight");
    put_requests(html, summary, variant);
    html.close("tr");
  }
  html.close("tbody").close("table");
  if (summary.size("/experiment/against_first") > 0) {
    html.open("table").element("caption",
                               "Against " + summary.text("/experiment/variants/0/id") + ", with 95 % intervals");
    html.open("thead").open("tr").element("th", "Variant", "", "scope=\"col\"");
    for (const char* name : {"Answered, share", "Mean latency", "Mean cost of a request"}) {
      html.element("th", name, "number", "scope=\"col\"");
    }
    html.close("tr").close("thead").open("tbody");
    for (std::size_t i = 0; i < summary.size("/experiment/against_first"); ++i) {
      const std::string against = fmt::format("/experiment/against_first/{}", i);
      html.open("tr");
      put_row_name(html, summary.text(against + "/id"));
      put_interval(html, summary, Kind::share, against + "/success_rate");
      put_interval(html, summary, Kind::milliseconds, against + "/latency_mean_ms");
      put_interval(html, summary, Kind::decimal, against + "/cost_mean_usd");
      html.close("tr");
    }
    html.close("tbody").close("table");
  }
  if (summary.boolean("/experiment/sample_ratio/mismatch")) {
    html.open("p", "note fail");
    put_mark(html, "fail");
    html.text("The users are not divided as the weights say (chi-square ");
    HtmlFigures{html, summary}.put(Kind::decimal, "/experiment/sample_ratio/chi_square");
    html.text(", p < 0.001): do not trust the comparison.").close("p");
  }
  html.close("div").close("section").line();
}

void put_workloads(HtmlWriter& html, const JsonTree& summary) {
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
  for (std::size_t i = 0; i < summary.size("/workloads"); ++i) {
    const std::string workload = fmt::format("/workloads/{}", i);
    html.open("tr");
    put_row_name(html, summary.text(workload + "/name"));
    html.element("td", known(summary.text(workload + "/feature_version")));
    html.element("td", known(summary.text(workload + "/prompt_version")));
    put_requests(html, summary, workload);
    html.close("tr");
  }
  end_table(html);
}

void put_limiters(HtmlWriter& html, const JsonTree& summary) {
  HtmlFigures figures{html, summary};
  html.open("div", "pair");
  begin_table(html, "Limiters", {{"Limiter", false}, {"Refused"}, {"Figures", false}});
  html.open("tr");
  put_row_name(html, "rate");
  figures.cell(Kind::count, "/rate_limiter/refused");
  html.element("td", "").close("tr").open("tr");
  put_row_name(html, "tokens (" + summary.text("/token_limiter/mode") + ")");
  figures.cell(Kind::count, "/token_limiter/refused");
  html.open("td").text("average ");
  figures.put(Kind::decimal, "/token_limiter/average");
  html.text(" of ");
  figures.put(Kind::count, "/token_limiter/limit");
  html.text(", cut ");
  figures.put(Kind::count, "/token_limiter/cut");
  html.close("td").close("tr").open("tr");
  put_row_name(html, "cost");
  figures.cell(Kind::count, "/cost_limiter/refused");
  html.open("td").text("settled ");
  figures.put(Kind::money, "/cost_limiter/settled_usd");
  html.close("td").close("tr");
  end_table(html);
  begin_table(html, "Budget at the end",
              {{"Window", false}, {"Begins", false}, {"Spent"}, {"Reserved"}, {"Limit"}, {"Alerts"}});
  for (std::size_t i = 0; i < summary.size("/cost_limiter/windows"); ++i) {
    const std::string window = fmt::format("/cost_limiter/windows/{}", i);
    html.open("tr");
    put_row_name(html, summary.text(window + "/window"));
    html.element("td", summary.text(window + "/begin").substr(0, 10));
    for (const char* name : {"settled_usd", "reserved_usd", "limit_usd"})
      figures.cell(Kind::money, window + "/" + name);
    figures.cell(Kind::count, window + "/alerts_fired");
    html.close("tr");
  }
  end_table(html);
  html.close("div");
}

}  // namespace windtunnel::reports
