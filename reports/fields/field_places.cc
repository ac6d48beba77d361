#include "reports/fields/field_places.h"

#include "base/check.h"

namespace windtunnel::reports {

const FieldPlace& FieldPlaces::at(const void* field) const {
  const auto found = places_.find(field);
  check(found != places_.end(), "a figure of a page is a field of its document");
  return found->second;
}

std::string FieldPlaces::without_quotes(const std::string& json) {
  if (json == "null") return {};
  return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

}  // namespace windtunnel::reports
