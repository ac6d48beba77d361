#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "reports/html/forecast/forecast_sections.h"
#include "reports/html/html_components.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

// Value, ±, from, to.
void put_estimate_cells(HtmlFigures& figures, Kind kind, const std::string& estimate) {
  for (const char* part : {"/value", "/half_width", "/low", "/high"}) figures.cell(kind, estimate + part);
}

// A chance or a share in its words, from, to.
void put_chance_cells(HtmlFigures& figures, const std::string& chance) {
  figures.cell(Kind::words, chance + "/text");
  figures.cell(Kind::share, chance + "/low");
  figures.cell(Kind::share, chance + "/high");
}

void put_share_name(HtmlWriter& html, HtmlFigures& figures, const std::string& pointer) {
  html.open("th", "", "scope=\"row\"");
  figures.put(Kind::exact_share, pointer);
  html.close("th");
}

// --- Claims ----------------------------------------------------------------------------------------------------------

Kind kind_of_metric(const std::string& metric) {
  if (metric.starts_with("forecast.cost_usd")) return Kind::money;
  if (metric.starts_with("forecast.request_duration")) return Kind::milliseconds;
  if (metric.starts_with("forecast.days_to_exhaustion")) return Kind::quantity;
  return Kind::share;
}

// A share that none or all showed is not 0 or 1: what is known of it is one end of its interval.
void put_claimed(HtmlWriter& html, const JsonTree& forecast, Kind kind, const std::string& estimate) {
  if (!forecast.has(estimate)) {
    html.element("td", "too few replications, or no budget, to tell", "number", "colspan=\"2\"");
    return;
  }
  html.open("td", "number");
  HtmlFigures figures{html, forecast};
  const double value = forecast.number(estimate + "/value");
  if (kind == Kind::share && value == 0) {
    html.text("below ");
    figures.put(kind, estimate + "/high");
  } else if (kind == Kind::share && value == 1) {
    html.text("above ");
    figures.put(kind, estimate + "/low");
  } else if (!forecast.has(estimate + "/value")) {
    html.text("never");
  } else {
    figures.put(kind, estimate + "/value");
  }
  html.close("td").open("td", "number");
  figures.put(kind, estimate + "/low");
  html.text(" to ");
  if (forecast.has(estimate + "/high")) {
    figures.put(kind, estimate + "/high");
  } else {
    html.text("never");
  }
  html.close("td");
}

// --- Headroom --------------------------------------------------------------------------------------------------------

void put_trial_cell(HtmlWriter& html, const JsonTree& forecast, const std::string& trial, const char* word) {
  html.open("td");
  HtmlFigures figures{html, forecast};
  if (forecast.has(trial)) {
    figures.put(Kind::words, trial + "/broken/text");
    html.text(" at ");
    figures.put(Kind::decimal, trial + "/rate");
    html.text("×, ").text(word);
  } else {
    html.element("span", "–", "none");
  }
  html.close("td");
}

void put_limit_row(HtmlWriter& html, const JsonTree& forecast, const std::string& limit) {
  const bool is_confirmed = forecast.boolean(limit + "/confirmed");
  const bool is_refuted = forecast.boolean(limit + "/refuted_beyond");
  html.open("tr");
  put_row_name(html, forecast.text(limit + "/limit"));
  html.open("td", "number");
  if (forecast.has(limit + "/rate")) {
    html.text(forecast.boolean(limit + "/bounded") ? "" : "at least ");
    HtmlFigures{html, forecast}.put(Kind::decimal, limit + "/rate");
    html.text("×");
  } else {
    html.text("broken even at 0.01×");
  }
  html.close("td");
  put_trial_cell(html, forecast, limit + "/at_edge", is_confirmed ? "confirmed" : "not confirmed");
  put_trial_cell(html, forecast, limit + "/beyond", is_refuted ? "refuted" : "not refuted: the edge is not sharp");
  html.close("tr");
}

void put_trials(HtmlWriter& html, const JsonTree& forecast) {
  begin_table(html, "Chance to break a limit by traffic",
              {{"Limit", false}, {"Traffic"}, {"Replications"}, {"Broken"}, {"From"}, {"To"}}, "id=\"trials\"");
  for (const char* name : {"budget", "latency"}) {
    const std::string limit = fmt::format("/headroom/{}", name);
    for (std::size_t i = 0; i < forecast.size(limit + "/tried"); ++i) {
      const std::string trial = fmt::format("{}/tried/{}", limit, i);
      HtmlFigures figures{html, forecast};
      html.open("tr");
      put_row_name(html, forecast.text(limit + "/limit"));
      html.open("td", "number");
      figures.put(Kind::decimal, trial + "/rate");
      html.text("×").close("td");
      figures.cell(Kind::count, trial + "/replications");
      put_chance_cells(figures, trial + "/broken");
      html.close("tr");
    }
  }
  html.close("tbody").close("table");
  html.element("p",
               "The search's own trials, all on the same random numbers. Each ends as soon as its interval leaves "
               "5 %, so that those far from the edge have few replications and wide intervals.",
               "note");
  html.close("div").close("section").line();
}

