#pragma once
// Fields of an object whose settings depend on its kind: a fault, a workload's executor.
//
// The settings are a variant V, a member of the object T. One field reads and writes the kind's word; every other is a
// setting of one or several of the kinds and is used only with their words.

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "scenarios/fields/fields.h"

namespace windtunnel::scenarios {

// The word of the kind. `plain` gives the settings of a kind with their defaults: reading the word sets them, so that
// the field is read before the others.
template <class T, class V, class Kinds>
Field<T> kind_field(const std::string& name, V T::*settings, const Kind<Kinds>& word, V (*plain)(Kinds),
                    const std::string& doc) {
  const Kind<T> kind{
      [=](Reading& reading, const JsonValue& json, T& object) {
        Kinds read{};
        if (!word.read(reading, json, read)) return false;
        object.*settings = plain(read);
        return true;
      },
      [=](const Writing& writing, const T& object) { return word.write(writing, kind_of(object.*settings)); },
      [=](const T& a, const T& b) { return (a.*settings).index() == (b.*settings).index(); }, word.schema};
  return field<T>(
             name, [](auto& object) -> auto& { return object; }, kind, doc)
      .early();
}

// The settings of these kinds, by the name of the field of their kind.
template <class T, class V>
struct Settings {
  std::string kind;
  V T::*settings;

  // A setting of these kinds. `access` is applied to the settings of each of them. Under another kind the value is read
  // all the same, so that its errors are reported, and dropped.
  template <class... Kinds, class Access, class Value>
  Field<T> of(const std::string& name, Access access, const Kind<Value>& value, const std::string& doc) const {
    const auto find = [access, settings = settings](auto& object) {
      using Found = std::conditional_t<std::is_const_v<std::remove_reference_t<decltype(object)>>, const Value, Value>;
      Found* found = nullptr;
      const auto try_kind = [&](auto* kind_settings) {
        if (kind_settings != nullptr) found = &std::invoke(access, *kind_settings);
      };
      (try_kind(std::get_if<Kinds>(&(object.*settings))), ...);
      return found;
    };
    Field<T> result;
    result.name = name;
    result.doc = doc;
    result.read = [find, value](Reading& reading, const JsonValue& json, T& object) {
      Value dropped{};
      Value* found = find(object);
      return value.read(reading, json, found != nullptr ? *found : dropped);
    };
    result.write = [find, value](const Writing& writing, const T& object) {
      const Value* found = find(object);
      return found != nullptr ? value.write(writing, *found) : JsonValue{};
    };
    result.same = [find, value](const T& a, const T& b) {
      const Value* left = find(a);
      const Value* right = find(b);
      return left == nullptr || right == nullptr || value.same(*left, *right);
    };
    result.schema = value.schema;
    result.unit = value.unit;
    return std::move(result).only_with(kind, {Kinds::kName...});
  }
};

// The words of the kinds, and the names of those of which `is_one` holds.
template <class Kinds>
Words<Kinds> words_of_kinds(int count) {
  Words<Kinds> words;
  for (int i = 0; i < count; ++i) words.emplace_back(name_of(static_cast<Kinds>(i)), static_cast<Kinds>(i));
  return words;
}
template <class Kinds, class Predicate>
std::vector<std::string> names_of_kinds(int count, Predicate is_one) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    if (is_one(static_cast<Kinds>(i))) names.emplace_back(name_of(static_cast<Kinds>(i)));
  }
  return names;
}

}  // namespace windtunnel::scenarios
