#include "scenarios/gateway_reader.h"

#include "scenarios/fields/tables.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/json/json_document.h"

namespace windtunnel::scenarios {

sim::GatewaySpec read_gateway(const std::string& path) {
  return read_gateway_text(read_whole_file(path, kTextBytesMax), path);
}

sim::GatewaySpec read_gateway_text(const std::string& text, const std::string& name) {
  Diagnostics diagnostics(name, text);
  const JsonValue root = parse_json(diagnostics);
  diagnostics.throw_if_errors();
  const std::size_t slash = name.rfind('/');
  Reading reading(diagnostics, slash == std::string::npos ? std::string{} : name.substr(0, slash + 1));
  sim::GatewaySpec spec;
  reading.note(root.place);
  read_object(reading, root, spec, gateway_table());
  const int ways = (spec.command.empty() ? 0 : 1) + (spec.url.empty() ? 0 : 1) + (spec.programs.empty() ? 0 : 1);
  if (ways != 1) reading.error_at("", "a gateway has either a command or a url, or several programs");
  check_gateway(reading, spec, "");
  diagnostics.throw_if_errors();
  return spec;
}

}  // namespace windtunnel::scenarios
