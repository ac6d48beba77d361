#include "reports/timeline/timeline_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/files/checked_name.h"
#include "reports/files/line_source.h"
#include "reports/text/enum_names.h"
#include "reports/timeline/timeline_fields.h"
#include "reports/timeline/timeline_json.h"

namespace windtunnel::reports {
namespace {

using Json = nlohmann::ordered_json;
using sim::Timeline;

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument(why); }

// What a run may reach, so that a reader of the timeline may add such values up: a scenario lasts at most 100 years,
// its last request a little longer, and begins at most 190 years after 1970.
constexpr Duration kYear = std::chrono::hours{24 * 365};
constexpr Duration kTimeMost = 101 * kYear;
constexpr Duration kStartMost = 190 * kYear;
constexpr std::int64_t kCountMost = 1'000'000'000'000;

std::int64_t integer(const Json& value) {
  if (!value.is_number_integer()) refuse(value.dump() + " is no whole number");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) refuse(value.dump() + " is too large");
  return value.get<std::int64_t>();
}
std::int64_t between(const Json& value, std::int64_t least, std::int64_t most) {
  const std::int64_t number = integer(value);
  if (number < least || number > most) refuse(value.dump() + " is out of the range of this place");
  return number;
}
// As JsonWriter's large_integer() writes it. So many steps of so much still add up in 128 bits.
Int128 money(const Json& value) {
  if (!value.is_string()) return between(value, 0, INT64_MAX);
  constexpr Int128 kMoneyMost = Int128{1'000'000'000'000'000'000} * 1'000'000'000'000;
  const std::string text = value.get<std::string>();
  const std::optional<Int128> picos = parse_large_decimal(text, 0);
  if (!picos || exact_decimal(*picos, 0) != text) refuse(value.dump() + " is no whole number");
  if (*picos <= INT64_MAX || *picos > kMoneyMost) refuse(value.dump() + " is out of the range of this place");
  return *picos;
}
std::int64_t count(const Json& value) { return between(value, 0, kCountMost); }
Duration span(const Json& value) { return Duration{between(value, 0, kTimeMost.count())}; }
Instant instant(const Json& value) { return Instant{span(value)}; }
// The wall clock may have been set back or forth by a fault.
WallTime wall(const Json& value) {
  return WallTime{Duration{between(value, -kTimeMost.count(), (kStartMost + kTimeMost).count())}};
}

std::string name(const Json& value) { return checked_name(value.get<std::string>()); }

std::vector<std::string> names(const Json& values) {
  std::vector<std::string> all;
  for (const Json& value : values) all.push_back(name(value));
  return all;
}

std::optional<Usd> optional_money(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return Usd::from_picos(integer(value));
}

