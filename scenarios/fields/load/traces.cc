// Traces: files of requests that a `replay` plays, as CSV or, of Mooncake's, as lines of JSON.

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "base/exact_decimal.h"
#include "base/stable_hash.h"
#include "base/visible_text.h"
#include "base/words/json_pointer.h"
#include "scenarios/fields/load/trace_layout.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using sim::ListedRequest;

constexpr std::size_t kRowsMax = 10'000'000;
// 2000-01-01T00:00:00Z in a time since 1970. No trace begins that late in its own time.
constexpr Duration kEpochLeast = std::chrono::seconds{946'684'800};
constexpr std::size_t kRowErrorsMax = 10;  // a file with the wrong separator is wrong in every row
constexpr std::int64_t kMicrosecondsMax = std::int64_t{100} * 365 * 86'400 * 1'000'000;

// Takes the text up to `end` off the front.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view result = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return result;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> parts;
  while (true) {
    const bool is_last = line.find(',') == std::string_view::npos;
    parts.push_back(take_until(line, ','));
    if (is_last) return parts;
  }
}

// A log says what became of requests, not only when they came.
constexpr const char* kForLogs = "; `windtunnel init --from LOG` makes a scenario of a gateway's log";

class TraceReader {
 public:
  // `routes`: those of the scenario.
  TraceReader(Diagnostics& diagnostics, std::string file, std::vector<std::string> routes)
      : diagnostics_(diagnostics), file_(std::move(file)), routes_(std::move(routes)) {}

  std::vector<ListedRequest> read(std::string_view text) {
    std::vector<ListedRequest> requests;
    requests.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    is_json_ = text.starts_with('{');
    if (!is_json_ && (!next(text) || !read_header())) return {};
    while (errors_ < kRowErrorsMax && next(text)) {
      if (line_.empty() && text.empty()) break;
      if (requests.size() == kRowsMax) {
        fail("more than 10 million rows");
        break;
      }
      if (read_row(requests.emplace_back()) && requests.size() > 1 &&
          requests.back().at < requests[requests.size() - 2].at) {
        fail(std::string(is_json_ ? "timestamp" : columns_[time_place_]->name) + " goes back");
      }
    }
    if (requests.empty() && errors_ == 0) fail("no rows behind the header");
    return requests;
  }

 private:
  bool fail(std::string message) {
    ++errors_;
    diagnostics_.error_in(file_, static_cast<int>(line_number_), std::move(message), std::string(line_.substr(0, 200)));
    return false;
  }

  bool next(std::string_view& text) {
    if (text.empty() && line_number_ > 0) return false;
    line_ = take_until(text, '\n');
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    ++line_number_;
    return true;
  }

  bool read_header() {
    const std::vector<std::string_view> names = split(line_);
    const TraceLayout& layout = layout_of(names);
    for (const std::string_view name : names) {
      const NamedColumn* const known = layout.find(name);
      // Others' files may hold more than is known here.
      static constexpr NamedColumn kUnused{};
      const bool is_ours = &layout == &layout_of({});
      if (known == nullptr && is_ours) {
        return fail("the header names an unknown column \"" + excerpt(name) + "\"; it is " +
                    std::string(layout.expected) + kForLogs);
      }
      if (std::count(names.begin(), names.end(), name) > 1)
        return fail("the header names \"" + std::string(name) + "\" twice");
      if (known == &layout.columns.front()) time_place_ = columns_.size();
      columns_.push_back(known == nullptr ? &kUnused : known);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      if (std::find(columns_.begin(), columns_.end(), &layout.columns[i]) == columns_.end())
        return fail("the header lacks the column " + std::string(layout.columns[i].name));
    }
    return true;
  }

