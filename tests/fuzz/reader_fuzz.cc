// Any bytes at all are either a scenario or a list of errors: never a crash, a hang or memory without bound. What reads
// as a scenario is written and read again, and must say the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenarios/json/diagnostics.h"
#include "scenarios/reader.h"
#include "scenarios/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const windtunnel::sim::Scenario scenario = windtunnel::scenarios::read_scenario_text(text, "fuzz/fuzz.json");
    const std::string written = windtunnel::scenarios::write_scenario(scenario);
    const windtunnel::sim::Scenario again = windtunnel::scenarios::read_scenario_text(written, "fuzz/fuzz.json");
    if (!windtunnel::scenarios::same_scenario(scenario, again)) std::abort();
  } catch (const windtunnel::scenarios::ScenarioError&) {
  } catch (const windtunnel::scenarios::FileError&) {
  }
  return 0;
}
