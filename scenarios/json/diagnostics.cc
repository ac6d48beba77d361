#include "scenarios/json/diagnostics.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ios>
#include <iostream>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/utf8.h"
#include "base/visible_text.h"
#include "base/words/nearest_word.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {
namespace {

constexpr std::size_t kErrorsKept = 100;   // the rest is only counted
constexpr std::size_t kSourceShown = 120;  // code points of a source line; a minified file has one enormous line
constexpr std::size_t kWordsListed = 12;

// The offset of the code point with this ordinal, or the end.
std::size_t offset_of(std::string_view text, std::size_t ordinal) { return first_characters(text, ordinal).size(); }

// As wide as the text: what would steer a terminal is "?", and so are the colons and the bracket that a CI job would
// take for the begin of a command.
std::string printable(std::string_view text) {
  std::string result;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    const std::string_view character = rest.substr(0, std::max<std::size_t>(length, 1));
    const std::uint32_t code = length > 0 ? code_point_of(character) : 0;
    const bool is_hidden = is_control(code) || is_invisible(code);
    result += character == "\t" || !is_hidden ? character : "?";
    rest.remove_prefix(character.size());
  }
  const std::size_t first = std::min(result.find_first_not_of(" \t"), result.size());
  if (result.compare(first, 2, "::") == 0) result.replace(first, 2, "??");
  for (std::size_t at = 0; (at = result.find("##[", at)) != std::string::npos;) result[at + 2] = '?';
  return result;
}

// The line with a caret under the column, cut to a window around it.
std::string with_caret(std::string_view source, int column) {
  const std::size_t caret = column > 0 ? static_cast<std::size_t>(column - 1) : 0;
  const std::size_t first = caret > kSourceShown * 2 / 3 ? caret - kSourceShown / 2 : 0;
  const std::size_t begin = offset_of(source, first);
  const std::string_view rest = source.substr(begin);
  const std::string_view shown = rest.substr(0, offset_of(rest, kSourceShown));
  const std::string_view before = shown.substr(0, offset_of(shown, caret - first));
  std::string text = "    ";
  if (first > 0) text += "...";
  text += printable(shown);
  if (shown.size() < rest.size()) text += "...";
  if (column == 0) return text;
  text += "\n    ";
  if (first > 0) text += "   ";
  for (std::string_view rest_before = before; !rest_before.empty();) {
    text += rest_before.front() == '\t' ? '\t' : ' ';
    rest_before.remove_prefix(first_characters(rest_before, 1).size());
  }
  return text + '^';
}

}  // namespace

std::string Diagnostic::text() const {
  std::string text = file;
  if (line > 0) text += ':' + std::to_string(line);
  if (line > 0 && column > 0) text += ':' + std::to_string(column);
  text += ": ";
  if (severity == Severity::warning) text += "warning: ";
  if (!pointer.empty()) text += printable(pointer.size() > 200 ? pointer.substr(0, 200) + "..." : pointer) + ": ";
  text += message;
  if (line > 0 && !source.empty()) text += '\n' + with_caret(source, column);
  if (!help.empty()) text += "\n    help: " + help;
  return text;
}

