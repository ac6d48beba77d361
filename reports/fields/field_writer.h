#pragma once
// Summaries to JSON and back from one list of fields.
//
// A struct lists its fields once, in the order of the document:
//
//   void visit_fields(auto& fields, FieldsOf<TokenCounts> auto& tokens) {
//     fields("input", tokens.input);
//     fields("output", tokens.output);
//   }
//
// FieldWriter writes them, FieldReader reads them and refuses a document that lacks one, FieldPlaces finds the JSON
// pointer of each, so that a page names the place of every figure that it shows. A field is a value that field_codec.h
// lists, a struct with fields (an object), an optional struct (null if it is empty) or a vector of any of them (an
// array). More shapes:
//
//   fields.by_name("outcomes", counts, names)    an object with one value for each of these names, in their order
//   fields.keyed("coverage", counters, names)    an object whose keys are the members' own `name`
//   fields.pairs("spent_usd", by_provider)       an object of a vector of pairs of a key and its value
//   fields.null_if(empty, "origin", origin)      null instead of the struct
//   fields.if_present("trial", trial)            of an optional struct: no key at all if it is empty

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json_writer.h"
#include "reports/fields/field_codec.h"

namespace windtunnel::reports {

template <class S, class T>
concept FieldsOf = std::same_as<std::remove_const_t<S>, T>;

class FieldWriter {
 public:
  explicit FieldWriter(JsonWriter& json) : json_(json) {}

  template <class Codec, class T>
  void operator()(std::string_view key, FieldAs<Codec, T> as) {
    json_.key(key);
    if constexpr (IsOptional<std::remove_const_t<T>>::value) {
      as.field ? Codec::write(json_, *as.field) : void(json_.null());
    } else {
      Codec::write(json_, as.field);
    }
  }
  template <class T>
  void operator()(std::string_view key, const T& field) {
    json_.key(key);
    write(field);
  }
  void by_name(std::string_view key, const auto& values, const auto& names) {
    json_.key(key).begin_object();
    for (std::size_t i = 0; i < names.size(); ++i) (*this)(names[i], values[i]);
    json_.end_object();
  }
  void keyed(std::string_view key, const auto& members, const auto&) {
    json_.key(key).begin_object();
    for (const auto& member : members) (*this)(member.name, member);
    json_.end_object();
  }
  void pairs(std::string_view key, const auto& members) {
    json_.key(key).begin_object();
    for (const auto& [name, value] : members) (*this)(name, value);
    json_.end_object();
  }
  void null_if(bool is_null, std::string_view key, const auto& field) {
    json_.key(key);
    is_null ? void(json_.null()) : write(field);
  }
  void if_present(std::string_view key, const auto& field) {
    if (field) (*this)(key, *field);
  }
  template <class T>
  void write(const T& value) {
    if constexpr (FieldValue<T>) {
      FieldCodec<T>::write(json_, value);
    } else if constexpr (IsOptional<T>::value) {
      value ? write(*value) : void(json_.null());
    } else if constexpr (requires { typename T::value_type; }) {
      json_.begin_array();
      for (const auto& item : value) write(item);
      json_.end_array();
    } else {
      json_.begin_object();
      visit_fields(*this, value);
      json_.end_object();
    }
  }

 private:
  JsonWriter& json_;
};

}  // namespace windtunnel::reports
