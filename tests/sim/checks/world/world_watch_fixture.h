#pragma once
// A world's words and the findings about it.

#include <string>
#include <utility>

#include "sim/checks/world/world_watch.h"
#include "tests/sim/world_fixture.h"

namespace windtunnel::sim {

struct Watching {
  explicit Watching(Scenario told) : scenario(std::move(told)) {}
  Scenario scenario;
  Violations violations{CheckSelection{{"Q"}}, false};
  [[nodiscard]] WorldWatch watch() { return {scenario, violations}; }
  [[nodiscard]] bool found() const { return !violations.findings().empty(); }
};

}  // namespace windtunnel::sim
