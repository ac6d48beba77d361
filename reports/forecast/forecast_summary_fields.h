#pragma once
// The fields of a forecast's summary, in the order of forecast.json: field_writer.h describes their use.

#include <cmath>
#include <limits>

#include "reports/fields/field_writer.h"
#include "reports/forecast/forecast_numbers.h"
#include "reports/forecast/forecast_summary.h"
#include "reports/run/run_summary_fields.h"

namespace windtunnel::reports {

// Nine significant digits; null stands for infinite: never.
struct AsNineDigits {
  static constexpr const char* kExpected = "a number or null";
  static void write(JsonWriter& json, double value) { json.number(nine_digits(value)); }
  static bool read(const JsonNode& node, double& value) {
    const auto number = double_in(node);
    value = number.value_or(std::numeric_limits<double>::infinity());
    return number || node.kind == JsonNode::Kind::null;
  }
};

struct AsNineDigitUsd {
  static constexpr const char* kExpected = "a number";
  static void write(JsonWriter& json, UsdSum value) {
    json.number(nine_digits(static_cast<double>(value.picos()) / kPicosPerUsd));
  }
  static bool read(const JsonNode& node, UsdSum& value) {
    const auto picos = large_number_in(node, kDollarDecimals);
    if (picos) value = UsdSum::from_picos(*picos);
    return picos.has_value();
  }
};

// A multiple in hundredths.
struct AsMultiple {
  static constexpr const char* kExpected = "a number";
  static void write(JsonWriter& json, std::int64_t thousandths) { json.decimal(thousandths, 3); }
  static bool read(const JsonNode& node, std::int64_t& thousandths) {
    const auto number = number_in(node, 3);
    thousandths = number.value_or(0);
    return number.has_value();
  }
};

void visit_fields(auto& fields, FieldsOf<EstimateSummary> auto& estimate) {
  fields("value", written_as<AsNineDigits>(estimate.value));
  fields("low", written_as<AsNineDigits>(estimate.low));
  fields("high", written_as<AsNineDigits>(estimate.high));
  fields("half_width", written_as<AsNineDigits>(estimate.half_width));
}

void visit_fields(auto& fields, FieldsOf<MoneyQuantile> auto& quantile) {
  fields("value", written_as<AsNineDigitUsd>(quantile.value));
  fields("low", written_as<AsNineDigitUsd>(quantile.low));
  fields("high", written_as<AsNineDigitUsd>(quantile.high));
  fields("half_width", written_as<AsNineDigits>(quantile.half_width_usd));
}

void visit_fields(auto& fields, FieldsOf<MoneyQuantilesSummary> auto& quantiles) {
  fields("p10", quantiles.p10);
  fields("p50", quantiles.p50);
  fields("p90", quantiles.p90);
}

void visit_fields(auto& fields, FieldsOf<ChanceSummary> auto& chance) {
  fields("value", written_as<AsNineDigits>(chance.value));
  fields("bound", chance.bound);
  fields("low", written_as<AsNineDigits>(chance.low));
  fields("high", written_as<AsNineDigits>(chance.high));
  fields("half_width", written_as<AsNineDigits>(chance.half_width));
  fields("text", chance.text);
}

void visit_fields(auto& fields, FieldsOf<ShareChance> auto& row) {
  fields("share", row.share);
  fields("chance", row.chance);
}

void visit_fields(auto& fields, FieldsOf<DateSummary> auto& date) {
  fields("value", date.value);
  fields("low", date.low);
  fields("high", date.high);
  fields("half_width_days", written_as<AsNineDigits>(date.half_width_days));
}

void visit_fields(auto& fields, FieldsOf<DatesSummary> auto& dates) {
  fields("p10", dates.p10);
  fields("p50", dates.p50);
  fields("p90", dates.p90);
}

void visit_fields(auto& fields, FieldsOf<ForecastStop> auto& stop) {
  fields("until", stop.until);
  fields("every", stop.every);
  fields("reached", stop.reached);
}

void visit_fields(auto& fields, FieldsOf<CostSpreadSummary> auto& spread) {
  fields("all", spread.all);
  fields("shared", spread.shared);
  fields("demand", spread.demand);
  fields("request_noise", spread.request_noise);
  fields("twins", spread.twins);
}

void visit_fields(auto& fields, FieldsOf<ForecastCost> auto& cost) {
  fields("mean", cost.mean);
  visit_fields(fields, cost.quantiles);
  fields("p2_5", cost.p2_5);
  fields("p97_5", cost.p97_5);
  fields("sd", cost.sd);
}

void visit_fields(auto& fields, FieldsOf<ForecastBudget> auto& budget) {
  fields("monthly_usd", budget.monthly);
  fields.pairs("spent_before_usd", budget.spent_before);
  fields("p_exceed", budget.p_exceed);
  fields("used_up", budget.used_up);
}

void visit_fields(auto& fields, FieldsOf<ForecastDaySummary> auto& day) {
  fields("date", day.date);
  fields("month_to_date_usd", day.month_to_date);
  fields("p_exceed", day.p_exceed);
}

void visit_fields(auto& fields, FieldsOf<SpendLineSummary> auto& line) {
  fields("name", line.name);
  fields("usd", line.cost);
}

void visit_fields(auto& fields, FieldsOf<ProviderSpendSummary> auto& line) {
  fields("name", line.name);
  fields("usd", line.cost);
  fields("settled_usd", line.settled);
}

void visit_fields(auto& fields, FieldsOf<SpendSummary> auto& spend) {
  fields("by_provider", spend.by_provider);
  fields("by_variant", spend.by_variant);
  fields("by_feature_version", spend.by_feature_version);
  fields("by_cause", spend.by_cause);
}

void visit_fields(auto& fields, FieldsOf<PooledLatencySummary> auto& latency) {
  fields("count", latency.count);
  fields("min", latency.min);
  fields("avg", latency.avg);
  fields("max", latency.max);
  fields("p50", latency.p50);
  fields("p90", latency.p90);
  fields("p95", latency.p95);
  fields("p99", latency.p99);
}

void visit_fields(auto& fields, FieldsOf<ForecastLatency> auto& latency) {
  fields("p50", latency.p50);
  fields("p90", latency.p90);
  fields("p95", latency.p95);
  fields("p99", latency.p99);
  fields("of_all_replications", latency.pooled);
}

void visit_fields(auto& fields, FieldsOf<HeadroomTrialSummary> auto& trial) {
  fields("rate", written_as<AsMultiple>(trial.rate_thousandths));
  fields("replications", trial.replications);
  fields("broken", trial.broken);
}

void visit_fields(auto& fields, FieldsOf<HeadroomLimitSummary> auto& limit) {
  fields("limit", limit.limit);
  fields("share_of", limit.share_of);
  fields("broken_max", written_as<AsNineDigits>(limit.broken_max));
  fields("rate", written_as<AsMultiple>(limit.rate_thousandths));
  fields("bounded", limit.bounded);
  fields("confirmed", limit.confirmed);
  fields("refuted_beyond", limit.refuted_beyond);
  fields("at_edge", limit.at_edge);
  fields("beyond", limit.beyond);
  fields("tried", limit.tried);
}

void visit_fields(auto& fields, FieldsOf<HeadroomSummary> auto& headroom) {
  fields("budget", headroom.budget);
  fields("latency", headroom.latency);
  fields("failures", headroom.failures);
  fields("refusals", headroom.refusals);
}

void visit_fields(auto& fields, FieldsOf<ForecastFindingSummary> auto& finding) {
  fields("metric", finding.metric);
  fields("threshold", finding.threshold);
  fields("verdict", finding.verdict);
  fields(finding.is_time() ? "estimate_ms" : "estimate", finding.estimate);
  fields("reason", finding.reason);
}

void visit_fields(auto& fields, FieldsOf<ShareFactor> auto& row) {
  fields("share", row.share);
  fields("factor", written_as<AsNineDigits>(row.factor));
}

void visit_fields(auto& fields, FieldsOf<VarianceReductionSummary> auto& reduction) {
  fields("controls", reduction.controls);
  fields("mean_factor", written_as<AsNineDigits>(reduction.mean_factor));
  fields("p_exceed_factors", reduction.p_exceed_factors);
}

void visit_fields(auto& fields, FieldsOf<ForecastTiming> auto& timing) {
  fields("wall_s", written_as<AsSeconds>(timing.wall));
}

void visit_fields(auto& fields, FieldsOf<ForecastSummary> auto& forecast) {
  fields("scenario", forecast.scenario);
  fields("seed", forecast.seed);
  fields("digest", written_as<AsHex>(forecast.digest));
  fields("verdict", forecast.verdict);
  fields("replay", forecast.replay);
  fields("start", forecast.start);
  fields("horizon_s", written_as<AsSeconds>(forecast.horizon));
  fields("replications", forecast.replications);
  fields("confidence", forecast.confidence);
  fields("stopping", forecast.stopping);
  fields.if_present("variance_reduction", forecast.reduction);
  fields("demand_is_uncertain", forecast.demand_is_uncertain);
  fields("notes", forecast.notes);
  fields("cost_usd", forecast.cost);
  fields("cost_known_usd", forecast.cost_known);
  fields("cost_reserved_usd", forecast.cost_reserved);
  fields("budget", forecast.budget);
  fields("days", forecast.days);
  fields("spend", forecast.spend);
  fields("requests", forecast.requests);
  fields("answered", forecast.answered);
  fields("availability", forecast.availability);
  fields.by_name("outcomes", forecast.outcomes, names_of<monitor::Outcome, monitor::kOutcomes>());
  fields("latency_ms", forecast.latency);
  fields("headroom", forecast.headroom);
  fields("findings", forecast.findings);
  fields("build", forecast.build);
  fields("timing", forecast.timing);
}

}  // namespace windtunnel::reports
