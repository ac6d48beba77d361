#include "wire/gateway/translation/request_body.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <vector>

#include "base/json_text.h"

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;

// An object that grows by keys.
class ObjectText {
 public:
  void add(std::string_view key, std::string_view json) {
    text_ += text_.size() == 1 ? "" : ",";
    append_json_string(text_, key);
    text_ += ':';
    text_ += json;
  }
  void copy(dom::element from, std::string_view key, std::string_view to) {
    dom::element value;
    if (from[key].get(value) == simdjson::SUCCESS && !value.is_null()) add(to, simdjson::minify(value));
  }
  [[nodiscard]] std::string text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

class ListText {
 public:
  void add(std::string_view json) {
    text_ += text_.size() == 1 ? "" : ",";
    text_ += json;
  }
  [[nodiscard]] bool empty() const { return text_.size() == 1; }
  [[nodiscard]] std::string text() const { return text_ + "]"; }

 private:
  std::string text_ = "[";
};

std::string field_text(dom::element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

bool field_flag(dom::element object, std::string_view key) {
  bool value = false;
  return object[key].get(value) == simdjson::SUCCESS && value;
}

// All texts of a content, one after the other.
std::string texts_of(dom::element content) {
  std::string_view text;
  if (content.get(text) == simdjson::SUCCESS) return std::string(text);
  std::string all;
  dom::array parts;
  if (content.get(parts) != simdjson::SUCCESS) return all;
  for (const dom::element part : parts) all += field_text(part, "text");
  return all;
}

std::string number(Tokens tokens) { return std::to_string(tokens.count()); }

bool is_limit(std::string_view key) {
  return key == "max_tokens" || key == "max_completion_tokens" || key == "max_output_tokens";
}

const char* limit_word(const BodyWish& wish) {
  if (wish.to == Api::responses) return "max_output_tokens";
  return wish.to == Api::chat && wish.new_limit_word ? "max_completion_tokens" : "max_tokens";
}

// --- The same dialect ----------------------------------------------------------------------------------------------

std::string patched(const BodyWish& wish, dom::object root) {
  ObjectText out;
  std::string limit;
  bool streams = false;
  for (const auto& [key, value] : root) {
    if (key == "model") continue;
    if (is_limit(key)) {
      if (limit.empty() || key != "max_tokens") limit = key;
      if (!wish.max_tokens) out.add(key, simdjson::minify(value));
      continue;
    }
    bool flag = false;
    if (key == "stream") streams = value.get(flag) == simdjson::SUCCESS && flag;
    // The usage of every stream is needed, whether its caller wants it or not.
    if (key == "stream_options" && wish.to == Api::chat) continue;
    out.add(key, simdjson::minify(value));
  }
  out.add("model", json_string(wish.model));
  if (wish.max_tokens && wish.to != Api::embeddings) {
    out.add(limit.empty() ? limit_word(wish) : limit, number(*wish.max_tokens));
  }
  if (streams && wish.to == Api::chat) out.add("stream_options", R"({"include_usage":true})");
  return out.text();
}

// --- Parts of messages ---------------------------------------------------------------------------------------------

// An image of a chat in Anthropic's words; empty: it is none.
std::string image_for_messages(dom::element part) {
  std::string_view url;
  if (part.at_pointer("/image_url/url").get(url) != simdjson::SUCCESS) return {};
  constexpr std::string_view kData = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  const std::size_t mark = url.find(kBase64);
  if (!url.starts_with(kData) || mark == std::string_view::npos) {
    return fmt::format(R"({{"type":"image","source":{{"type":"url","url":{}}}}})", json_string(url));
  }
  return fmt::format(R"({{"type":"image","source":{{"type":"base64","media_type":{},"data":{}}}}})",
                     json_string(url.substr(kData.size(), mark - kData.size())),
                     json_string(url.substr(mark + kBase64.size())));
}

std::string image_for_chat(dom::element part) {
  dom::element source;
  if (field_text(part, "type") != "image" || part["source"].get(source) != simdjson::SUCCESS) return {};
  const std::string url = field_text(source, "type") == "url"
                              ? field_text(source, "url")
                              : "data:" + field_text(source, "media_type") + ";base64," + field_text(source, "data");
  return fmt::format(R"({{"type":"image_url","image_url":{{"url":{}}}}})", json_string(url));
}

// A content as a list of parts, or as a text where it is one.
template <class Image>
std::string content_for(dom::element content, const Image& image) {
  std::string_view text;
  if (content.get(text) == simdjson::SUCCESS) return json_string(text);
  ListText parts;
  dom::array list;
  if (content.get(list) != simdjson::SUCCESS) return "\"\"";
  for (const dom::element part : list) {
    const std::string picture = image(part);
    if (!picture.empty()) {
      parts.add(picture);
    } else if (part["text"].get(text) == simdjson::SUCCESS) {
      parts.add(fmt::format(R"({{"type":"text","text":{}}})", json_string(text)));
    }
  }
  return parts.text();
}

// --- A chat for Anthropic ------------------------------------------------------------------------------------------

std::string assistant_for_messages(dom::element message, dom::array calls) {
  ListText blocks;
  dom::element content;
  if (message["content"].get(content) == simdjson::SUCCESS) {
    const std::string text = texts_of(content);
    if (!text.empty()) blocks.add(fmt::format(R"({{"type":"text","text":{}}})", json_string(text)));
  }
  for (const dom::element call : calls) {
    dom::element function;
    if (call["function"].get(function) != simdjson::SUCCESS) continue;
    std::string arguments = field_text(function, "arguments");
    dom::parser parser;
    // Its parser is another one, because ours holds the request.
    if (arguments.empty() || parser.parse(arguments).error() != simdjson::SUCCESS) arguments = "{}";
    blocks.add(fmt::format(R"({{"type":"tool_use","id":{},"name":{},"input":{}}})", json_string(field_text(call, "id")),
                           json_string(field_text(function, "name")), arguments));
  }
  return blocks.text();
}

void add_message_for_messages(dom::element message, std::string& system, ListText& messages) {
  const std::string role = field_text(message, "role");
  dom::element content;
  const bool has_content = message["content"].get(content) == simdjson::SUCCESS && !content.is_null();
  if (role == "system" || role == "developer") {
    if (!has_content) return;
    if (!system.empty()) system += "\n\n";
    system += texts_of(content);
    return;
  }
  if (role == "tool") {
    messages.add(fmt::format(R"({{"role":"user","content":[{{"type":"tool_result","tool_use_id":{},"content":{}}}]}})",
                             json_string(field_text(message, "tool_call_id")),
                             has_content ? json_string(texts_of(content)) : "\"\""));
    return;
  }
  dom::array calls;
  if (role == "assistant" && message["tool_calls"].get(calls) == simdjson::SUCCESS && calls.begin() != calls.end()) {
    messages.add(fmt::format(R"({{"role":"assistant","content":{}}})", assistant_for_messages(message, calls)));
    return;
  }
  if (!has_content) return;
  messages.add(fmt::format(R"({{"role":"{}","content":{}}})", role == "assistant" ? "assistant" : "user",
                           content_for(content, image_for_messages)));
}

void add_tools_for_messages(dom::element root, ObjectText& out) {
  dom::array tools;
  if (root["tools"].get(tools) != simdjson::SUCCESS) return;
  ListText list;
  for (const dom::element tool : tools) {
    dom::element function;
    // Responses has the function's words beside its type.
    if (tool["function"].get(function) != simdjson::SUCCESS) function = tool;
    ObjectText text;
    text.add("name", json_string(field_text(function, "name")));
    text.copy(function, "description", "description");
    dom::element parameters;
    const bool has = function["parameters"].get(parameters) == simdjson::SUCCESS && parameters.is_object();
    text.add("input_schema", has ? simdjson::minify(parameters) : R"({"type":"object"})");
    list.add(text.text());
  }
  if (!list.empty()) out.add("tools", list.text());
  const std::string choice = field_text(root, "tool_choice");
  if (choice == "required") out.add("tool_choice", R"({"type":"any"})");
  if (choice == "auto" || choice == "none") out.add("tool_choice", R"({"type":")" + choice + "\"}");
}

std::string for_messages(const BodyWish& wish, dom::element root) {
  std::string system;
  ListText messages;
  if (wish.from == Api::responses) {
    system = field_text(root, "instructions");
    dom::element input;
    std::string_view text;
    if (root["input"].get(input) == simdjson::SUCCESS && input.get(text) == simdjson::SUCCESS) {
      messages.add(fmt::format(R"({{"role":"user","content":{}}})", json_string(text)));
    }
  }
  dom::array list;
  if (root[wish.from == Api::responses ? "input" : "messages"].get(list) == simdjson::SUCCESS) {
    for (const dom::element message : list) add_message_for_messages(message, system, messages);
  }
  ObjectText out;
  out.add("model", json_string(wish.model));
  if (!system.empty()) out.add("system", json_string(system));
  out.add("messages", messages.text());
  // It cannot be left out here.
  out.add("max_tokens", number(wish.max_tokens.value_or(Tokens{1024})));
  out.copy(root, "temperature", "temperature");
  out.copy(root, "top_p", "top_p");
  out.copy(root, "stream", "stream");
  dom::element stop;
  if (root["stop"].get(stop) == simdjson::SUCCESS && !stop.is_null()) {
    const std::string json = simdjson::minify(stop);
    out.add("stop_sequences", stop.is_array() ? json : "[" + json + "]");
  }
  add_tools_for_messages(root, out);
  const std::string user = field_text(root, "user");
  if (!user.empty()) out.add("metadata", R"({"user_id":)" + json_string(user) + "}");
  return out.text();
}

// --- Anthropic's messages, and responses, for a chat ---------------------------------------------------------------

void add_blocks_for_chat(std::string_view role, dom::array blocks, ListText& messages) {
  ListText calls;
  std::string text;
  for (const dom::element block : blocks) {
    const std::string type = field_text(block, "type");
    dom::element inner;
    if (type == "tool_result") {
      const std::string result = block["content"].get(inner) == simdjson::SUCCESS ? texts_of(inner) : std::string();
      messages.add(fmt::format(R"({{"role":"tool","tool_call_id":{},"content":{}}})",
                               json_string(field_text(block, "tool_use_id")), json_string(result)));
    } else if (type == "tool_use" && block["input"].get(inner) == simdjson::SUCCESS) {
      calls.add(fmt::format(R"({{"id":{},"type":"function","function":{{"name":{},"arguments":{}}}}})",
                            json_string(field_text(block, "id")), json_string(field_text(block, "name")),
                            json_string(std::string(simdjson::minify(inner)))));
    } else if (type == "text") {
      text += field_text(block, "text");
    }
  }
  if (!calls.empty()) {
    messages.add(fmt::format(R"({{"role":"assistant","content":{},"tool_calls":{}}})",
                             text.empty() ? "null" : json_string(text), calls.text()));
  } else if (!text.empty() && role == "assistant") {
    messages.add(fmt::format(R"({{"role":"assistant","content":{}}})", json_string(text)));
  }
}

bool has_tools(dom::array blocks) {
  for (const dom::element block : blocks) {
    if (field_text(block, "type").starts_with("tool_")) return true;
  }
  return false;
}

void add_message_for_chat(dom::element message, ListText& messages) {
  const std::string role = field_text(message, "role");
  dom::element content;
  if (message["content"].get(content) != simdjson::SUCCESS) return;
  dom::array blocks;
  if (content.get(blocks) == simdjson::SUCCESS && (has_tools(blocks) || role == "assistant")) {
    return add_blocks_for_chat(role, blocks, messages);
  }
  const bool is_known = role == "assistant" || role == "system" || role == "developer";
  messages.add(
      fmt::format(R"({{"role":"{}","content":{}}})", is_known ? role : "user", content_for(content, image_for_chat)));
}

void add_tools_for_chat(dom::element root, ObjectText& out) {
  dom::array tools;
  if (root["tools"].get(tools) != simdjson::SUCCESS) return;
  ListText list;
  for (const dom::element tool : tools) {
    ObjectText function;
    function.add("name", json_string(field_text(tool, "name")));
    function.copy(tool, "description", "description");
    function.copy(tool, "input_schema", "parameters");
    list.add(R"({"type":"function","function":)" + function.text() + "}");
  }
  if (!list.empty()) out.add("tools", list.text());
  dom::element choice;
  if (root["tool_choice"].get(choice) != simdjson::SUCCESS) return;
  const std::string type = field_text(choice, "type");
  if (type == "any") out.add("tool_choice", "\"required\"");
  if (type == "auto" || type == "none") out.add("tool_choice", json_string(type));
}

std::string for_chat(const BodyWish& wish, dom::element root) {
  ListText messages;
  dom::element system;
  if (root["system"].get(system) == simdjson::SUCCESS) {
    messages.add(fmt::format(R"({{"role":"system","content":{}}})", json_string(texts_of(system))));
  }
  dom::array list;
  if (root["messages"].get(list) == simdjson::SUCCESS) {
    for (const dom::element message : list) add_message_for_chat(message, messages);
  }
  ObjectText out;
  out.add("model", json_string(wish.model));
  out.add("messages", messages.text());
  if (wish.max_tokens) {
    out.add(limit_word(wish), number(*wish.max_tokens));
  } else {
    out.copy(root, "max_tokens", limit_word(wish));
  }
  for (const std::string_view key : {"temperature", "top_p", "stream"}) out.copy(root, key, key);
  out.copy(root, "stop_sequences", "stop");
  if (field_flag(root, "stream")) out.add("stream_options", R"({"include_usage":true})");
  add_tools_for_chat(root, out);
  dom::element user;
  if (root.at_pointer("/metadata/user_id").get(user) == simdjson::SUCCESS) out.add("user", simdjson::minify(user));
  return out.text();
}

}  // namespace

bool can_translate(Api from, Api to) {
  if (from == to) return true;
  return (from == Api::chat && to == Api::messages) || (from == Api::messages && to == Api::chat) ||
         (from == Api::responses && to == Api::messages);
}

std::string request_body(const BodyWish& wish, std::string_view body) {
  dom::parser parser;
  dom::element root;
  dom::object object;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || root.get(object) != simdjson::SUCCESS) {
    return std::string(body);
  }
  if (wish.from == wish.to) return patched(wish, object);
  return wish.to == Api::messages ? for_messages(wish, root) : for_chat(wish, root);
}

}  // namespace windtunnel::wire
