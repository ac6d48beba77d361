#pragma once
// JSON text as a tree in which every key and value holds its place in the file.
//
// The grammar is that of RFC 8259 with // and /* */ comments. Numbers stay the text that was written, so that money and
// shares are read as exact decimals; objects keep the order of the file. A duplicate key is an error.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/json/diagnostics.h"

namespace windtunnel::scenarios {

inline constexpr std::size_t kTextBytesMax = std::size_t{16} << 20;  // of a scenario
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kValuesMax = 1'000'000;

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

struct JsonMember;

struct JsonValue {
  JsonKind kind = JsonKind::null;
  bool flag = false;  // of a boolean
  std::string text;   // of a string: decoded; of a number: as written
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  // in file order, keys unique
  Place place;

  [[nodiscard]] const JsonMember* find(std::string_view key) const;

  static JsonValue of_bool(bool flag);
  static JsonValue of_number(std::string text);
  static JsonValue of_string(std::string text);
  static JsonValue array();
  static JsonValue object();
  // Appends a member; the key must be new. Returns its value.
  JsonValue& add(std::string key, JsonValue value);
};

struct JsonMember {
  std::string key;
  Place place;  // of the key
  JsonValue value;
  std::string comment = {};  // printed behind the value by json_with_comments()
};

// Equal content: kinds, texts, order of members; places do not matter.
bool same_json(const JsonValue& a, const JsonValue& b);

// Parses the text that `diagnostics` was made with. After an error the tree is what was read so far.
JsonValue parse_json(Diagnostics& diagnostics);

// Applies `path=value`: a dotted path whose steps are keys, or in an array an index, the element's "id" or "name", or
// "+" for a new element at the end. Missing objects are made; a key that itself holds dots is found by its longest
// match. The value is JSON if it parses as JSON, else a string; null stands for "absent" wherever a setting may be
// absent.
void apply_set(JsonValue& root, const std::string& set, Diagnostics& diagnostics);

// The tree as text, two spaces a level; arrays and objects that fit into `width` columns stay on one line.
std::string json_text(const JsonValue& value, std::size_t width = 120);

// The tree as text with the comments of its members, which parse_json() skips: "open": "30s",  // outage.json:7:20
std::string json_with_comments(const JsonValue& value);
// Whether a member of it, or of a value below it, has a comment.
bool has_comments(const JsonValue& value);

// The tree on one line.
std::string json_line(const JsonValue& value);

// Names the kind for a message: "a string", "an object".
const char* name_of(JsonKind kind);

}  // namespace windtunnel::scenarios
