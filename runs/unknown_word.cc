#include "runs/unknown_word.h"

#include "scenarios/json/diagnostics.h"

namespace windtunnel::runs {

std::string unknown_word(std::string_view noun, std::string_view written, std::span<const std::string> known) {
  const std::string message = "no " + std::string(noun) + " is named \"" + scenarios::excerpt(written) + "\"";
  const std::string help = scenarios::help_with_words(written, known, std::string(noun) + "s");
  return help.empty() ? message : message + ": " + help;
}

}  // namespace windtunnel::runs
