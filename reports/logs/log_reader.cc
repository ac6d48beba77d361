#include "reports/logs/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/visible_text.h"
#include "base/words/nearest_word.h"
#include "reports/logs/csv_records.h"
#include "reports/logs/formats/log_formats.h"
#include "reports/logs/json_records.h"
#include "reports/logs/log_fields.h"
#include "reports/logs/row_maker.h"
#include "reports/logs/trace_joiner.h"

namespace windtunnel::reports {
namespace {

// So much of a log is looked through for a record that marks its format, and so many records of it.
constexpr std::size_t kPeeked = std::size_t{4} * 1024 * 1024;
constexpr int kRecordsTried = 20;
constexpr std::size_t kFieldsShown = 12;

// Our own telemetry and the seed's are read by TelemetryReader.
const LogFormat& windtunnel_format() {
  static const LogFormat format{.name = "windtunnel", .title = "telemetry", .marks = {{"timestamp", "tokens"}}};
  return format;
}

bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  return first == std::string_view::npos || text[first] == '{' || text[first] == '[';
}

// Whether a record of the beginning is marked as one of the format.
bool is_marked_json(const LogFormat& format, std::string_view beginning) {
  const RowMaker maker{format};
  LogFields fields{maker.paths(), format.lists};
  JsonRecords records{std::string{beginning}};
  bool is_marked = false;
  for (int i = 0; i < kRecordsTried && !is_marked; ++i) {
    const auto record = records.next();
    if (!record) break;
    (void)fields.read(*record,
                      [&](std::span<const LogValue> values) { is_marked = is_marked || maker.is_marked(values); });
  }
  return is_marked;
}

bool is_marked_csv(const LogFormat& format, const std::vector<std::string>& columns) {
  const auto has = [&](std::string_view name) { return std::ranges::find(columns, name) != columns.end(); };
  return std::ranges::any_of(format.marks, [&](const auto& mark) { return std::ranges::all_of(mark, has); });
}

std::string listed(std::span<const std::string> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kFieldsShown; ++i)
    text += (i > 0 ? ", " : "") + visible_text(names[i]);
  if (names.size() > kFieldsShown) text += fmt::format(" and {} more", names.size() - kFieldsShown);
  return text;
}

// What a log has instead of the fields of a known format.
std::string instead_of_known(bool json, std::string_view beginning, const std::vector<std::string>& columns) {
  if (!json) return fmt::format("its columns are {}; name those to read with --columns", listed(columns));
  JsonRecords records{std::string{beginning}};
  const auto record = records.next();
  const std::vector<std::string> names = record ? names_in(*record) : std::vector<std::string>{};
  return names.empty() ? "it has no record" : "its first record has " + listed(names);
}

std::vector<std::string> paths_at(std::string_view beginning) {
  JsonRecords records{std::string{beginning}};
  const auto record = records.next();
  return record ? paths_in(*record) : std::vector<std::string>{};
}

// The format by its name, of several with one name the one that marks the log; nothing: auto, and none does.
const LogFormat* format_of(const std::string& name, bool json, std::string_view beginning,
                           const std::vector<std::string>& columns) {
  const LogFormat* named = nullptr;
  const auto fits = [&](const LogFormat& format) {
    return json ? is_marked_json(format, beginning) : is_marked_csv(format, columns);
  };
  if (name == "windtunnel" || (name == "auto" && json && fits(windtunnel_format()))) return &windtunnel_format();
  for (const LogFormat& format : log_formats()) {
    if (name != "auto" && format.name != name) continue;
    if (fits(format)) return &format;
    if (name != "auto" && named == nullptr) named = &format;
  }
  return named;
}

}  // namespace