// --- Spend -----------------------------------------------------------------------------------------------------------

void put_spend_rows(HtmlWriter& html, const JsonTree& forecast, std::string_view by, const std::string& lines) {
  for (std::size_t i = 0; i < forecast.size(lines); ++i) {
    const std::string line = fmt::format("{}/{}", lines, i);
    const std::string name = forecast.text(line + "/name");
    HtmlFigures figures{html, forecast};
    html.open("tr", i == 0 ? "group" : "").element("td", i == 0 ? by : "", "none");
    put_row_name(html, name.empty() ? "(none)" : name);
    for (const char* part : {"/usd/value", "/usd/half_width", "/billed_usd/value", "/billed_usd/half_width"}) {
      figures.cell(Kind::money, line + part);
    }
    html.close("tr");
  }
}

// --- Days ------------------------------------------------------------------------------------------------------------

constexpr std::size_t kDaysMax = 100;

// Each day of a short horizon; of a long one the last of each month, and the horizon's last.
std::vector<std::size_t> days_shown(const JsonTree& forecast) {
  std::vector<std::size_t> days;
  const std::size_t count = forecast.size("/days");
  const auto month = [&](std::size_t day) { return forecast.text(fmt::format("/days/{}/date", day)).substr(0, 7); };
  for (std::size_t day = 0; day < count; ++day) {
    if (count <= kDaysMax || day + 1 == count || month(day) != month(day + 1)) days.push_back(day);
  }
  return days;
}

}  // namespace

void put_forecast_findings(HtmlWriter& html, const JsonTree& forecast) {
  if (forecast.size("/findings") == 0) return;
  begin_table(html, "Claims", {{"Verdict", false}, {"Claim", false}, {"It is"}, {"95 % interval"}});
  for (std::size_t i = 0; i < forecast.size("/findings"); ++i) {
    const std::string finding = fmt::format("/findings/{}", i);
    const std::string verdict = forecast.text(finding + "/verdict");
    const std::string metric = forecast.text(finding + "/metric");
    html.open("tr", verdict).open("td", "state");
    put_mark(html, verdict);
    html.text(verdict).close("td").open("td");
    html.element("code", metric + " " + forecast.text(finding + "/threshold")).close("td");
    const Kind kind = kind_of_metric(metric);
    put_claimed(html, forecast, kind, finding + (kind == Kind::milliseconds ? "/estimate_ms" : "/estimate"));
    html.close("tr");
  }
  end_table(html);
}

void put_forecast_cost(HtmlWriter& html, const JsonTree& forecast) {
  HtmlFigures figures{html, forecast};
  html.open("div", "pair");
  begin_table(html, "Cost of the horizon", {{"", false}, {"USD"}, {"±"}, {"From"}, {"To"}});
  for (const auto& [name, pointer] : {std::pair{"Mean", "/cost_usd/mean"},
                                      {"P10", "/cost_usd/p10"},
                                      {"P50", "/cost_usd/p50"},
                                      {"P90", "/cost_usd/p90"},
                                      {"Standard deviation", "/cost_usd/sd/all"},
                                      {"… of demand", "/cost_usd/sd/demand"},
                                      {"… of request noise", "/cost_usd/sd/request_noise"}}) {
    html.open("tr");
    put_row_name(html, name);
    put_estimate_cells(figures, Kind::money, pointer);
    html.close("tr");
  }
  html.close("tbody").close("table");
  if (!forecast.has("/cost_usd/p10")) {
    html.element("p", "Too few replications for what is missing: P50 takes 6 of them, P10 and P90 take 36.", "note");
  }
  html.close("div").close("section");
  if (forecast.has("/budget")) {
    begin_table(html, "Budget", {{"Chance to reach", false}, {"Within the horizon"}, {"From"}, {"To"}});
    for (std::size_t i = 0; i < forecast.size("/budget/p_exceed"); ++i) {
      const std::string row = fmt::format("/budget/p_exceed/{}", i);
      html.open("tr");
      put_share_name(html, figures, row + "/share");
      put_chance_cells(figures, row + "/chance");
      html.close("tr");
    }
    html.close("tbody").open("tbody").open("tr");
    for (const char* name : {"Used up", "At, UTC", "From", "To"}) {
      html.element("th", name, name[0] == 'U' ? "" : "number", "scope=\"col\"");
    }
    html.close("tr");
    for (const char* name : {"p10", "p50", "p90"}) {
      html.open("tr");
      put_row_name(html, "P" + std::string{name + 1});
      for (const char* part : {"value", "low", "high"}) {
        figures.cell(Kind::instant, fmt::format("/budget/used_up/{}/{}", name, part));
      }
      html.close("tr");
    }
    end_table(html);
  }
  html.close("div").line();
}