// The enumerator with this word, of those from 0 to `count`.
template <class Enum, class WordOf>
Enum enumerator(const Json& value, int count, WordOf word_of_one) {
  const auto word = value.get<std::string>();
  for (int i = 0; i < count; ++i) {
    if (word == word_of_one(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  refuse("'" + word + "' is no word of this place");
}
constexpr auto kWord = [](auto value) { return word_of(value); };
constexpr auto kName = [](auto value) { return name_of(value); };

std::size_t provider_place(const Json& value, const Timeline& timeline) {
  const std::int64_t place = integer(value);
  if (place < 0 || place >= std::ssize(timeline.provider_names)) refuse("there is no provider " + value.dump());
  return static_cast<std::size_t>(place);
}

void read_head(const Json& json, Timeline& timeline) {
  const Json& scenario = json.at("scenario");
  timeline.file = name(scenario.at("file"));
  timeline.title = name(scenario.at("title"));
  timeline.hash = read_digest(scenario.at("hash").get<std::string>());
  timeline.seed = json.at("seed").get<std::uint64_t>();
  timeline.digest = read_digest(json.at("digest").get<std::string>());
  timeline.start = WallTime{Duration{between(json.at("start_unix_ns"), 0, kStartMost.count())}};
  timeline.start_is_given = json.at("start_is_given").get<bool>();
  timeline.duration = span(json.at("duration_ns"));
  timeline.ended = instant(json.at("ended_ns"));
  timeline.stopped = json.at("stopped").get<bool>();
  timeline.from_outside = json.contains("from_outside") && json.at("from_outside").get<bool>();
  timeline.has_token_kinds = json.contains("has_token_kinds") && json.at("has_token_kinds").get<bool>();
  timeline.step = span(json.at("step_ns"));
  const std::int64_t steps = integer(json.at("steps"));
  const std::int64_t view_steps = count(json.at("view_steps"));
  if (timeline.step <= Duration{0} || steps < 0 || view_steps < 1) refuse("its steps make no sense");
  if (steps > static_cast<std::int64_t>(sim::kStepsMax)) refuse("it has more steps than anything we write");
  if (Int128{timeline.step.count()} * steps > 2 * kTimeMost.count()) refuse("its steps make no sense");
  timeline.steps = static_cast<std::size_t>(steps);
  timeline.view_steps = static_cast<std::size_t>(view_steps);
  const auto edges = json.at("duration_edges_ms").get<std::vector<std::int64_t>>();
  if (!std::ranges::equal(edges, sim::kDurationEdgesMs)) refuse("its duration_edges_ms are not those of this version");
}

void read_names(const Json& json, Timeline& timeline) {
  for (const Json& entry : json.at("providers")) {
    timeline.provider_names.push_back({name(entry.at("name")), name(entry.at("model"))});
  }
  if (!json.at("experiment").is_null()) timeline.experiment = name(json.at("experiment"));
  for (const Json& entry : json.at("variants")) {
    timeline.variant_names.push_back({name(entry.at("id")), provider_place(entry.at("provider"), timeline)});
  }
  for (const Json& entry : json.at("versions")) {
    timeline.version_names.push_back({name(entry.at("feature_version")), name(entry.at("prompt_version"))});
  }
  if (json.contains("route_names")) timeline.route_names = names(json.at("route_names"));
  for (const Json& share : json.at("limits").at("alerts_millionths"))
    timeline.budget_alerts.push_back({integer(share)});
  timeline.monthly_limit = optional_money(json.at("limits").at("monthly_picos"));
  timeline.daily_limit = optional_money(json.at("limits").at("daily_picos"));
}

void read_faults(const Json& json, Timeline& timeline) {
  for (const Json& entry : json.at("faults")) {
    Timeline::Fault fault{.id = name(entry.at("id")),
                          .kind = enumerator<sim::FaultKind>(entry.at("kind"), sim::kFaultKinds, kName),
                          .providers = names(entry.at("providers")),
                          .phases_total = count(entry.at("phases_total"))};
    for (const Json& phase : entry.at("phases_ns")) {
      fault.phases.push_back({.from = instant(phase.at(0)),
                              .to = phase.at(1).is_null() ? std::nullopt : std::optional{instant(phase.at(1))}});
    }
    timeline.faults.push_back(std::move(fault));
  }
}

void read_moments(const Json& json, Timeline& timeline) {
  timeline.transitions_total = count(json.at("transitions_total"));
  for (const Json& entry : json.at("transitions")) {
    timeline.transitions.push_back(
        {.at = instant(entry.at("at_ns")),
         .provider = provider_place(entry.at("provider"), timeline),
         .from = enumerator<monitor::BreakerState>(entry.at("from"), 3, kName),
         .to = enumerator<monitor::BreakerState>(entry.at("to"), 3, kName),
         .rule = enumerator<monitor::TripRule>(entry.at("rule"), monitor::kTripRules, kWord)});
  }
  timeline.budget_total = count(json.at("budget_total"));
  for (const Json& entry : json.at("budget")) {
    const auto window = entry.at("window").get<std::string>();
    if (window != "day" && window != "month") refuse("'" + window + "' is no budget window");
    timeline.budget.push_back({.at = instant(entry.at("at_ns")),
                               .event = {.kind = enumerator<monitor::BudgetEvent::Kind>(entry.at("kind"), 4, kWord),
                                         .daily = window == "day",
                                         .window_begin = wall(entry.at("window_begin_unix_ns")),
                                         .share = {integer(entry.at("share_millionths"))},
                                         .spent = Usd::from_picos(integer(entry.at("spent_picos"))),
                                         .reserved = Usd::from_picos(integer(entry.at("reserved_picos"))),
                                         .limit = optional_money(entry.at("limit_picos")),
                                         .by_refusal = entry.at("by_refusal").get<bool>()}});
  }
}

void read_routes(const Json& json, Timeline& timeline) {
  const auto place = [&](const Json& value) {
    return value.is_null() ? std::nullopt : std::optional{provider_place(value, timeline)};
  };
  for (const Json& entry : json.at("routes")) {
    timeline.routes.push_back({.assigned = place(entry.at("assigned")),
                               .answered_by = place(entry.at("answered_by")),
                               .outcome = enumerator<monitor::Outcome>(entry.at("outcome"), monitor::kOutcomes, kName),
                               .requests = count(entry.at("requests"))});
  }
}

struct SeriesReader {
  const Json* json;
  std::size_t steps;
  bool from_outside = false;
  bool with_token_kinds = false;

  [[nodiscard]] bool has_token_kinds() const { return with_token_kinds; }
  void inside(const char* name, auto& of) const {
    if (!from_outside) return series(name, of);
    if (!json->at(name).is_null()) refuse(std::string(name) + " is not observed in a trial");
  }

  void series(const char* name, sim::Series& series) const {
    const Json& values = json->at(name);
    if (!values.is_array() || values.size() > steps) refuse(std::string(name) + " is no series of this run");
    series.reserve(values.size());
    const bool is_time = std::string_view{name}.ends_with("_ns");
    Int128 sum = 0;
    for (const Json& value : values) {
      series.push_back(between(value, 0, is_time ? INT64_MAX : kCountMost));
      sum += series.back();
    }
    if (sum > INT64_MAX) refuse(std::string(name) + " adds up to more than can be counted");
  }
  void series(const char* name, sim::MoneySeries& series) const {
    const Json& values = json->at(name);
    if (!values.is_array() || values.size() > steps) refuse(std::string(name) + " is no series of this run");
    series.reserve(values.size());
    for (const Json& value : values) series.push_back(money(value));
  }
  template <class Action>
  void group(const char* name, Action action) {
    const Json* outer = std::exchange(json, &json->at(name));
    action();
    json = outer;
  }
  template <class Values, class Action>
  void list(const char* name, Values& values, Action action) {
    const Json* outer = json;
    const Json& all = outer->at(name);
    if (!all.is_array() || all.size() != values.size()) refuse(std::string(name) + " does not have one for each name");
    for (std::size_t i = 0; i < values.size(); ++i) {
      json = &all[i];
      action(values[i]);
    }
    json = outer;
  }
};

void check_version(const Json& json) {
  if (!json.is_object() || !json.contains("windtunnel_timeline")) {
    refuse("this is no timeline: it has no windtunnel_timeline");
  }
  const Json& version = json["windtunnel_timeline"];
  if (version.is_number_integer() && version == kTimelineVersion) return;
  refuse("this is a timeline of version " + version.dump() + ", and only " + std::to_string(kTimelineVersion) +
         " is understood");
}

}  // namespace

sim::Timeline read_timeline(std::string_view text, const std::string& name) {
  try {
    const Json json = Json::parse(text);
    check_version(json);
    Timeline timeline;
    read_head(json, timeline);
    read_names(json, timeline);
    read_faults(json, timeline);
    read_moments(json, timeline);
    read_routes(json, timeline);
    timeline.providers.resize(timeline.provider_names.size());
    timeline.variants.resize(timeline.variant_names.size());
    timeline.versions.resize(timeline.version_names.size());
    timeline.route_requests.resize(timeline.route_names.size());
    SeriesReader reader{&json.at("series"), timeline.steps, timeline.from_outside, timeline.has_token_kinds};
    visit_series(reader, timeline);
    return timeline;
  } catch (const Json::exception& error) {
    throw ReportError(name, "read", std::string{json_reason(error.what())});
  } catch (const std::invalid_argument& error) {
    throw ReportError(name, "read", error.what());
  }
}

sim::Timeline read_timeline_file(const std::string& path) {
  return read_timeline(read_whole_file(path, kTimelineBytesMax), path);
}

}  // namespace windtunnel::reports
