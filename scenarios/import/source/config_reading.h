#pragma once
// Reads values of a configuration: each has its type, or an error at its place with what to write instead.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "scenarios/import/source/key_list.h"

namespace windtunnel::scenarios {

class ConfigReading {
 public:
  ConfigReading(Diagnostics& diagnostics, KeyList& keys) : diagnostics_(diagnostics), keys_(keys) {}

  [[nodiscard]] KeyList& keys() { return keys_; }
  [[nodiscard]] bool has_errors() const { return diagnostics_.has_errors(); }
  void error(const JsonValue& value, std::string message, std::string help);

  // The value of a key; nullptr: it is absent or null.
  [[nodiscard]] static const JsonValue* find(const JsonValue& map, std::string_view key);
  // nullptr: absent, or an error.
  const JsonValue* map(const JsonValue& parent, std::string_view key);
  const JsonValue* list(const JsonValue& parent, std::string_view key);
  bool require_map(const JsonValue& value);
  bool require_list(const JsonValue& value);

  // Nothing: absent, or an error. A value that stands in the environment is listed as not carried.
  std::optional<std::string> text(const JsonValue& map, std::string_view key);
  std::optional<bool> flag(const JsonValue& map, std::string_view key);
  // Times 10^places; at least `least`. A number in quotes counts as a number, as the gateways read it.
  std::optional<std::int64_t> number(const JsonValue& map, std::string_view key, int places, std::int64_t least = 0);
  std::optional<std::int64_t> count(const JsonValue& map, std::string_view key) { return number(map, key, 0); }
  std::optional<Duration> seconds(const JsonValue& map, std::string_view key);
  std::optional<Duration> milliseconds(const JsonValue& map, std::string_view key);
  std::optional<std::int64_t> number_of(const JsonValue& value, int places, std::int64_t least = 0);
  std::optional<std::string> text_of(const JsonValue& value);
  std::vector<std::string> texts(const JsonValue& map, std::string_view key);

 private:
  // Whether the value is a reference to a variable of the environment; then it is listed as not carried.
  bool is_elsewhere(const JsonValue& value);

  Diagnostics& diagnostics_;
  KeyList& keys_;
  std::set<std::pair<const JsonValue*, std::string>> reported_;  // a value may be read twice
};

}  // namespace windtunnel::scenarios