Diagnostics::Diagnostics(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

int Diagnostics::add_set(std::string set) {
  sets_.push_back(std::move(set));
  return static_cast<int>(sets_.size()) - 1;
}

std::string Diagnostics::line_at(int line) const {
  if (line < 1 || static_cast<std::size_t>(line) > line_starts_.size()) return {};
  const std::size_t begin = line_starts_[static_cast<std::size_t>(line) - 1];
  std::size_t end = text_.find('\n', begin);
  if (end == std::string::npos) end = text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return text_.substr(begin, end - begin);
}

void Diagnostics::error(Place place, std::string_view pointer, std::string message, std::string help) {
  add(Diagnostic::Severity::error, place, pointer, std::move(message), std::move(help));
}

void Diagnostics::warning(Place place, std::string_view pointer, std::string message, std::string help) {
  add(Diagnostic::Severity::warning, place, pointer, std::move(message), std::move(help));
}

void Diagnostics::add(Diagnostic::Severity severity, Place place, std::string_view pointer, std::string message,
                      std::string help) {
  if (severity == Diagnostic::Severity::error && ++errors_ > kErrorsKept) return;
  Entry entry;
  entry.diagnostic = {severity,           file_, place.line,     place.column, std::string(pointer),
                      std::move(message), {},    std::move(help)};
  if (place.set >= 0) {
    entry.rank = 1;
    entry.diagnostic.file = "--set " + excerpt(set(place.set));
    entry.diagnostic.line = 0;
  } else {
    entry.diagnostic.source = line_at(place.line);
  }
  entries_.push_back(std::move(entry));
}

void Diagnostics::error_in(std::string file, int line, std::string message, std::string source) {
  if (++errors_ > kErrorsKept) return;
  Entry entry;
  entry.rank = 2;
  entry.diagnostic = {Diagnostic::Severity::error, std::move(file),   line, 0, {},
                      std::move(message),          std::move(source), {}};
  entries_.push_back(std::move(entry));
}

std::vector<Diagnostic> Diagnostics::sorted(Diagnostic::Severity severity) const {
  std::vector<Entry> entries;
  for (const Entry& entry : entries_) {
    if (entry.diagnostic.severity == severity) entries.push_back(entry);
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tuple(a.rank, a.diagnostic.line, a.diagnostic.column) <
           std::tuple(b.rank, b.diagnostic.line, b.diagnostic.column);
  });
  std::vector<Diagnostic> result;
  result.reserve(entries.size());
  for (Entry& entry : entries) result.push_back(std::move(entry.diagnostic));
  return result;
}

bool Diagnostics::has_error_under(std::string_view pointer) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    const std::string& at = entry.diagnostic.pointer;
    return entry.diagnostic.severity == Diagnostic::Severity::error && at.starts_with(pointer) &&
           (at.size() == pointer.size() || at[pointer.size()] == '/');
  });
}

void Diagnostics::throw_if_errors() const {
  if (has_errors()) throw ScenarioError(errors(), errors_);
}

ScenarioError::ScenarioError(std::vector<Diagnostic> diagnostics, std::size_t errors)
    : diagnostics_(std::move(diagnostics)) {
  for (const Diagnostic& diagnostic : diagnostics_) {
    if (!text_.empty()) text_ += "\n\n";
    text_ += diagnostic.text();
  }
  if (errors > diagnostics_.size()) text_ += "\n\nand " + std::to_string(errors - diagnostics_.size()) + " more errors";
}

std::string help_with_words(std::string_view written, std::span<const std::string> words, std::string_view noun) {
  if (const auto word = nearest_word(written, words)) return "did you mean \"" + *word + "\"?";
  if (words.empty() || words.size() > kWordsListed) return {};
  std::string text = "the " + std::string(noun) + " here are ";
  if (words.size() == 1) text = "only this is possible here: ";
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : ", ") + words[i];
  return text;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 60;
  const std::size_t end = offset_of(text, kShown);
  std::string result = is_utf8(text.substr(0, end)) ? printable(text.substr(0, end)) : "(not UTF-8)";
  std::replace(result.begin(), result.end(), '\t', '?');
  if (end < text.size()) result += "...";
  return result;
}

namespace {

// Reads on until the end, or until `text` is longer than `bytes_max`: the caller refuses it for its length.
void read_stream(std::string& text, std::istream& stream, const std::string& name, std::size_t bytes_max) {
  char block[65536];
  while (text.size() <= bytes_max && (stream.read(block, sizeof block) || stream.gcount() > 0)) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw FileError(name + ": cannot read it: " + std::generic_category().message(errno));
}

}  // namespace

std::string read_whole_file(const std::string& path, std::size_t bytes_max) {
  if (path == "-") {
    static std::string input;
    read_stream(input, std::cin, "standard input", bytes_max);
    return input;
  }
  if (const auto problem = problem_with_name(path)) throw FileError(visible_text(path) + ": its name " + *problem);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw FileError(path + ": cannot open it: " + std::generic_category().message(errno));
  std::string text;
  read_stream(text, file, path, bytes_max);
  return text;
}

}  // namespace windtunnel::scenarios
