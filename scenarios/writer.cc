#include "scenarios/writer.h"

#include <utility>

#include "scenarios/fields/tables.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

std::string write_scenario(const sim::Scenario& scenario) {
  JsonValue json = write_object(Writing{names_of(scenario)}, scenario, scenario_table());
  JsonValue whole = JsonValue::object();
  whole.add("version", JsonValue::of_number("1"));
  for (JsonMember& member : json.members) whole.add(std::move(member.key), std::move(member.value));
  return json_text(whole) + "\n";
}

bool same_scenario(const sim::Scenario& a, const sim::Scenario& b) { return same_object(a, b, scenario_table()); }

}  // namespace windtunnel::scenarios
