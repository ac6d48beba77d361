#pragma once
// One table of fields per type of object in a scenario file. The reader, the writer and the JSON Schema all walk the
// same tables, so that none of them accepts a key that the others lack.
//
// A Kind says how a value of one C++ type stands in a file: how it is read (with errors at its place), written,
// compared and described. A Field is a named Kind of one member; a Table is the fields of one type of object.
//
// This file is long because reading, writing and describing an object are templates over the same table and must agree.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/words/json_pointer.h"
#include "scenarios/json/json_document.h"
#include "scenarios/json/reading.h"

namespace windtunnel::scenarios {

// How a scenario is written.
struct Writing {
  const Names& names;
  bool is_complete = false;  // every key, and in its comment the source of a default; else what differs from a default
};

// The comment of a required key that the file does not have: its object came as a whole, from a profile or a name.
inline constexpr const char* kFromAround = "from around";

template <class V>
struct Kind {
  // Sets the value and answers true, or reports an error and answers false (the value is then unspecified).
  std::function<bool(Reading&, const JsonValue&, V&)> read;
  std::function<JsonValue(const Writing&, const V&)> write;
  std::function<bool(const V&, const V&)> same;
  std::function<JsonValue()> schema;
  std::string unit = {};
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
  std::function<JsonValue(const Writing&, const T&)> write;
  std::function<bool(const T&, const T&)> same;
  std::function<JsonValue()> schema;
  std::string unit;           // of a quantity
  std::string default_words;  // if the default is no value that a file could hold
  std::string default_note;   // behind the default
  std::string example;        // as JSON; empty: made from the default or the shape
  std::string beside;         // a JSON object with what an example needs beside it
  bool is_required = false;
  bool is_needed = false;                    // by the kinds that use it, though the shape does not require it
  bool is_left_out = false;                  // never written with its default, because writing the key says more
  bool is_early = false;                     // read before the others, which refer to it
  bool is_stated = false;                    // written even where it is the default, because a reader expects it
  std::function<bool(const T&)> stated_for;  // the same for some objects only
  std::string alias_of;                      // another spelling of that field: read, never written
  std::optional<Condition> used_by;