  bool read_row(ListedRequest& request) {
    if (is_json_) {
      auto read = mooncake_row(line_);
      if (!read)
        return fail(std::string("the line is no object of timestamp, input_length and output_length") + kForLogs);
      request = std::move(*read);
      return true;
    }
    std::string_view rest = line_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool is_last = rest.find(',') == std::string_view::npos;
      if (is_last != (i + 1 == columns_.size())) {
        return fail("the row has " + std::to_string(split(line_).size()) + " columns, the header " +
                    std::to_string(columns_.size()));
      }
      if (!read_word(take_until(rest, ','), *columns_[i], request)) return false;
    }
    return true;
  }

  bool read_word(std::string_view word, const NamedColumn& column, ListedRequest& request) {
    std::int64_t number = 0;
    switch (column.column) {
      case TraceColumn::microseconds:
        if (!read_number(word, column, kMicrosecondsMax, number)) return false;
        request.at = std::chrono::microseconds{number};
        return true;
      case TraceColumn::seconds: {
        const auto ns = parse_decimal(word, 9);
        if (!ns || *ns < 0) return fail(std::string(column.name) + " \"" + excerpt(word) + "\" is no time in seconds");
        request.at = Duration{*ns};
        return true;
      }
      case TraceColumn::calendar: {
        const auto time = calendar_time_of(word);
        if (!time || *time < Duration{0}) {
          return fail(std::string(column.name) + " \"" + excerpt(word) + "\" is no time of the calendar since 1970");
        }
        request.at = *time;
        return true;
      }
      case TraceColumn::input:
        if (!read_number(word, column, kTokensMax.count(), number)) return false;
        request.input = Tokens{number};
        return true;
      case TraceColumn::output:
        if (!read_number(word, column, kTokensMax.count(), number)) return false;
        request.output = Tokens{number};
        request.max_tokens = request.output;
        return true;
      case TraceColumn::cached:
        if (word.empty()) return true;
        if (!read_number(word, column, kTokensMax.count(), number)) return false;
        request.cached_input = Tokens{number};
        return true;
      case TraceColumn::prompt:
        return read_text(word, request.prompt);
      case TraceColumn::user:
        return read_name(word, column, request.user);
      case TraceColumn::team:
        return read_name(word, column, request.team);
      case TraceColumn::key:
        return read_name(word, column, request.key);
      case TraceColumn::model:
        return read_name(word, column, request.provider);
      case TraceColumn::route:
        if (!word.empty() && std::ranges::find(routes_, word) == routes_.end()) return fail(problem_with_route(word));
        return read_text(word, request.route);
      case TraceColumn::unused:
        return true;
    }
    return true;
  }

  [[nodiscard]] std::string problem_with_route(std::string_view word) const {
    std::string problem = "no route is named \"" + excerpt(word) + "\"; ";
    if (routes_.empty()) return problem + "write \"routes\" at the top of the scenario";
    return problem + help_with_words(word, routes_) + " (an empty field asks for the workload's route)";
  }

  static bool read_text(std::string_view word, std::optional<std::string>& text) {
    if (!word.empty()) text = std::string(word);
    return true;
  }

  // Reports print it.
  bool read_name(std::string_view word, const NamedColumn& column, std::optional<std::string>& name) {
    if (const auto problem = problem_with_name(std::string(word)); problem && !word.empty())
      return fail(std::string(column.name) + ' ' + *problem);
    return read_text(word, name);
  }

  bool read_number(std::string_view word, const NamedColumn& column, std::int64_t most, std::int64_t& number) {
    const std::string name{column.name};
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool is_number = problem == std::errc{} && end == word.data() + word.size() && !word.empty();
    if (!is_number) return fail(name + " \"" + excerpt(word) + "\" is not a whole number");
    if (number < 0) return fail(name + ' ' + std::string(word) + " is negative");
    if (number > most) return fail(name + ' ' + std::string(word) + " is above " + std::to_string(most) + ", the most");
    return true;
  }

  Diagnostics& diagnostics_;
  std::string file_;
  std::vector<std::string> routes_;
  std::vector<const NamedColumn*> columns_;  // of the file
  std::size_t time_place_ = 0;               // of these
  bool is_json_ = false;
  std::string_view line_;
  std::size_t line_number_ = 0;
  std::size_t errors_ = 0;
};

