#include "cli/foreign_breaker.h"

#include <fmt/format.h>

#include <utility>

#include "cli/one_run.h"
#include "scenarios/breaker_protocol.h"
#include "scenarios/diagnostics.h"

namespace windtunnel::cli {

std::optional<std::string> ProcessBreaker::reset(const monitor::BreakerConfig& config) {
  const std::string line = converse(scenarios::reset_line(config));
  scenarios::ResetAnswer answer = scenarios::read_reset_answer(line);
  if (answer.nonsense.empty()) return std::move(answer.unsupported);
  throw child_.error(fmt::format("speaks nonsense: \"{}\": {}", scenarios::excerpt(line), answer.nonsense));
}

monitor::BreakerAnswer ProcessBreaker::ask(const monitor::BreakerQuestion& question) {
  const std::string line = converse(scenarios::question_line(question));
  scenarios::QuestionAnswer answer = scenarios::read_answer(line, question.op);
  if (answer.nonsense.empty()) return std::move(answer.answer);
  throw child_.error(fmt::format("speaks nonsense: \"{}\": {}", scenarios::excerpt(line), answer.nonsense));
}

std::string ProcessBreaker::converse(std::string line) {
  latest_line_ = std::move(line);
  return child_.ask(latest_line_);
}

std::string child_error_text(const ChildError& error, const std::vector<std::string>& command,
                             const std::string& latest_line) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + shell_word(word);
  text += fmt::format(": {}\n", error.what());
  if (!latest_line.empty()) text += fmt::format("  asked last: {}\n", latest_line);
  if (error.stderr_tail().empty()) return text + "  its stderr is empty\n";
  text += "  the end of its stderr:\n";
  std::string tail = error.stderr_tail();
  // Whatever it wrote must not steer a terminal.
  for (char& byte : tail) {
    if ((static_cast<unsigned char>(byte) < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) byte = '?';
  }
  for (std::size_t first = 0; first < tail.size();) {
    const std::size_t end = std::min(tail.find('\n', first), tail.size());
    text += "  | " + tail.substr(first, end - first) + "\n";
    first = end + 1;
  }
  return text;
}

}  // namespace windtunnel::cli
