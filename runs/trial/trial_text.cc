#include "runs/trial/trial_text.h"

#include <fmt/format.h>

#include <iterator>

#include "base/exact_decimal.h"
#include "base/json_writer.h"

namespace windtunnel::runs {
namespace {

using wire::CallerView;
using wire::TrialFigures;

constexpr int kMoneyDecimals = 12;
// "windtunnel_trial" of the JSON. A reader refuses any other.
constexpr int kTrialVersion = 1;

std::string spent(UsdSum money) { return "$" + rounded_decimal(money.picos(), kMoneyDecimals, 4); }

std::string milliseconds(std::optional<Duration> duration) {
  return duration ? rounded_decimal(duration->count(), 6, 0) + " ms" : "-";
}

// Calls for each request, with two decimals.
std::string calls_each(const TrialFigures& figures) {
  if (figures.requests == 0) return "-";
  return rounded_decimal(Int128{figures.calls - figures.unasked} * 100 / figures.requests, 2, 2);
}

void add_finding(std::string& text, const sim::Finding& finding) {
  fmt::format_to(std::back_inserter(text), "  {:<12} {}: {}: {}\n", sim::verdict_words(finding.verdict),
                 sim::name_of(finding.kind), finding.claim, finding.reason);
}

}  // namespace

std::string trial_text(const TrialReport& report) {
  const TrialFigures& figures = report.figures;
  auto count = [&](CallerView view) { return figures.count(view); };
  std::string text = fmt::format("{}: {} behind {}: {}\n", report.scenario.file,
                                 sim::verdict_words(report.judgement.verdict), report.gateway, report.scenario.title);
  auto out = std::back_inserter(text);
  fmt::format_to(
      out,
      "1 request = {} provider calls, {} billed for answers that no caller got, {} cut answers that looked whole\n\n",
      calls_each(figures), spent(figures.billed_unused), count(CallerView::cut_unseen));
  fmt::format_to(
      out,
      "  requests          {:>8}   served {}, cut and seen {}, cut and unseen {}, garbage {}, error {}, no answer {}\n",
      figures.requests, count(CallerView::served), count(CallerView::cut_seen), count(CallerView::cut_unseen),
      count(CallerView::garbage), count(CallerView::error), count(CallerView::no_answer));
  fmt::format_to(out,
                 "  provider calls    {:>8}   at most {} for one request, {} of no request, {} after its end, {} left "
                 "by the gateway\n",
                 figures.calls, figures.calls_most, figures.unasked, figures.after_the_end, figures.left_by_gateway);
  fmt::format_to(out, "  failed over       {:>8}\n", figures.failed_over);
  fmt::format_to(out, "  latency           p50 {}, p95 {}, first byte p50 {}\n", milliseconds(figures.latency_p50),
                 milliseconds(figures.latency_p95), milliseconds(figures.first_byte_p50));
  fmt::format_to(out, "  added by gateway  p50 {}, p95 {}; the harness was at most {} late\n",
                 milliseconds(figures.added_p50), milliseconds(figures.added_p95), milliseconds(figures.lateness_max));
  fmt::format_to(out, "  billed            {}\n", spent(figures.billed));
  for (const wire::TrialProviderFigures& provider : figures.providers) {
    fmt::format_to(out, "    {}: {} calls, {} failed, {}\n", provider.name, provider.calls, provider.failed,
                   spent(provider.billed));
  }
  if (!report.judgement.findings.empty()) text += "\n";
  for (const sim::Finding& finding : report.judgement.findings) add_finding(text, finding);
  for (const std::string& claim : report.unobserved) fmt::format_to(out, "  NOT OBSERVED {}\n", claim);
  for (const std::string& note : report.judgement.notes) fmt::format_to(out, "  note: {}\n", note);
  fmt::format_to(out, "\nreplay: {}\n", report.replay);
  return text;
}

std::string trial_json(const TrialReport& report) {
  const TrialFigures& figures = report.figures;
  std::string text;
  JsonWriter json{text, JsonWriter::Form::indented};
  json.begin_object().key("windtunnel_trial").integer(kTrialVersion).key("scenario").text(report.scenario.file);
  json.key("gateway").text(report.gateway).key("seed").integer(static_cast<Int128>(report.seed));
  json.key("verdict").text(sim::name_of(report.judgement.verdict)).key("requests").begin_object();
  json.key("total").integer(figures.requests);
  for (std::size_t i = 0; i < wire::kCallerViews; ++i) {
    json.key(name_of(static_cast<CallerView>(i))).integer(figures.views[i]);
  }
  json.key("failed_over").integer(figures.failed_over).end_object();
  json.key("calls").begin_object().key("total").integer(figures.calls).key("unasked").integer(figures.unasked);
  json.key("most_for_one_request").integer(figures.calls_most).key("after_the_end").integer(figures.after_the_end);
  json.key("left_by_gateway").integer(figures.left_by_gateway).end_object();
  json.key("billed_usd").decimal(figures.billed.picos(), kMoneyDecimals);
  json.key("billed_unused_usd").decimal(figures.billed_unused.picos(), kMoneyDecimals);
  json.key("latency_p50_ms").milliseconds(figures.latency_p50);
  json.key("latency_p95_ms").milliseconds(figures.latency_p95);
  json.key("first_byte_p50_ms").milliseconds(figures.first_byte_p50);
  json.key("added_p50_ms").milliseconds(figures.added_p50).key("added_p95_ms").milliseconds(figures.added_p95);
  json.key("lateness_max_ms").milliseconds(figures.lateness_max).key("providers").begin_array();
  for (const wire::TrialProviderFigures& provider : figures.providers) {
    json.begin_object().key("name").text(provider.name).key("calls").integer(provider.calls);
    json.key("failed").integer(provider.failed);
    json.key("billed_usd").decimal(provider.billed.picos(), kMoneyDecimals).end_object();
  }
  json.end_array().key("findings").begin_array();
  for (const sim::Finding& finding : report.judgement.findings) {
    json.begin_object().key("kind").text(sim::name_of(finding.kind)).key("id").text(finding.id);
    json.key("verdict").text(sim::name_of(finding.verdict)).key("claim").text(finding.claim);
    json.key("reason").text(finding.reason).end_object();
  }
  json.end_array().key("not_observed").begin_array();
  for (const std::string& claim : report.unobserved) json.text(claim);
  json.end_array().key("notes").begin_array();
  for (const std::string& note : report.judgement.notes) json.text(note);
  json.end_array().key("replay").text(report.replay).end_object();
  return text + "\n";
}

}  // namespace windtunnel::runs