void put_forecast_headroom(HtmlWriter& html, const JsonTree& forecast) {
  if (!forecast.has("/headroom")) return;
  begin_table(html, "Headroom",
              {{"Limit", false}, {"Largest traffic"}, {"There, on independent numbers", false}, {"Beyond", false}});
  for (const char* limit : {"/headroom/budget", "/headroom/latency"}) {
    if (forecast.has(limit)) put_limit_row(html, forecast, limit);
  }
  html.close("tbody").close("table");
  html.element("p", "The largest multiple of the traffic at which at most 5 % of the replications break the limit.",
               "note");
  html.close("div").close("section");
  if (forecast.has("/headroom/budget") || forecast.has("/headroom/latency")) put_trials(html, forecast);
}

void put_forecast_spend(HtmlWriter& html, const JsonTree& forecast) {
  begin_table(html, "Where the money goes",
              {{"By", false}, {"", false}, {"Counted, USD"}, {"±"}, {"Truly billed"}, {"±"}});
  put_spend_rows(html, forecast, "provider", "/spend/by_provider");
  put_spend_rows(html, forecast, "variant", "/spend/by_variant");
  put_spend_rows(html, forecast, "feature version", "/spend/by_feature_version");
  put_spend_rows(html, forecast, "cause", "/spend/by_cause");
  end_table(html);
}

void put_forecast_traffic(HtmlWriter& html, const JsonTree& forecast) {
  HtmlFigures figures{html, forecast};
  html.open("div", "pair");
  begin_table(html, "What becomes of requests", {{"Outcome", false}, {"Share"}, {"From"}, {"To"}});
  for (const std::string& outcome : forecast.keys("/outcomes")) {
    const std::string share = "/outcomes/" + outcome;
    // What never happened in any replication says nothing here.
    if (!forecast.has(share) || forecast.number(share + "/low") + forecast.number(share + "/value") == 0) continue;
    html.open("tr");
    put_row_name(html, outcome);
    put_chance_cells(figures, share);
    html.close("tr");
  }
  end_table(html);
  begin_table(html, "Latency of answers", {{"", false}, {"Of a replication"}, {"±"}, {"Of all together"}});
  for (const char* name : {"min", "avg", "p50", "p90", "p95", "p99", "max"}) {
    html.open("tr");
    put_row_name(html, name);
    figures.cell(Kind::milliseconds, fmt::format("/latency_ms/{}/value", name));
    figures.cell(Kind::milliseconds, fmt::format("/latency_ms/{}/half_width", name));
    figures.cell(Kind::milliseconds, fmt::format("/latency_ms/of_all_replications/{}", name));
    html.close("tr");
  }
  html.close("tbody").close("table").open("p", "note").text("Of all replications together: ");
  figures.put(Kind::count, "/latency_ms/of_all_replications/count");
  html.text(" answers.").close("p").close("div").close("section").close("div").line();
}

void put_forecast_days(HtmlWriter& html, const JsonTree& forecast) {
  const std::size_t shares = forecast.size("/days/0/p_exceed");
  const std::vector<std::size_t> days = days_shown(forecast);
  html.open("section", "", "id=\"days\"");
  html.element("h2", days.size() == forecast.size("/days") ? "Day by day" : "Month by month");
  html.open("div", "sheet scroll").open("table").open("thead").open("tr");
  html.element("th", "Until the end of", "", "scope=\"col\"");
  for (const char* name : {"P10, USD", "P50", "P90"}) {
    html.element("th", name, "number", "scope=\"col\"").element("th", "±", "number", "scope=\"col\"");
  }
  HtmlFigures figures{html, forecast};
  for (std::size_t i = 0; i < shares; ++i) {
    html.open("th", "number", "scope=\"col\"").text("P(");
    figures.put(Kind::exact_share, fmt::format("/days/0/p_exceed/{}/share", i));
    html.text(")").close("th");
  }
  html.close("tr").close("thead").open("tbody");
  for (const std::size_t day : days) {
    const std::string row = fmt::format("/days/{}", day);
    html.open("tr");
    put_row_name(html, forecast.text(row + "/date"));
    for (const char* quantile : {"p10", "p50", "p90"}) {
      for (const char* part : {"value", "half_width"}) {
        figures.cell(Kind::money, fmt::format("{}/month_to_date_usd/{}/{}", row, quantile, part));
      }
    }
    for (std::size_t i = 0; i < shares; ++i) {
      figures.cell(Kind::words, fmt::format("{}/p_exceed/{}/chance/text", row, i));
    }
    html.close("tr");
  }
  html.close("tbody").close("table");
  html.element("p", "Spend of the month so far, and the chance that it has reached that share of the budget by then.",
               "note");
  html.close("div").close("section").line();
}

}  // namespace windtunnel::reports
