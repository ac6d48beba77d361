#include "runs/processes/breaker_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/visible_text.h"
#include "runs/quoted_output.h"
#include "runs/shell_word.h"
#include "scenarios/fields/breaker_codec.h"
#include "scenarios/json/diagnostics.h"

namespace windtunnel::runs {

namespace {

// The breaker of one provider: any failure of its program ends the run with a message that names the provider.
class ProviderBreaker final : public monitor::ForeignBreaker {
 public:
  ProviderBreaker(std::string provider, const ChildOptions& options)
      : provider_(std::move(provider)), command_(options.command) {
    guarded([&] { return process_.emplace(options), 0; });
  }

  std::optional<std::string> reset(const monitor::BreakerConfig& config) override {
    return guarded([&] { return process_->reset(config); });
  }
  monitor::BreakerAnswer ask(const monitor::BreakerQuestion& question) override {
    return guarded([&] {
      monitor::BreakerAnswer answer = process_->ask(question);
      if (!answer.error.empty()) throw process_->error("has an objection to a right question: " + answer.error);
      return answer;
    });
  }

 private:
  template <class Action>
  auto guarded(Action action) -> decltype(action()) {
    try {
      return action();
    } catch (const ChildError& error) {
      const std::string latest = process_ ? process_->latest_line() : "";
      throw ProblemError(ProblemKind::file,
                         "the breaker of " + provider_ + ", " + child_error_text(error, command_, latest));
    } catch (const ChildInterrupted&) {
      throw ProblemError(ProblemKind::interrupted, "interrupted while the breaker of " + provider_ + " was waited for");
    }
  }

  std::string provider_;
  std::vector<std::string> command_;
  std::optional<BreakerProcess> process_;
};

}  // namespace

ScenarioBreakers::ScenarioBreakers(const sim::Scenario& scenario, const std::atomic<bool>* stop) {
  if (scenario.breaker_command.empty()) return;
  const std::vector<monitor::BreakerConfig> configs = sim::breakers_of(scenario);
  const auto reads = [](const monitor::BreakerConfig& config) {
    return config.state_view == monitor::StateView::on_read && config.late_results != monitor::LateResults::ignore;
  };
  if (std::ranges::any_of(configs, reads)) {
    throw ProblemError(ProblemKind::scenario,
                       scenario.file +
                           ": /monitor/circuit_breaker: state_view on_read with late_results that act is for verify "
                           "alone: a run asks another program's breaker after each call, which ends OPEN, where a "
                           "gateway does not ask; state_view lazy, or late_results ignore");
  }
  const std::string folder = std::filesystem::path(scenario.file).parent_path().string();
  for (const sim::ProviderSpec& provider : scenario.providers) {
    breakers_.push_back(std::make_unique<ProviderBreaker>(
        provider.name, ChildOptions{.command = scenario.breaker_command, .directory = folder, .stop = stop}));
    if (const auto why = breakers_.back()->reset(configs[breakers_.size() - 1])) {
      throw ProblemError(
          ProblemKind::scenario,
          fmt::format("{}: /monitor/circuit_breaker: {} does not support these settings: {}", scenario.file,
                      visible_text(fmt::format("{}", fmt::join(scenario.breaker_command, " "))), *why));
    }
  }
}

std::vector<monitor::ForeignBreaker*> ScenarioBreakers::all() const {
  std::vector<monitor::ForeignBreaker*> all;
  for (const auto& breaker : breakers_) all.push_back(breaker.get());
  return all;
}

std::optional<std::string> BreakerProcess::reset(const monitor::BreakerConfig& config) {
  const std::string line = converse(scenarios::reset_line(config));
  scenarios::ResetAnswer answer = scenarios::read_reset_answer(line);
  if (answer.nonsense.empty() && answer.unsupported) return visible_text(*answer.unsupported);
  if (answer.nonsense.empty()) return std::nullopt;
  throw child_.error(
      fmt::format("speaks nonsense: \"{}\": {}", scenarios::excerpt(line), visible_text(answer.nonsense)));
}

monitor::BreakerAnswer BreakerProcess::ask(const monitor::BreakerQuestion& question) {
  const std::string line = converse(scenarios::question_line(question));
  scenarios::QuestionAnswer answer = scenarios::read_answer(line, question.op);
  answer.answer.error = visible_text(answer.answer.error);
  if (answer.nonsense.empty()) return std::move(answer.answer);
  throw child_.error(
      fmt::format("speaks nonsense: \"{}\": {}", scenarios::excerpt(line), visible_text(answer.nonsense)));
}

std::string BreakerProcess::converse(std::string line) {
  latest_line_ = std::move(line);
  return child_.ask(latest_line_);
}

std::string child_error_text(const ChildError& error, const std::vector<std::string>& command,
                             const std::string& latest_line) {
  std::string text;
  for (const std::string& word : command) text += (text.empty() ? "" : " ") + shell_word(word);
  text += fmt::format(": {}\n", error.what());
  if (!latest_line.empty()) text += fmt::format("  asked last: {}\n", latest_line);
  if (error.stderr_tail().empty()) return text + "  its stderr is empty";
  return text + "  the end of its stderr:\n" + quoted_output(error.stderr_tail());
}

}  // namespace windtunnel::runs
