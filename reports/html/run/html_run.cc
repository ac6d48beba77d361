#include "reports/html/run/html_run.h"

#include "reports/html/html_page.h"
#include "reports/html/run/page_sections.h"
#include "reports/run/run_summary_fields.h"

namespace windtunnel::reports {

std::string run_page(const RunSummary& run, const sim::Timeline& timeline, const HtmlBundle& bundle,
                     const std::string& name) {
  if (run.digest != timeline.digest || run.seed != timeline.seed) {
    throw ReportError(name, "read", "summary.json and timeline.json are of two different runs");
  }
  const PlacedSummary summary{run, FieldPlaces::of(run)};
  HtmlPage page;
  page.title = std::string(name_of(run.verdict)) + ": " + run.scenario.title;
  HtmlWriter html{page.body};
  html.raw("<a class=\"skip\" href=\"#tables\">Skip the charts</a>\n");
  put_head(html, summary, timeline);
  html.open("main");
  put_tiles(html, summary);
  put_panels(html, timeline);
  html.open("div", "", "id=\"tables\"");
  put_findings(html, summary);
  put_trial(html, summary);
  put_providers(html, summary);
  put_matrix(html, timeline);
  put_experiment(html, summary);
  put_faults_and_coverage(html, summary);
  put_workloads(html, summary);
  put_limiters(html, summary);
  html.close("div").close("main").line();
  HtmlWriter footer{page.footer};
  footer.open("p").text("Written by windtunnel " + run.build.version + " from summary.json and ");
  footer.text(run.trial && run.trial->clock == "real"
                  ? "timeline.json. Times are of the real clock, since the start of the trial."
                  : "timeline.json. Times are virtual; the same scenario and seed give the same run.");
  footer.close("p");
  page.figures = panel_figures(timeline);
  page.figures_id = "run-figures";
  return html_page(page, bundle);
}

}  // namespace windtunnel::reports