struct LogReader::State {
  const LogFormat* format = &windtunnel_format();
  std::optional<LogFormat> own;    // by --columns
  bool needs_columns = false;      // each of those
  std::vector<std::string> names;  // of the log's columns or paths, if it is read by --columns
  std::vector<bool> seen;          // of the rules, those whose column a record has
  std::string unrecognised;
  std::unique_ptr<TelemetryReader> telemetry;
  std::unique_ptr<JsonRecords> json;
  std::unique_ptr<CsvRecords> csv;
  std::optional<RowMaker> maker;
  std::unique_ptr<LogFields> fields;
  std::deque<NumberedRow> rows;  // that are complete
  TraceJoiner joiner;
  std::vector<LogRow> empty_buckets;
  std::vector<std::string> row_fields;
  std::uint64_t records = 0;
  std::uint64_t number = 0;      // of the latest record
  std::uint64_t row_number = 0;  // of that of the latest row
  std::uint64_t others = 0;
  std::uint64_t bad_count = 0;
  std::vector<BadLine> bad_lines;
  TelemetryRecord record;

  void note(const std::string& why) {
    if (++bad_count <= kBadLinesKept) bad_lines.push_back({number, visible_text(why)});
  }

  void use(std::span<const LogValue> values) {
    if (needs_columns) see(values);
    if (maker->is_other(values)) {
      ++others;
      return;
    }
    LogRow row;
    if (const auto why = maker->make(values, row)) return note(*why);
    joiner.add({std::move(row), number}, rows);
  }

  void see(std::span<const LogValue> values) {
    seen.resize(own->rules.size());
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = seen[i] || values[i].is_present;
  }

  // A misspelt column must not pass as one that the log lacks.
  void check_columns() const {
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i]) continue;
      const std::string written{own->rules[i].path};
      const auto nearest = nearest_word(written, names);
      throw std::invalid_argument(fmt::format(
          "no record has \"{}\", which --columns names; {}", visible_text(written),
          nearest ? fmt::format("did you mean \"{}\"?", visible_text(*nearest)) : "the log has " + listed(names)));
    }
  }

  // Whether the end of the log completes rows.
  bool finish() {
    joiner.finish(rows);
    return !rows.empty();
  }

  // Reads records until there are rows; false at the end.
  bool read_on() {
    const auto use_values = [this](std::span<const LogValue> values) { use(values); };
    while (rows.empty()) {
      ++records;
      if (csv) {
        if (!csv->next(row_fields)) return finish();
        number = csv->line();
        if (csv->problem() != nullptr) {
          note(csv->problem());
        } else {
          fields->read(csv->columns(), row_fields, use_values);
        }
        continue;
      }
      const auto next = json->next();
      if (!next) return finish();
      number = json->is_list() ? records : next->line;
      if (const auto why = fields->read(*next, use_values)) note(*why);
    }
    return true;
  }

  void open(const LogChoice& choice) {
    auto bytes = std::make_unique<ByteSource>(choice.file);
    const std::string beginning{bytes->peek(kPeeked)};
    const bool is_json_log = is_json(beginning);
    std::vector<std::string> columns;
    if (!is_json_log) columns = csv_header(beginning);
    if (!choice.columns.empty()) {
      own = columns_format(choice.columns);
      needs_columns = !choice.may_lack_columns;
      format = &*own;
      names = is_json_log ? paths_at(beginning) : columns;
    } else {
      format = format_of(choice.format, is_json_log, beginning, columns);
    }
    if (format == nullptr) {
      format = &windtunnel_format();
      unrecognised = instead_of_known(is_json_log, beginning, columns);
    }
    if (format == &windtunnel_format()) {
      telemetry = std::make_unique<TelemetryReader>(std::move(bytes));
      return;
    }
    maker.emplace(*format);
    const auto use_empty = [this](std::span<const LogValue> values) {
      LogRow row;
      if (!maker->make(values, row)) empty_buckets.push_back(std::move(row));
    };
    fields = std::make_unique<LogFields>(maker->paths(), format->lists,
                                         format->is_bucketed ? LogFields::Use{use_empty} : LogFields::Use{});
    if (is_json_log) {
      json = std::make_unique<JsonRecords>(std::move(bytes));
    } else {
      csv = std::make_unique<CsvRecords>(std::move(bytes));
    }
  }
};

