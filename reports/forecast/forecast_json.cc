#include <cmath>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "reports/forecast/forecast_numbers.h"
#include "reports/forecast/forecast_report.h"

namespace windtunnel::reports {
namespace {

using sim::Estimate;
using sim::Forecast;
using sim::QuantileEstimate;

void put_interval(JsonWriter& json, double value, double low, double high) {
  json.begin_object().key("value").number(nine_digits(value));
  json.key("low").number(nine_digits(low)).key("high").number(nine_digits(high));
  json.key("half_width").number(nine_digits((high - low) / 2)).end_object();
}

void put(JsonWriter& json, const char* key, const std::optional<Estimate>& estimate, double unit) {
  json.key(key);
  if (!estimate) {
    json.null();
    return;
  }
  put_interval(json, estimate->value / unit, estimate->low / unit, estimate->high / unit);
}

// A chance that never or always showed has no value, but a bound in words.
void put_chance(JsonWriter& json, const char* key, const Estimate& chance, std::size_t trials) {
  json.key(key).begin_object().key("value");
  const bool is_extreme = chance.value == 0 || chance.value == 1;
  json.number(is_extreme ? "null" : nine_digits(chance.value));
  json.key("low").number(nine_digits(chance.low)).key("high").number(nine_digits(chance.high));
  json.key("half_width").number(nine_digits(chance.half_width()));
  json.key("text").text(chance_text(chance, trials)).end_object();
}

// A share of requests that none or all had has no value either.
void put_share(JsonWriter& json, const char* key, const std::optional<Estimate>& share) {
  json.key(key);
  if (!share) {
    json.null();
    return;
  }
  const bool is_extreme = share->value == 0 || share->value == 1;
  json.begin_object().key("value").number(is_extreme ? "null" : nine_digits(share->value));
  json.key("low").number(nine_digits(share->low)).key("high").number(nine_digits(share->high));
  json.key("half_width").number(nine_digits(share->half_width()));
  json.key("text").text(share_text(share)).end_object();
}

void put_dollars(JsonWriter& json, const char* key, const std::optional<QuantileEstimate>& quantile) {
  json.key(key);
  if (!quantile) {
    json.null();
    return;
  }
  put_interval(json, static_cast<double>(quantile->value) / kPicosPerUsd,
               static_cast<double>(quantile->low) / kPicosPerUsd, static_cast<double>(quantile->high) / kPicosPerUsd);
}

void put_quantiles(JsonWriter& json, const sim::MoneyQuantiles& quantiles) {
  put_dollars(json, "p10", quantiles.p10);
  put_dollars(json, "p50", quantiles.p50);
  put_dollars(json, "p90", quantiles.p90);
}

void put_instant(JsonWriter& json, const char* key, WallTime start, std::int64_t ns) {
  json.key(key);
  ns == sim::kNever ? json.text("not within horizon") : json.text(iso8601(start + Duration{ns}));
}

void put_date(JsonWriter& json, const char* key, WallTime start, const std::optional<QuantileEstimate>& date) {
  json.key(key);
  if (!date) {
    json.null();
    return;
  }
  json.begin_object();
  put_instant(json, "value", start, date->value);
  put_instant(json, "low", start, date->low);
  put_instant(json, "high", start, date->high);
  json.key("half_width_days");
  if (date->high == sim::kNever) {
    json.null();
  } else {
    json.number(nine_digits(static_cast<double>(date->high - date->low) / 2 / 86'400e9));
  }
  json.end_object();
}

void put_head(JsonWriter& json, const ForecastReport& report) {
  const sim::ForecastFrame& frame = report.forecast.frame;
  json.key("scenario").begin_object().key("file").text(frame.file).key("title").text(frame.title);
  json.key("hash").hex(frame.hash).end_object();
  json.key("seed").integer(Int128{frame.seed}).key("digest").hex(report.forecast.digest);
  json.key("verdict").text(name_of(verdict_of(report))).key("replay").text(report.replay);
  json.key("start").text(iso8601(frame.start));
  json.key("horizon_s").decimal(frame.horizon.count(), kSecondDecimals);
  json.key("replications").integer(static_cast<Int128>(report.forecast.replications));
  json.key("confidence").number("0.95").key("stopping");
  if (report.stop) {
    json.begin_object().key("until").text(report.stop->rule).key("reached").boolean(report.stop->reached).end_object();
  } else {
    json.null();
  }
  json.key("demand_is_uncertain").boolean(frame.uncertain).key("notes").begin_array();
  for (const std::string& note : notes_of(report)) json.text(note);
  json.end_array();
}

void put_budget(JsonWriter& json, const Forecast& forecast) {
  json.key("budget");
  if (!forecast.frame.monthly) {
    json.null();
    return;
  }
  json.begin_object().key("monthly_usd").text(exact_decimal(forecast.frame.monthly->picos(), kDollarDecimals));
  json.key("spent_before_usd").begin_object();
  for (std::size_t i = 0; i < forecast.frame.providers.size(); ++i) {
    json.key(forecast.frame.providers[i]).text(exact_decimal(forecast.frame.spent[i].picos(), kDollarDecimals));
  }
  json.end_object().key("p_exceed").begin_array();
  for (std::size_t i = 0; i < forecast.p_exceed.size(); ++i) {
    json.begin_object().key("share").decimal(forecast.frame.shares[i].value, kShareDecimals);
    put_chance(json, "chance", forecast.p_exceed[i], forecast.replications);
    json.end_object();
  }
  json.end_array().key("used_up").begin_object();
  put_date(json, "p10", forecast.frame.start, forecast.exhaustion.p10);
  put_date(json, "p50", forecast.frame.start, forecast.exhaustion.p50);
  put_date(json, "p90", forecast.frame.start, forecast.exhaustion.p90);
  json.end_object().end_object();
}

void put_cost(JsonWriter& json, const Forecast& forecast) {
  json.key("cost_usd").begin_object();
  put(json, "mean", forecast.cost, kPicosPerUsd);
  put_quantiles(json, forecast.cost_quantiles);
  json.key("sd").begin_object();
  put(json, "all", forecast.cost_sd.all, kPicosPerUsd);
  put(json, "demand", forecast.cost_sd.demand, kPicosPerUsd);
  put(json, "request_noise", forecast.cost_sd.noise, kPicosPerUsd);
  json.key("twins").integer(static_cast<Int128>(forecast.cost_sd.twins)).end_object().end_object();
}

void put_days(JsonWriter& json, const Forecast& forecast) {
  json.key("days").begin_array();
  for (const sim::ForecastRow& row : forecast.days) {
    json.begin_object().key("date").text(iso8601(row.day.begin).substr(0, 10));
    json.key("month_to_date_usd").begin_object();
    put_quantiles(json, row.month_to_date);
    json.end_object().key("p_exceed").begin_array();
    for (std::size_t i = 0; i < row.crossed.size(); ++i) {
      json.begin_object().key("share").decimal(forecast.frame.shares[i].value, kShareDecimals);
      put_chance(json, "chance", row.crossed[i], forecast.replications);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void put_lines(JsonWriter& json, const char* key, const std::vector<sim::SpendLine>& lines) {
  json.key(key).begin_array();
  for (const sim::SpendLine& line : lines) {
    json.begin_object().key("name").text(line.name);
    put(json, "usd", line.cost, kPicosPerUsd);
    if (line.billed) put(json, "billed_usd", line.billed, kPicosPerUsd);
    json.end_object();
  }
  json.end_array();
}

void put_traffic(JsonWriter& json, const Forecast& forecast) {
  put(json, "requests", forecast.requests, 1);
  put_share(json, "availability", forecast.availability);
  json.key("outcomes").begin_object();
  for (std::size_t i = 0; i < forecast.shares.size(); ++i) {
    put_share(json, name_of(static_cast<monitor::Outcome>(i)), forecast.shares[i]);
  }
  json.end_object().key("latency_ms").begin_object();
  static constexpr std::array<const char*, 4> names{"p50", "p90", "p95", "p99"};
  for (std::size_t i = 0; i < names.size(); ++i) put(json, names[i], forecast.latency[i], kNanosecondsPerMs);
  json.key("of_all_replications").begin_object();
  const Histogram& pooled = forecast.latency_pooled;
  json.key("count").integer(Int128{pooled.count()}).key("min").milliseconds(pooled.min());
  json.key("avg").milliseconds(pooled.mean()).key("max").milliseconds(pooled.max());
  for (std::size_t i = 0; i < names.size(); ++i) {
    json.key(names[i]).milliseconds(pooled.quantile(sim::kLatencyShares[i]));
  }
  json.end_object().end_object();
}

void put_trial(JsonWriter& json, const sim::HeadroomTrial& trial) {
  json.begin_object().key("rate").decimal(trial.rate_percent, 2);
  json.key("replications").integer(static_cast<Int128>(trial.replications));
  put_chance(json, "broken", trial.broken, trial.replications);
  json.end_object();
}

void put_trial(JsonWriter& json, const char* key, const std::optional<sim::HeadroomTrial>& trial) {
  json.key(key);
  trial ? put_trial(json, *trial) : void(json.null());
}

void put_limit(JsonWriter& json, const char* key, const std::optional<sim::HeadroomLimit>& limit) {
  json.key(key);
  if (!limit) {
    json.null();
    return;
  }
  json.begin_object().key("limit").text(limit->what).key("rate");
  limit->rate_percent ? json.decimal(*limit->rate_percent, 2) : json.null();
  json.key("bounded").boolean(limit->bounded);
  json.key("confirmed").boolean(limit->confirmed).key("refuted_beyond").boolean(limit->refuted);
  put_trial(json, "at_edge", limit->at_edge);
  put_trial(json, "beyond", limit->beyond);
  json.key("tried").begin_array();
  for (const sim::HeadroomTrial& trial : limit->tried) put_trial(json, trial);
  json.end_array();
  json.end_object();
}

void put_findings(JsonWriter& json, const Forecast& forecast) {
  json.key("findings").begin_array();
  for (const sim::ForecastFinding& one : forecast.findings) {
    const bool is_time = one.threshold.forecast == sim::ForecastQuantity::request_duration;
    json.begin_object().key("metric").text(one.threshold.metric).key("threshold").text(one.threshold.text);
    json.key("verdict").text(name_of(one.verdict));
    put(json, is_time ? "estimate_ms" : "estimate", one.estimate, is_time ? kNanosecondsPerMs : 1);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string forecast_json(const ForecastReport& report) {
  const Forecast& forecast = report.forecast;
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_forecast").integer(kForecastVersion);
  put_head(json, report);
  put_cost(json, forecast);
  put_budget(json, forecast);
  put_days(json, forecast);
  json.key("spend").begin_object();
  put_lines(json, "by_provider", forecast.providers);
  put_lines(json, "by_variant", forecast.variants);
  put_lines(json, "by_feature_version", forecast.features);
  put_lines(json, "by_cause", forecast.causes);
  json.end_object();
  put_traffic(json, forecast);
  json.key("headroom");
  if (report.headroom) {
    json.begin_object();
    put_limit(json, "budget", report.headroom->budget);
    put_limit(json, "latency", report.headroom->latency);
    json.end_object();
  } else {
    json.null();
  }
  put_findings(json, forecast);
  json.key("build").begin_object().key("version").text(report.build.version);
  json.key("compiler").text(report.build.compiler).key("type").text(report.build.type).end_object();
  json.key("timing").begin_object().key("wall_s");
  report.wall ? json.decimal(report.wall->count(), kSecondDecimals) : json.null();
  json.end_object().end_object();
  return text + "\n";
}

}  // namespace windtunnel::reports
