#pragma once
// Where each value of a struct stands in its JSON document: its JSON pointer and its digits, by the list of fields
// (field_writer.h). A page that shows a value finds it by its address, so that the page and the document cannot name
// two places for one figure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json_writer.h"
#include "base/words/json_pointer.h"
#include "reports/fields/field_codec.h"
#include "reports/fields/field_reader.h"

namespace windtunnel::reports {

struct FieldPlace {
  std::string pointer;
  std::string digits;  // as the document writes it, a text without its quotes; empty for null
};

class FieldPlaces {
 public:
  // The document must outlive this and stay where it is.
  template <class Document>
  static FieldPlaces of(const Document& document) {
    FieldPlaces places;
    visit_fields(places, document);
    return places;
  }
  // The address must be that of a value, or of an optional, that the document has.
  [[nodiscard]] const FieldPlace& at(const void* field) const;

  template <class Codec, class T>
  void operator()(std::string_view key, FieldAs<Codec, T> as) {
    if constexpr (IsOptional<std::remove_const_t<T>>::value) {
      add(&as.field, pointer_ + pointer_step(key), as.field ? written<Codec>(*as.field) : std::string{});
    } else {
      add(&as.field, pointer_ + pointer_step(key), written<Codec>(as.field));
    }
  }
  template <class T>
  void operator()(std::string_view key, const T& field) {
    visit(pointer_step(key), field);
  }
  void by_name(std::string_view key, const auto& values, const auto& names) {
    const std::size_t length = descend(pointer_step(key));
    for (std::size_t i = 0; i < names.size(); ++i) (*this)(names[i], values[i]);
    pointer_.resize(length);
  }
  void keyed(std::string_view key, const auto& members, const auto&) {
    const std::size_t length = descend(pointer_step(key));
    for (const auto& member : members) (*this)(member.name, member);
    pointer_.resize(length);
  }
  void pairs(std::string_view key, const auto& members) {
    const std::size_t length = descend(pointer_step(key));
    for (const auto& [name, value] : members) (*this)(name, value);
    pointer_.resize(length);
  }
  void if_present(std::string_view key, const auto& field) {
    if (field) visit(pointer_step(key), *field);
  }
  void null_if(bool is_null, std::string_view key, const auto& field) {
    if (!is_null) visit(pointer_step(key), field);
  }

 private:
  template <class T>
  void visit(const std::string& step, const T& value) {
    if constexpr (FieldValue<T>) {
      add(&value, pointer_ + step, written<FieldCodec<T>>(value));
    } else if constexpr (IsOptional<T>::value) {
      visit_optional(step, value);
    } else {
      const std::size_t length = descend(step);
      if constexpr (requires { typename T::value_type; }) {
        for (std::size_t i = 0; i < value.size(); ++i) visit("/" + std::to_string(i), value[i]);
      } else {
        visit_fields(*this, value);
      }
      pointer_.resize(length);
    }
  }
  template <class T>
  void visit_optional(const std::string& step, const std::optional<T>& value) {
    if constexpr (FieldValue<T>) {
      add(&value, pointer_ + step, value ? written<FieldCodec<T>>(*value) : std::string{});
    } else {
      if (value) visit(step, *value);
      if (!value) add(&value, pointer_ + step, {});
    }
  }
  template <class Codec>
  static std::string written(const auto& value) {
    std::string text;
    JsonWriter json{text, JsonWriter::Form::line};
    Codec::write(json, value);
    return without_quotes(text);
  }
  static std::string without_quotes(const std::string& json);
  std::size_t descend(const std::string& step) {
    const std::size_t length = pointer_.size();
    pointer_ += step;
    return length;
  }
  void add(const void* field, std::string pointer, std::string digits) {
    places_.insert_or_assign(field, FieldPlace{std::move(pointer), std::move(digits)});
  }

  std::map<const void*, FieldPlace> places_;
  std::string pointer_;
};

}  // namespace windtunnel::reports
