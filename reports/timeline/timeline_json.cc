#include "reports/timeline/timeline_json.h"

#include <optional>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "reports/text/enum_names.h"
#include "reports/timeline/timeline_fields.h"

namespace windtunnel::reports {
namespace {

using sim::Timeline;

std::int64_t ns(Instant instant) { return instant.time_since_epoch().count(); }
std::int64_t ns(WallTime wall) { return wall.time_since_epoch().count(); }

void put_optional(JsonWriter& json, std::string_view key, std::optional<std::int64_t> value) {
  json.key(key);
  value ? json.integer(*value) : json.null();
}

// One object in a line of its own.
template <class Members>
void put_line(JsonWriter& json, Members members) {
  std::string line;
  JsonWriter one{line, JsonWriter::Form::line};
  one.begin_object();
  members(one);
  one.end_object();
  json.written(line);
}

void put_head(JsonWriter& json, const Timeline& timeline) {
  json.key("scenario").begin_object().key("file").text(timeline.file);
  json.key("title").text(timeline.title).key("hash").hex(timeline.hash).end_object();
  json.key("seed").integer(timeline.seed).key("digest").hex(timeline.digest);
  json.key("start").text(iso8601(timeline.start)).key("start_unix_ns").integer(ns(timeline.start));
  json.key("start_is_given").boolean(timeline.start_is_given);
  json.key("duration_ns").integer(timeline.duration.count());
  json.key("ended_ns").integer(ns(timeline.ended)).key("stopped").boolean(timeline.stopped);
  if (timeline.from_outside) json.key("from_outside").boolean(true);
  if (timeline.has_token_kinds) json.key("has_token_kinds").boolean(true);
  json.key("step_ns").integer(timeline.step.count());
  json.key("steps").integer(static_cast<Int128>(timeline.steps));
  json.key("view_steps").integer(static_cast<Int128>(timeline.view_steps));
  json.key("duration_edges_ms").integers(sim::kDurationEdgesMs);
}

void put_names(JsonWriter& json, const Timeline& timeline) {
  json.key("providers").begin_array();
  for (const Timeline::Provider& provider : timeline.provider_names) {
    put_line(json, [&](JsonWriter& json_writer) {
      json_writer.key("name").text(provider.name).key("model").text(provider.model);
    });
  }
  json.end_array().key("experiment").text_or_null(timeline.experiment).key("variants").begin_array();
  for (const Timeline::Variant& variant : timeline.variant_names) {
    put_line(json, [&](JsonWriter& json_writer) {
      json_writer.key("id").text(variant.id).key("provider").integer(static_cast<Int128>(variant.provider));
    });
  }
  json.end_array().key("versions").begin_array();
  for (const Timeline::Version& version : timeline.version_names) {
    put_line(json, [&](JsonWriter& json_writer) {
      json_writer.key("feature_version").text(version.feature).key("prompt_version").text(version.prompt);
    });
  }
  json.end_array();
  if (!timeline.route_names.empty()) {
    json.key("route_names").begin_array();
    for (const std::string& name : timeline.route_names) json.text(name);
    json.end_array();
  }
  json.key("limits");
  put_line(json, [&](JsonWriter& json_writer) {
    const auto picos = [](const std::optional<Usd>& limit) {
      return limit ? std::optional{limit->picos()} : std::nullopt;
    };
    json_writer.key("alerts_millionths").begin_array();
    for (const Millionths share : timeline.budget_alerts) json_writer.integer(share.value);
    json_writer.end_array();
    put_optional(json_writer, "monthly_picos", picos(timeline.monthly_limit));
    put_optional(json_writer, "daily_picos", picos(timeline.daily_limit));
  });
}

void put_faults(JsonWriter& json, const Timeline& timeline) {
  json.key("faults").begin_array();
  for (const Timeline::Fault& fault : timeline.faults) {
    put_line(json, [&](JsonWriter& json_writer) {
      json_writer.key("id").text(fault.id).key("kind").text(name_of(fault.kind)).key("providers").begin_array();
      for (const std::string& provider : fault.providers) json_writer.text(provider);
      json_writer.end_array().key("phases_total").integer(fault.phases_total).key("phases_ns").begin_array();
      for (const Timeline::Phase& phase : fault.phases) {
        json_writer.begin_array().integer(ns(phase.from));
        phase.to ? json_writer.integer(ns(*phase.to)) : json_writer.null();
        json_writer.end_array();
      }
      json_writer.end_array();
    });
  }
  json.end_array();
}

void put_moments(JsonWriter& json, const Timeline& timeline) {
  json.key("transitions_total").integer(timeline.transitions_total).key("transitions").begin_array();
  for (const Timeline::Transition& transition : timeline.transitions) {
    put_line(json, [&](JsonWriter& json_writer) {
      json_writer.key("at_ns")
          .integer(ns(transition.at))
          .key("provider")
          .integer(static_cast<Int128>(transition.provider));
      json_writer.key("from").text(name_of(transition.from)).key("to").text(name_of(transition.to));
      json_writer.key("rule").text(word_of(transition.rule));
    });
  }
  json.end_array().key("budget_total").integer(timeline.budget_total).key("budget").begin_array();
  for (const auto& [at, event] : timeline.budget) {
    put_line(json, [&, when = at, what = &event](JsonWriter& json_writer) {
      json_writer.key("at_ns").integer(ns(when)).key("kind").text(word_of(what->kind));
      json_writer.key("window")
          .text(what->daily ? "day" : "month")
          .key("window_begin_unix_ns")
          .integer(ns(what->window_begin));
      json_writer.key("share_millionths").integer(what->share.value).key("spent_picos").integer(what->spent.picos());
      json_writer.key("reserved_picos").integer(what->reserved.picos());
      put_optional(json_writer, "limit_picos", what->limit ? std::optional{what->limit->picos()} : std::nullopt);
      json_writer.key("by_refusal").boolean(what->by_refusal);
    });
  }
  json.end_array();
}

void put_routes(JsonWriter& json, const Timeline& timeline) {
  const auto place = [](std::optional<std::size_t> provider) {
    return provider ? std::optional{static_cast<std::int64_t>(*provider)} : std::nullopt;
  };
  json.key("routes").begin_array();
  for (const Timeline::Route& route : timeline.routes) {
    put_line(json, [&](JsonWriter& json_writer) {
      put_optional(json_writer, "assigned", place(route.assigned));
      put_optional(json_writer, "answered_by", place(route.answered_by));
      json_writer.key("outcome").text(name_of(route.outcome)).key("requests").integer(route.requests);
    });
  }
  json.end_array();
}

struct SeriesWriter {
  JsonWriter& json;
  bool from_outside = false;
  bool with_token_kinds = false;

