#pragma once
// One table of fields per type of object in a scenario file. The reader, the writer and the JSON Schema all walk the
// same tables, so none of them can know a key that the others do not.
//
// A Kind says how a value of one C++ type stands in a file: how it is read (with errors at its place), written,
// compared and described. A Field is a named Kind of one member; a Table is the fields of one type of object.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

// What a file's text refers to by name.
struct Names {
  std::vector<std::string> providers;  // in file order
  std::vector<std::string> vendors;    // of each: the vendor of its model; empty: unknown
};

// The state of one reading: where it is, what it found, which places were written.
class Reading {
 public:
  Reading(Diagnostics& diagnostics, std::string directory)
      : diagnostics_(diagnostics), directory_(std::move(directory)) {}

  // Enters a step of the path for as long as it lives.
  class Step {
   public:
    Step(Reading& reading, std::string_view key) : reading_(reading), length_(reading.pointer_.size()) {
      reading_.pointer_ += pointer_step(key);
    }
    ~Step() { reading_.pointer_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reading& reading_;
    std::size_t length_;
  };

  // Reports and answers false, so that a reader can `return reading.error(...)`.
  bool error(Place place, std::string message, std::string help = {}) {
    diagnostics_.error(place, pointer_, std::move(message), std::move(help));
    return false;
  }
  // An error at a pointer that was read earlier; at its nearest written parent if it is a default.
  void error_at(std::string_view pointer, std::string message, std::string help = {});
  void warning_at(std::string_view pointer, std::string message, std::string help = {});

  void note(Place place) { places_.insert_or_assign(pointer_, place); }
  [[nodiscard]] bool was_written(std::string_view pointer) const { return places_.contains(std::string(pointer)); }
  [[nodiscard]] Place place_of(std::string_view pointer) const;
  // Something at this pointer or below it could not be read, so that a judgement about it would mislead.
  [[nodiscard]] bool is_broken(std::string_view pointer) const { return diagnostics_.has_error_under(pointer); }

  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::map<std::string, Place>& places() const { return places_; }
  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }

  Names names;

 private:
  Diagnostics& diagnostics_;
  std::string directory_;  // in which relative paths of the file start
  std::string pointer_;
  std::map<std::string, Place> places_;
};

template <class V>
struct Kind {
  // Sets the value and answers true, or reports an error and answers false (the value is then unspecified).
  std::function<bool(Reading&, const JsonValue&, V&)> read;
  std::function<JsonValue(const Names&, const V&)> write;
  std::function<bool(const V&, const V&)> same;
  std::function<JsonValue()> schema;
};

// "`trace` is used by executor replay": the key must be left out under other words.
struct Condition {
  std::string key;  // a field of the same table whose value is a word
  std::vector<std::string> words;
};

template <class T>
struct Field {
  std::string name;
  std::string doc;
  std::function<bool(Reading&, const JsonValue&, T&)> read;
  std::function<JsonValue(const Names&, const T&)> write;
  std::function<bool(const T&, const T&)> same;
  std::function<JsonValue()> schema;
  bool is_required = false;
  bool is_early = false;                     // read before the others, which refer to it
  bool is_stated = false;                    // written even where it is the default: the reader wants to see it
  std::function<bool(const T&)> stated_for;  // the same for some objects only
  std::string alias_of;                      // another spelling of that field: read, never written
  std::optional<Condition> used_by;

  Field required() && {
    is_required = true;
    return std::move(*this);
  }
  // Written where the object differs from a default object in this word, even if its baseline does not.
  Field stated_where(std::function<bool(const T&)> differs) && {
    stated_for = std::move(differs);
    return std::move(*this);
  }
  Field stated() && {
    is_stated = true;
    return std::move(*this);
  }
  Field early() && {
    is_early = true;
    return std::move(*this);
  }
  Field another_spelling_of(std::string other) && {
    alias_of = std::move(other);
    return std::move(*this);
  }
  Field only_with(std::string key, std::vector<std::string> words) && {
    used_by = Condition{std::move(key), std::move(words)};
    return std::move(*this);
  }
};

template <class T>
struct Table {
  std::string name;
  std::string doc;
  std::vector<Field<T>> fields;
  // What an object without any key holds, for this one (a provider starts from its profile); T{} if not given.
  std::function<T(const T&)> baseline;

  [[nodiscard]] T baseline_of(const T& object) const { return baseline ? baseline(object) : T{}; }
  [[nodiscard]] const Field<T>* find(std::string_view key) const {
    for (const Field<T>& field : fields) {
      if (field.name == key) return &field;
    }
    return nullptr;
  }
};

