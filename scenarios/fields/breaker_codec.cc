#include "scenarios/fields/breaker_codec.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "monitor/breaker/breaker_presets.h"
#include "scenarios/fields/tables.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

using monitor::BreakerAnswer;
using monitor::BreakerConfig;
using monitor::BreakerOp;
using monitor::BreakerOutcome;
using monitor::BreakerQuestion;
using monitor::BreakerState;
using monitor::OnClose;

// What is wrong with a line, or nothing.
using Objection = std::optional<std::string>;

using namespace std::chrono_literals;

constexpr const char* kOnClose = "on_close";
constexpr const char* kPreset = "preset";

std::string first_error(const Diagnostics& diagnostics) {
  const Diagnostic error = diagnostics.errors().front();
  std::string text = error.pointer.empty() ? error.message : error.pointer + ": " + error.message;
  if (!error.help.empty()) text += "; " + error.help;
  return text;
}

Objection parse_object(std::string_view line, JsonValue& json) {
  if (line.size() > kProtocolLineMax) return "a line is longer than " + std::to_string(kProtocolLineMax) + " bytes";
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return "an empty line";
  Diagnostics diagnostics("line", std::string(line));
  json = parse_json(diagnostics);
  if (diagnostics.has_errors()) return first_error(diagnostics);
  if (!nlohmann::json::accept(line)) return "comments are no part of a line";
  if (json.kind != JsonKind::object) return std::string("a line is an object, not ") + name_of(json.kind);
  return std::nullopt;
}

Objection read_whole(const JsonValue& json, std::string_view key, std::int64_t& value) {
  const JsonMember* member = json.find(key);
  if (member == nullptr) return "the key \"" + std::string(key) + "\" is missing";
  if (member->value.kind != JsonKind::number) {
    return std::string(key) + " is a whole number, not " + name_of(member->value.kind);
  }
  const ExactNumber number = exact_number(member->value.text, 0);
  if (number.problem != NumberProblem::none) {
    return std::string(key) + ": " + excerpt(member->value.text) + " is no whole number within range";
  }
  value = number.value;
  return std::nullopt;
}

Objection read_outcome(const JsonValue& json, BreakerOutcome& outcome) {
  const JsonMember* member = json.find("ok");
  if (member == nullptr) return "the key \"ok\" is missing";
  if (member->value.kind == JsonKind::null) {
    outcome = BreakerOutcome::ignored;
    return std::nullopt;
  }
  if (member->value.kind != JsonKind::boolean) return "ok is true, false or null";
  outcome = member->value.flag ? BreakerOutcome::success : BreakerOutcome::failure;
  return std::nullopt;
}

Objection refuse_other_keys(const JsonValue& json, const std::vector<std::string>& known) {
  for (const JsonMember& member : json.members) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    const std::string help = help_with_words(member.key, known, "keys");
    return "unknown key \"" + excerpt(member.key) + "\"" + (help.empty() ? "" : "; " + help);
  }
  return std::nullopt;
}

Objection read_question(const JsonValue& json, BreakerOp op, BreakerQuestion& question) {
  question.op = op;
  std::vector<std::string> known{"op", "t_ms"};
  if (op == BreakerOp::report) known.insert(known.end(), {"permit", "ok"});
  if (auto wrong = refuse_other_keys(json, known)) return wrong;
  if (auto wrong = read_whole(json, "t_ms", question.t_ms)) return wrong;
  if (op != BreakerOp::report) return std::nullopt;
  if (auto wrong = read_whole(json, "permit", question.permit)) return wrong;
  return read_outcome(json, question.outcome);
}

struct Line {
  const JsonValue* config = nullptr;  // of a reset
  BreakerQuestion question;
};

Objection read_line(const JsonValue& json, Line& line) {
  const JsonMember* op = json.find("op");
  if (op == nullptr) return "the key \"op\" is missing";
  if (op->value.kind != JsonKind::string) return std::string("op is a string, not ") + name_of(op->value.kind);
  if (op->value.text == "reset") {
    if (auto wrong = refuse_other_keys(json, {"op", "config"})) return wrong;
    const JsonMember* config = json.find("config");
    if (config == nullptr) return "the key \"config\" is missing";
    line.config = &config->value;
    return config->value.kind == JsonKind::object ? Objection{} : "config is an object";
  }
  for (const BreakerOp known : {BreakerOp::acquire, BreakerOp::report, BreakerOp::state}) {
    if (op->value.text == word_of(known)) return read_question(json, known, line.question);
  }
  const std::vector<std::string> words{"reset", "acquire", "report", "state"};
  return "unknown op \"" + excerpt(op->value.text) + "\"; " + help_with_words(op->value.text, words, "ops");
}