  [[nodiscard]] bool has_token_kinds() const { return with_token_kinds; }
  void series(const char* name, const sim::Series& series) { json.key(name).integers(series); }
  void series(const char* name, const sim::MoneySeries& series) { json.key(name).large_integers(series); }
  void inside(const char* name, const auto& of) {
    if (from_outside) {
      json.key(name).null();
    } else {
      series(name, of);
    }
  }
  template <class Action>
  void group(const char* name, Action action) {
    json.key(name).begin_object();
    action();
    json.end_object();
  }
  template <class Values, class Action>
  void list(const char* name, const Values& values, Action action) {
    json.key(name).begin_array();
    for (const auto& value : values) {
      json.begin_object();
      action(value);
      json.end_object();
    }
    json.end_array();
  }
};

}  // namespace

std::string timeline_json(const Timeline& timeline) {
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_timeline").integer(kTimelineVersion);
  put_head(json, timeline);
  put_names(json, timeline);
  put_faults(json, timeline);
  put_moments(json, timeline);
  put_routes(json, timeline);
  SeriesWriter writer{json, timeline.from_outside, timeline.has_token_kinds};
  writer.group("series", [&] { visit_series(writer, timeline); });
  json.end_object();
  return text + "\n";
}

}  // namespace windtunnel::reports
