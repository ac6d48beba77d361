#include "runs/flag_duration.h"

#include <fmt/format.h>

#include "base/visible_text.h"
#include "runs/problem.h"
#include "scenarios/json/exact_numbers.h"

namespace windtunnel::runs {

Duration flag_duration(const char* flag, const std::string& text) {
  const scenarios::ExactNumber parsed = scenarios::exact_duration(text);
  if (parsed.problem == scenarios::NumberProblem::none && parsed.value > 0) return Duration{parsed.value};
  refuse(fmt::format("{} {} is not a duration above 0 such as 5s or 500ms", flag, visible_text(text)));
}

}  // namespace windtunnel::runs
