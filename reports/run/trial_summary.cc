#include "reports/run/trial_summary.h"

#include <fmt/format.h>

#include <iterator>

#include "base/exact_decimal.h"
#include "base/json_writer.h"
#include "reports/text/text_table.h"

namespace windtunnel::reports {
namespace {

std::string spent(UsdSum money) { return "$" + rounded_decimal(money.picos(), kDollarDecimals, 4); }

std::string milliseconds(std::optional<Duration> duration) {
  return duration ? rounded_decimal(duration->count(), kMillisecondDecimals, 0) + " ms" : "-";
}

// Calls for each request, with two decimals.
std::string calls_each(const TrialSummary& trial) {
  const std::int64_t requests = trial.requests.total + trial.requests.sent_by_a_program;
  if (requests == 0) return "-";
  return rounded_decimal(rounded_ratio(trial.calls.total - trial.calls.unasked, requests, 2), 2, 2);
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string agreement_text(const AgreementSummary& agreement) {
  TextTable table{{"Figure", "Unit", "Observed", "Predicted", "Median", ""}};
  std::string reasons;
  for (const AgreementRow& row : agreement.rows) {
    const std::string band = row.low.empty() ? "-" : row.low + " to " + row.high;
    table.add({row.name, row.unit, row.observed.empty() ? "not observed" : row.observed, band, or_dash(row.median),
               row.is_inside ? "" : "outside"});
    if (!row.is_inside && !row.explanation.empty()) reasons += "  " + row.name + ": " + row.explanation + "\n";
  }
  std::string text = fmt::format("\nPredicted by {} simulations of this file, and observed:\n", agreement.seeds);
  text += table.text(2) + reasons;
  if (!agreement.first_divergence.empty()) text += "  first divergence: " + agreement.first_divergence + "\n";
  return text;
}

std::string spans_text(const TrialSpansSummary& spans) {
  std::string text = fmt::format("  Spans: {} of calls, {} of requests, {} others; {} unreadable, {} exports refused",
                                 spans.calls, spans.of_callers, spans.others, spans.unreadable, spans.refused);
  if (!spans.first_problem.empty()) text += ": " + spans.first_problem;
  return text + "\n";
}

}  // namespace

std::string trial_text(const TrialSummary& trial) {
  const TrialRequestsSummary& requests = trial.requests;
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "1 request = {} provider calls, {} billed for answers that no caller got, {} silent truncations",
                 calls_each(trial), spent(trial.billed_unused), requests.silently_cut());
  if (trial.agreement && !trial.agreement->first_divergence.empty()) {
    text += ", first divergence: " + trial.agreement->first_divergence;
  }
  fmt::format_to(out, "\n\nTrial of {}, {} clock:\n", trial.gateway, trial.clock);
  fmt::format_to(out, "  Requests: {}", requests.total);
  for (std::size_t i = 0; i < kTrialViews.size(); ++i) {
    std::string words{kTrialViews[i]};
    for (char& letter : words) letter = letter == '_' ? ' ' : letter;
    fmt::format_to(out, "{} {} {}", i == 0 ? ":" : ",", requests.views[i], words);
  }
  fmt::format_to(out, "\n  Failed over: {}\n", requests.failed_over);
  if (requests.sent_by_a_program > 0) {
    fmt::format_to(out, "  Sent by a program: {}, and what it got is not observed\n", requests.sent_by_a_program);
  }
  const TrialCallsSummary& calls = trial.calls;
  fmt::format_to(out,
                 "  Provider calls: {}: at most {} for one request, {} of no request, {} after its end, {} left by "
                 "the gateway\n",
                 calls.total, calls.most_for_one_request, calls.unasked, calls.after_the_end, calls.left_by_gateway);
  fmt::format_to(out, "  Latency: p50 {}, p95 {}, first byte p50 {}\n", milliseconds(trial.latency_p50),
                 milliseconds(trial.latency_p95), milliseconds(trial.first_byte_p50));
  fmt::format_to(out, "  Added by the gateway: p50 {}, p95 {}; the harness was at most {} late\n",
                 milliseconds(trial.added_p50), milliseconds(trial.added_p95), milliseconds(trial.lateness_max));
  fmt::format_to(out, "  Billed: {}, of that for answers that no caller got: {}\n", spent(trial.billed),
                 spent(trial.billed_unused));
  if (trial.spans) text += spans_text(*trial.spans);
  if (trial.agreement) text += agreement_text(*trial.agreement);
  for (const std::string& claim : trial.not_observed) text += "  not observed: " + claim + "\n";
  return text + "\n";
}

}  // namespace windtunnel::reports
