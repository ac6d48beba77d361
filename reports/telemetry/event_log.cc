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

EventsWriter::EventsWriter(const sim::Scenario& scenario, std::uint64_t seed, OutputFile& file, std::uint64_t bytes_max)
    : scenario_(scenario), file_(file), clock_(scenario), seed_(seed), bytes_max_(bytes_max) {}

JsonWriter EventsWriter::begin(Instant at, const char* type) {
  latest_ = std::max(latest_, at);
  line_.clear();
  JsonWriter json{line_, JsonWriter::Form::line};
  json.begin_object().key("timestamp").text(iso8601(clock_.at(at)));
  json.key("t_s").seconds(at).key("type").text(type);
  return json;
}

void EventsWriter::end(JsonWriter& json) {
  // Once an event is left out, all later ones are, so that the file has no gap in its middle.
  if (left_out_ > 0 || file_.bytes() + line_.size() > bytes_max_) {
    ++left_out_;
    return;
  }
  write(json);
}

void EventsWriter::write(JsonWriter& json) {
  json.end_object();
  line_ += '\n';
  file_.append(line_);
  ++lines_;
}

void EventsWriter::on(const monitor::BreakerMoved& event) {
  const monitor::BreakerTransition& arrow = event.transition;
  const bool opened = arrow.to == monitor::BreakerState::open;
  JsonWriter json = begin(arrow.at, "breaker_transition");
  json.key("provider").text(scenario_.providers[index_of(event.provider)].name);
  json.key("from").text(name_of(arrow.from)).key("to").text(name_of(arrow.to));
  json.key("rule").text_or_null(arrow.rule == monitor::TripRule::none ? "" : word_of(arrow.rule));
  json.key("failures").integer(arrow.window_failures).key("window").integer(arrow.window_calls);
  json.key("consecutive_failures").integer(arrow.consecutive_failures);
  json.key("epoch").integer(arrow.epoch);
  json.key("open_ms").milliseconds(opened ? std::optional{arrow.open_for} : std::nullopt);
  end(json);
}

void EventsWriter::on(const monitor::RetryAfterSet& event) {
  JsonWriter json = begin(event.at, "retry_after");
  json.key("provider").text(scenario_.providers[index_of(event.provider)].name);
  json.key("wait_ms").milliseconds(event.until - event.at).key("until_s").seconds(event.until);
  end(json);
}

void EventsWriter::on(const monitor::BudgetChanged& event) {
  const monitor::BudgetEvent& budget = event.budget;
  const bool is_alert = budget.kind == monitor::BudgetEvent::Kind::alert;
  JsonWriter json = begin(event.at, word_of(budget.kind));
  json.key("window").text(budget.daily ? "day" : "month");
  json.key("window_begin").text(iso8601(budget.window_begin));
  json.key("share");
  is_alert ? json.decimal(budget.share.value, kShareDecimals) : json.null();
  json.key("spent_usd").decimal(budget.spent.picos(), kDollarDecimals);
  json.key("reserved_usd").decimal(budget.reserved.picos(), kDollarDecimals);
  json.key("limit_usd");
  budget.limit ? json.decimal(budget.limit->picos(), kDollarDecimals) : json.null();
  json.key("by_refusal").boolean(budget.by_refusal);
  end(json);
}

void EventsWriter::on(const monitor::RouteEntered& event) {
  JsonWriter json = begin(event.at, "fallback");
  json.key("request_id").text(request_uuid(seed_, event.request).view());
  json.key("route").text(scenario_.monitor.routing.routes[index_of(event.route)].name);
  json.key("after").text_or_null(event.after ? name_of(*event.after) : "");
  end(json);
}

void EventsWriter::on(const sim::FaultChanged& event) {
  clock_.on(event);
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
  write(json);
}

void EventsWriter::close() {
  if (left_out_ == 0) return;
  JsonWriter json = begin(latest_, "events_left_out");
  json.key("count").integer(Int128{left_out_}).key("bytes_max").integer(Int128{bytes_max_});
  write(json);
}

}  // namespace windtunnel::reports
