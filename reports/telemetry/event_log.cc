#include "reports/telemetry/event_log.h"

#include <algorithm>
#include <string>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "base/uuid.h"
#include "reports/text/enum_names.h"

namespace windtunnel::reports {
namespace {

// "outage.json:14:9"; empty if the finding is of no line.
std::string text_of(const sim::Origin& origin) {
  if (origin.line == 0) return {};
  return origin.file + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
}

}  // namespace

EventsWriter::EventsWriter(const sim::Scenario& scenario, std::uint64_t seed, OutputFile& file)
    : scenario_(scenario), file_(file), clock_(scenario), seed_(seed) {}

JsonWriter EventsWriter::begin(Instant at, const char* type) {
  latest_ = std::max(latest_, at);
  line_.clear();
  JsonWriter json{line_, JsonWriter::Form::line};
  json.begin_object().key("timestamp").text(iso8601(clock_.at(at)));
  json.key("t_s").seconds(at).key("type").text(type);
  return json;
}

void EventsWriter::end(JsonWriter& json) {
  json.end_object();
  line_ += '\n';
  file_.append(line_);
  ++lines_;
}

void EventsWriter::on_transition(monitor::ProviderId provider, const monitor::BreakerTransition& event) {
  const bool opened = event.to == monitor::BreakerState::open;
  JsonWriter json = begin(event.at, "breaker_transition");
  json.key("provider").text(scenario_.providers[index_of(provider)].name);
  json.key("from").text(name_of(event.from)).key("to").text(name_of(event.to));
  json.key("rule").text_or_null(event.rule == monitor::TripRule::none ? "" : word_of(event.rule));
  json.key("failures").integer(event.window_failures).key("window").integer(event.window_calls);
  json.key("consecutive_failures").integer(event.consecutive_failures);
  json.key("epoch").integer(event.epoch);
  json.key("open_ms").milliseconds(opened ? std::optional{event.open_for} : std::nullopt);
  end(json);
}

void EventsWriter::on_retry_after(monitor::ProviderId provider, Instant until, Instant now) {
  JsonWriter json = begin(now, "retry_after");
  json.key("provider").text(scenario_.providers[index_of(provider)].name);
  json.key("wait_ms").milliseconds(until - now).key("until_s").seconds(until);
  end(json);
}

void EventsWriter::on_budget(const monitor::BudgetEvent& event, Instant now) {
  const bool is_alert = event.kind == monitor::BudgetEvent::Kind::alert;
  JsonWriter json = begin(now, word_of(event.kind));
  json.key("window").text(event.daily ? "day" : "month");
  json.key("window_begin").text(iso8601(event.window_begin));
  json.key("share");
  is_alert ? json.decimal(event.share.value, kShareDecimals) : json.null();
  json.key("spent_usd").decimal(event.spent.picos(), kDollarDecimals);
  json.key("reserved_usd").decimal(event.reserved.picos(), kDollarDecimals);
  json.key("limit_usd");
  event.limit ? json.decimal(event.limit->picos(), kDollarDecimals) : json.null();
  end(json);
}

void EventsWriter::on_fault(const sim::FaultChanged& event) {
  clock_.on_fault(event);
  const sim::FaultSpec& fault = scenario_.faults[event.fault];
  JsonWriter json = begin(event.at, event.active ? "fault_started" : "fault_stopped");
  json.key("id").text(fault.id).key("kind").text(name_of(fault.kind()));
  end(json);
}

void EventsWriter::violation(const sim::Finding& finding, std::string_view replay) {
  JsonWriter json = begin(finding.at.value_or(latest_), "violation");
  json.key("kind").text(name_of(finding.kind)).key("id").text(finding.id);
  json.key("verdict").text(name_of(finding.verdict));
  json.key("claim").text(finding.claim).key("reason").text(finding.reason);
  json.key("request_id");
  finding.request ? json.text(request_uuid(seed_, *finding.request).view()) : json.null();
  json.key("origin").text_or_null(text_of(finding.origin)).key("replay").text(replay);
  end(json);
}

}  // namespace windtunnel::reports
