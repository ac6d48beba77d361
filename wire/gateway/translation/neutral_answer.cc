#include "wire/gateway/translation/neutral_answer.h"

#include <simdjson.h>

#include <algorithm>

#include "wire/gateway/translation/stated_kinds.h"

namespace windtunnel::wire {
namespace {

namespace dom = simdjson::dom;

std::string answer_field(dom::element object, std::string_view pointer) {
  std::string_view text;
  return object.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::optional<std::int64_t> usage_count(dom::element object, std::string_view pointer) {
  std::int64_t count = 0;
  if (object.at_pointer(pointer).get(count) != simdjson::SUCCESS || count < 0 || count > kTokensMax.count())
    return std::nullopt;
  return count;
}

// Anthropic counts tokens that it reads from or writes to its cache beside the input; OpenAI counts them within it.
std::optional<monitor::Usage> usage_of(Api api, dom::element root) {
  const bool chat = api == Api::chat || api == Api::embeddings;
  const auto input = usage_count(root, chat ? "/usage/prompt_tokens" : "/usage/input_tokens");
  auto output = usage_count(root, chat ? "/usage/completion_tokens" : "/usage/output_tokens");
  if (api == Api::embeddings && !output) output = 0;
  if (!input || !output) return std::nullopt;
  std::int64_t all = *input;
  if (api == Api::messages) {
    for (const char* const key : {"/usage/cache_creation_input_tokens", "/usage/cache_read_input_tokens"}) {
      all += usage_count(root, key).value_or(0);
    }
  }
  monitor::Usage usage{Tokens{std::min(all, kTokensMax.count())}, Tokens{*output}};
  usage.kinds = stated_kinds(api, &root, "/usage", usage);
  return usage;
}

void read_chat(dom::element root, NeutralAnswer& answer) {
  answer.text = answer_field(root, "/choices/0/message/content");
  answer.finish = finish_of(Api::chat, answer_field(root, "/choices/0/finish_reason"));
  dom::array calls;
  if (root.at_pointer("/choices/0/message/tool_calls").get(calls) != simdjson::SUCCESS) return;
  for (const dom::element call : calls) {
    answer.tools.push_back(
        {answer_field(call, "/id"), answer_field(call, "/function/name"), answer_field(call, "/function/arguments")});
  }
}

void read_messages(dom::element root, NeutralAnswer& answer) {
  answer.finish = finish_of(Api::messages, answer_field(root, "/stop_reason"));
  dom::array blocks;
  if (root["content"].get(blocks) != simdjson::SUCCESS) return;
  for (const dom::element block : blocks) {
    if (answer_field(block, "/type") == "text") answer.text += answer_field(block, "/text");
    dom::element input;
    if (answer_field(block, "/type") == "tool_use" && block["input"].get(input) == simdjson::SUCCESS) {
      answer.tools.push_back({answer_field(block, "/id"), answer_field(block, "/name"), simdjson::minify(input)});
    }
  }
}

void read_responses(dom::element root, NeutralAnswer& answer) {
  if (answer_field(root, "/incomplete_details/reason") == "max_output_tokens") answer.finish = Finish::length;
  dom::array items;
  if (root["output"].get(items) != simdjson::SUCCESS) return;
  for (const dom::element item : items) {
    if (answer_field(item, "/type") == "function_call") {
      answer.tools.push_back(
          {answer_field(item, "/call_id"), answer_field(item, "/name"), answer_field(item, "/arguments")});
      answer.finish = Finish::tool_calls;
    }
    dom::array parts;
    if (item["content"].get(parts) != simdjson::SUCCESS) continue;
    for (const dom::element part : parts) answer.text += answer_field(part, "/text");
  }
}

bool is_answer(Api api, dom::element root) {
  dom::element value;
  switch (api) {
    case Api::chat:
      return root.at_pointer("/choices/0/message").get(value) == simdjson::SUCCESS && value.is_object();
    case Api::messages:
      return root["content"].get(value) == simdjson::SUCCESS && value.is_array();
    case Api::responses:
      return root["output"].get(value) == simdjson::SUCCESS && value.is_array();
    case Api::embeddings:
      return root["data"].get(value) == simdjson::SUCCESS && value.is_array();
    case Api::models:
    case Api::health:
      break;
  }
  return false;
}

}  // namespace

Finish finish_of(Api api, std::string_view word) {
  if (word == (api == Api::messages ? "max_tokens" : "length")) return Finish::length;
  if (word == (api == Api::messages ? "tool_use" : "tool_calls")) return Finish::tool_calls;
  if (word == (api == Api::messages ? "refusal" : "content_filter")) return Finish::filtered;
  return Finish::stop;
}

std::optional<NeutralAnswer> read_answer(Api api, std::string_view body) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) return std::nullopt;
  if (!is_answer(api, root)) return std::nullopt;
  NeutralAnswer answer{
      .id = answer_field(root, "/id"), .model = answer_field(root, "/model"), .usage = usage_of(api, root)};
  answer.created = usage_count(root, api == Api::responses ? "/created_at" : "/created").value_or(0);
  std::int64_t created = 0;
  if (root[api == Api::responses ? "created_at" : "created"].get(created) == simdjson::SUCCESS)
    answer.created = created;
  if (api == Api::chat) read_chat(root, answer);
  if (api == Api::messages) read_messages(root, answer);
  if (api == Api::responses) read_responses(root, answer);
  // Numbers have no other form.
  if (api == Api::embeddings) answer.body = body;
  return answer;
}

std::optional<monitor::Usage> usage_in(Api api, std::string_view body) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  return usage_of(api, root);
}

}  // namespace windtunnel::wire