// The first provider that is named so, or whose model is. Nothing: a trace of other models goes where its requests go.
std::optional<std::string> provider_of_model(const Scenario& scenario, const std::string& model) {
  for (const ProviderSpec& provider : scenario.providers) {
    if (provider.name == model) return provider.name;
  }
  for (const ProviderSpec& provider : scenario.providers) {
    if (provider.model == model) return provider.name;
  }
  return std::nullopt;
}

// The column of models names providers from here on.
void resolve_models(const Scenario& scenario, sim::TraceReplay& replay, std::vector<ListedRequest>& requests) {
  std::map<std::string, std::optional<std::string>> known;
  for (ListedRequest& request : requests) {
    if (!request.provider) continue;
    const auto [place, is_new] = known.try_emplace(*request.provider);
    if (is_new) place->second = provider_of_model(scenario, *request.provider);
    if (!place->second && ++replay.strangers == 1) replay.stranger = visible_text(*request.provider);
    request.provider = place->second;
  }
}

// Times since 1970 are counted from the first row.
void shift_epoch(sim::TraceReplay& replay, std::vector<ListedRequest>& requests) {
  if (requests.empty() || requests.front().at < kEpochLeast) return;
  replay.shift = requests.front().at;
  for (ListedRequest& request : requests) request.at -= replay.shift;
}

// The first whole second at which every trace has been played.
std::optional<Duration> end_of_traces(const Scenario& scenario) {
  std::optional<Duration> end;
  for (const WorkloadSpec& workload : scenario.workloads) {
    const auto* replay = std::get_if<sim::TraceReplay>(&workload.executor);
    if (replay == nullptr || workload.requests.empty()) continue;
    const Duration last = replay->played_at(workload.requests.back().at);
    const Duration length = std::min(last + Duration{1}, workload.duration.value_or(Duration::max()));
    end = std::max(end.value_or(Duration{0}), workload.start + length);
  }
  if (!end) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(*end);
}

}  // namespace

void read_traces(Reading& reading, Scenario& scenario) {
  for (WorkloadSpec& workload : scenario.workloads) {
    auto* replay = std::get_if<sim::TraceReplay>(&workload.executor);
    if (replay == nullptr || replay->trace.empty()) continue;
    const bool is_absolute = replay->trace.starts_with('/');
    const std::string path = is_absolute ? replay->trace : reading.directory() + replay->trace;
    std::string text;
    try {
      text = read_whole_file(path);
    } catch (const FileError& error) {
      reading.error_at("/workload" + pointer_step(workload.name) + "/trace", error.what());
      continue;
    }
    const auto whole = text.size() > kFileBytesMax ? std::nullopt : unpacked(std::move(text), kFileBytesMax);
    if (!whole) {
      reading.error_at("/workload" + pointer_step(workload.name) + "/trace",
                       "the trace is longer than 256 MiB, or is damaged gzip or zstd");
      continue;
    }
    scenario.hash = stable_hash(*whole, scenario.hash);
    workload.requests = TraceReader(reading.diagnostics(), path, reading.names.routes).read(*whole);
    shift_epoch(*replay, workload.requests);
    if (replay->until && !workload.requests.empty()) {
      std::erase_if(workload.requests, [&](const ListedRequest& row) { return row.at >= *replay->until; });
      if (workload.requests.empty()) {
        reading.error_at("/workload" + pointer_step(workload.name) + "/until", "no row of the trace comes before it");
      }
    }
    resolve_models(scenario, *replay, workload.requests);
  }
  const auto end = end_of_traces(scenario);
  if (end && !reading.was_written("/duration")) scenario.duration = *end;
}

}  // namespace windtunnel::scenarios
