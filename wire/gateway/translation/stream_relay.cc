#include "wire/gateway/translation/stream_relay.h"

#include <simdjson.h>

#include <algorithm>

#include "wire/gateway/translation/stated_kinds.h"

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;

std::string_view word_at(dom::element object, std::string_view pointer) {
  std::string_view text;
  return object.at_pointer(pointer).get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::optional<std::int64_t> event_count(dom::element object, std::string_view pointer) {
  std::int64_t count = 0;
  if (object.at_pointer(pointer).get(count) != simdjson::SUCCESS || count < 0) return std::nullopt;
  return count;
}

bool holds(dom::element object, std::string_view pointer) {
  dom::element value;
  return object.at_pointer(pointer).get(value) == simdjson::SUCCESS && !value.is_null();
}

dom::element element_of(const void* root) { return *static_cast<const dom::element*>(root); }

// The end of the first event in the text and of the blank line behind it; npos: it has not come.
struct EventEnd {
  std::size_t event = std::string_view::npos;
  std::size_t next = 0;
};
EventEnd event_end(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (text.substr(at + 1, 1) == "\n") return {at, at + 2};
    if (text.substr(at + 1, 2) == "\r\n") return {at, at + 3};
  }
  return {};
}

}  // namespace

StreamRelay::StreamRelay(Wish wish) : wish_(std::move(wish)) {
  answer_.id = wish_.id;
  answer_.model = wish_.model;
  answer_.created = wish_.created;
}

void StreamRelay::put(std::string_view bytes, std::string& out) {
  unread_ += bytes;
  std::size_t begin = 0;
  while (trouble_ == Trouble::none) {
    const std::string_view rest = std::string_view(unread_).substr(begin);
    const EventEnd end = event_end(rest);
    if (end.event == std::string_view::npos) break;
    take_event(rest.substr(0, end.next), out);
    begin += end.next;
  }
  unread_.erase(0, begin);
}

void StreamRelay::take_event(std::string_view event, std::string& out) {
  std::string data;
  std::string_view type;
  for (std::string_view rest = event; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (line.starts_with("data:")) data += (data.empty() ? "" : "\n") + std::string(value);
    if (line.starts_with("event:")) type = value;
  }
  // A comment keeps the connection alive.
  if (data.empty()) return;
  take_data(type, data, event, out);
}

void StreamRelay::take_data(std::string_view type, std::string_view data, std::string_view event, std::string& out) {
  if (wish_.from == Api::chat && data == "[DONE]") {
    has_end_ = true;
    if (wish_.from == wish_.to) {
      out += event;
    } else {
      take_end(out);
    }
    return;
  }
  dom::parser parser;
  dom::element root;
  if (parser.parse(data.data(), data.size()).get(root) != simdjson::SUCCESS || !root.is_object()) {
    trouble_ = Trouble::garbage;
    return;
  }
  if (type.empty()) type = word_at(root, "/type");
  if ((holds(root, "/error") && wish_.from != Api::responses) || type == "error") {
    trouble_ = Trouble::error_event;
    return;
  }
  if (wish_.from == Api::chat) return take_chat(&root, event, out);
  if (wish_.from == Api::messages) {
    take_messages(&root, type, out);
  } else {
    take_responses(&root, type, out);
  }
  if (wish_.from == wish_.to) out += event;
}

void StreamRelay::take_chat(const void* element, std::string_view event, std::string& out) {
  const dom::element root = element_of(element);
  const bool has_usage = holds(root, "/usage");
  if (has_usage) {
    const auto input = event_count(root, "/usage/prompt_tokens");
    const auto output = event_count(root, "/usage/completion_tokens");
    if (input && output) take_usage(Api::chat, &root, "/usage", {Tokens{*input}, Tokens{*output}});
  }
  if (const std::string_view word = word_at(root, "/choices/0/finish_reason"); !word.empty()) {
    answer_.finish = finish_of(Api::chat, word);
  }
  dom::array calls;
  if (root.at_pointer("/choices/0/delta/tool_calls").get(calls) == simdjson::SUCCESS) {
    has_text_ = true;
    for (const dom::element call : calls) {
      const auto place =
          static_cast<std::size_t>(std::clamp<std::int64_t>(event_count(call, "/index").value_or(0), 0, 127));
      if (place >= answer_.tools.size()) answer_.tools.resize(place + 1);
      answer_.tools[place].id += word_at(call, "/id");
      answer_.tools[place].name += word_at(call, "/function/name");
      answer_.tools[place].arguments += word_at(call, "/function/arguments");
    }
  }
  const std::string_view text = word_at(root, "/choices/0/delta/content");
  if (wish_.from == wish_.to) {
    if (answer_.id.empty()) answer_.id = word_at(root, "/id");
    if (answer_.model.empty()) answer_.model = word_at(root, "/model");
    answer_.text += text;
    has_text_ = has_text_ || !text.empty();
    // The last event has the usage and no choices.
    if (has_usage && !wish_.wants_usage && !holds(root, "/choices/0")) return;
    out += event;
    return;
  }
  if (!text.empty()) take_text(text, out);
}