// Whether these settings are those of the proof of concept, but for what its close and its late results do.
bool is_proof_of_concept(BreakerConfig config) {
  const BreakerConfig preset = *monitor::breaker_preset("seed-poc");
  config.on_close = preset.on_close;
  config.late_results = preset.late_results;
  config.late_success_in_open = preset.late_success_in_open;
  return config == preset;
}

// Histories of the proof of concept are older than the word for what its close does. Its settings without `on_close`
// therefore mean its close, which forgets the failures and keeps the total, and reset_line() states any other.
//
// `preset` names the settings that those of the line change.
bool read_settings(Reading& reading, const JsonValue& json, BreakerConfig& config) {
  JsonValue own = json;
  std::erase_if(own.members, [](const JsonMember& member) { return member.key == kPreset; });
  if (const JsonMember* preset = json.find(kPreset)) {
    std::vector<std::string> names;
    for (const monitor::BreakerPresetInfo& known : monitor::breaker_presets()) names.emplace_back(known.name);
    const Reading::Step step(reading, kPreset);
    const std::size_t place = read_word(reading, preset->value, names);
    if (place < names.size()) config = *monitor::breaker_preset(names[place]);
  }
  const bool good = read_object(reading, own, config, breaker_protocol_table());
  if (json.find(kPreset) != nullptr) return good;
  if (json.find(kOnClose) == nullptr && is_proof_of_concept(config)) config.on_close = OnClose::reset_failures;
  return good;
}

// What of the settings cannot be honoured.
Objection read_config(const JsonValue& json, BreakerConfig& config) {
  Diagnostics diagnostics("config", "");
  Reading reading(diagnostics, "");
  read_settings(reading, json, config);
  if (diagnostics.has_errors()) return first_error(diagnostics);
  return unsupported(config);
}

std::string with_text(std::string_view before, const std::string& text) {
  return std::string(before) + json_line(JsonValue::of_string(text)) + "}";
}

std::string state_member(BreakerState state) { return std::string(R"("state":")") + name_of(state) + "\""; }

std::string answer_text(BreakerOp op, const BreakerAnswer& answer) {
  if (!answer.error.empty()) return with_text(R"({"error":)", answer.error);
  if (op != BreakerOp::acquire) return "{" + state_member(answer.state) + "}";
  return std::string(R"({"admitted":)") + (answer.permit ? "true" : "false") + "," + state_member(answer.state) +
         R"(,"permit":)" + (answer.permit ? std::to_string(*answer.permit) : "null") + "}";
}

Objection read_state(const JsonValue& json, BreakerState& state) {
  const JsonMember* member = json.find("state");
  if (member == nullptr) return "the key \"state\" is missing";
  for (const BreakerState known : {BreakerState::closed, BreakerState::open, BreakerState::half_open}) {
    if (member->value.kind != JsonKind::string || member->value.text != name_of(known)) continue;
    state = known;
    return std::nullopt;
  }
  return "state is none of closed, open, half_open";
}

Objection read_permit(const JsonValue& json, std::optional<std::int64_t>& permit) {
  const JsonMember* admitted = json.find("admitted");
  if (admitted == nullptr || admitted->value.kind != JsonKind::boolean) return "admitted is neither true nor false";
  const JsonMember* number = json.find("permit");
  if (!admitted->value.flag) {
    const bool absent = number == nullptr || number->value.kind == JsonKind::null;
    return absent ? Objection{} : "it refuses and gives a permit";
  }
  return read_whole(json, "permit", permit.emplace());
}

// Whether the line is {"error":"..."}.
bool read_error(const JsonValue& json, std::string& error) {
  const JsonMember* member = json.find("error");
  if (member == nullptr) return false;
  error = member->value.kind == JsonKind::string ? member->value.text : json_line(member->value);
  if (error.empty()) error = "(no reason given)";
  return true;
}

}  // namespace

std::string answer_line(monitor::ForeignBreaker& breaker, std::string_view text) {
  JsonValue json;
  Line line;
  Objection wrong = parse_object(text, json);
  if (!wrong) wrong = read_line(json, line);
  if (wrong) return with_text(R"({"error":)", *wrong);
  if (line.config == nullptr) return answer_text(line.question.op, breaker.ask(line.question));
  BreakerConfig config;
  Objection why = read_config(*line.config, config);
  if (!why) why = breaker.reset(config);
  return why ? with_text(R"({"unsupported":true,"why":)", *why) : "{}";
}