// `access` is a pointer to member, or a callable that gives a reference for T& and for const T&.
template <class T, class V, class Access>
Field<T> field(std::string name, Access access, Kind<V> kind, std::string doc) {
  Field<T> result;
  result.name = std::move(name);
  result.doc = std::move(doc);
  result.read = [access, kind](Reading& reading, const JsonValue& json, T& object) {
    return kind.read(reading, json, std::invoke(access, object));
  };
  result.write = [access, kind](const Names& names, const T& object) {
    return kind.write(names, std::invoke(access, object));
  };
  result.same = [access, kind](const T& a, const T& b) {
    return kind.same(std::invoke(access, a), std::invoke(access, b));
  };
  result.schema = kind.schema;
  return result;
}

// Reports the keys of `json` that are none of `known`.
bool refuse_unknown_keys(Reading& reading, const JsonValue& json, const std::vector<std::string>& known);
bool require_kind(Reading& reading, const JsonValue& json, JsonKind kind);
bool is_used(const Condition& condition, const std::string& chosen);
std::string used_by_message(const std::string& key, const Condition& condition, const std::string& chosen);

// The word that a field of the object holds; empty if it holds none.
template <class T>
std::string word_of(const Table<T>& table, const Names& names, const T& object, std::string_view key) {
  const Field<T>* chooser = table.find(key);
  return chooser == nullptr ? std::string{} : chooser->write(names, object).text;
}

template <class T>
bool chooser_is_sound(const Reading& reading, const JsonValue& json, const Table<T>& table, std::string_view key) {
  if (json.find(key) == nullptr) return !table.find(key)->is_required;
  // The pointer stands at the conditional key, a sibling of the chooser.
  const std::string& here = reading.pointer();
  return !reading.is_broken(here.substr(0, here.rfind('/')) + pointer_step(key));
}

template <class T>
bool check_conditions(Reading& reading, const JsonValue& json, const T& object, const Table<T>& table) {
  bool good = true;
  for (const Field<T>& field : table.fields) {
    const JsonMember* member = json.find(field.name);
    if (member == nullptr) continue;
    const Reading::Step step(reading, field.name);
    if (!field.alias_of.empty() && json.find(field.alias_of) != nullptr) {
      good = reading.error(member->place, "this says the same as \"" + field.alias_of + "\"; write one of them");
    }
    // Where the deciding word could not be read nothing can be said.
    if (!field.used_by || !chooser_is_sound(reading, json, table, field.used_by->key)) continue;
    const std::string chosen = word_of(table, reading.names, object, field.used_by->key);
    if (!is_used(*field.used_by, chosen))
      good = reading.error(member->place, used_by_message(field.name, *field.used_by, chosen));
  }
  return good;
}

// Reads the written keys over what `object` holds.
template <class T>
bool read_object(Reading& reading, const JsonValue& json, T& object, const Table<T>& table) {
  if (!require_kind(reading, json, JsonKind::object)) return false;
  std::vector<std::string> known;
  for (const Field<T>& field : table.fields) known.push_back(field.name);
  bool good = refuse_unknown_keys(reading, json, known);
  for (const bool early : {true, false}) {
    for (const Field<T>& field : table.fields) {
      if (field.is_early != early) continue;
      const JsonMember* member = json.find(field.name);
      if (member == nullptr) {
        if (field.is_required) good = reading.error(json.place, "the key \"" + field.name + "\" is missing");
        continue;
      }
      const Reading::Step step(reading, field.name);
      reading.note(member->value.place);
      good = field.read(reading, member->value, object) && good;
    }
  }
  return check_conditions(reading, json, object, table) && good;
}

template <class T>
JsonValue write_object(const Names& names, const T& object, const Table<T>& table) {
  const T baseline = table.baseline_of(object);
  JsonValue json = JsonValue::object();
  for (const Field<T>& field : table.fields) {
    if (!field.alias_of.empty()) continue;
    const bool is_stated = field.is_stated || (field.stated_for && field.stated_for(object));
    if (!field.is_required && !is_stated && field.same(object, baseline)) continue;
    if (field.used_by) {
      if (!is_used(*field.used_by, word_of(table, names, object, field.used_by->key))) continue;
    }
    json.add(field.name, field.write(names, object));
  }
  return json;
}

// Equal in everything that the file can say.
template <class T>
bool same_object(const T& a, const T& b, const Table<T>& table) {
  for (const Field<T>& field : table.fields) {
    if (!field.same(a, b)) return false;
  }
  return true;
}

