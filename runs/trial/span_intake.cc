#include "runs/trial/span_intake.h"

#include <algorithm>
#include <utility>

#include "reports/logs/span_reader.h"
#include "runs/problem.h"
#include "runs/trial/gateway_process.h"

namespace windtunnel::runs {
namespace {

wire::ReportedSpan reported(reports::ModelSpan span) {
  return {.trace = std::move(span.trace),
          .span = std::move(span.row.id),
          .answer = std::move(span.answer),
          .model = std::move(span.row.model),
          .names_served_model = !span.response_model.empty(),
          .input = span.row.input,
          .output = span.row.output,
          .cost = span.row.cost};
}

}  // namespace

bool wants_spans(const sim::GatewaySpec& spec, const sim::Scenario& scenario) {
  const auto is_taken = [](const auto& named) { return named.name == kSpanReceiver; };
  return names_place(spec, kSpanReceiver) && std::ranges::none_of(scenario.providers, is_taken) &&
         std::ranges::none_of(spec.programs, is_taken);
}

SpanIntake::SpanIntake(wire::SocketLoop& loop, wire::TrialClock& clock)
    : clock_(clock), receiver_(loop, [this](const std::string& json) { return on_traces(json); }) {
  if (const auto problem = receiver_.listen()) refuse(ProblemKind::file, *problem);
}

wire::TakenTraces SpanIntake::on_traces(const std::string& json) {
  latest_ = clock_.now();
  reports::SpansRead read = reports::read_spans(json);
  if (!read.problem.empty()) return {.problem = std::move(read.problem)};
  for (reports::ModelSpan& span : read.spans) {
    if (span.is_of_caller) {
      ++spans_.of_callers;
    } else {
      spans_.calls.push_back(reported(std::move(span)));
    }
  }
  spans_.others += read.others;
  spans_.unreadable += read.unreadable;
  if (spans_.first_problem.empty()) spans_.first_problem = read.first_problem;
  return {.rejected = static_cast<std::int64_t>(read.unreadable), .why = std::move(read.first_problem)};
}

bool SpanIntake::awaits(std::size_t calls) {
  const Instant now = clock_.now();
  if (!waiting_) waiting_ = now;
  if (now - *waiting_ >= kAwaitedMost) return false;
  return spans_.calls.size() < calls || now - std::max(latest_, *waiting_) < kQuiet;
}

wire::ReportedSpans SpanIntake::take() {
  wire::ReportedSpans spans = std::move(spans_);
  const wire::OtlpCounts& counts = receiver_.counts();
  spans.refused = counts.refused;
  if (!counts.first_problem.empty()) spans.first_problem = counts.first_problem;
  return spans;
}

}  // namespace windtunnel::runs
