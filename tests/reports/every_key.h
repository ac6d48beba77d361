#pragma once
// The documents that a strict reader must refuse: a whole one with one key removed, or with one value of another type.

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "reports/files/report_error.h"

namespace windtunnel::reports {

using OrderedJson = nlohmann::ordered_json;

inline void for_each_value(const OrderedJson& value, const OrderedJson::json_pointer& at,
                           const std::function<void(const OrderedJson::json_pointer&)>& see) {
  if (!at.empty()) see(at);
  if (value.is_object()) {
    for (const auto& item : value.items()) for_each_value(item.value(), at / item.key(), see);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) for_each_value(value[i], at / i, see);
  }
}

// The message of the ReportError that `read` throws for this text; empty if it throws none.
inline std::string refusal(const std::function<void(const std::string&)>& read, const std::string& text) {
  try {
    read(text);
  } catch (const ReportError& error) {
    return error.what();
  }
  return {};
}

// A value of another type than any that may stand there.
inline OrderedJson of_another_type(const OrderedJson& value) {
  if (value.is_number() || value.is_boolean()) return "x";
  if (value.is_string()) return 7;
  if (value.is_null()) return OrderedJson::array({"x"});
  return true;
}

// Every key and every value of the document is needed: without it, or with one of another type, `read` names it.
inline void expect_every_value_is_needed(const std::string& text, const std::function<void(const std::string&)>& read) {
  const OrderedJson whole = OrderedJson::parse(text);
  ASSERT_EQ(refusal(read, whole.dump()), "");
  std::size_t removed = 0;
  for_each_value(whole, OrderedJson::json_pointer{}, [&](const OrderedJson::json_pointer& at) {
    OrderedJson other = whole;
    other[at] = of_another_type(whole[at]);
    const std::string name =
        at.parent_pointer().empty() && at.back().starts_with("windtunnel_") ? at.back() : at.to_string() + " is ";
    EXPECT_NE(refusal(read, other.dump()).find(name), std::string::npos)
        << at << " of another type: " << refusal(read, other.dump());
    if (!whole[at.parent_pointer()].is_object()) return;
    OrderedJson lacking = whole;
    lacking[at.parent_pointer()].erase(at.back());
    EXPECT_NE(refusal(read, lacking.dump()).find(name), std::string::npos)
        << at << " is missing: " << refusal(read, lacking.dump());
    ++removed;
  });
  EXPECT_GT(removed, 20U);
}

}  // namespace windtunnel::reports
