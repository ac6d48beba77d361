#include "runs/gateway/call_notes.h"

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/calendar.h"
#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "monitor/retry.h"

namespace windtunnel::runs {
namespace {

using monitor::BudgetEvent;
using wire::AttemptNote;

constexpr std::string_view kEnd = "}\n";
constexpr int kShareDecimals = 6;

// Of a call that was made; nullptr: its caller went before.
const AttemptNote* note_of(const CallNotes& notes, std::size_t place) {
  return place < notes.end.attempts.size() ? &notes.end.attempts[place] : nullptr;
}

std::optional<Duration> asked_wait(const CallNotes& notes, const AttemptNote* note) {
  const bool is_asked = note != nullptr && note->kind != monitor::ReplyKind::ok &&
                        note->retry_after.form != monitor::RetryAfter::Form::absent;
  if (!is_asked) return std::nullopt;
  return monitor::wait_of(note->retry_after, notes.wall_at(note->ended), notes.retry_after_cap);
}

void put_calls(JsonWriter& json, const CallNotes& notes) {
  json.key("calls").begin_array();
  const auto attempts = notes.end.record.attempts();
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const AttemptNote* note = note_of(notes, i);
    json.begin_object();
    json.key("start_ms").milliseconds(attempts[i].started - notes.end.record.arrived);
    json.key("answer_id").text_or_null(note == nullptr ? std::string_view{} : note->answer_id);
    json.key("retry_after_ms").milliseconds(asked_wait(notes, note));
    json.end_object();
  }
  json.end_array();
}

void put_alerts(JsonWriter& json, const CallNotes& notes) {
  json.key("alerts").begin_array();
  for (const BudgetEvent& alert : notes.alerts) {
    json.begin_object().key("window").text(alert.daily ? "day" : "month");
    json.key("begin").text(iso8601(alert.window_begin)).key("share").decimal(alert.share.value, kShareDecimals);
    json.key("spent_usd").decimal(alert.spent.picos(), kDollarDecimals).key("by_refusal").boolean(alert.by_refusal);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string with_call_notes(std::string line, const CallNotes& notes) {
  check(line.ends_with(kEnd), "a record is an object on a line");
  std::string more;
  JsonWriter json{more, JsonWriter::Form::line};
  json.begin_object();
  if (!notes.end.record.attempts().empty()) put_calls(json, notes);
  if (!notes.alerts.empty()) put_alerts(json, notes);
  json.end_object();
  if (more == "{}") return line;
  line.resize(line.size() - kEnd.size());
  return line + "," + more.substr(1) + "\n";
}

}  // namespace windtunnel::runs