  Field required() && {
    is_required = true;
    return std::move(*this);
  }
  Field in(std::string words) && {
    unit = std::move(words);
    return std::move(*this);
  }
  Field defaults_to(std::string words) && {
    default_words = std::move(words);
    return std::move(*this);
  }
  Field needed() && {
    is_needed = true;
    default_words = "none: it must be written";
    return std::move(*this).left_out();
  }
  Field such_as(std::string json) && {
    example = std::move(json);
    return std::move(*this);
  }
  Field with_beside(std::string json) && {
    beside = std::move(json);
    return std::move(*this);
  }
  Field left_out() && {
    is_left_out = true;
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
  // An object of each kind, if the fields in use depend on a kind: their defaults are read from it.
  std::vector<T> samples = {};
  // From where a key that is not written has its value, such as "profile seed/gpt-4"; "default" if not given.
  std::function<std::string(const T&, const Field<T>&)> source = {};

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
Field<T> field(const std::string& name, Access access, const Kind<V>& kind, const std::string& doc) {
  Field<T> result;
  result.name = name;
  result.doc = doc;
  result.read = [access, kind](Reading& reading, const JsonValue& json, T& object) {
    return kind.read(reading, json, std::invoke(access, object));
  };
  result.write = [access, kind](const Writing& writing, const T& object) {
    return kind.write(writing, std::invoke(access, object));
  };
  result.same = [access, kind](const T& a, const T& b) {
    return kind.same(std::invoke(access, a), std::invoke(access, b));
  };
  result.schema = kind.schema;
  result.unit = kind.unit;
  return result;
}

bool is_used(const Condition& condition, const std::string& chosen);
std::string used_by_message(const std::string& key, const Condition& condition, const std::string& chosen);

// The word that a field of the object holds; empty if it holds none.
template <class T>
std::string word_of(const Table<T>& table, const Writing& writing, const T& object, std::string_view key) {
  const Field<T>* chooser = table.find(key);
  return chooser == nullptr ? std::string{} : chooser->write(writing, object).text;
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
    // Without the deciding word the rest cannot be judged.
    if (!field.used_by || !chooser_is_sound(reading, json, table, field.used_by->key)) continue;
    const std::string chosen = word_of(table, Writing{reading.names}, object, field.used_by->key);
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
      if (!field.alias_of.empty()) reading.note_as(field.alias_of);
      good = field.read(reading, member->value, object) && good;
    }
  }
  return check_conditions(reading, json, object, table) && good;
}

template <class T>
JsonValue write_object(const Writing& writing, const T& object, const Table<T>& table) {
  const T baseline = table.baseline_of(object);
  JsonValue json = JsonValue::object();
  for (const Field<T>& field : table.fields) {
    if (!field.alias_of.empty()) continue;
    const bool is_stated = field.is_stated || (field.stated_for && field.stated_for(object));
    const bool is_wanted = writing.is_complete ? !field.is_left_out : is_stated;
    if (!field.is_required && !is_wanted && field.same(object, baseline)) continue;
    if (field.used_by) {
      if (!is_used(*field.used_by, word_of(table, writing, object, field.used_by->key))) continue;
    }
    json.add(field.name, field.write(writing, object));
    if (!writing.is_complete) continue;
    std::string& comment = json.members.back().comment;
    comment = table.source ? table.source(object, field) : "default";
    if (field.is_required) comment = kFromAround;
  }
  return json;
}

// Equal in everything that a file can hold.
template <class T>
bool same_object(const T& a, const T& b, const Table<T>& table) {
  for (const Field<T>& field : table.fields) {
    if (!field.same(a, b)) return false;
  }
  return true;
}

// What the schema holds of a key besides its shape.
struct KeyNotes {
  std::string description;
  bool is_required = false;
  bool is_needed = false;
  std::optional<JsonValue> default_value;
  std::string default_words;
  std::string unit;
  std::optional<Condition> used_by;
  std::string example;  // JSON, like the next
  std::string beside;
  std::string same_as;  // the key of which this is another spelling
};
// Adds description, default, and what the names of JSON Schema do not cover: x-default (words, or a note behind the
// default), x-unit, x-used-by, x-needed, x-same-as, x-beside.
void annotate(JsonValue& property, const KeyNotes& notes);

template <class T>
KeyNotes notes_of(const Table<T>& table, const Field<T>& field) {
  KeyNotes notes{.description = field.doc,
                 .is_required = field.is_required,
                 .is_needed = field.is_needed,
                 .default_value = {},
                 .default_words = field.default_words.empty() ? field.default_note : field.default_words,
                 .unit = field.unit,
                 .used_by = field.used_by,
                 .example = field.example,
                 .beside = field.beside,
                 .same_as = field.alias_of};
  if (field.is_required || !field.default_words.empty()) return notes;
  const Names names;
  const Writing writing{names};
  const T plain = table.baseline_of(T{});
  const T* object = &plain;
  for (const T& sample : table.samples) {
    if (!field.used_by || !is_used(*field.used_by, word_of(table, writing, sample, field.used_by->key))) continue;
    object = &sample;
    break;
  }
  notes.default_value = field.write(writing, *object);
  return notes;
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
    annotate(property, notes_of(table, field));
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
      [table](const Writing& writing, const T& value) { return write_object(writing, value, table()); },
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
          [kind](const Writing& writing, const std::optional<V>& value) {
            return value ? kind.write(writing, *value) : JsonValue{};
          },
          [kind](const std::optional<V>& a, const std::optional<V>& b) {
            return a.has_value() == b.has_value() && (!a || kind.same(*a, *b));
          },
          [kind] {
            JsonValue schema = kind.schema();
            add_null_to(schema);
            return schema;
          },
          kind.unit};
}

JsonValue list_schema(JsonValue item, std::size_t least, std::size_t most);
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
          [kind](const Writing& writing, const std::vector<V>& values) {
            JsonValue json = JsonValue::array();
            for (const V& value : values) json.items.push_back(kind.write(writing, value));
            return json;
          },
          [kind](const std::vector<V>& a, const std::vector<V>& b) {
            if (a.size() != b.size()) return false;
            for (std::size_t i = 0; i < a.size(); ++i) {
              if (!kind.same(a[i], b[i])) return false;
            }
            return true;
          },
          [kind, least, most] { return list_schema(kind.schema(), least, most); }, kind.unit};
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
          [words](const Writing&, const E& value) {
            for (const auto& entry : words) {
              if (entry.second == value) return JsonValue::of_string(entry.first);
            }
            return JsonValue{};
          },
          [](const E& a, const E& b) { return a == b; }, [names] { return word_schema(names); }};
}

}  // namespace windtunnel::scenarios
