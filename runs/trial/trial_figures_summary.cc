#include "runs/trial/trial_figures_summary.h"

#include "base/check.h"

namespace windtunnel::runs {

reports::TrialSummary summary_of(const wire::TrialFigures& figures) {
  static_assert(reports::kTrialViews.size() == wire::kCallerViews);
  reports::TrialSummary trial;
  trial.requests.total = figures.requests;
  for (std::size_t i = 0; i < wire::kCallerViews; ++i) {
    check(reports::kTrialViews[i] == name_of(static_cast<wire::CallerView>(i)), "the views have one order");
    trial.requests.views[i] = figures.views[i];
  }
  trial.requests.failed_over = figures.failed_over;
  trial.requests.sent_by_a_program = figures.requests_outside;
  trial.calls = {.total = figures.calls,
                 .unasked = figures.unasked,
                 .most_for_one_request = figures.calls_most,
                 .after_the_end = figures.after_the_end,
                 .left_by_gateway = figures.left_by_gateway};
  trial.billed = figures.billed;
  trial.billed_unused = figures.billed_unused;
  trial.latency_p50 = figures.latency_p50;
  trial.latency_p95 = figures.latency_p95;
  trial.first_byte_p50 = figures.first_byte_p50;
  trial.added_p50 = figures.added_p50;
  trial.added_p95 = figures.added_p95;
  trial.lateness_max = figures.lateness_max;
  return trial;
}

reports::TrialSpansSummary summary_of(const wire::ReportedSpans& spans) {
  return {.calls = static_cast<std::int64_t>(spans.calls.size()),
          .of_callers = static_cast<std::int64_t>(spans.of_callers),
          .others = static_cast<std::int64_t>(spans.others),
          .unreadable = static_cast<std::int64_t>(spans.unreadable),
          .refused = static_cast<std::int64_t>(spans.refused),
          .first_problem = spans.first_problem};
}

}  // namespace windtunnel::runs
