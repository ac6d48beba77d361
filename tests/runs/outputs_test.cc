// No folder has two writers, and no input is replaced.

#include "runs/outputs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/cli/windtunnel.h"

namespace windtunnel::tests::outputs_test {
namespace {

TEST(Outputs, a_folder_has_one_writer_until_its_lock_goes) {
  const Folder folder;
  {
    const runs::LockedFolder first = runs::lock_folder(folder.path("out"));
    EXPECT_FALSE(first.problem);
    const runs::LockedFolder second = runs::lock_folder(folder.path("out"));
    ASSERT_TRUE(second.problem);
    EXPECT_EQ(second.problem->kind, runs::ProblemKind::file);
    EXPECT_NE(second.problem->text.find("this command is writing there"), std::string::npos) << second.problem->text;
  }
  EXPECT_FALSE(runs::lock_folder(folder.path("out")).problem);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("out")));
}

TEST(Outputs, a_second_process_is_refused_with_the_number_of_the_first) {
  const Folder folder;
  const runs::LockedFolder held = runs::lock_folder(folder.path("out"));
  const ProcessResult result = windtunnel("run scenarios/catalog/demo.json --out " + folder.path("out"));
  EXPECT_EQ(result.exit, 4) << result.out;
  EXPECT_NE(result.out.find("process " + std::to_string(getpid()) + " is writing there"), std::string::npos)
      << result.out;
}

TEST(Outputs, no_folder_is_no_problem) {
  const runs::LockedFolder none = runs::lock_folder("");
  EXPECT_FALSE(none.problem);
  EXPECT_FALSE(none.lock);
}

TEST(Outputs, a_file_that_is_read_is_found_by_any_of_its_names) {
  const Folder folder;
  folder.write("s.json", "{}");
  std::filesystem::create_hard_link(folder.path("s.json"), folder.path("hard.json"));
  std::filesystem::create_symlink(folder.path("s.json"), folder.path("soft.json"));
  for (const char* name : {"s.json", "./s.json", "hard.json", "soft.json"}) {
    const auto problem = runs::problem_with_outputs({{"--telemetry", folder.path(name)}}, {folder.path("s.json")});
    ASSERT_TRUE(problem) << name;
    EXPECT_EQ(problem->kind, runs::ProblemKind::request);
  }
  EXPECT_FALSE(runs::problem_with_outputs({{"--telemetry", folder.path("t.jsonl")}, {"--junit", ""}},
                                          {folder.path("s.json"), ""}));
}

}  // namespace
}  // namespace windtunnel::tests::outputs_test
