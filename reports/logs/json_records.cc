#include "reports/logs/json_records.h"

#include <array>
#include <utility>

#include "reports/files/line_source.h"

namespace windtunnel::reports {
namespace {

constexpr std::size_t kRecordMax = LineSource::kLineMax;
// Of what is no record only the beginning is kept, because it is only shown.
constexpr std::size_t kGarbageKept = 200;

bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

}  // namespace

JsonRecords::JsonRecords(std::unique_ptr<ByteSource> bytes) : bytes_(std::move(bytes)) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::array<char, 3> mark{};
  if (bytes_->peek(mark.size()) == kByteOrderMark) (void)bytes_->read(mark.data(), mark.size());
}

JsonRecords::JsonRecords(std::string text) : text_(std::move(text)) {}

bool JsonRecords::fill() {
  if (!bytes_) return false;
  text_.resize(ByteSource::kBlock);
  text_.resize(bytes_->read(text_.data(), text_.size()));
  at_ = 0;
  return !text_.empty();
}

std::optional<char> JsonRecords::get() {
  if (at_ == text_.size() && !fill()) return std::nullopt;
  const char byte = text_[at_++];
  if (byte == '\n') ++line_;
  return byte;
}

std::optional<char> JsonRecords::look() {
  if (at_ == text_.size() && !fill()) return std::nullopt;
  return text_[at_];
}

void JsonRecords::begin(Place place, char byte) {
  place_ = place;
  record_.assign(1, byte);
  record_line_ = line_;
  open_.assign(1, byte);
  in_string_ = escaped_ = false;
  last_ = byte;
  key_begin_ = key_end_ = 0;
}

JsonRecord JsonRecords::take(const char* problem) {
  place_ = Place::outside;
  record_.reserve(record_.size() + kPadding);
  return {.text = record_, .line = record_line_, .problem = problem};
}

// The list that was just begun is the one that a page is for.
bool JsonRecords::enters_page() const {
  const std::string_view key = std::string_view{record_}.substr(key_begin_, key_end_ - key_begin_);
  return !in_list_ && open_.size() == 1 && last_ == ':' && (key == "data" || key == "resourceSpans");
}

// The next line begins with `{` where no value can stand, or where each record so far had a line.
bool JsonRecords::is_cut_short() {
  if (has_line_ && !has_lines_ && !in_list_) return look() == '{';
  const bool takes_value = last_ == ':' || (open_.back() == '[' && (last_ == ',' || last_ == '['));
  return !takes_value && look() == '{';
}

void JsonRecords::step_bracket(char byte) {
  if (byte == '{' || byte == '[') open_ += byte;
  if (byte == '}' || byte == ']') open_.pop_back();
}

// Takes what is in memory of a text up to its next quote, backslash or line end, because prompts are most of a log.
void JsonRecords::copy_text() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' && text_[at_] != '\n') ++at_;
  record_.append(text_, begin, at_ - begin);
}

void JsonRecords::step_string(char byte) {
  if (escaped_) {
    escaped_ = false;
  } else if (byte == '\\') {
    escaped_ = true;
  } else if (byte == '"') {
    in_string_ = false;
    last_ = '"';
    if (open_.size() == 1) key_end_ = record_.size() - 1;
  }
}

std::optional<JsonRecord> JsonRecords::step_object(char byte) {
  if (byte == '\n' && in_string_) return take("a text runs over the end of the line");
  if (byte == '\n' && is_cut_short()) return take("it stops in the middle");
  if (byte == '[' && !in_string_ && enters_page()) {
    place_ = Place::outside;
    in_list_ = was_list_ = in_page_ = true;
    return std::nullopt;
  }
  record_ += byte;
  if (record_.size() > kRecordMax)
    throw ReportError(bytes_ ? bytes_->path() : "", "read",
                      "a record of more than " + std::to_string(kRecordMax) + " bytes");
  if (in_string_) {
    step_string(byte);
    return std::nullopt;
  }
  if (byte == '"') {
    in_string_ = true;
    if (open_.size() == 1) key_begin_ = record_.size();
  }
  step_bracket(byte);
  if (!is_blank(byte)) last_ = byte;
  if (!open_.empty()) return std::nullopt;
  (record_line_ == line_ ? has_line_ : has_lines_) = true;
  return take(nullptr);
}

// What follows the list of a page, up to the end of the page's object.
void JsonRecords::step_tail(char byte) {
  if (in_string_) return step_string(byte);
  if (byte == '"') in_string_ = true;
  step_bracket(byte);
  if (open_.empty()) place_ = Place::outside;
}

std::optional<JsonRecord> JsonRecords::step(char byte) {
  switch (place_) {
    case Place::object:
      return step_object(byte);
    case Place::garbage:
      if (byte == '\n' || (in_list_ && byte == ',')) return take("it is no JSON object");
      if (record_.size() < kGarbageKept) record_ += byte;
      return std::nullopt;
    case Place::tail:
      step_tail(byte);
      return std::nullopt;
    case Place::outside:
      break;
  }
  if (is_blank(byte) || (in_list_ && byte == ',')) return std::nullopt;
  if (byte == '{') {
    begin(Place::object, byte);
  } else if (byte == '[' && !in_list_) {
    in_list_ = was_list_ = true;
  } else if (byte == ']' && in_list_) {
    in_list_ = false;
    if (std::exchange(in_page_, false)) begin(Place::tail, '{');
  } else {
    begin(Place::garbage, byte);
  }
  return std::nullopt;
}

std::optional<JsonRecord> JsonRecords::next() {
  while (const auto byte = get()) {
    if (auto record = step(*byte)) return record;
    if (place_ == Place::object && in_string_ && !escaped_) copy_text();
  }
  const Place place = std::exchange(place_, Place::outside);
  if (place == Place::object) return take("the file stops in the middle of it");
  if (place == Place::garbage) return take("it is no JSON object");
  if (bytes_ && bytes_->cut_short()) {
    bytes_.reset();
    record_.clear();
    return JsonRecord{.text = {}, .line = line_, .problem = "the compressed file stops in the middle"};
  }
  return std::nullopt;
}

}  // namespace windtunnel::reports
