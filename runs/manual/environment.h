#pragma once
// The environment variables that the program reads. A flag wins over its variable.

#include <span>
#include <string_view>

namespace windtunnel::runs {

struct EnvironmentVariable {
  std::string_view name;
  std::string_view text;
  std::string_view range;
  std::string_view example;
};

[[nodiscard]] std::span<const EnvironmentVariable> environment_variables();

}  // namespace windtunnel::runs