template <class T>
JsonValue schema_of(const Table<T>& table) {
  JsonValue schema = JsonValue::object();
  schema.add("type", JsonValue::of_string("object"));
  if (!table.doc.empty()) schema.add("description", JsonValue::of_string(table.doc));
  schema.add("additionalProperties", JsonValue::of_bool(false));
  JsonValue properties = JsonValue::object();
  JsonValue required = JsonValue::array();
  for (const Field<T>& field : table.fields) {
    JsonValue property = field.schema();
    if (property.find("description") == nullptr && !field.doc.empty()) {
      property.add("description", JsonValue::of_string(field.doc));
    }
    properties.add(field.name, std::move(property));
    if (field.is_required) required.items.push_back(JsonValue::of_string(field.name));
  }
  schema.add("properties", std::move(properties));
  if (!required.items.empty()) schema.add("required", std::move(required));
  return schema;
}

// An object of a table. The table is a function because tables refer to each other.
template <class T>
Kind<T> object(const Table<T>& (*table)()) {
  return {
      [table](Reading& reading, const JsonValue& json, T& value) { return read_object(reading, json, value, table()); },
      [table](const Names& names, const T& value) { return write_object(names, value, table()); },
      [table](const T& a, const T& b) { return same_object(a, b, table()); }, [table] { return schema_of(table()); }};
}

bool add_null_to(JsonValue& schema);

// null means absent.
template <class V>
Kind<std::optional<V>> optional(Kind<V> kind) {
  return {[kind](Reading& reading, const JsonValue& json, std::optional<V>& value) {
            if (json.kind == JsonKind::null) {
              value.reset();
              return true;
            }
            return kind.read(reading, json, value.emplace());
          },
          [kind](const Names& names, const std::optional<V>& value) {
            return value ? kind.write(names, *value) : JsonValue{};
          },
          [kind](const std::optional<V>& a, const std::optional<V>& b) {
            return a.has_value() == b.has_value() && (!a || kind.same(*a, *b));
          },
          [kind] {
            JsonValue schema = kind.schema();
            add_null_to(schema);
            return schema;
          }};
}

JsonValue list_schema(JsonValue item, std::size_t least, std::size_t most);
bool check_length(Reading& reading, const JsonValue& json, std::size_t least, std::size_t most);
inline constexpr std::size_t kAnyLength = kValuesMax;

template <class V>
Kind<std::vector<V>> list(Kind<V> kind, std::size_t least = 0, std::size_t most = kAnyLength) {
  return {[kind, least, most](Reading& reading, const JsonValue& json, std::vector<V>& values) {
            if (!require_kind(reading, json, JsonKind::array)) return false;
            bool good = check_length(reading, json, least, most);
            values.clear();
            values.resize(json.items.size());
            for (std::size_t i = 0; i < json.items.size(); ++i) {
              const Reading::Step step(reading, std::to_string(i));
              reading.note(json.items[i].place);
              good = kind.read(reading, json.items[i], values[i]) && good;
            }
            return good;
          },
          [kind](const Names& names, const std::vector<V>& values) {
            JsonValue json = JsonValue::array();
            for (const V& value : values) json.items.push_back(kind.write(names, value));
            return json;
          },
          [kind](const std::vector<V>& a, const std::vector<V>& b) {
            if (a.size() != b.size()) return false;
            for (std::size_t i = 0; i < a.size(); ++i) {
              if (!kind.same(a[i], b[i])) return false;
            }
            return true;
          },
          [kind, least, most] { return list_schema(kind.schema(), least, most); }};
}

// Words of an enumeration; the file's words are listed in the order in which people should see them.
template <class E>
using Words = std::vector<std::pair<std::string, E>>;

template <class E>
Words<E> words_named(std::initializer_list<E> values) {
  Words<E> words;
  for (const E value : values) words.emplace_back(name_of(value), value);
  return words;
}

// Reports a wrong word with the nearest right one. Answers the ordinal of the word, or the count of words.
std::size_t read_word(Reading& reading, const JsonValue& json, const std::vector<std::string>& words);
JsonValue word_schema(const std::vector<std::string>& words);

template <class E>
Kind<E> word(const Words<E>& words) {
  std::vector<std::string> names;
  for (const auto& entry : words) names.push_back(entry.first);
  return {[words, names](Reading& reading, const JsonValue& json, E& value) {
            const std::size_t i = read_word(reading, json, names);
            if (i == words.size()) return false;
            value = words[i].second;
            return true;
          },
          [words](const Names&, const E& value) {
            for (const auto& entry : words) {
              if (entry.second == value) return JsonValue::of_string(entry.first);
            }
            return JsonValue{};
          },
          [](const E& a, const E& b) { return a == b; }, [names] { return word_schema(names); }};
}

}  // namespace windtunnel::scenarios