void StreamRelay::take_messages(const void* element, std::string_view type, std::string& out) {
  const dom::element root = element_of(element);
  if (type == "message_start") {
    const auto plain = event_count(root, "/message/usage/input_tokens");
    const std::int64_t written = event_count(root, "/message/usage/cache_creation_input_tokens").value_or(0);
    const std::int64_t cached = event_count(root, "/message/usage/cache_read_input_tokens").value_or(0);
    const std::int64_t output = event_count(root, "/message/usage/output_tokens").value_or(0);
    if (plain) {
      take_usage(Api::messages, &root, "/message/usage", {Tokens{*plain + written + cached}, Tokens{output}});
    }
    if (wish_.from == wish_.to) {
      answer_.id = word_at(root, "/message/id");
      answer_.model = word_at(root, "/message/model");
    }
  }
  if (type == "content_block_start" && word_at(root, "/content_block/type") == "tool_use") {
    has_text_ = true;
    answer_.tools.push_back(
        {std::string(word_at(root, "/content_block/id")), std::string(word_at(root, "/content_block/name")), ""});
  }
  if (type == "content_block_delta") {
    if (const std::string_view text = word_at(root, "/delta/text"); !text.empty()) take_text(text, out);
    if (const std::string_view part = word_at(root, "/delta/partial_json"); !part.empty() && !answer_.tools.empty()) {
      answer_.tools.back().arguments += part;
    }
  }
  if (type == "message_delta") {
    if (const auto output = event_count(root, "/usage/output_tokens")) {
      if (!answer_.usage) answer_.usage.emplace();
      answer_.usage->output = Tokens{*output};
    }
    if (const std::string_view word = word_at(root, "/delta/stop_reason"); !word.empty()) {
      answer_.finish = finish_of(Api::messages, word);
    }
  }
  if (type == "message_stop") {
    has_end_ = true;
    if (wish_.from != wish_.to) take_end(out);
  }
}

void StreamRelay::take_responses(const void* element, std::string_view type, std::string& out) {
  const dom::element root = element_of(element);
  if (type == "response.created") {
    answer_.id = word_at(root, "/response/id");
    answer_.model = word_at(root, "/response/model");
  }
  if (type == "response.output_text.delta") take_text(word_at(root, "/delta"), out);
  if (type == "response.failed") trouble_ = Trouble::error_event;
  if (type != "response.completed" && type != "response.incomplete") return;
  has_end_ = true;
  if (type == "response.incomplete") answer_.finish = Finish::length;
  const auto input = event_count(root, "/response/usage/input_tokens");
  const auto output = event_count(root, "/response/usage/output_tokens");
  if (input && output) take_usage(Api::responses, &root, "/response/usage", {Tokens{*input}, Tokens{*output}});
}

void StreamRelay::take_usage(Api api, const void* element, const std::string& pointer, monitor::Usage usage) {
  usage.kinds = stated_kinds(api, element, pointer, usage);
  answer_.usage = usage;
}

void StreamRelay::take_text(std::string_view text, std::string& out) {
  has_text_ = true;
  answer_.text += text;
  if (wish_.from == wish_.to) return;
  if (!has_begun_) out += begin_text(wish_.to, answer_);
  has_begun_ = true;
  out += piece_text(wish_.to, answer_, text);
}

void StreamRelay::take_end(std::string& out) {
  if (!has_begun_) out += begin_text(wish_.to, answer_);
  has_begun_ = true;
  out += end_text(wish_.to, answer_, wish_.wants_usage);
}

}  // namespace windtunnel::wire
