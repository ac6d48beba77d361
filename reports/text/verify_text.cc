#include "reports/text/verify_text.h"

#include <fmt/format.h>

#include <map>

#include "reports/text/enum_names.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

using monitor::BreakerAnswer;
using monitor::BreakerOp;
using monitor::BreakerOutcome;

// Calls are numbered in the order in which they begin.
std::string call_text(const sim::HistoryCall& call, const std::map<std::size_t, int>& numbers, std::size_t place) {
  switch (call.wrong) {
    case sim::WrongQuestion::none:
      break;
    case sim::WrongQuestion::permit_is_unknown:
      return "report a permit that was never issued";
    case sim::WrongQuestion::time_runs_backwards:
      return "acquire in the past";
    case sim::WrongQuestion::permit_has_reported:
      return fmt::format("report call {} once more", numbers.at(call.of));
  }
  switch (call.op) {
    case BreakerOp::acquire:
      return fmt::format("acquire call {}", numbers.at(place));
    case BreakerOp::state:
      return "state";
    case BreakerOp::report:
      break;
  }
  switch (call.outcome) {
    case BreakerOutcome::success:
      return fmt::format("report call {}: ok", numbers.at(call.of));
    case BreakerOutcome::failure:
    case BreakerOutcome::fatal:  // which the protocol does not have
      return fmt::format("report call {}: failed", numbers.at(call.of));
    case BreakerOutcome::ignored:
      return fmt::format("report call {}: ignored", numbers.at(call.of));
  }
  return "";
}

std::string answer_text(BreakerOp op, bool is_error, bool admitted, monitor::BreakerState state) {
  if (is_error) return "error";
  if (op != BreakerOp::acquire) return std::string(name_of(state));
  return fmt::format("{}, {}", admitted ? "admitted" : "refused", name_of(state));
}

std::string history_table(const sim::ShownHistory& shown) {
  TextTable table({"t_ms", "call", "answer", "expected", "rule"}, 5);
  std::map<std::size_t, int> numbers;
  for (std::size_t i = 0; i < shown.history.size(); ++i) {
    const sim::HistoryCall& call = shown.history[i];
    if (call.op == BreakerOp::acquire && call.wrong == sim::WrongQuestion::none) {
      numbers.emplace(i, static_cast<int>(numbers.size()) + 1);
    }
    const BreakerAnswer& answer = shown.answers[i];
    const sim::ExpectedAnswer& expected = shown.expected[i];
    const bool is_last = i + 1 == shown.history.size();
    table.add(
        {fmt::format("{}", call.t_ms), call_text(call, numbers, i),
         answer_text(call.op, !answer.error.empty(), answer.permit.has_value(), answer.state) + (is_last ? " !" : ""),
         answer_text(call.op, expected.error, expected.admitted, expected.state), shown.rules[i]});
  }
  return table.text(2);
}

std::string name_and_meaning(sim::Deviation deviation) {
  return fmt::format("  {} - {}\n", name_of(deviation),
                     sim::deviations()[static_cast<std::size_t>(deviation)].explanation);
}

std::string counted(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string finding_text(const sim::VerifyFinding& finding) {
  std::string text = "FAIL";
  if (!finding.settings.empty()) text += " under the settings: " + finding.settings;
  text += fmt::format("\nThe shortest history that fails, found by {}:\n\n", finding.found_by);
  text += history_table({finding.history, finding.answers, finding.expected, finding.rules});
  const std::string& error = finding.answers.back().error;
  if (!error.empty()) text += fmt::format("\n  The error: {}\n", error);
  text += "\n";
  if (finding.deviations.empty()) return text + "No known deviation explains it.\n";
  text += "Recognised: a breaker with this deviation, and no other, answers in the same way\n" +
          name_and_meaning(finding.deviations.front().deviation);
  for (std::size_t i = 1; i < finding.deviations.size(); ++i) {
    const sim::RecognisedDeviation& recognised_deviation = finding.deviations[i];
    text += fmt::format("Recognised besides, where a breaker with only the deviation{} above is expected:\n{}\n{}\n",
                        i == 1 ? "" : "s", name_and_meaning(recognised_deviation.deviation),
                        history_table(recognised_deviation.shown));
  }
  return text;
}

std::string verification_text(const sim::Verification& done, const sim::VerifyOptions& options) {
  std::string text;
  std::map<std::string, std::string> by_reason;
  for (const sim::Unsupported& entry : done.unsupported) {
    std::string& names = by_reason[entry.why];
    names += (names.empty() ? "" : "; ") + entry.settings;
  }
  for (const auto& [why, names] : by_reason) text += fmt::format("Unsupported, {}: {}\n", why, names);
  const std::uint64_t tried = done.settings_held + done.findings.size();
  const char* verdict = done.stopped              ? "INTERRUPTED"
                        : !done.findings.empty()  ? "FAIL"
                        : done.settings_held == 0 ? "INCONCLUSIVE: it supports none of the settings"
                        : done.is_closed_always   ? "INCONCLUSIVE: no history opened it, so that only CLOSED was tried"
                                                  : "PASS";
  text += fmt::format("{} of {} tried: {} held, {} failed, {} unsupported; {}, {}, seed {}\n", tried,
                      counted(options.settings.size(), "setting"), done.settings_held, done.findings.size(),
                      done.unsupported.size(), fmt::format("{} histories", done.histories),
                      counted(done.questions, "question"), options.seed);
  return text + "Verdict: " + verdict + "\n";
}

}  // namespace windtunnel::reports
