#pragma once
// Reads a struct from JSON by its list of fields (field_writer.h) and refuses what is not whole: a field that is
// missing or of another type is an error that names it by its JSON pointer. Keys that no field has are passed over.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/words/json_pointer.h"
#include "reports/fields/field_codec.h"
#include "reports/fields/json_node.h"

namespace windtunnel::reports {

class FieldReader {
 public:
  // `file` is for messages. The root has the pointer "".
  FieldReader(const JsonNode& node, const std::string& file, std::string pointer = {})
      : node_(node), file_(file), pointer_(std::move(pointer)) {
    expect(node, JsonNode::Kind::object, pointer_);
  }

  template <class Codec, class T>
  void operator()(std::string_view key, FieldAs<Codec, T> as) {
    const JsonNode& node = member(key);
    if constexpr (IsOptional<T>::value) {
      if (node.kind == JsonNode::Kind::null) return as.field.reset();
      if (!Codec::read(node, as.field.emplace())) refuse(node, Codec::kExpected, of(key));
    } else {
      if (!Codec::read(node, as.field)) refuse(node, Codec::kExpected, of(key));
    }
  }
  template <class T>
  void operator()(std::string_view key, T& field) {
    read(member(key), of(key), field);
  }
  void by_name(std::string_view key, auto& values, const auto& names) {
    FieldReader inner{member(key), file_, of(key)};
    for (std::size_t i = 0; i < names.size(); ++i) inner(names[i], values[i]);
  }
  void keyed(std::string_view key, auto& members, const auto& names) {
    const JsonNode& node = member(key);
    FieldReader inner{node, file_, of(key)};
    for (const auto& name : names) (void)inner.member(name);
    members.clear();
    for (const std::string& name : node.keys) {
      auto& added = members.emplace_back();
      added.name = name;
      inner(name, added);
    }
  }
  void pairs(std::string_view key, auto& members) {
    const JsonNode& node = member(key);
    FieldReader inner{node, file_, of(key)};
    members.clear();
    for (const std::string& name : node.keys)
      inner(name, members.emplace_back(name, typename std::remove_cvref_t<decltype(members)>::value_type::second_type{})
                      .second);
  }
  void null_if(bool, std::string_view key, auto& field) {
    if (const JsonNode& node = member(key); node.kind != JsonNode::Kind::null) read(node, of(key), field);
  }
  void if_present(std::string_view key, auto& field) {
    field.reset();
    if (std::ranges::find(node_.keys, key) != node_.keys.end()) (*this)(key, field.emplace());
  }
  template <class T>
  void read(const JsonNode& node, const std::string& pointer, T& value) {
    if constexpr (FieldValue<T>) {
      if (!FieldCodec<T>::read(node, value)) refuse(node, FieldCodec<T>::kExpected, pointer);
    } else if constexpr (IsOptional<T>::value) {
      if (node.kind == JsonNode::Kind::null) return value.reset();
      read(node, pointer, value.emplace());
    } else if constexpr (requires { typename T::value_type; }) {
      expect(node, JsonNode::Kind::array, pointer);
      value.resize(node.items.size());
      for (std::size_t i = 0; i < value.size(); ++i) {
        read(node.items[i], pointer + "/" + std::to_string(i), value[i]);
      }
    } else {
      FieldReader inner{node, file_, pointer};
      visit_fields(inner, value);
    }
  }

 private:
  [[nodiscard]] std::string of(std::string_view key) const { return pointer_ + pointer_step(key); }
  // Throws ReportError if it is missing.
  [[nodiscard]] const JsonNode& member(std::string_view key) const;
  void expect(const JsonNode& node, JsonNode::Kind kind, const std::string& pointer) const;
  [[noreturn]] void refuse(const JsonNode& node, const char* expected, const std::string& pointer) const;

  const JsonNode& node_;
  const std::string& file_;
  std::string pointer_;
};

// A document of ours: the root holds `key`, the number of its version, and everything else that is read. Throws
// ReportError if this is no such document or one of another version.
void check_version(const JsonNode& root, const std::string& file, const std::string& key, int version);

}  // namespace windtunnel::reports
