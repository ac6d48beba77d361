#pragma once
// What is wrong with a scenario file: every error with its place, the line it stands in, and the nearest valid word.
//
// All errors of a file are collected and thrown together as one ScenarioError; a file with any error runs nothing.

#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windtunnel::scenarios {

// Where a key or value was written. Lines and columns count from 1, columns in code points; line 0 is "nowhere".
struct Place {
  int line = 0;
  int column = 0;
  int set = -1;  // the ordinal of the `--set` that wrote it; -1: the file
  friend bool operator==(const Place&, const Place&) = default;
};

struct Diagnostic {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  std::string file;     // the file's name, or the `--set path=value`
  int line = 0;         // 0: the whole file
  int column = 0;       // 0: the whole line
  std::string pointer;  // RFC 6901; empty: the root, or not a JSON file
  std::string message;
  std::string source;  // the line as written
  std::string help;    // empty: none

  // outage.json:14:9: /faults/1/duration: -5s is negative, then the line, a caret and the help. Ends without a newline.
  [[nodiscard]] std::string text() const;
};

// Collects the findings about one file, its `--set`s and its traces.
class Diagnostics {
 public:
  Diagnostics(std::string file, std::string text);

  // `set` texts are named as the place of what they wrote; their ordinal is Place::set.
  int add_set(std::string set);
  [[nodiscard]] const std::string& set(int ordinal) const { return sets_[static_cast<std::size_t>(ordinal)]; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& source() const { return text_; }

  void error(Place place, std::string_view pointer, std::string message, std::string help = {});
  void warning(Place place, std::string_view pointer, std::string message, std::string help = {});
  // An error in another file, such as a trace.
  void error_in(std::string file, int line, std::string message, std::string source);

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  // An error stands at this pointer or below it.
  [[nodiscard]] bool has_error_under(std::string_view pointer) const;
  // In the order of the file; what `--set`s wrote comes after it, other files last.
  [[nodiscard]] std::vector<Diagnostic> errors() const { return sorted(Diagnostic::Severity::error); }
  [[nodiscard]] std::vector<Diagnostic> warnings() const { return sorted(Diagnostic::Severity::warning); }
  // Throws a ScenarioError if there is an error.
  void throw_if_errors() const;

 private:
  struct Entry {
    Diagnostic diagnostic;
    int rank = 0;  // 0: the file, 1: its sets, 2: other files
  };
  void add(Diagnostic::Severity severity, Place place, std::string_view pointer, std::string message, std::string help);
  [[nodiscard]] std::vector<Diagnostic> sorted(Diagnostic::Severity severity) const;
  [[nodiscard]] std::string line_at(int line) const;

  std::string file_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
  std::vector<std::string> sets_;
  std::vector<Entry> entries_;
  std::size_t errors_ = 0;
};

// A scenario that cannot run: exit code 3.
class ScenarioError : public std::exception {
 public:
  ScenarioError(std::vector<Diagnostic> diagnostics, std::size_t errors);
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  // Every error, a blank line between two, ready to print; ends without a newline.
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::vector<Diagnostic> diagnostics_;
  std::string text_;
};

// A file that could not be opened or read: exit code 4.
class FileError : public std::exception {
 public:
  explicit FileError(std::string message) : message_(std::move(message)) {}
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// `did you mean "duration"?`, or `the words here are a, b, c` when none is near and they are few; else empty.
std::string help_with_words(std::string_view written, std::span<const std::string> words,
                            std::string_view noun = "words");

// A value shortened for a message: at most 60 characters, control characters and broken UTF-8 shown as '?'.
std::string excerpt(std::string_view text);

// The longest file that any reader takes.
inline constexpr std::size_t kFileBytesMax = std::size_t{256} << 20;

// The whole file as bytes; "-" is standard input, which is read once and is the same for every reader. Of a longer file
// than `bytes_max` only the beginning is read, so that the caller can refuse it for its length. Throws FileError.
std::string read_whole_file(const std::string& path, std::size_t bytes_max = kFileBytesMax);

}  // namespace windtunnel::scenarios
