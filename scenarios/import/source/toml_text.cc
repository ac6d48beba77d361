// TOML as a tree, by toml++.

#include <stdexcept>

// toml++ 3.3 goes past its end on some inputs that no grammar allows (`[= 1`), and says so by its assertions alone.
// They throw here, in every kind of build.
namespace windtunnel::scenarios {
struct BrokenToml : std::runtime_error {
  BrokenToml() : std::runtime_error("no key, value or end of line stands where one has to") {}
};
[[noreturn]] static void break_toml() { throw BrokenToml(); }
}  // namespace windtunnel::scenarios
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : windtunnel::scenarios::break_toml())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/import/source/config_text.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::scenarios {
namespace {

class Converter {
 public:
  explicit Converter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  JsonValue value_of(const toml::node& node, std::size_t depth) {
    const Place place = place_of(node.source());
    if (depth > kConfigDepthMax) {
      fail(place, "more than " + std::to_string(kConfigDepthMax) + " levels",
           "no gateway nests its configuration so deep");
    }
    if (++values_ > kConfigValuesMax) {
      fail(place, "the file has more than " + std::to_string(kConfigValuesMax) + " values",
           "a configuration holds some hundreds; divide the file");
    }
    JsonValue value = converted(node, depth);
    value.place = place;
    return value;
  }

  Place place_of(const toml::source_region& source) {
    if (!source.begin) return {};
    // toml++ counts columns in code points.
    return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
  }

  [[noreturn]] void fail(Place place, std::string message, std::string help) {
    diagnostics_.error(place, "", std::move(message), std::move(help));
    throw ScenarioError(diagnostics_.errors(), 1);
  }

 private:
  JsonValue converted(const toml::node& node, std::size_t depth) {
    if (const toml::table* table = node.as_table()) return object_of(*table, depth);
    if (const toml::array* array = node.as_array()) {
      JsonValue value = JsonValue::array();
      for (const toml::node& item : *array) value.items.push_back(value_of(item, depth + 1));
      return value;
    }
    if (const auto* text = node.as_string()) return JsonValue::of_string(text->get());
    if (const auto* flag = node.as_boolean()) return JsonValue::of_bool(flag->get());
    if (const auto* number = node.as_integer()) return JsonValue::of_number(std::to_string(number->get()));
    if (const auto* number = node.as_floating_point()) return JsonValue::of_number(number_text(number->get()));
    std::ostringstream date;
    if (const auto* day = node.as_date()) date << day->get();
    if (const auto* time = node.as_time()) date << time->get();
    if (const auto* instant = node.as_date_time()) date << instant->get();
    return JsonValue::of_string(date.str());
  }

  // In the order of the file, because toml++ sorts its keys.
  JsonValue object_of(const toml::table& table, std::size_t depth) {
    JsonValue value = JsonValue::object();
    for (const auto& [key, child] : table) {
      value.members.push_back({std::string(key.str()), place_of(key.source()), value_of(child, depth + 1)});
    }
    std::ranges::stable_sort(value.members, [](const JsonMember& a, const JsonMember& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
    return value;
  }

  Diagnostics& diagnostics_;
  std::size_t values_ = 0;
};

bool is_broken(std::string_view text) {
  try {
    static_cast<void>(toml::parse(text));
  } catch (const BrokenToml&) {
    return true;
  } catch (const toml::parse_error&) {
  }
  return false;
}

// The first line with which the text breaks toml++: it reads from the left, so that what follows does not matter.
int broken_line(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ends.push_back(i + 1);
  }
  return static_cast<int>(
             std::ranges::partition_point(ends, [&](std::size_t end) { return !is_broken(text.substr(0, end)); }) -
             ends.begin()) +
         1;
}

}  // namespace

ConfigText read_toml(Diagnostics& diagnostics) {
  if (!check_config_text(diagnostics)) diagnostics.throw_if_errors();
  Converter converter(diagnostics);
  ConfigText config;
  try {
    config.root = converter.value_of(toml::parse(diagnostics.source()), 0);
  } catch (const toml::parse_error& error) {
    converter.fail(converter.place_of(error.source()), "this is no TOML: " + std::string(error.description()),
                   "see what stands at and before this place");
  } catch (const BrokenToml& error) {
    converter.fail({broken_line(diagnostics.source()), 1}, "this is no TOML: " + std::string(error.what()),
                   "write a name for each table and key, as in `[models.a]`");
  }
  return config;
}

}  // namespace windtunnel::scenarios
