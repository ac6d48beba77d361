#include "reports/logs/csv_records.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace windtunnel::reports {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
// A quoted field may run over so many bytes; beyond, the quote was none.
constexpr std::size_t kFieldMax = 100'000'000;

char separator_of(std::string_view header) {
  const auto count = [&](char separator) { return std::ranges::count(header, separator); };
  char best = ',';
  for (const char separator : {';', '\t'}) {
    if (count(separator) > count(best)) best = separator;
  }
  return best;
}

// Takes the fields off one line. `open` is whether a quoted field runs on at its end.
void take_fields(std::string_view line, char separator, std::vector<std::string>& fields, bool& open) {
  if (open) {
    fields.back() += '\n';
  } else {
    fields.emplace_back();
  }
  bool quoted = open;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char byte = line[i];
    if (quoted && byte == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (byte == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (byte == separator && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += byte;
    }
  }
  open = quoted;
}

}  // namespace

CsvRecords::CsvRecords(std::unique_ptr<ByteSource> bytes) : lines_(std::move(bytes)) {
  const auto header = lines_.next();
  if (!header) return;
  const std::string_view line = header->starts_with(kByteOrderMark) ? header->substr(kByteOrderMark.size()) : *header;
  separator_ = separator_of(line);
  bool open = false;
  take_fields(line, separator_, columns_, open);
}

bool CsvRecords::next(std::vector<std::string>& fields) {
  problem_ = nullptr;
  while (read_row(fields)) {
    if (fields.size() > 1 || !fields.front().empty()) {
      if (!problem_ && fields.size() != columns_.size()) problem_ = "it has not as many fields as there are columns";
      return true;
    }
  }
  return false;
}

bool CsvRecords::read_row(std::vector<std::string>& fields) {
  fields.clear();
  bool open = false;
  do {
    const auto line = lines_.next();
    if (!line) {
      if (open) problem_ = "a quoted field does not end";
      return open;
    }
    if (!open) line_ = lines_.line();
    take_fields(*line, separator_, fields, open);
    if (open && fields.back().size() > kFieldMax) {
      problem_ = "a quoted field does not end";
      return true;
    }
  } while (open);
  return true;
}

std::vector<std::string> csv_header(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string> columns;
  bool open = false;
  take_fields(line, separator_of(line), columns, open);
  return columns;
}

}  // namespace windtunnel::reports
