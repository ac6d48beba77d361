#pragma once
// The records of a JSON file, one at a time, whatever their arrangement:
//
//   {...}\n{...}\n             one a line
//   {\n ...\n}\n{...}          one after the other
//   [{...},\n{...}]            a list
//   {..., "data": [{...}]}     a page: the list "data" or "resourceSpans" of an object that holds it
//
// Only one record is in memory. A broken one costs itself alone where each record has its line: a text that runs over
// the end of its line, or a line that begins with `{` where no value can stand or where each record before had one
// line, ends it, and the next line begins afresh.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files/byte_source.h"

namespace windtunnel::reports {

struct JsonRecord {
  std::string_view text;          // good until the next call; kPadding bytes behind it may be read
  std::uint64_t line = 0;         // on which it begins, from 1
  const char* problem = nullptr;  // why the text is no record; null: it may be one
};

class JsonRecords {
 public:
  static constexpr std::size_t kPadding = 64;

  explicit JsonRecords(std::unique_ptr<ByteSource> bytes);
  // Of a text instead of a file.
  explicit JsonRecords(std::string text);

  // Nothing at the end. Throws ReportError if the file cannot be read.
  [[nodiscard]] std::optional<JsonRecord> next();
  // The records so far came from a list, so that a line may hold several.
  [[nodiscard]] bool is_list() const { return was_list_; }

 private:
  enum class Place : std::uint8_t { outside, object, garbage, tail };

  // The next byte; nothing at the end.
  [[nodiscard]] std::optional<char> get();
  [[nodiscard]] std::optional<char> look();
  bool fill();
  JsonRecord take(const char* problem);
  // Consumes one byte; a record if it ends one.
  std::optional<JsonRecord> step(char byte);
  std::optional<JsonRecord> step_object(char byte);
  void step_string(char byte);
  void copy_text();
  void step_tail(char byte);
  void step_bracket(char byte);
  [[nodiscard]] bool enters_page() const;
  [[nodiscard]] bool is_cut_short();
  void begin(Place place, char byte);

  std::unique_ptr<ByteSource> bytes_;  // null: text_ is all there is
  std::string text_;                   // [at_, size) has not been consumed
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;

  Place place_ = Place::outside;
  bool in_list_ = false;  // of records
  bool was_list_ = false;
  bool in_page_ = false;    // the list is inside of an object
  bool has_line_ = false;   // a record has ended on the line on which it began
  bool has_lines_ = false;  // a record has ended on another one
  std::string record_;
  std::uint64_t record_line_ = 0;
  std::string open_;  // the brackets that are open, outermost first
  bool in_string_ = false;
  bool escaped_ = false;
  char last_ = 0;              // the last byte that is no blank, outside of a text
  std::size_t key_begin_ = 0;  // of the latest text of depth 1, in record_
  std::size_t key_end_ = 0;
};

}  // namespace windtunnel::reports