std::string reset_line(const BreakerConfig& config) {
  check(in_whole_milliseconds(config), "the protocol's durations are whole milliseconds");
  JsonValue json = write_object(Writing{Names{}}, config, breaker_protocol_table());
  if (config.on_close == OnClose::reset && is_proof_of_concept(config)) {
    json.add(kOnClose, JsonValue::of_string("reset"));
  }
  return R"({"op":"reset","config":)" + json_line(json) + "}";
}

std::string question_line(const BreakerQuestion& question) {
  std::string line = std::string(R"({"op":")") + word_of(question.op) + R"(","t_ms":)" + std::to_string(question.t_ms);
  if (question.op == BreakerOp::report) {
    line += R"(,"permit":)" + std::to_string(question.permit) + R"(,"ok":)";
    switch (question.outcome) {
      case BreakerOutcome::success:
        line += "true";
        break;
      case BreakerOutcome::failure:
      case BreakerOutcome::fatal:  // which the protocol does not have
        line += "false";
        break;
      case BreakerOutcome::ignored:
        line += "null";
        break;
    }
  }
  return line + "}";
}

// Answers are read leniently: an adapter may add fields.
ResetAnswer read_reset_answer(std::string_view line) {
  ResetAnswer answer;
  JsonValue json;
  if (auto wrong = parse_object(line, json)) answer.nonsense = *wrong;
  std::string error;
  if (answer.nonsense.empty() && read_error(json, error)) answer.nonsense = "an error in answer to a reset: " + error;
  const JsonMember* unsupported = json.find("unsupported");
  if (!answer.nonsense.empty() || unsupported == nullptr) return answer;
  if (unsupported->value.kind != JsonKind::boolean) answer.nonsense = "unsupported is neither true nor false";
  if (!unsupported->value.flag) return answer;
  const JsonMember* why = json.find("why");
  answer.unsupported = why != nullptr && why->value.kind == JsonKind::string ? why->value.text : "";
  if (answer.unsupported->empty()) answer.unsupported = "(no reason given)";
  return answer;
}

QuestionAnswer read_answer(std::string_view line, BreakerOp op) {
  QuestionAnswer read;
  JsonValue json;
  Objection wrong = parse_object(line, json);
  if (!wrong && read_error(json, read.answer.error)) return read;
  if (!wrong) wrong = read_state(json, read.answer.state);
  if (!wrong && op == BreakerOp::acquire) wrong = read_permit(json, read.answer.permit);
  read.nonsense = wrong.value_or("");
  return read;
}

RecordedLine read_recorded_line(std::string_view text, const std::string& file, int number) {
  RecordedLine recorded;
  JsonValue json;
  Line line;
  Objection wrong = parse_object(text, json);
  if (!wrong) wrong = read_line(json, line);
  if (!wrong && line.config != nullptr) wrong = read_config(*line.config, recorded.reset.emplace());
  if (wrong) {
    Diagnostics diagnostics(file, "");
    diagnostics.error_in(file, number, *wrong, std::string(text));
    diagnostics.throw_if_errors();
  }
  recorded.question = line.question;
  return recorded;
}

BreakerConfig read_breaker_config(const std::string& path) {
  Diagnostics diagnostics(path, read_whole_file(path, kTextBytesMax));
  const JsonValue root = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  Reading reading(diagnostics, "");
  BreakerConfig config;
  reading.note(root.place);
  if (read_settings(reading, root, config)) {
    if (const auto why = unsupported(config)) reading.error(root.place, *why);
  }
  diagnostics.throw_if_errors();
  return config;
}

bool in_whole_milliseconds(const BreakerConfig& config) {
  const auto is_whole = [](Duration duration) { return duration % std::chrono::milliseconds{1} == 0ms; };
  return is_whole(config.window) && is_whole(config.open) && is_whole(config.open_max.value_or(0ms)) &&
         is_whole(config.half_open_timeout.value_or(0ms)) && is_whole(config.slow_call_duration);
}

const char* word_of(BreakerOp op) {
  switch (op) {
    case BreakerOp::acquire:
      return "acquire";
    case BreakerOp::report:
      return "report";
    case BreakerOp::state:
      return "state";
  }
  fail_check("an op has a word", __FILE__, __LINE__);
}

}  // namespace windtunnel::scenarios
