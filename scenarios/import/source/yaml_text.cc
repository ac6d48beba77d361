// YAML as a tree, from the events of yaml-cpp. Its own tree would keep aliases as shared nodes, whose expansion has no
// bound, and would not tell a quoted "yes" from a plain one.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <sstream>

#include "scenarios/import/source/config_text.h"

namespace windtunnel::scenarios {
namespace {

bool is_one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::ranges::find(words, text) != words.end();
}

bool has_only(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

std::string without_underscores(std::string text) {
  std::erase(text, '_');
  return text;
}

// A whole number in the bases of YAML 1.1, as decimal digits.
std::optional<std::string> whole_number(std::string_view written) {
  const bool is_negative = written.starts_with('-');
  std::string_view digits = written;
  if (is_negative || written.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  std::string_view allowed = "0123456789_";
  if (digits.starts_with("0x")) {
    base = 16;
    allowed = "0123456789abcdefABCDEF_";
    digits.remove_prefix(2);
  } else if (digits.starts_with("0b")) {
    base = 2;
    allowed = "01_";
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.front() == '0') {
    base = 8;
    allowed = "01234567_";
  }
  if (!has_only(digits, allowed) || digits.front() == '_') return std::nullopt;
  std::string text = without_underscores(std::string(digits));
  if (base != 10) {
    if (text.size() > 15) return std::nullopt;
    text = std::to_string(std::stoll(text, nullptr, base));
  }
  return is_negative ? "-" + text : text;
}

// A number with a point, which YAML 1.1 asks for; the sign of an exponent too.
std::optional<std::string> fraction(std::string_view written) {
  std::string text = without_underscores(std::string(written));
  if (text.starts_with('+')) text.erase(0, 1);
  const bool is_negative = text.starts_with('-');
  std::string_view rest = std::string_view(text).substr(is_negative ? 1 : 0);
  const std::size_t point = rest.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const std::string whole(rest.substr(0, point));
  rest.remove_prefix(point + 1);
  const std::size_t exponent_at = rest.find_first_of("eE");
  std::string decimals(rest.substr(0, exponent_at));
  std::string exponent;
  if (exponent_at != std::string_view::npos) {
    exponent = rest.substr(exponent_at + 1);
    if (exponent.size() < 2 || (exponent[0] != '-' && exponent[0] != '+')) return std::nullopt;
    if (!has_only(std::string_view(exponent).substr(1), "0123456789")) return std::nullopt;
  }
  if (whole.empty() && decimals.empty()) return std::nullopt;
  if (!whole.empty() && !has_only(whole, "0123456789")) return std::nullopt;
  if (!decimals.empty() && !has_only(decimals, "0123456789")) return std::nullopt;
  std::string result = (is_negative ? "-" : "") + (whole.empty() ? std::string("0") : whole);
  if (!decimals.empty()) result += "." + decimals;
  if (!exponent.empty()) result += "e" + exponent;
  return result;
}

JsonValue plain_scalar(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return {};
  if (is_one_of(text, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return JsonValue::of_bool(true);
  if (is_one_of(text, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
    return JsonValue::of_bool(false);
  }
  if (auto number = whole_number(text)) return JsonValue::of_number(std::move(*number));
  if (auto number = fraction(text)) return JsonValue::of_number(std::move(*number));
  return JsonValue::of_string(text);
}

JsonValue scalar_of(const std::string& tag, const std::string& text) {
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return JsonValue::of_string(text);
  return plain_scalar(text);
}

void put_at(JsonValue& value, Place place) {
  value.place = place;
  for (JsonValue& item : value.items) put_at(item, place);
  for (JsonMember& member : value.members) {
    member.place = place;
    put_at(member.value, place);
  }
}

std::size_t values_in(const JsonValue& value) {
  std::size_t count = 1;
  for (const JsonValue& item : value.items) count += values_in(item);
  for (const JsonMember& member : value.members) count += values_in(member.value);
  return count;
}

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ConfigText result;

  void OnDocumentStart(const YAML::Mark& mark) override { result.root.place = place_of(mark); }
  void OnDocumentEnd() override { anchors_.clear(); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add({}, mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "this alias stands inside of what it names", "write the value out here");
    JsonValue value = found->second;
    count(mark, values_in(value));
    put_at(value, place_of(mark));
    add(std::move(value), mark, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    add(scalar_of(tag, text), mark, anchor, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(JsonValue::array(), mark, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(JsonValue::object(), mark, anchor);
  }
  void OnMapEnd() override { end(); }

  [[noreturn]] void fail(const YAML::Mark& mark, std::string message, std::string help) {
    diagnostics_.error(place_of(mark), "", std::move(message), std::move(help));
    throw ScenarioError(diagnostics_.errors(), 1);
  }

  Place place_of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {mark.line + 1, column_of(diagnostics_.source(), mark.line + 1, mark.column + 1)};
  }

 private:
  struct Open {
    JsonValue value;
    YAML::Mark mark;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<std::string> key;  // of a map: the key whose value comes next
    Place key_place;
  };

  void count(const YAML::Mark& mark, std::size_t more) {
    values_ += more;
    if (values_ <= kConfigValuesMax) return;
    fail(mark, "the file has more than " + std::to_string(kConfigValuesMax) + " values with its aliases expanded",
         "a configuration holds some hundreds; divide the file");
  }

  void begin(JsonValue value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kConfigDepthMax) {
      fail(mark, "more than " + std::to_string(kConfigDepthMax) + " levels",
           "no gateway nests its configuration so deep");
    }
    if (!open_.empty() && open_.back().value.kind == JsonKind::object && !open_.back().key) {
      fail(mark, "a key is a word, not " + std::string(name_of(value.kind)), "write the key as a word");
    }
    value.place = place_of(mark);
    open_.push_back({std::move(value), mark, anchor, {}, {}});
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.value.kind == JsonKind::object) merge(done.value, done.mark);
    add(std::move(done.value), done.mark, done.anchor);
  }

  void add(JsonValue value, const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& as_key = {}) {
    count(mark, 1);
    if (value.place.line == 0) value.place = place_of(mark);
    if (anchor != YAML::NullAnchor) {
      count(mark, values_in(value));
      anchors_.insert_or_assign(anchor, value);
    }
    if (open_.empty()) {
      result.root.kind = JsonKind::array;
      result.root.items.push_back(std::move(value));
      return;
    }
    Open& parent = open_.back();
    if (parent.value.kind == JsonKind::array) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.key) {
      if (value.kind == JsonKind::array || value.kind == JsonKind::object) {
        fail(mark, "a key is a word, not " + std::string(name_of(value.kind)), "write the key as a word");
      }
      parent.key = value.kind == JsonKind::string || as_key.empty() ? value.text : as_key;
      parent.key_place = value.place;
    } else {
      put(parent, std::move(value));
    }
  }

  void put(Open& map, JsonValue value) {
    std::vector<JsonMember>& members = map.value.members;
    const auto before = std::ranges::find(members, *map.key, &JsonMember::key);
    if (before != members.end()) {
      note_replaced(path_here() + path_step(*map.key), before->value, before->place, map.key_place);
      members.erase(before);
    }
    members.push_back({*map.key, map.key_place, std::move(value)});
    map.key.reset();
  }

  void note_replaced(const std::string& path, const JsonValue& value, Place place, Place by) {
    if (value.items.empty() && value.members.empty()) result.replaced.push_back({path, place, by});
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      note_replaced(path + "." + std::to_string(i), value.items[i], value.items[i].place, by);
    }
    for (const JsonMember& member : value.members) {
      note_replaced(path + "." + path_step(member.key), member.value, member.place, by);
    }
  }

  // The steps that lead to the innermost open map, with a point behind each.
  [[nodiscard]] std::string path_here() const {
    std::string path;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      const Open& open = open_[i];
      path += open.key ? path_step(*open.key) : std::to_string(open.value.items.size());
      path += '.';
    }
    return path;
  }

  // "<<: *defaults" brings the keys that the map does not state itself.
  void merge(JsonValue& map, const YAML::Mark& mark) {
    const auto at = std::ranges::find(map.members, std::string("<<"), &JsonMember::key);
    if (at == map.members.end()) return;
    const JsonValue source = std::move(at->value);
    const Place place = at->place;
    map.members.erase(at);
    std::vector<const JsonValue*> maps{&source};
    if (source.kind == JsonKind::array) {
      maps.clear();
      for (const JsonValue& item : source.items) maps.push_back(&item);
    }
    for (const JsonValue* from : maps) {
      if (from->kind != JsonKind::object) {
        fail(mark, "\"<<\" merges maps, not " + std::string(name_of(from->kind)), "name a map: <<: *defaults");
      }
      for (const JsonMember& member : from->members) {
        if (map.find(member.key) != nullptr) continue;
        map.members.push_back(member);
        map.members.back().place = place;
      }
    }
  }

  Diagnostics& diagnostics_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, JsonValue> anchors_;
  std::size_t values_ = 0;
};

}  // namespace

ConfigText read_yaml(Diagnostics& diagnostics) {
  if (!check_config_text(diagnostics)) diagnostics.throw_if_errors();
  Builder builder(diagnostics);
  std::istringstream stream(diagnostics.source());
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.fail(error.mark, "this is no YAML: " + error.msg, "see what stands at and before this place");
  }
  return std::move(builder.result);
}

}  // namespace windtunnel::scenarios
