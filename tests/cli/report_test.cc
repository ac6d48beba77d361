// `windtunnel run --html` and `windtunnel report` as their user meets them, in a build with the page and in one
// without.

#include <gtest/gtest.h>

#include <string>

#include "reports/html_bundle.h"
#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::report_test {
namespace {

const std::string kRun = "run scenarios/catalog/openai-outage.json ";

bool has_page() { return reports::html_bundle() != nullptr; }

TEST(Report, a_build_without_the_page_says_how_to_get_it) {
  if (has_page()) GTEST_SKIP() << "this build has the page";
  const Folder out;
  for (const std::string& command : {kRun + "--html --out " + out.path(), "report " + out.path()}) {
    const Said said = windtunnel(command);
    EXPECT_EQ(said.exit, 2);
    EXPECT_NE(said.out.find("built without the HTML report"), std::string::npos) << said.out;
    EXPECT_NE(said.out.find("-DWINDTUNNEL_HTML=ON"), std::string::npos) << said.out;
  }
  EXPECT_FALSE(out.has("summary.json"));
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
  const Said said = windtunnel("report " + out.path());
  EXPECT_EQ(said.exit, 4);
  EXPECT_NE(said.out.find("summary.json: cannot open"), std::string::npos) << said.out;
}

TEST(Report, html_needs_a_folder) {
  const Said said = windtunnel(kRun + "--html");
  EXPECT_EQ(said.exit, 2);
  EXPECT_NE(said.out.find("--html writes report.html into --out DIR"), std::string::npos) << said.out;
}

}  // namespace
}  // namespace windtunnel::tests::report_test
