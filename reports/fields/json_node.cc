#include "reports/fields/json_node.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "reports/files/report_error.h"

namespace windtunnel::reports {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDepthMax = 32;

// Builds the tree from the parser's events. A handler that returns false ends the parse.
class TreeBuilder final : public nlohmann::json_sax<Json> {
 public:
  JsonNode root;
  std::string problem;

  bool null() override { return add({.kind = JsonNode::Kind::null}); }
  bool boolean(bool value) override { return add({.kind = JsonNode::Kind::boolean, .text = value ? "true" : "false"}); }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& digits) override { return number(digits); }
  bool string(string_t& value) override { return add({.kind = JsonNode::Kind::text, .text = value}); }
  bool binary(binary_t&) override { return fail("a binary value"); }
  bool start_object(std::size_t) override { return open(JsonNode::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonNode::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->member(name) != nullptr) return fail("the key \"" + name + "\" stands twice");
    open_.back()->keys.push_back(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    return fail(std::string{json_reason(error.what())});
  }

 private:
  bool fail(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool number(std::string digits) { return add({.kind = JsonNode::Kind::number, .text = std::move(digits)}); }
  bool add(JsonNode node) {
    if (open_.empty()) {
      root = std::move(node);
    } else {
      open_.back()->items.push_back(std::move(node));
    }
    return true;
  }
  // An open node is the last of its parent, so that no other node is added before it is closed and its address holds.
  bool open(JsonNode::Kind kind) {
    if (open_.size() == kDepthMax) return fail("it nests too deeply");
    add({.kind = kind});
    open_.push_back(open_.empty() ? &root : &open_.back()->items.back());
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<JsonNode*> open_;
};

}  // namespace

const JsonNode* JsonNode::member(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

std::string JsonNode::description() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return text;
    case Kind::number:
      return "the number " + text;
    case Kind::text: {
      std::string quoted;
      append_json_string(quoted, text);
      return "the text " + quoted;
    }
    case Kind::array:
      return "an array";
    case Kind::object:
      return "an object";
  }
  fail_check("a kind of JSON value has a description", __FILE__, __LINE__);
}

JsonNode parse_json(std::string_view text, const std::string& name) {
  TreeBuilder builder;
  if (!Json::sax_parse(text, &builder)) throw ReportError(name, "read", builder.problem);
  return std::move(builder.root);
}

}  // namespace windtunnel::reports
