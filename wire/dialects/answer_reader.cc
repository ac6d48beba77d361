#include "wire/dialects/answer_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBlankLine = "\n\n";

void add_text(dom::element value, ReadAnswer& answer) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) answer.text += text;
}

void read_count(dom::element object, std::string_view pointer, ReadAnswer& answer) {
  std::int64_t count = 0;
  if (object.at_pointer(pointer).get(count) == simdjson::SUCCESS) answer.output_tokens = count;
}

bool is_text(dom::element object, std::string_view pointer) {
  dom::element value;
  return object.at_pointer(pointer).get(value) == simdjson::SUCCESS && value.is_string();
}

bool has(dom::element object, std::string_view pointer) {
  dom::element value;
  return object.at_pointer(pointer).get(value) == simdjson::SUCCESS;
}

void read_at(dom::element object, std::string_view pointer, ReadAnswer& answer) {
  dom::element value;
  if (object.at_pointer(pointer).get(value) == simdjson::SUCCESS) add_text(value, answer);
}

void read_whole(Api api, dom::element root, ReadAnswer& answer) {
  const bool chat = api == Api::chat;
  answer.is_garbage = !has(root, chat ? "/choices/0/message" : "/content/0");
  read_at(root, chat ? "/choices/0/message/content" : "/content/0/text", answer);
  read_count(root, chat ? "/usage/completion_tokens" : "/usage/output_tokens", answer);
  answer.has_end = is_text(root, chat ? "/choices/0/finish_reason" : "/stop_reason");
}

}  // namespace

void AnswerReader::put(std::string_view body) {
  unread_ += body;
  if (!stream_) return;
  std::size_t begin = 0;
  for (std::size_t end = unread_.find(kBlankLine); end != std::string::npos; end = unread_.find(kBlankLine, begin)) {
    read_event(std::string_view(unread_).substr(begin, end - begin));
    begin = end + kBlankLine.size();
  }
  unread_.erase(0, begin);
}

void AnswerReader::end() {
  if (stream_) {
    // An event that broke off, unless it is blank space.
    if (unread_.find_first_not_of("\r\n ") != std::string::npos) answer_.is_garbage = true;
    return;
  }
  dom::parser parser;
  dom::element root;
  if (parser.parse(unread_).get(root) != simdjson::SUCCESS) {
    answer_.is_garbage = true;
    return;
  }
  read_whole(api_, root, answer_);
}

void AnswerReader::read_event(std::string_view event) {
  constexpr std::string_view kData = "data:";
  while (!event.empty()) {
    const std::size_t end = std::min(event.find('\n'), event.size());
    std::string_view line = event.substr(0, end);
    event.remove_prefix(std::min(end + 1, event.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(kData)) continue;
    line.remove_prefix(kData.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    read_data(line);
  }
}

void AnswerReader::read_data(std::string_view data) {
  if (data == "[DONE]") {
    answer_.has_end = true;
    return;
  }
  dom::parser parser;
  dom::element root;
  if (parser.parse(data.data(), data.size()).get(root) != simdjson::SUCCESS) {
    answer_.is_garbage = true;
    return;
  }
  if (has(root, "/error")) {
    answer_.has_error = true;
    return;
  }
  if (api_ == Api::chat) {
    read_at(root, "/choices/0/delta/content", answer_);
    read_count(root, "/usage/completion_tokens", answer_);
    return;
  }
  read_at(root, "/delta/text", answer_);
  std::string_view type;
  if (root["type"].get(type) != simdjson::SUCCESS) return;
  if (type == "message_delta") read_count(root, "/usage/output_tokens", answer_);
  if (type == "message_stop") answer_.has_end = true;
}

AnswerWords words_in(std::string_view text) {
  constexpr std::string_view kCall = "call-";
  AnswerWords found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_first = found.words == 0;
    if (is_first && !word.starts_with(kCall)) found.in_order = false;
    if (is_first && word.starts_with(kCall)) word.remove_prefix(kCall.size());
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool is_number = error == std::errc{} && stop == word.data() + word.size();
    if (is_first && is_number && found.in_order) found.call = number;
    if (!is_number || (!is_first && number != static_cast<std::uint64_t>(found.words))) found.in_order = false;
    ++found.words;
  }
  return found;
}

}  // namespace windtunnel::wire