namespace {

LogRow row_of(TelemetryRecord& record) {
  LogRow row{.begin = record.timestamp - record.latency,
             .end = record.timestamp,
             .latency = record.latency,
             .time_to_first_token = record.time_to_first_token,
             .id = std::move(record.request_id),
             .provider = std::move(record.provider).value_or(""),
             .model = std::move(record.model).value_or(""),
             .user = std::move(record.user).value_or(""),
             .experiment = std::move(record.experiment_id).value_or(""),
             .variant = std::move(record.variant_id).value_or(""),
             .input = record.input,
             .output = record.output,
             .total = record.total,
             .cost = record.cost,
             .answered = record.success,
             .error = std::move(record.error).value_or(""),
             .cache_hit = record.cache_hit,
             .outcome = std::move(record.outcome)};
  if (record.kinds.any()) {
    row.cached = record.kinds.cached_input;
    row.cache_written = record.kinds.cache_write;
    row.reasoning = record.kinds.reasoning;
  }
  for (TelemetryAttempt& attempt : record.attempts) {
    row.attempts.push_back({.provider = std::move(attempt.provider),
                            .outcome = std::move(attempt.outcome),
                            .latency = attempt.latency,
                            .cost = attempt.cost});
  }
  if (record.calls.size() == row.attempts.size()) {
    for (std::size_t i = 0; i < record.calls.size(); ++i) {
      row.attempts[i].start = record.calls[i].start;
      row.attempts[i].answer_id = std::move(record.calls[i].answer_id).value_or("");
      row.attempts[i].retry_after = record.calls[i].retry_after;
    }
  }
  for (TelemetryAlert& alert : record.alerts) {
    row.alerts.push_back({std::move(alert.window), alert.begin, alert.share, alert.spent, alert.by_refusal});
  }
  return row;
}

}  // namespace

const std::vector<std::string>& log_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"auto", "windtunnel", "csv"};
    for (const LogFormat& format : log_formats()) {
      if (std::ranges::find(all, format.name) == all.end()) all.emplace_back(format.name);
    }
    return all;
  }();
  return names;
}

LogReader::LogReader(const LogChoice& choice) : state_(std::make_unique<State>()) {
  if (std::ranges::find(log_names(), choice.format) == log_names().end()) {
    throw std::invalid_argument("no format of logs is named \"" + choice.format + '"');
  }
  if (choice.format == "csv" && choice.columns.empty()) {
    throw std::invalid_argument("a csv log needs --columns time=COLUMN,...");
  }
  state_->open(choice);
}

LogReader::~LogReader() = default;

bool LogReader::next(LogRow& row) {
  if (state_->telemetry) {
    if (!state_->telemetry->next(state_->record)) return false;
    state_->row_number = state_->telemetry->line();
    row = row_of(state_->record);
    return true;
  }
  if (state_->rows.empty() && !state_->read_on()) {
    state_->check_columns();
    return false;
  }
  row = std::move(state_->rows.front().row);
  state_->row_number = state_->rows.front().number;
  state_->rows.pop_front();
  return true;
}

const LogFormat& LogReader::format() const { return *state_->format; }
const std::string& LogReader::unrecognised() const { return state_->unrecognised; }
const char* LogReader::unit() const { return state_->json && state_->json->is_list() ? "record" : "line"; }
std::uint64_t LogReader::number() const { return state_->row_number; }
std::uint64_t LogReader::joined() const { return state_->joiner.joined(); }
std::uint64_t LogReader::others() const { return state_->others; }

std::span<const LogRow> LogReader::empty_buckets() const { return state_->empty_buckets; }

std::uint64_t LogReader::bad_count() const {
  return state_->telemetry ? state_->telemetry->bad_count() : state_->bad_count;
}

std::span<const BadLine> LogReader::bad_lines() const {
  return state_->telemetry ? state_->telemetry->bad_lines() : std::span<const BadLine>{state_->bad_lines};
}

}  // namespace windtunnel::reports
