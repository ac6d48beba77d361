#pragma once
// What became of every key of a configuration: carried into the scenario, carried with a difference, or not carried.
//
// The list has each leaf of the file (a scalar, an empty map or an empty list) from the start, so that a reader cannot
// drop one: what no reader speaks for is listed as not carried. What the scenario needs and the file does not hold is
// listed as assumed. No value is printed, because configurations hold keys and passwords.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "scenarios/import/source/config_text.h"

namespace windtunnel::scenarios {

enum class KeyFate : std::uint8_t { carried, differs, dropped };

struct KeyEntry {
  std::string path;
  Place place;
  std::optional<KeyFate> fate;
  std::string note;  // carried: to where; differs: to where, and how it differs; dropped: why
};

class KeyList {
 public:
  // The tree must not move or change while the list lives. `file` is named before each line.
  KeyList(std::string file, const ConfigText& config);

  // Each speaks for the leaves at and below `value`. The first word about a leaf holds.
  void carry(const JsonValue& value, const std::string& to) { set(value, KeyFate::carried, to); }
  void differ(const JsonValue& value, const std::string& to_and_how) { set(value, KeyFate::differs, to_and_how); }
  void drop(const JsonValue& value, const std::string& why) { set(value, KeyFate::dropped, why); }
  void assume(std::string what) { assumed_.push_back(std::move(what)); }
  // Everything without a word is not carried.
  void drop_the_rest(const std::string& why);

  // Of any value of the tree.
  [[nodiscard]] const std::string& path_of(const JsonValue& value) const { return paths_.at(&value); }
  [[nodiscard]] bool is_settled(const JsonValue& leaf) const;
  [[nodiscard]] const std::vector<KeyEntry>& entries() const { return entries_; }
  [[nodiscard]] const std::vector<std::string>& assumed() const { return assumed_; }
  [[nodiscard]] std::size_t count(KeyFate fate) const;

  // The list for people: what is not carried comes first, because it needs a decision.
  [[nodiscard]] std::string text(const std::string& rules) const;

 private:
  void collect(const JsonValue& value, Place place, const std::string& path);
  void set(const JsonValue& value, KeyFate fate, const std::string& note);

  std::string file_;
  std::vector<KeyEntry> entries_;
  std::vector<std::string> assumed_;
  std::unordered_map<const JsonValue*, std::size_t> leaves_;
  std::unordered_map<const JsonValue*, std::string> paths_;
};

}  // namespace windtunnel::scenarios
