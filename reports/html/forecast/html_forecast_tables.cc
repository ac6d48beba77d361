#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/html/forecast/forecast_sections.h"
#include "reports/html/html_components.h"

namespace windtunnel::reports {
namespace {

using Kind = FigureKind;

using sim::Verdict;

// Value, ±, from, to.
template <class Struct, class Value, class Width>
void put_estimate_cells(HtmlFigures& figures, Kind kind, const std::optional<Struct>& estimate, Value Struct::*value,
                        Width Struct::*half_width) {
  figures.cell_member(kind, estimate, value, "value");
  figures.cell_member(kind, estimate, half_width, "half_width");
  figures.cell_member(kind, estimate, &Struct::low, "low");
  figures.cell_member(kind, estimate, &Struct::high, "high");
}

// A chance or a share in its words, from, to.
void put_chance_cells(HtmlFigures& figures, const ChanceSummary& chance) {
  figures.cell(Kind::words, chance.text);
  figures.cell(Kind::share, chance.low);
  figures.cell(Kind::share, chance.high);
}

void put_share_name(HtmlWriter& html, HtmlFigures& figures, const Millionths& share) {
  html.open("th", "", "scope=\"row\"");
  figures.put(Kind::exact_share, share);
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
void put_claimed(HtmlWriter& html, const FieldPlaces& places, const ForecastFindingSummary& finding) {
  const Kind kind = kind_of_metric(finding.metric);
  const std::optional<EstimateSummary>& estimate = finding.estimate;
  if (!estimate) {
    html.element("td", finding.reason, "number", "colspan=\"2\"");
    return;
  }
  html.open("td", "number");
  HtmlFigures figures{html, places};
  if (kind == Kind::share && estimate->value == 0) {
    html.text("below ");
    figures.put(kind, estimate->high);
  } else if (kind == Kind::share && estimate->value == 1) {
    html.text("above ");
    figures.put(kind, estimate->low);
  } else if (!std::isfinite(estimate->value)) {
    html.text("never");
  } else {
    figures.put(kind, estimate->value);
  }
  html.close("td").open("td", "number");
  figures.put(kind, estimate->low);
  html.text(" to ");
  if (std::isfinite(estimate->high)) {
    figures.put(kind, estimate->high);
  } else {
    html.text("never");
  }
  html.close("td");
}

// --- Headroom --------------------------------------------------------------------------------------------------------

void put_trial_cell(HtmlWriter& html, const FieldPlaces& places, const std::optional<HeadroomTrialSummary>& trial,
                    const char* word) {
  html.open("td");
  HtmlFigures figures{html, places};
  if (trial) {
    figures.put(Kind::words, trial->broken.text);
    html.text(" at ");
    figures.put(Kind::decimal, trial->rate_thousandths);
    html.text("×, ").text(word);
  } else {
    html.element("span", "–", "none");
  }
  html.close("td");
}

void put_limit_row(HtmlWriter& html, const FieldPlaces& places, const HeadroomLimitSummary& limit) {
  html.open("tr");
  put_row_name(html, limit.limit);
  html.open("td", "number");
  if (limit.rate_thousandths) {
    html.text(limit.bounded ? "" : "at least ");
    HtmlFigures{html, places}.put(Kind::decimal, limit.rate_thousandths);
    html.text("×");
  } else {
    html.text("broken even at the least that was tried");
  }
  html.close("td");
  put_trial_cell(html, places, limit.at_edge, limit.confirmed ? "confirmed" : "not confirmed");
  put_trial_cell(html, places, limit.beyond, limit.refuted_beyond ? "refuted" : "not refuted: the edge is not sharp");
  html.close("tr");
}

void put_trials(HtmlWriter& html, const FieldPlaces& places, const HeadroomSummary& headroom) {
  begin_table(html, "Chance to break a limit by traffic",
              {{"Limit", false}, {"Traffic"}, {"Replications"}, {"Broken"}, {"From"}, {"To"}}, "id=\"trials\"");
  for (const HeadroomLimitSummary* limit : headroom.limits()) {
    for (const HeadroomTrialSummary& trial : limit->tried) {
      HtmlFigures figures{html, places};
      html.open("tr");
      put_row_name(html, limit->limit);
      html.open("td", "number");
      figures.put(Kind::decimal, trial.rate_thousandths);
      html.text("×").close("td");
      figures.cell(Kind::count, trial.replications);
      put_chance_cells(figures, trial.broken);
      html.close("tr");
    }
  }
  html.close("tbody").close("table");
  html.element("p",
               "The search's own trials, all on the same random numbers: the share of replications that break the "
               "limit, or of requests where the limit is of these. Each ends as soon as its interval leaves what may "
               "break, so that those far from the edge have few replications and wide intervals.",
               "note");
  html.close("div").close("section").line();
}

// --- Spend -----------------------------------------------------------------------------------------------------------

// What the budget counts of a provider; other lines have none.
void put_settled(HtmlFigures& figures, HtmlWriter&, const ProviderSpendSummary& line) {
  figures.cell_member(Kind::money, line.settled, &EstimateSummary::value, "value");
  figures.cell_member(Kind::money, line.settled, &EstimateSummary::half_width, "half_width");
}

void put_settled(HtmlFigures&, HtmlWriter& html, const SpendLineSummary&) {
  for (int cell = 0; cell < 2; ++cell) html.open("td", "number").element("span", "–", "none").close("td");
}

void put_spend_rows(HtmlWriter& html, const FieldPlaces& places, std::string_view by, const auto& lines) {
  bool is_first = true;
  for (const auto& line : lines) {
    HtmlFigures figures{html, places};
    html.open("tr", is_first ? "group" : "").element("td", is_first ? by : "", "none");
    put_row_name(html, line.name.empty() ? "(none)" : line.name);
    figures.cell_member(Kind::money, line.cost, &EstimateSummary::value, "value");
    figures.cell_member(Kind::money, line.cost, &EstimateSummary::half_width, "half_width");
    put_settled(figures, html, line);
    html.close("tr");
    is_first = false;
  }
}

// --- Days ------------------------------------------------------------------------------------------------------------

constexpr std::size_t kDaysMax = 100;

// Each day of a short horizon; of a long one the last of each month, and the horizon's last.
std::vector<std::size_t> days_shown(const std::vector<ForecastDaySummary>& days) {
  std::vector<std::size_t> shown;
  const auto month = [&](std::size_t day) { return days[day].date.substr(0, 7); };
  for (std::size_t day = 0; day < days.size(); ++day) {
    if (days.size() <= kDaysMax || day + 1 == days.size() || month(day) != month(day + 1)) shown.push_back(day);
  }
  return shown;
}

// --- Latency ---------------------------------------------------------------------------------------------------------

struct LatencyRow {
  const char* name;
  const std::optional<EstimateSummary>* of_a_replication;  // nullptr: only the pooled figure exists
  const std::optional<Duration>& pooled;
};

void put_latency(HtmlWriter& html, const FieldPlaces& places, const ForecastLatency& latency) {
  HtmlFigures figures{html, places};
  begin_table(html, "Latency of answers", {{"", false}, {"Of a replication"}, {"±"}, {"Of all together"}});
  const PooledLatencySummary& pooled = latency.pooled;
  for (const LatencyRow& row : {LatencyRow{"min", nullptr, pooled.min},
                                {"avg", nullptr, pooled.avg},
                                {"p50", &latency.p50, pooled.p50},
                                {"p90", &latency.p90, pooled.p90},
                                {"p95", &latency.p95, pooled.p95},
                                {"p99", &latency.p99, pooled.p99},
                                {"max", nullptr, pooled.max}}) {
    html.open("tr");
    put_row_name(html, row.name);
    if (row.of_a_replication != nullptr) {
      figures.cell_member(Kind::milliseconds, *row.of_a_replication, &EstimateSummary::value, "value");
      figures.cell_member(Kind::milliseconds, *row.of_a_replication, &EstimateSummary::half_width, "half_width");
    } else {
      for (int cell = 0; cell < 2; ++cell) html.open("td", "number").element("span", "–", "none").close("td");
    }
    figures.cell(Kind::milliseconds, row.pooled);
    html.close("tr");
  }
  html.close("tbody").close("table").open("p", "note").text("Of all replications together: ");
  figures.put(Kind::count, pooled.count);
  html.text(" answers.").close("p").close("div").close("section");
}

}  // namespace

void put_forecast_findings(HtmlWriter& html, const PlacedForecast& forecast) {
  if (forecast.summary.findings.empty()) return;
  begin_table(html, "Claims", {{"Verdict", false}, {"Claim", false}, {"It is"}, {"95 % interval"}});
  for (const ForecastFindingSummary& finding : forecast.summary.findings) {
    const char* verdict = name_of(finding.verdict);
    html.open("tr", verdict).open("td", "state");
    put_mark(html, verdict);
    html.text(verdict).close("td").open("td");
    html.element("code", finding.metric + " " + finding.threshold).close("td");
    put_claimed(html, forecast.places, finding);
    html.close("tr");
  }
  end_table(html);
}

void put_forecast_cost(HtmlWriter& html, const PlacedForecast& forecast) {
  const ForecastCost& cost = forecast.summary.cost;
  HtmlFigures figures{html, forecast.places};
  const auto row = [&](const char* name, const auto& estimate, auto value, auto half_width) {
    html.open("tr");
    put_row_name(html, name);
    put_estimate_cells(figures, Kind::money, estimate, value, half_width);
    html.close("tr");
  };
  const auto estimate = [&](const char* name, const std::optional<EstimateSummary>& estimate_summary) {
    row(name, estimate_summary, &EstimateSummary::value, &EstimateSummary::half_width);
  };
  const auto quantile = [&](const char* name, const std::optional<MoneyQuantile>& money_quantile) {
    row(name, money_quantile, &MoneyQuantile::value, &MoneyQuantile::half_width_usd);
  };
  html.open("div", "pair");
  begin_table(html, "Cost of the horizon", {{"", false}, {"USD"}, {"±"}, {"From"}, {"To"}});
  estimate("Mean", cost.mean);
  if (forecast.summary.has_unknown_bills()) {
    estimate("… known to the gateway", forecast.summary.cost_known);
    estimate("… held by reservations", forecast.summary.cost_reserved);
  }
  quantile("P10", cost.quantiles.p10);
  quantile("P50", cost.quantiles.p50);
  quantile("P90", cost.quantiles.p90);
  quantile("P2.5", cost.p2_5);
  quantile("P97.5", cost.p97_5);
  estimate("Standard deviation", cost.sd.all);
  estimate(("… of " + cost.sd.shared_words()).c_str(), cost.sd.demand);
  estimate("… of request noise", cost.sd.request_noise);
  html.close("tbody").close("table");
  if (!cost.quantiles.p10) {
    html.element("p", "Too few replications for what is missing: P50 takes 6 of them, P10 and P90 take 36.", "note");
  }
  html.close("div").close("section");
  if (forecast.summary.budget) {
    const ForecastBudget& budget = *forecast.summary.budget;
    begin_table(html, "Budget", {{"Chance to reach", false}, {"Within the horizon"}, {"From"}, {"To"}});
    for (const ShareChance& share : budget.p_exceed) {
      html.open("tr");
      put_share_name(html, figures, share.share);
      put_chance_cells(figures, share.chance);
      html.close("tr");
    }
    html.close("tbody").open("tbody").open("tr");
    for (const char* name : {"Used up", "At, UTC", "From", "To"}) {
      html.element("th", name, name[0] == 'U' ? "" : "number", "scope=\"col\"");
    }
    html.close("tr");
    for (const auto& [name, date] :
         {std::pair{"P10", &budget.used_up.p10}, {"P50", &budget.used_up.p50}, {"P90", &budget.used_up.p90}}) {
      html.open("tr");
      put_row_name(html, name);
      figures.cell_member(Kind::instant, *date, &DateSummary::value, "value");
      figures.cell_member(Kind::instant, *date, &DateSummary::low, "low");
      figures.cell_member(Kind::instant, *date, &DateSummary::high, "high");
      html.close("tr");
    }
    end_table(html);
  }
  html.close("div").line();
}

void put_forecast_headroom(HtmlWriter& html, const PlacedForecast& forecast) {
  if (!forecast.summary.headroom) return;
  const HeadroomSummary& headroom = *forecast.summary.headroom;
  begin_table(html, "Headroom",
              {{"Limit", false}, {"Largest traffic"}, {"There, on independent numbers", false}, {"Beyond", false}});
  for (const HeadroomLimitSummary* limit : headroom.limits()) put_limit_row(html, forecast.places, *limit);
  html.close("tbody").close("table");
  html.element(
      "p",
      "The largest multiple of the traffic at which at most 5 % of the replications break the limit, or at which the "
      "requests of all replications together keep it.",
      "note");
  html.close("div").close("section");
  if (!headroom.limits().empty()) put_trials(html, forecast.places, headroom);
}

void put_forecast_spend(HtmlWriter& html, const PlacedForecast& forecast) {
  const SpendSummary& spend = forecast.summary.spend;
  begin_table(html, "Where the money goes",
              {{"By", false}, {"", false}, {"Cost, USD"}, {"±"}, {"Budget counts"}, {"±"}});
  put_spend_rows(html, forecast.places, "provider", spend.by_provider);
  put_spend_rows(html, forecast.places, "variant", spend.by_variant);
  put_spend_rows(html, forecast.places, "feature version", spend.by_feature_version);
  put_spend_rows(html, forecast.places, "cause", spend.by_cause);
  end_table(html);
}

void put_forecast_traffic(HtmlWriter& html, const PlacedForecast& forecast) {
  HtmlFigures figures{html, forecast.places};
  html.open("div", "pair");
  begin_table(html, "What becomes of requests", {{"Outcome", false}, {"Share"}, {"From"}, {"To"}});
  for (std::size_t i = 0; i < monitor::kOutcomes; ++i) {
    const std::optional<ChanceSummary>& share = forecast.summary.outcomes[i];
    // Outcomes without a request in any replication are left out.
    if (!share || share->never_showed()) continue;
    html.open("tr");
    put_row_name(html, name_of(static_cast<monitor::Outcome>(i)));
    put_chance_cells(figures, *share);
    html.close("tr");
  }
  end_table(html);
  put_latency(html, forecast.places, forecast.summary.latency);
  html.close("div").line();
}

void put_forecast_days(HtmlWriter& html, const PlacedForecast& forecast) {
  const std::vector<ForecastDaySummary>& all = forecast.summary.days;
  const std::vector<std::size_t> days = days_shown(all);
  html.open("section", "", "id=\"days\"");
  html.element("h2", days.size() == all.size() ? "Day by day" : "Month by month");
  html.open("div", "sheet scroll").open("table").open("thead").open("tr");
  html.element("th", "Until the end of", "", "scope=\"col\"");
  for (const char* name : {"P10, USD", "P50", "P90"}) {
    html.element("th", name, "number", "scope=\"col\"").element("th", "±", "number", "scope=\"col\"");
  }
  HtmlFigures figures{html, forecast.places};
  if (!all.empty()) {
    for (const ShareChance& share : all.front().p_exceed) {
      html.open("th", "number", "scope=\"col\"").text("P(");
      figures.put(Kind::exact_share, share.share);
      html.text(")").close("th");
    }
  }
  html.close("tr").close("thead").open("tbody");
  for (const std::size_t place : days) {
    const ForecastDaySummary& day = all[place];
    html.open("tr");
    put_row_name(html, day.date);
    for (const auto* quantile : {&day.month_to_date.p10, &day.month_to_date.p50, &day.month_to_date.p90}) {
      figures.cell_member(Kind::money, *quantile, &MoneyQuantile::value, "value");
      figures.cell_member(Kind::money, *quantile, &MoneyQuantile::half_width_usd, "half_width");
    }
    for (const ShareChance& share : day.p_exceed) figures.cell(Kind::words, share.chance.text);
    html.close("tr");
  }
  html.close("tbody").close("table");
  html.element("p", "Spend of the month so far, and the chance that it has reached that share of the budget by then.",
               "note");
  html.close("div").close("section").line();
}

}  // namespace windtunnel::reports
