// Traces: CSV files of requests that a `replay` plays.

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/stable_hash.h"
#include "scenarios/fields/tables.h"

namespace windtunnel::scenarios {
namespace {

using sim::ListedRequest;

constexpr std::size_t kRowsMax = 10'000'000;
// 2000-01-01T00:00:00Z in a time since 1970. No trace begins that late in its own time.
constexpr Duration kEpochLeast = std::chrono::seconds{946'684'800};
constexpr std::size_t kRowErrorsMax = 10;  // a file with the wrong separator is wrong in every row
const std::vector<std::string> kColumns{"t_us", "input_tokens", "output_tokens", "prompt_key"};

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

class TraceReader {
 public:
  TraceReader(Diagnostics& diagnostics, std::string file) : diagnostics_(diagnostics), file_(std::move(file)) {}

  std::vector<ListedRequest> read(std::string_view text) {
    std::vector<ListedRequest> requests;
    requests.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!next(text) || !read_header()) return {};
    while (errors_ < kRowErrorsMax && next(text)) {
      if (line_.empty() && text.empty()) break;
      if (requests.size() == kRowsMax) {
        fail("more than 10 million rows");
        break;
      }
      if (read_row(requests.emplace_back()) && requests.size() > 1 &&
          requests.back().at < requests[requests.size() - 2].at) {
        fail("t_us goes back");
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
    for (const std::string_view name : names) {
      const auto known = std::find(kColumns.begin(), kColumns.end(), name);
      if (known == kColumns.end()) {
        return fail("the header names an unknown column \"" + excerpt(name) +
                    "\"; it is t_us,input_tokens,output_tokens[,prompt_key]");
      }
      if (std::count(names.begin(), names.end(), name) > 1)
        return fail("the header names \"" + std::string(name) + "\" twice");
      columns_.push_back(static_cast<std::size_t>(known - kColumns.begin()));
    }
    for (std::size_t i = 0; i < 3; ++i) {
      if (std::find(columns_.begin(), columns_.end(), i) == columns_.end())
        return fail("the header lacks the column " + kColumns[i]);
    }
    return true;
  }

  bool read_row(ListedRequest& request) {
    std::string_view rest = line_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool is_last = rest.find(',') == std::string_view::npos;
      if (is_last != (i + 1 == columns_.size())) {
        return fail("the row has " + std::to_string(split(line_).size()) + " columns, the header " +
                    std::to_string(columns_.size()));
      }
      const std::string_view word = take_until(rest, ',');
      std::int64_t number = 0;
      switch (columns_[i]) {
        case 0:
          if (!read_number(word, 0, std::int64_t{100} * 365 * 86'400 * 1'000'000, number)) return false;
          request.at = std::chrono::microseconds{number};
          break;
        case 1:
          if (!read_number(word, 1, kTokensMax.count(), number)) return false;
          request.input = Tokens{number};
          break;
        case 2:
          if (!read_number(word, 2, kTokensMax.count(), number)) return false;
          request.output = Tokens{number};
          request.max_tokens = request.output;
          break;
        default:
          if (!word.empty()) request.prompt = std::string(word);
          break;
      }
    }
    return true;
  }

  bool read_number(std::string_view word, std::size_t column, std::int64_t most, std::int64_t& number) {
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool is_number = problem == std::errc{} && end == word.data() + word.size() && !word.empty();
    if (!is_number) return fail(kColumns[column] + " \"" + excerpt(word) + "\" is not a whole number");
    if (number < 0) return fail(kColumns[column] + ' ' + std::string(word) + " is negative");
    if (number > most)
      return fail(kColumns[column] + ' ' + std::string(word) + " is above " + std::to_string(most) + ", the most");
    return true;
  }

  Diagnostics& diagnostics_;
  std::string file_;
  std::vector<std::size_t> columns_;  // the ordinal in kColumns of each column of the file
  std::string_view line_;
  std::size_t line_number_ = 0;
  std::size_t errors_ = 0;
};

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
    if (text.size() > kFileBytesMax) {
      reading.error_at("/workload" + pointer_step(workload.name) + "/trace", "the trace is longer than 256 MiB");
      continue;
    }
    scenario.hash = stable_hash(text, scenario.hash);
    workload.requests = TraceReader(reading.diagnostics(), path).read(text);
    shift_epoch(*replay, workload.requests);
    if (!replay->until || workload.requests.empty()) continue;
    std::erase_if(workload.requests, [&](const ListedRequest& row) { return row.at >= *replay->until; });
    if (!workload.requests.empty()) continue;
    reading.error_at("/workload" + pointer_step(workload.name) + "/until", "no row of the trace comes before it");
  }
  const auto end = end_of_traces(scenario);
  if (end && !reading.was_written("/duration")) scenario.duration = *end;
}

}  // namespace windtunnel::scenarios
