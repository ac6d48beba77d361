#pragma once
// What a trial came to, for people and as JSON.

#include <string>
#include <vector>

#include "sim/checks/findings/verdict.h"
#include "sim/world/scenario.h"
#include "wire/trial/trial_figures.h"

namespace windtunnel::runs {

struct TrialReport {
  const sim::Scenario& scenario;
  const wire::TrialFigures& figures;
  const sim::Judgement& judgement;
  const std::vector<std::string>& unobserved;  // claims that cannot be seen from outside
  std::string gateway;                         // the file that names it
  std::uint64_t seed = 0;
  std::string replay;
};

[[nodiscard]] std::string trial_text(const TrialReport& report);
[[nodiscard]] std::string trial_json(const TrialReport& report);

}  // namespace windtunnel::runs
