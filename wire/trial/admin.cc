#include "wire/trial/admin.h"

#include <simdjson.h>

#include "base/json_text.h"
#include "base/json_writer.h"

namespace windtunnel::wire {

std::string error_json(std::string_view text) { return "{\"error\":" + json_string(text) + "}\n"; }

std::string state_json(const ProviderHost& host, const HostState& state) {
  constexpr int kPicoDecimals = 12;
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("scenario").text(host.scenario().file);
  json.key("clock_started").boolean(state.clock_started).key("now").seconds(state.now);
  json.key("lateness_max_ms").milliseconds(state.lateness_max);
  json.key("providers").begin_array();
  for (std::size_t i = 0; i < state.urls.size(); ++i) {
    const ProviderCount& count = host.counts()[i];
    json.begin_object().key("name").text(host.scenario().providers[i].name).key("url").text(state.urls[i]);
    json.key("calls").integer(count.calls).key("open").integer(count.open);
    json.key("billed_usd").decimal(count.billed.picos(), kPicoDecimals).end_object();
  }
  json.end_array().key("faults").begin_array();
  for (std::size_t i = 0; i < host.faults().size(); ++i) {
    const sim::FaultCount& count = host.faults().count(i);
    json.begin_object().key("id").text(host.faults().spec(i).id);
    json.key("kind").text(name_of(host.faults().spec(i).kind())).key("on").boolean(host.faults().acts(i));
    json.key("touched").integer(count.touched).key("affected").integer(count.affected).end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

FaultSwitch fault_switch(const ProviderHost& host, std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view id;
  FaultSwitch wanted;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["id"].get(id) != simdjson::SUCCESS || root["on"].get(wanted.on) != simdjson::SUCCESS) {
    wanted.problem = R"(wanted: {"id": "a fault's id", "on": true or false})";
    return wanted;
  }
  for (std::size_t i = 0; i < host.faults().size(); ++i) {
    if (host.faults().spec(i).id != id) continue;
    wanted.fault = i;
    return wanted;
  }
  wanted.problem = "no fault of the scenario has the id " + std::string(id);
  return wanted;
}

}  // namespace windtunnel::wire
