// `windtunnel export` as its user meets it. That Prometheus understands what it writes, tests/prometheus sees.

#include <gtest/gtest.h>

#include <string>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::export_test {
namespace {

const std::string kRules = " --rules reports/prometheus/windtunnel-alerts.yml";

// One run for all of these tests.
const Folder& exported_run() {
  static const Folder folder;
  static const int exit =
      windtunnel("run scenarios/catalog/openai-outage.json --quiet --out " + folder.path("out")).exit;
  EXPECT_EQ(exit, 0);
  return folder;
}
std::string exported_out() { return exported_run().path("out"); }

TEST(Export, openmetrics_reports_how_prometheus_gets_it) {
  const Folder folder;
  const ProcessResult result =
      windtunnel("export openmetrics " + exported_out() + " --interval 1m --out " + folder.path("m.txt"));
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_TRUE(folder.read("m.txt").ends_with("# EOF\n"));
  EXPECT_NE(result.out.find("  promtool tsdb create-blocks-from openmetrics " + folder.path("m.txt") + " "),
            std::string::npos)
      << result.out;
  EXPECT_EQ(result.out.find("lookback"), std::string::npos);
}

TEST(Export, a_long_run_gets_the_flags_that_make_it_quick_and_visible) {
  const Folder folder;
  ASSERT_EQ(
      windtunnel("run scenarios/catalog/leap-february.json --quiet --timeline-step 1h --out " + folder.path()).exit, 0);
  const ProcessResult result = windtunnel("export openmetrics " + folder.path());
  EXPECT_NE(result.out.find(" --max-block-duration=744h "), std::string::npos) << result.out;
  EXPECT_NE(result.out.find(" --query.lookback-delta=7200s "), std::string::npos) << result.out;
}

TEST(Export, csv_has_a_row_for_each_step) {
  const ProcessResult result = windtunnel("export csv " + exported_out());
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("timeline.csv: "), std::string::npos);
  EXPECT_TRUE(exported_run().read("out/timeline.csv").starts_with("time,from_s,to_s,arrivals,"));
}

TEST(Export, a_folder_without_a_timeline_names_what_writes_one) {
  const Folder folder;
  for (const char* verb : {"openmetrics ", "csv "}) {
    const ProcessResult result = windtunnel(std::string("export ") + verb + folder.path());
    EXPECT_EQ(result.exit, 4);
    EXPECT_NE(result.out.find("timeline.json: cannot open: No such file"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("windtunnel run SCENARIO --out " + folder.path()), std::string::npos) << result.out;
  }
  folder.write("timeline.json.partial", "{}");
  EXPECT_NE(windtunnel("export csv " + folder.path()).out.find("the run was interrupted"), std::string::npos);
  folder.write("timeline.json", "{}");
  EXPECT_NE(windtunnel("export csv " + folder.path()).out.find("this is no timeline"), std::string::npos);
}

TEST(Export, a_full_disk_is_a_file_error) {
  for (const char* format : {"openmetrics", "csv"}) {
    const ProcessResult result =
        windtunnel(std::string("export ") + format + " " + exported_out() + " --out /dev/full");
    EXPECT_EQ(result.exit, 4);
    EXPECT_NE(result.out.find("/dev/full: cannot write: No space left on device"), std::string::npos) << result.out;
  }
}

TEST(Export, a_wrong_word_is_a_usage_error_that_names_the_right_one) {
  const auto refused = [](const std::string& arguments, const std::string& why) {
    const ProcessResult result = windtunnel("export " + arguments);
    EXPECT_EQ(result.exit, 2) << result.out;
    EXPECT_NE(result.out.find(why), std::string::npos) << result.out;
  };
  const std::string out = exported_out();
  refused("openmetric " + out, "did you mean \"openmetrics\"?");
  refused("csv " + out + " --ot x", "did you mean \"--out\"?");
  refused("promtest " + out, "--rules is required");
  refused("openmetrics " + out + " --interval 15", "--interval 15 is not a duration such as 15s or 1m");
  refused("openmetrics " + out + " --interval 1500ms", "is no multiple of the run's steps of 1s");
  refused("openmetrics " + out + " --label run", "a label is NAME=VALUE");
  refused("openmetrics " + out + " --label provider=x", "the metrics have a label of that name already");
  refused("openmetrics " + out + " --label a=x --label a=y", "it was given twice");
  refused("promtest " + out + kRules + " --expect 'BreakerOpen soon'", "say 'ALERT within 60s of FAULT'");
  refused("promtest " + out + kRules + " --expect 'BreakerOpen within 60 of openai-down'", "60 is not a duration");
  refused("promtest " + out + kRules + " --expect 'BreakrOpen never'", "did you mean \"BreakerOpen\"?");
  refused("promtest " + out + kRules + " --expect 'BreakerOpen within 60s of openai-dwn'",
          "did you mean \"openai-down\"?");
}

TEST(Export, without_promtool_the_input_is_written_and_the_remedy_named) {
  const Folder folder;
  const ProcessResult result =
      windtunnel("export promtest " + exported_out() + kRules + " --out " + folder.path("t.json"), "PATH=/nonexistent");
  EXPECT_EQ(result.exit, 4);
  EXPECT_NE(result.out.find("promtool: No such file or directory; it comes with Prometheus"), std::string::npos)
      << result.out;
  EXPECT_TRUE(folder.has("t.json"));
}

TEST(Export, many_scrapes_are_reported_before_promtool_begins) {
  const Folder folder;
  const std::string out = folder.path("out");
  ASSERT_EQ(windtunnel("run scenarios/catalog/leap-february.json --quiet --timeline-step 4s --out " + out).exit, 0);
  // Two days of them, and one at the begin.
  const ProcessResult many = windtunnel("export promtest " + out + kRules + " --interval 4s", "PATH=/nonexistent");
  EXPECT_NE(many.out.find("promtool tries the rules at 43,201 scrapes, which takes minutes and gigabytes of memory; "
                          "--interval 8s is half"),
            std::string::npos)
      << many.out;
  const ProcessResult few = windtunnel("export promtest " + out + kRules + " --interval 8s", "PATH=/nonexistent");
  EXPECT_EQ(few.out.find("scrapes, which"), std::string::npos) << few.out;
}

TEST(Export, rules_that_are_not_there_are_a_file_error) {
  EXPECT_EQ(windtunnel("export promtest " + exported_out() + " --rules none.yml").exit, 4);
}

}  // namespace
}  // namespace windtunnel::tests::export_test
