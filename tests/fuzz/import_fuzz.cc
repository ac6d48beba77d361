// Any bytes at all are either a gateway's configuration or a list of errors: never a crash, a hang or memory without
// bound. The first byte chooses the format. What is imported is a scenario that can be read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenarios/import/gateway_import.h"
#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace scenarios = windtunnel::scenarios;
  if (size == 0) return 0;
  static const scenarios::PriceList prices = scenarios::PriceList::shipped();
  const scenarios::ImportRequest request{.format = static_cast<scenarios::GatewayFormat>(data[0] % 4),
                                         .file = "fuzz/config",
                                         .text = std::string(reinterpret_cast<const char*>(data + 1), size - 1)};
  std::string written;
  try {
    written = scenarios::write_scenario(scenarios::import_gateway(request, prices).scenario);
  } catch (const scenarios::ScenarioError&) {
    return 0;
  }
  try {
    static_cast<void>(scenarios::read_scenario_text(written, "fuzz/fuzz.json"));
  } catch (const scenarios::ScenarioError&) {
    std::abort();
  }
  return 0;
}
