#include "reports/logs/log_fields.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/visible_text.h"

namespace windtunnel::reports {
namespace {

namespace dom = simdjson::dom;

static_assert(JsonRecords::kPadding >= simdjson::SIMDJSON_PADDING, "the parser reads that far behind a record");

std::string shown_text(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string shown = visible_text(text.substr(0, kMost));
  return text.size() > kMost ? shown + "..." : shown;
}

// A number as text: the shortest decimal that is read back as the same double.
std::optional<std::string> scalar_text(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::STRING: {
      const std::string_view text = element.get_string().value_unsafe();
      return text.empty() ? std::nullopt : std::optional<std::string>{text};
    }
    case dom::element_type::INT64:
      return fmt::format("{}", element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return fmt::format("{}", element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return fmt::format("{}", element.get_double().value_unsafe());
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe() ? "true" : "false";
    case dom::element_type::ARRAY:
    case dom::element_type::OBJECT:
    case dom::element_type::NULL_VALUE:
      break;
  }
  return std::nullopt;
}

// The one member of an attribute's value: {"intValue": "12"}.
std::optional<dom::element> attribute_value(const dom::element& value) {
  dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return value;
  for (const auto member : members) return member.value;
  return std::nullopt;
}

void add_paths(const dom::object& object, const std::string& above, std::vector<std::string>& paths) {
  for (const auto field : object) {
    const std::string path = above + std::string(field.key);
    dom::object inside;
    if (field.value.get(inside) == simdjson::SUCCESS) {
      add_paths(inside, path + ".", paths);
    } else {
      paths.push_back(path);
    }
  }
}

}  // namespace

std::vector<std::string> names_in(const JsonRecord& record) {
  std::vector<std::string> names;
  dom::parser parser;
  dom::object object;
  if (parser.parse(record.text.data(), record.text.size(), true).get(object) != simdjson::SUCCESS) return names;
  for (const auto field : object) names.emplace_back(field.key);
  return names;
}

std::vector<std::string> paths_in(const JsonRecord& record) {
  std::vector<std::string> paths;
  dom::parser parser;
  dom::object object;
  if (parser.parse(record.text.data(), record.text.size(), true).get(object) == simdjson::SUCCESS) {
    add_paths(object, "", paths);
  }
  return paths;
}

struct LogFields::State {
  struct Path {
    std::string_view name;
    std::size_t slot = 0;
  };
  using Values = std::vector<LogValue>;

  std::vector<Path> paths;  // by name
  std::vector<std::string_view> lists;
  Use use_empty;
  dom::parser parser;
  dom::parser inner;  // of JSON in a text
  Values values;
  std::string at;

  [[nodiscard]] std::vector<Path>::const_iterator first_from(std::string_view name) const {
    return std::ranges::lower_bound(paths, name, {}, &Path::name);
  }

  // Some wanted path begins with this one.
  [[nodiscard]] bool leads_on(std::string_view prefix) const {
    const auto path = first_from(prefix);
    for (auto next = path; next != paths.end() && next->name.starts_with(prefix); ++next) {
      if (next->name.size() > prefix.size() && next->name[prefix.size()] == '.') return true;
    }
    return false;
  }

  void set(Values& into, std::optional<std::string> text) const {
    for (auto path = first_from(at); path != paths.end() && path->name == at; ++path) {
      into[path->slot] = {.is_present = true, .text = text};
    }
  }

  // Adds a step to the path for as long as `walk` runs.
  template <class Walk>
  void within(std::string_view key, Walk walk) {
    const std::size_t length = at.size();
    if (length > 0) at += '.';
    at += key;
    walk();
    at.resize(length);
  }

  void read_attributes(const dom::array& pairs, Values& into) {
    for (const dom::element pair : pairs) {
      std::string_view key;
      dom::element value;
      if (pair["key"].get(key) != simdjson::SUCCESS || pair["value"].get(value) != simdjson::SUCCESS) continue;
      const auto member = attribute_value(value);
      if (member) within(key, [&] { read_value(*member, into); });
    }
  }

  void read_value(const dom::element& value, Values& into) {
    dom::object object;
    dom::array array;
    if (value.get(object) == simdjson::SUCCESS) {
      set(into, std::nullopt);
      if (at.empty() || leads_on(at)) read_object(object, into);
    } else if (value.get(array) == simdjson::SUCCESS) {
      set(into, std::nullopt);
      if (leads_on(at)) read_attributes(array, into);
    } else {
      const auto text = scalar_text(value);
      set(into, text);
      if (text && text->front() == '{' && leads_on(at)) read_text(*text, into);
    }
  }

  void read_object(const dom::object& object, Values& into) {
    for (const auto field : object) {
      within(field.key, [&] { read_value(field.value, into); });
    }
  }

  // Text that is no JSON is no object and leads nowhere.
  void read_text(const std::string& text, Values& into) {
    dom::object object;
    if (inner.parse(text).get(object) == simdjson::SUCCESS) read_object(object, into);
  }

  // The lists of records first, so that what is around them is known whatever the order in the text.
  void read_record(const dom::object& object, const Values& around, const Use& use) {
    Values own = around;
    at.clear();
    read_object(object, own);
    bool is_around = false;
    for (const auto field : object) {
      dom::array records;
      if (std::ranges::find(lists, field.key) == lists.end() || field.value.get(records) != simdjson::SUCCESS) continue;
      is_around = true;
      if (records.size() == 0 && use_empty) use_empty(own);
      for (const dom::element element : records) {
        dom::object record;
        if (element.get(record) == simdjson::SUCCESS) read_record(record, own, use);
      }
    }
    if (!is_around) use(own);
  }
};

LogFields::LogFields(std::vector<std::string_view> paths, std::vector<std::string_view> lists, Use use_empty)
    : state_(std::make_unique<State>()) {
  for (std::size_t i = 0; i < paths.size(); ++i) state_->paths.push_back({paths[i], i});
  std::ranges::stable_sort(state_->paths, {}, &State::Path::name);
  state_->lists = std::move(lists);
  state_->use_empty = std::move(use_empty);
  state_->values.resize(paths.size());
}

LogFields::~LogFields() = default;

std::optional<std::string> LogFields::read(const JsonRecord& record, const Use& use) {
  if (record.problem != nullptr) return std::string(record.problem) + ": " + shown_text(record.text);
  dom::element root;
  dom::object object;
  const auto error = state_->parser.parse(record.text.data(), record.text.size(), false).get(root);
  if (error != simdjson::SUCCESS) return std::string("it is no JSON: ") + simdjson::error_message(error);
  if (root.get(object) != simdjson::SUCCESS) return "it is no JSON object, but " + shown_text(record.text);
  state_->read_record(object, state_->values, use);
  return std::nullopt;
}

void LogFields::read(std::span<const std::string> columns, std::span<const std::string> fields, const Use& use) {
  State::Values own = state_->values;
  for (std::size_t i = 0; i < columns.size() && i < fields.size(); ++i) {
    state_->at = columns[i];
    state_->set(own, fields[i].empty() ? std::nullopt : std::optional<std::string>{fields[i]});
    if (fields[i].starts_with('{') && state_->leads_on(columns[i])) state_->read_text(fields[i], own);
  }
  use(own);
}

}  // namespace windtunnel::reports
