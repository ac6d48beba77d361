// `windtunnel run --html` and `windtunnel report` as their user meets them, in a build with the page and in one
// without.

#include <gtest/gtest.h>

#include <string>

#include "reports/html/html_bundle.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::report_test {
namespace {

const std::string kRun = "run scenarios/catalog/openai-outage.json ";
const std::string kForecast = "forecast tests/html/forecast.json --quiet --horizon 31d --replications 50 ";

bool has_page() { return reports::html_bundle() != nullptr; }

TEST(Report, a_build_without_the_page_reports_how_to_get_it) {
  if (has_page()) GTEST_SKIP() << "this build has the page";
  const Folder out;
  for (const std::string& command :
       {kRun + "--html --out " + out.path(), "report " + out.path(), kForecast + "--html --out " + out.path(),
        "merge part.json --html --out " + out.path()}) {
    const ProcessResult result = windtunnel(command);
    EXPECT_EQ(result.exit, 2);
    EXPECT_NE(result.out.find("built without the HTML report"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("-DWINDTUNNEL_HTML=ON"), std::string::npos) << result.out;
  }
  EXPECT_FALSE(out.has("summary.json"));
  EXPECT_FALSE(out.has("forecast.json"));
}

TEST(Report, is_written_with_the_run_and_again_from_its_files) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  const Folder out;
  ASSERT_EQ(windtunnel(kRun + "--html --out " + out.path()).exit, 0);
  const std::string page = out.read("report.html");
  EXPECT_NE(page.find("<!DOCTYPE html>"), std::string::npos);
  EXPECT_EQ(windtunnel("report " + out.path() + " --output " + out.path("again.html")).exit, 0);
  EXPECT_EQ(out.read("again.html"), page);
  EXPECT_FALSE(out.has("report.html.partial"));
}

TEST(Report, names_what_it_cannot_read) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  const Folder out;
  const ProcessResult result = windtunnel("report " + out.path());
  EXPECT_EQ(result.exit, 4);
  EXPECT_NE(result.out.find("summary.json: cannot open"), std::string::npos) << result.out;
}

TEST(Report, refuses_a_summary_of_another_version_and_names_a_figure_that_is_missing) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  const Folder out;
  ASSERT_EQ(windtunnel(kRun + "--out " + out.path()).exit, 0);
  const std::string summary = out.read("summary.json");
  const auto report_with = [&](const std::string& from, const std::string& to) {
    std::string other = summary;
    const std::size_t at = other.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    out.write("summary.json", other.replace(at, from.size(), to));
    return windtunnel("report " + out.path());
  };
  const ProcessResult version = report_with("\"windtunnel_summary\": 2", "\"windtunnel_summary\": 99");
  EXPECT_EQ(version.exit, 4);
  EXPECT_NE(version.out.find("summary.json: cannot read: windtunnel_summary is the number 99"), std::string::npos)
      << version.out;
  const ProcessResult missing = report_with("\"hit_rate\"", "\"hit_rates\"");
  EXPECT_EQ(missing.exit, 4);
  EXPECT_NE(missing.out.find("summary.json: cannot read: /cache/hit_rate is missing"), std::string::npos)
      << missing.out;
  EXPECT_FALSE(out.has("report.html"));
}

TEST(Report, of_a_forecast_is_written_with_it_and_again_from_its_file) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  const Folder out;
  ASSERT_EQ(windtunnel(kForecast + "--html --out " + out.path("whole")).exit, 12);
  const std::string page = out.read("whole/report.html");
  EXPECT_NE(page.find("id=\"panel-fan\""), std::string::npos);
  EXPECT_EQ(windtunnel("report " + out.path("whole") + " --output " + out.path("again.html")).exit, 0);
  EXPECT_EQ(out.read("again.html"), page);
  ASSERT_EQ(windtunnel(kForecast + "--shard 0/1 --out " + out.path("part.json")).exit, 0);
  ASSERT_EQ(windtunnel("merge -q " + out.path("part.json") + " --html --out " + out.path("merged")).exit, 12);
  EXPECT_EQ(out.read("merged/report.html"), page);
}

TEST(Report, of_a_folder_with_a_run_and_a_forecast_is_of_neither) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  const Folder out;
  out.write("summary.json", "{}");
  out.write("forecast.json", "{}");
  const ProcessResult result = windtunnel("report " + out.path());
  EXPECT_EQ(result.exit, 4);
  EXPECT_NE(result.out.find("it holds a run (summary.json) and a forecast (forecast.json); give each a folder"),
            std::string::npos)
      << result.out;
}

TEST(Report, html_needs_a_folder) {
  for (const std::string& command : {kForecast + "--html", std::string{"merge part.json --html"}}) {
    const ProcessResult needs = windtunnel(command);
    EXPECT_EQ(needs.exit, 2);
    EXPECT_NE(needs.out.find("--html writes report.html into --out DIR"), std::string::npos) << needs.out;
  }
  const ProcessResult part = windtunnel(kForecast + "--html --shard 0/2 --out part.json");
  EXPECT_EQ(part.exit, 2);
  EXPECT_NE(part.out.find("windtunnel merge --html"), std::string::npos) << part.out;
  const ProcessResult result = windtunnel(kRun + "--html");
  EXPECT_EQ(result.exit, 2);
  EXPECT_NE(result.out.find("--html writes report.html into --out DIR"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace windtunnel::tests::report_test
